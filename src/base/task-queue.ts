// Runs tasks in the order they came, a few at a time. Knows nothing of what the tasks are.
import { reasonOf } from './abort.js';

interface Waiting {
  readonly start: () => void;
}

/** Runs asynchronous tasks first come, first served. A task that throws does not stop the next one. */
export class TaskQueue {
  readonly #concurrency: number;
  readonly #waiting: Waiting[] = [];
  readonly #idleListeners: (() => void)[] = [];
  #running = 0;

  /** @param concurrency - Tasks that may run at the same time; default 1. */
  constructor(concurrency = 1) {
    if (!Number.isInteger(concurrency) || concurrency < 1) {
      throw new RangeError(`concurrency must be a whole number of at least 1, got ${concurrency}`);
    }
    this.#concurrency = concurrency;
  }

  /** Tasks that have not begun. */
  get waitingCount(): number {
    return this.#waiting.length;
  }

  /** Tasks that are running. */
  get runningCount(): number {
    return this.#running;
  }

  /**
   * Runs a task when its turn comes; at once, before this returns, when a place is free.
   *
   * @param signal - Takes a waiting task out of the queue. A task that has begun is not stopped by it.
   * @returns What the task returns.
   * @throws What the task throws; `signal.reason` when aborted before the task began.
   */
  async run<T>(task: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    signal?.throwIfAborted();
    if (this.#running >= this.#concurrency) await this.#turn(signal);
    else this.#running += 1;
    try {
      return await task();
    } finally {
      this.#release();
    }
  }

  /** Resolves when nothing runs and nothing waits. */
  async whenIdle(): Promise<void> {
    if (this.#running === 0) return;
    await new Promise<void>((resolve) => this.#idleListeners.push(resolve));
  }

  /** Waits for a place; the place is handed over by {@link TaskQueue.#release}, so that nobody can jump in. */
  async #turn(signal: AbortSignal | undefined): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const onAbort = (): void => {
        this.#waiting.splice(this.#waiting.indexOf(entry), 1);
        reject(reasonOf(signal as AbortSignal));
      };
      const entry: Waiting = {
        start: () => {
          signal?.removeEventListener('abort', onAbort);
          resolve();
        },
      };
      signal?.addEventListener('abort', onAbort, { once: true });
      this.#waiting.push(entry);
    });
  }

  #release(): void {
    const next = this.#waiting.shift();
    if (next !== undefined) {
      next.start();
      return;
    }
    this.#running -= 1;
    if (this.#running === 0) for (const listener of this.#idleListeners.splice(0)) listener();
  }
}
