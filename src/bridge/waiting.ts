// Waits that end early, and promises that are settled from outside. Time comes from the global timers only.

/** A promise with its two ends. */
export interface Deferred<T> {
  readonly promise: Promise<T>;
  resolve(value: T): void;
  reject(reason: unknown): void;
}

export function createDeferred<T>(): Deferred<T> {
  let resolve!: (value: T) => void;
  let reject!: (reason: unknown) => void;
  const promise = new Promise<T>((onResolve, onReject) => {
    resolve = onResolve;
    reject = onReject;
  });
  return { promise, resolve, reject };
}

/** Waits; ends early, without a failure, when the signal aborts. */
export function pause(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted === true) {
      resolve();
      return;
    }
    const end = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal?.addEventListener('abort', end, { once: true });
  });
}

/**
 * Waits for work, but no longer than the signal allows; the work itself goes on.
 * @throws `AbortError` when the signal aborts first; otherwise whatever the work throws.
 */
export async function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  const aborted = createDeferred<never>();
  const onAbort = (): void => {
    aborted.reject(new DOMException('The wait was cut short.', 'AbortError'));
  };
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([work, aborted.promise]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

/** The value of the work, or `undefined` when it fails or takes longer than `ms`; the work itself goes on. */
export async function within<T>(work: Promise<T>, ms: number): Promise<T | undefined> {
  const timeIsUp = createDeferred<undefined>();
  const timer = setTimeout(() => {
    timeIsUp.resolve(undefined);
  }, ms);
  try {
    return await Promise.race([work, timeIsUp.promise]);
  } catch {
    return undefined;
  } finally {
    clearTimeout(timer);
  }
}
