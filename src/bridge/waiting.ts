// Waits that end early. Time comes from the global timers only.
import { createDeferred } from '../base/index.js';

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
