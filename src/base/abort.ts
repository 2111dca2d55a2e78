// Waiting that can be given up: every wait takes an AbortSignal, and a time limit aborts the work it guards.
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Waits for a promise, but no longer than the signal allows. The work behind the promise is not stopped;
 * hand it the same signal for that.
 *
 * @throws `signal.reason` when the signal is or becomes aborted first.
 */
export async function raceAbort<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  let onAbort: (() => void) | undefined;
  const aborted = new Promise<never>((_resolve, reject) => {
    onAbort = () => {
      reject(reasonOf(signal));
    };
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
  });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    if (onAbort !== undefined) signal.removeEventListener('abort', onAbort);
  }
}

/** How {@link withTimeout} bounds its work. */
export interface TimeoutOptions {
  /** Milliseconds; 0 means no limit. */
  readonly timeoutMs: number;
  /** The error that the work's signal carries, and the caller gets, when the time is over. */
  readonly onTimeout: () => Error;
  /** Aborts the work from outside. */
  readonly signal?: AbortSignal;
}

/**
 * Runs work that is aborted by a time limit. The caller gets the timeout error at once, even when the work
 * does not heed its signal.
 *
 * @param work - Is handed a signal that is aborted by the limit and by `options.signal`.
 * @throws What `options.onTimeout` returns; `options.signal.reason`; whatever the work throws.
 */
export async function withTimeout<T>(
  work: (signal: AbortSignal) => Promise<T>,
  options: TimeoutOptions,
): Promise<T> {
  const limit = new AbortController();
  const signal =
    options.signal === undefined ? limit.signal : AbortSignal.any([limit.signal, options.signal]);
  const timer =
    options.timeoutMs > 0
      ? setTimeout(() => {
          limit.abort(options.onTimeout());
        }, options.timeoutMs)
      : undefined;
  try {
    signal.throwIfAborted();
    return await raceAbort(work(signal), signal);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Waits for a time.
 *
 * @throws `signal.reason` when the signal is or becomes aborted.
 */
export async function delay(ms: number, signal?: AbortSignal): Promise<void> {
  signal?.throwIfAborted();
  try {
    await sleep(ms, undefined, signal === undefined ? {} : { signal });
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  }
}

/** The reason of an aborted signal as an error, whatever the caller of `abort` gave. */
export function reasonOf(signal: AbortSignal): Error {
  const reason: unknown = signal.reason;
  return reason instanceof Error ? reason : new DOMException(String(reason), 'AbortError');
}
