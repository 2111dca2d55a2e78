// The named pipes between this server and a worker, and how they are opened without waiting for each other.
// Named pipes and not Node's socket pairs, because user code may open /dev/stdout, which sockets refuse.
import { closeSync, constants, openSync } from 'node:fs';
import path from 'node:path';

export const PIPE_NAMES = ['requests', 'answers', 'stdout', 'stderr', 'input'] as const;

/** Descriptors: this side's do not block, those for the child do. */
export interface Pipes {
  readonly requests: number;
  readonly answers: number;
  readonly stdout: number;
  readonly stderr: number;
  /** Answers to requests for input: not among the requests, as several threads may wait for one each. */
  readonly input: number;
  /** The other ends, for a program that is started with them. */
  readonly childStdout: number;
  readonly childStderr: number;
  /** Ends to be closed when the worker has opened its own, so that no pipe ends before that: these two among them. */
  readonly keepers: readonly number[];
}

/** Opens the pipes in a folder. Readers first: a pipe cannot be opened for writing only without one. */
export function openPipes(folder: string): Pipes {
  const { O_RDONLY, O_RDWR, O_WRONLY, O_NONBLOCK } = constants;
  const openPipe = (name: (typeof PIPE_NAMES)[number], flags: number): number =>
    openSync(path.join(folder, name), flags);
  const stdout = openPipe('stdout', O_RDONLY | O_NONBLOCK);
  const stderr = openPipe('stderr', O_RDONLY | O_NONBLOCK);
  const answers = openPipe('answers', O_RDONLY | O_NONBLOCK);
  const [childStdout, childStderr] = [openPipe('stdout', O_WRONLY), openPipe('stderr', O_WRONLY)];
  return {
    stdout,
    stderr,
    answers,
    childStdout,
    childStderr,
    keepers: [childStdout, childStderr, openPipe('answers', O_WRONLY)],
    // For reading too, so that it opens before the worker is there.
    requests: openPipe('requests', O_RDWR | O_NONBLOCK),
    input: openPipe('input', O_RDWR | O_NONBLOCK),
  };
}

/** Of a worker that never came to be. */
export function closePipes({ requests, answers, stdout, stderr, input, keepers }: Pipes): void {
  for (const fd of [requests, answers, stdout, stderr, input, ...keepers]) closeSync(fd);
}
