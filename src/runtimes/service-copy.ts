// One copy of a service's process: the pipes to it, the calls it carries out, its end.
import { closeSync, constants, openSync } from 'node:fs';
import path from 'node:path';
import { createDeferred, type Deferred } from '../base/index.js';
import { ANSWER, FrameReader, type Frame } from './framing.js';
import { PipeReader } from './pipe-reader.js';
import { PipeWriter } from './pipe-writer.js';
import { ServiceOutput } from './service-output.js';

/** The names of the pipes in the folder of a copy. */
export const COPY_PIPES = ['requests', 'answers', 'output'] as const;

/** How long the answer of a call waits for what user code may have kept from arriving. */
const LOST_MARKER_MS = 1_000;

/** What a call gave. */
export interface CopyAnswer {
  readonly frame: Frame;
  readonly consoleOutput: string;
}

export class ServiceCopy {
  /** Settles when the process is gone, however that came; never rejects. */
  readonly gone: Promise<void>;
  readonly #frames = new FrameReader();
  readonly #answers: PipeReader;
  readonly #output: ServiceOutput;
  readonly #requests: PipeWriter;
  #keepers: number[];
  #pid: number | undefined;
  #isLeader = false;
  #isEnded = false;
  #isReady = createDeferred<boolean>();
  #answer: Deferred<Frame | undefined> | undefined;

  /**
   * Opens the pipes; the process opens them next.
   *
   * @param folder - Holds the pipes.
   * @param endMarker - What a copy writes behind the output of a call.
   */
  constructor(folder: string, endMarker: Buffer) {
    const { O_RDONLY, O_RDWR, O_WRONLY, O_NONBLOCK } = constants;
    const openPipe = (name: (typeof COPY_PIPES)[number], flags: number): number =>
      openSync(path.join(folder, name), flags | O_NONBLOCK);
    const [answers, output] = [openPipe('answers', O_RDONLY), openPipe('output', O_RDONLY)];
    // Keep the pipes from ending before the process has opened them.
    this.#keepers = [openPipe('answers', O_WRONLY), openPipe('output', O_WRONLY)];
    // For reading too, so that it opens before the process is there.
    this.#requests = new PipeWriter(openPipe('requests', O_RDWR));
    this.#output = new ServiceOutput(output, endMarker);
    this.#answers = new PipeReader({
      fd: answers,
      onChunk: (chunk) => {
        this.#onAnswerBytes(chunk);
        return false;
      },
    });
    this.gone = this.#answers.ended.then(() => {
      this.end();
    });
  }

  /** Settles when it waits for a call, the first or the next: true; or with false when it takes no more. */
  get isReady(): Promise<boolean> {
    return this.#isEnded ? Promise.resolve(false) : this.#isReady.promise;
  }

  /** The process that has been made for it. */
  set pid(pid: number) {
    this.#pid = pid;
    if (this.#isEnded) kill(pid);
  }

  /** @returns What it answered; undefined when the process ended in the middle. */
  async call(request: Buffer): Promise<CopyAnswer | undefined> {
    if (this.#isEnded) return undefined;
    const answer = (this.#answer = createDeferred<Frame | undefined>());
    this.#isReady = createDeferred<boolean>();
    this.#output.begin();
    this.#requests.write(request);
    const frame = await answer.promise;
    if (frame === undefined) return undefined;
    const consoleOutput = await this.#output.take(LOST_MARKER_MS);
    return { frame, consoleOutput };
  }

  /** Ends the process with its child programs, now. Twice is harmless. */
  end(): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    if (this.#pid !== undefined) kill(this.#isLeader ? -this.#pid : this.#pid);
    this.#closeKeepers();
    this.#requests.close();
    this.#answers.destroy();
    this.#output.destroy();
    this.#answer?.resolve(undefined);
    this.#isReady.resolve(false);
  }

  #onAnswerBytes(chunk: Buffer): void {
    try {
      for (const frame of this.#frames.push(chunk)) this.#onFrame(frame);
    } catch {
      this.end(); // a copy that talks nonsense is of no use, and no other one is touched
    }
  }

  #onFrame(frame: Frame): void {
    if (frame.kind === ANSWER.ready) {
      if (this.#keepers.length > 0) this.#isLeader = frame.text === 'leader';
      this.#closeKeepers();
      this.#isReady.resolve(true);
    } else if (frame.kind === ANSWER.spent) {
      this.#isReady.resolve(false);
    } else {
      this.#answer?.resolve(frame);
      this.#answer = undefined;
    }
  }

  #closeKeepers(): void {
    for (const keeper of this.#keepers) closeSync(keeper);
    this.#keepers = [];
  }
}

/** A process, or with a negative id its group; one that is gone already is no error. */
function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
