// Stops what runs too long: first an interrupt, and when that does not help the end of the process.
import type { Runtime } from '../../runtimes/index.js';
import { ApiError } from '../errors.js';
import type { UserTime } from './user-time.js';

/** So long code may take to end after the interrupt. */
const INTERRUPT_GRACE_MS = 10_000;
/** The longest time of a timer of Node: 24 days. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** How long something may run. */
export interface TimeLimits {
  /** Default no limit. */
  readonly maxExecutionMs?: number;
  /** Default no limit. */
  readonly userTime: UserTime | undefined;
  readonly owner: string;
}

/**
 * Waits for something that runs in a runtime, and counts its time.
 *
 * @param now - Unix milliseconds.
 * @throws {ApiError} `API_USER_TIME` when the owner has no time left, `API_EXECUTION_TIME` when it had to be stopped; otherwise what `run` throws.
 */
export async function runWithin<T>(
  { maxExecutionMs = Infinity, userTime, owner }: TimeLimits,
  now: () => number,
  runtime: Pick<Runtime, 'interrupt' | 'destroy'>,
  run: () => Promise<T>,
): Promise<T> {
  const limitMs = Math.min(maxExecutionMs, userTime?.leftMs(owner) ?? Infinity);
  const startedAtMs = now();
  try {
    return await stopAfter(limitMs, runtime, run);
  } finally {
    userTime?.use(owner, now() - startedAtMs);
  }
}

async function stopAfter<T>(
  limitMs: number,
  runtime: Pick<Runtime, 'interrupt' | 'destroy'>,
  run: () => Promise<T>,
): Promise<T> {
  if (limitMs > MAX_TIMER_MS) return run();
  const state = { stopped: '' as '' | 'interrupted' | 'ended' };
  let timer = setTimeout(() => {
    state.stopped = 'interrupted';
    runtime.interrupt();
    timer = setTimeout(() => {
      state.stopped = 'ended';
      runtime.destroy();
    }, INTERRUPT_GRACE_MS);
  }, limitMs);
  try {
    const result = await run();
    if (state.stopped === '') return result;
  } catch (error) {
    if (state.stopped === '') throw error;
  } finally {
    clearTimeout(timer);
  }
  const seconds = Math.round(limitMs / 100) / 10;
  const aftermath =
    state.stopped === 'ended' ? ' It did not heed the interrupt, so the session was ended.' : '';
  throw new ApiError(
    'API_EXECUTION_TIME',
    `The execution was stopped after ${seconds} s, the longest time the server allows it.${aftermath}`,
  );
}
