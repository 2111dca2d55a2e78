// A process of a language that has everything loaded, and makes copies of itself by fork(): each becomes the worker of a
// session. A copy begins sooner than a program that starts, and shares the memory which neither of the two writes to.
import { delay, TaskQueue, type Logger } from '../base/index.js';
import { RuntimeProcessError } from './errors.js';
import { ForkedProcess } from './forked-process.js';
import { ANSWER, encodeFrame, REQUEST } from './framing.js';
import {
  connectWorker,
  startParent,
  type ProcessRuntimeOptions,
  type StartedWorker,
} from './process-runtime.js';
import type { Runtime } from './runtime.js';
import type { WorkerPlace } from './worker-place.js';

/** What a {@link WarmParent} is made from; it knows no isolation, as a copy has the OS user of its parent. */
export type WarmParentOptions = Omit<ProcessRuntimeOptions, 'isolation'> & {
  readonly logger: Logger;
  /** Gives a place for the parent or a copy. */
  readonly takePlace: () => Promise<WorkerPlace>;
};

/** A server that has just been started has more to do than this, and its first session may come at any moment. */
const REHEARSAL_DELAY_MS = 500;

export class WarmParent {
  readonly #options: WarmParentOptions;
  readonly #started: StartedWorker;
  /** It does one thing at a time. */
  readonly #requests = new TaskQueue();

  readonly #unrehearsed: string[];
  #isSettled = false;

  private constructor(options: WarmParentOptions, started: StartedWorker) {
    this.#options = options;
    this.#started = started;
    this.#unrehearsed = [...options.language.rehearsal.parent];
  }

  /** @throws {RuntimeProcessError} `RUNTIME_SPAWN`. */
  static async start(options: WarmParentOptions): Promise<WarmParent> {
    return new WarmParent(options, await startParent(options, options.takePlace));
  }

  get isAlive(): boolean {
    return this.#started.worker.exit === undefined;
  }

  /**
   * Makes a copy of the process the worker of a session.
   *
   * @throws {RuntimeProcessError} `RUNTIME_SPAWN` when it cannot be copied or the copy says nothing in time,
   *   `RUNTIME_EXITED` when the process is gone.
   */
  async fork(): Promise<Runtime> {
    const place = await this.#options.takePlace();
    const { runtime } = await connectWorker(this.#options, place, undefined, async () => {
      const pid = Number(await this.#ask(REQUEST.forkSession, place.pipesFolder));
      if (!(pid > 1)) throw new RuntimeProcessError('RUNTIME_SPAWN', 'No copy was made.');
      return new ForkedProcess(pid, async (copy) =>
        Number(await this.#ask(REQUEST.awaitCopy, String(copy))),
      );
    });
    return runtime;
  }

  /** Loads and compiles what copies will need, until somebody waits. Goes on where it stopped. */
  async rehearse(hurry: AbortSignal): Promise<void> {
    if (this.#isSettled) return;
    await delay(REHEARSAL_DELAY_MS, hurry).catch(() => undefined);
    while (!hurry.aborted) {
      const code = this.#unrehearsed.shift();
      if (code === undefined) break;
      const execution = { code, inputParameters: [], outputParameters: [] };
      await this.#requests.run(() => this.#started.runtime.execute(execution, () => undefined));
    }
    if (hurry.aborted) return;
    this.#isSettled = true;
    await this.#ask(REQUEST.settle, '');
  }

  /** Its copies go on. */
  async close(): Promise<void> {
    await this.#started.runtime.close();
  }

  /** Has it do something that has one word as its answer. */
  async #ask(kind: number, text: string): Promise<string> {
    const { language } = this.#options;
    const answer = await this.#requests.run(() =>
      this.#started.worker.request(encodeFrame(kind, text)),
    );
    if (answer.kind === ANSWER.done) {
      return answer.bytes.length === 0 ? '' : (language.decodeNames(answer.bytes)[0] ?? '');
    }
    throw new RuntimeProcessError('RUNTIME_SPAWN', answer.text || answer.bytes.toString());
  }
}
