// The processes of one language: in use, kept warm, coming up.
import { messageOf, type Logger } from '../base/index.js';
import { RuntimeProcessError } from './errors.js';
import type { Runtime, RuntimeType } from './runtime.js';
import type { RuntimePoolStatus } from './runtime-factory.js';
import type { RuntimeSource } from './runtime-source.js';

/** What a {@link RuntimeShelf} is made from. */
export interface RuntimeShelfOptions {
  readonly runtimeType: RuntimeType;
  /** Closed with the shelf. */
  readonly source: RuntimeSource;
  readonly warmCount: number;
  readonly maxPoolSize: number;
  readonly logger: Logger;
}

/** A start that a caller may take over: then it hurries. */
interface ShelfStart {
  readonly runtime: Promise<Runtime>;
  readonly hurry: AbortController;
}

/** So long after a process was handed out its successor is started: the first cell should not share the processors. */
export const REFILL_DELAY_MS = 1_000;

export class RuntimeShelf {
  readonly #options: RuntimeShelfOptions;
  readonly #warm: Runtime[] = [];
  readonly #active = new Set<Runtime>();
  /** Starts under way for the shelf; a caller in need takes one over. */
  readonly #starting: ShelfStart[] = [];
  /** Every start under way, taken over or not. */
  readonly #pending = new Set<Promise<Runtime>>();
  /** Callers that wait for a process of their own: they count as active. */
  #waitingCount = 0;
  #refillTimer: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(options: RuntimeShelfOptions) {
    this.#options = options;
  }

  /**
   * Starts what is missing on the shelf, one after the other; a failure is logged and ends the filling.
   *
   * @returns Whether it ended because a caller took a process over; a successor is started later.
   */
  async fill(): Promise<boolean> {
    while (!this.#isClosed && this.#warm.length + this.#starting.length < this.#options.warmCount) {
      const starting = this.#startForShelf();
      try {
        const runtime = await starting.runtime;
        if (!this.#withdraw(starting)) return true;
        await this.#shelve(runtime);
      } catch (error) {
        if (this.#withdraw(starting)) this.#warn(error);
        return false;
      }
    }
    return false;
  }

  async acquire(): Promise<Runtime> {
    const { runtimeType, maxPoolSize } = this.#options;
    if (this.#isClosed) throw closedError();
    if (this.#active.size + this.#waitingCount >= maxPoolSize) {
      throw new RuntimeProcessError(
        'RUNTIME_POOL_FULL',
        `All ${maxPoolSize} ${runtimeType} processes are in use.`,
        { facts: { maxPoolSize }, hint: 'Close sessions that are no longer needed.' },
      );
    }
    this.#waitingCount += 1;
    try {
      const runtime = this.#warm.shift() ?? (await (this.#takeOver() ?? this.#start()));
      await this.#assertOpenWith(runtime);
      this.#active.add(runtime);
      void runtime.exited.then(() => this.#active.delete(runtime));
      return runtime;
    } finally {
      this.#waitingCount -= 1;
      this.#refillLater();
    }
  }

  status(): RuntimePoolStatus {
    const { runtimeType, maxPoolSize } = this.#options;
    const activeCount = this.#active.size + this.#waitingCount;
    return {
      runtimeType,
      maxPoolSize,
      activeCount,
      currentPoolSize: activeCount + this.#warm.length,
      canOpen: !this.#isClosed && activeCount < maxPoolSize,
    };
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#refillTimer);
    for (const { hurry } of this.#starting.splice(0)) hurry.abort();
    const started = await Promise.allSettled(this.#pending);
    const late = started.flatMap((start) => (start.status === 'fulfilled' ? [start.value] : []));
    await Promise.all(
      [...late, ...this.#warm.splice(0), ...this.#active].map((runtime) => runtime.close()),
    );
    await this.#options.source.close();
  }

  #startForShelf(): ShelfStart {
    const hurry = new AbortController();
    const starting = { runtime: this.#track(this.#options.source.start(hurry.signal)), hurry };
    this.#starting.push(starting);
    return starting;
  }

  #takeOver(): Promise<Runtime> | undefined {
    const starting = this.#starting.shift();
    starting?.hurry.abort();
    return starting?.runtime;
  }

  #start(): Promise<Runtime> {
    return this.#track(this.#options.source.start(AbortSignal.abort()));
  }

  #track(starting: Promise<Runtime>): Promise<Runtime> {
    this.#pending.add(starting);
    const forget = (): void => {
      this.#pending.delete(starting);
    };
    starting.then(forget, forget);
    return starting;
  }

  async #shelve(runtime: Runtime): Promise<void> {
    if (this.#isClosed) {
      await runtime.close();
      return;
    }
    this.#warm.push(runtime);
    void runtime.exited.then(async () => {
      const at = this.#warm.indexOf(runtime);
      if (at === -1) return;
      this.#warm.splice(at, 1);
      await runtime.close();
      this.#warn(new Error('a warm process has ended'));
    });
  }

  /** The pool may have been closed while the process came up. */
  async #assertOpenWith(runtime: Runtime): Promise<void> {
    if (!this.#isClosed) return;
    await runtime.close();
    throw closedError();
  }

  /** Whether a start is still the shelf's own, and not taken over by a caller. */
  #withdraw(starting: ShelfStart): boolean {
    const at = this.#starting.indexOf(starting);
    if (at === -1) return false;
    void this.#starting.splice(at, 1);
    return true;
  }

  #refillLater(): void {
    if (this.#isClosed) return;
    clearTimeout(this.#refillTimer);
    this.#refillTimer = setTimeout(() => void this.fill(), REFILL_DELAY_MS);
    this.#refillTimer.unref();
  }

  #warn(error: unknown): void {
    const { logger, runtimeType } = this.#options;
    logger.warn({ runtimeType, error: messageOf(error) }, 'no process could be kept warm');
  }
}

const closedError = (): RuntimeProcessError =>
  new RuntimeProcessError('RUNTIME_EXITED', 'The runtimes are closed.');
