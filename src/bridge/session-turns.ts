// The turns of one session: one thing at a time occupies it, runs wait for each other, and a run ends in time.
import { createDeferred, raceAbort } from '../base/index.js';
import { BridgeError } from './errors.js';
import type { RunSink } from './run-receiver.js';
import { pause, within } from './waiting.js';

/** Time limits of one run, milliseconds. */
export interface RunLimits {
  /** 0 means none. */
  readonly executeTimeoutMs: number;
  /** From the interrupt until we say that the code did not stop. */
  readonly interruptTimeoutMs: number;
}

/** A turn that comes so soon is worth no word. */
const QUIET_TURN_MS = 250;

export interface SessionTurnsOptions {
  /** Asks the server to stop what runs. @returns Why it could not be asked. */
  readonly cancel: () => Promise<string | undefined>;
  /** Aborted when nobody uses the session any more. */
  readonly closed: AbortSignal;
}

/** Who may use a session when. */
export class SessionTurns {
  readonly #options: SessionTurnsOptions;
  /** Runs that go on or wait for their turn: queries do not wait for those. */
  #runs = 0;
  /** Settles when what occupies the session is over: a run, a query, or a run we no longer wait for. */
  #occupied: Promise<void> | undefined;

  constructor(options: SessionTurnsOptions) {
    this.#options = options;
  }

  /** Whether nothing occupies the session. */
  get isIdle(): boolean {
    return this.#occupied === undefined;
  }

  /** What runs in the session keeps others out until it has settled. */
  occupy<T>(work: Promise<T>): Promise<T> {
    const free = (): void => {
      if (this.#occupied === occupied) this.#occupied = undefined;
    };
    const occupied = work.then(free, free);
    this.#occupied = occupied;
    return work;
  }

  /** Waits for other queries, not for runs. @returns Whether a query may go now. */
  async waitForQueries(boundMs: number): Promise<boolean> {
    while (this.#occupied !== undefined && this.#runs === 0) {
      const isOver = await within(
        this.#occupied.then(() => true),
        boundMs,
      );
      if (isOver !== true) return false;
    }
    return this.#runs === 0;
  }

  /**
   * Waits until nothing else runs, then for the work.
   *
   * @param begin - Starts the work; its signal is aborted when nobody listens to it any more.
   * @param signal - Aborted: the server is asked to cancel, and the work still ends by its answer.
   * @throws {BridgeError} `BRIDGE_INTERRUPT_IGNORED`, `BRIDGE_EXECUTE_TIMEOUT`. @throws `AbortError` when interrupted
   *   before it began.
   */
  async run<T extends { readonly success: boolean }>(
    begin: (listening: AbortSignal) => Promise<T>,
    sink: RunSink,
    signal: AbortSignal,
    limits: RunLimits,
  ): Promise<T> {
    const listening = new AbortController();
    let work: Promise<T> | undefined;
    const end = (): void => void (this.#runs -= 1);
    this.#runs += 1;
    try {
      if (this.#occupied !== undefined) await this.#wait(this.#occupied, sink, signal);
      signal.throwIfAborted();
      work = this.occupy(begin(listening.signal));
      // A run that is no longer waited for keeps the session busy.
      work.then(end, end);
      return await this.#guard(work, signal, limits);
    } catch (error) {
      if (work === undefined) end();
      listening.abort();
      throw error;
    }
  }

  async #wait(occupied: Promise<void>, sink: RunSink, signal: AbortSignal): Promise<void> {
    const isOver = occupied.then(() => true);
    if ((await within(isOver, QUIET_TURN_MS)) === true) return;
    sink.text(
      'stderr',
      'The session is still busy with earlier code that did not stop; this cell waits for its end.\n',
    );
    try {
      await raceAbort(occupied, signal);
    } catch (error) {
      await this.#options.cancel();
      throw error;
    }
  }

  /** Waits for a run; asks the server to cancel it when the signal aborts or the time is up. */
  async #guard<T extends { readonly success: boolean }>(
    work: Promise<T>,
    signal: AbortSignal,
    limits: RunLimits,
  ): Promise<T> {
    const gaveUp = createDeferred<never>();
    let reason: 'interrupt' | 'timeout' | undefined;
    let isOver = false;
    const stop = async (why: 'interrupt' | 'timeout'): Promise<void> => {
      if (reason !== undefined) return;
      reason = why;
      let problem: string | undefined;
      // The first request may reach the server before the code does: ask twice.
      for (let attempt = 1; attempt <= 2; attempt += 1) {
        const waited = pause(limits.interruptTimeoutMs / 2, this.#options.closed);
        [problem] = await Promise.all([this.#options.cancel(), waited]);
        if (isOver) return;
      }
      if (this.#options.closed.aborted) {
        // The kernel ends and closes the session, which stops the code as well.
        gaveUp.reject(this.#options.closed.reason as Error);
        return;
      }
      gaveUp.reject(notStopped(why, limits, problem));
    };
    const onAbort = (): void => void stop('interrupt');
    signal.addEventListener('abort', onAbort, { once: true });
    const { executeTimeoutMs } = limits;
    const timer =
      executeTimeoutMs > 0 ? setTimeout(() => void stop('timeout'), executeTimeoutMs) : undefined;
    try {
      const result = await Promise.race([work, gaveUp.promise]);
      if (reason === 'timeout' && !result.success) throw timedOut(limits);
      return result;
    } finally {
      isOver = true;
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
    }
  }
}

function timedOut(limits: RunLimits): BridgeError {
  return new BridgeError(
    'BRIDGE_EXECUTE_TIMEOUT',
    `The cell ran longer than ${seconds(limits.executeTimeoutMs)} and was interrupted; the session is still there.`,
  );
}

function notStopped(
  reason: 'interrupt' | 'timeout',
  limits: RunLimits,
  problem: string | undefined,
): BridgeError {
  const why =
    reason === 'timeout'
      ? `The cell ran longer than ${seconds(limits.executeTimeoutMs)}.`
      : 'The cell was interrupted.';
  const what =
    problem === undefined
      ? `The server was asked to stop the code, but after ${seconds(limits.interruptTimeoutMs)} it still runs in the session.`
      : `The server could not be asked to stop the code, which still runs in the session: ${problem}`;
  return new BridgeError('BRIDGE_INTERRUPT_IGNORED', `${why} ${what}`);
}

function seconds(ms: number): string {
  return `${(ms / 1000).toString()} s`;
}
