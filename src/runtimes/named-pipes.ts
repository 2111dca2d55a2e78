// Named pipes, which Node can neither make nor fill without waiting for whoever reads them.
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { promisify } from 'node:util';
import { giveTo } from './isolation/guarded-folder.js';

const runProgram = promisify(execFile);

/** Makes named pipes for an OS user. */
export async function makePipes(
  files: readonly string[],
  owner: number | undefined,
): Promise<void> {
  await runProgram('mkfifo', ['-m', '600', ...files]);
  await giveTo(owner, ...files);
}

/** The shell opens the pipe as soon as somebody reads it. */
const FEED = 'exec cat -- "$@" > "$0"';

/**
 * Writes files, one behind the other, into a named pipe while somebody else reads it. A program does it, as this process
 * has better things to do, and as waiting for a reader or for room in a pipe can last for ever.
 *
 * @param files - Names in `folder`.
 * @param read - Has the pipe read; what is not read by its end is dropped.
 */
export async function throughPipe<T>(
  pipe: string,
  folder: string,
  files: readonly string[],
  read: () => Promise<T>,
): Promise<T> {
  const feeder = spawn('/bin/sh', ['-c', FEED, pipe, ...files], { cwd: folder, stdio: 'ignore' });
  const failed = once(feeder, 'error').then(([error]) => {
    throw error as Error;
  });
  try {
    return await Promise.race([read(), failed]);
  } finally {
    feeder.kill('SIGKILL');
  }
}
