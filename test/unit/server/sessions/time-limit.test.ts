import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createDeferred } from '../../../../src/base/index.js';
import { runWithin } from '../../../../src/server/sessions/time-limit.js';
import { UserTime } from '../../../../src/server/sessions/user-time.js';

const HOUR_MS = 3_600_000;

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

/** Code that ends at an interrupt, or only with its process. */
function startCode({ heedsInterrupt }: { heedsInterrupt: boolean }) {
  const calls: string[] = [];
  const { promise: ended, resolve: end, reject: fail } = createDeferred<string>();
  const runtime = {
    interrupt: () => {
      calls.push('interrupt');
      if (heedsInterrupt) end('interrupted');
    },
    destroy: () => {
      calls.push('destroy');
      fail(new Error('the process ended'));
    },
  };
  return { calls, runtime, end, run: () => ended };
}

const run = (
  { runtime, run: code }: ReturnType<typeof startCode>,
  maxExecutionMs: number | undefined,
  userTime?: UserTime,
) =>
  runWithin(
    { ...(maxExecutionMs !== undefined && { maxExecutionMs }), userTime, owner: 'ann' },
    Date.now,
    runtime,
    code,
  );

describe('an execution with a limit', () => {
  test('is left alone while it keeps within', async () => {
    const code = startCode({ heedsInterrupt: true });
    const running = run(code, 1000);

    await vi.advanceTimersByTimeAsync(999);
    code.end('done');

    expect(await running).toBe('done');
    await vi.advanceTimersByTimeAsync(HOUR_MS);
    expect(code.calls).toEqual([]);
  });

  test('is interrupted when its time is over', async () => {
    const code = startCode({ heedsInterrupt: true });
    const refused = expect(run(code, 1500)).rejects.toMatchObject({
      code: 'API_EXECUTION_TIME',
      message: 'The execution was stopped after 1.5 s, the longest time the server allows it.',
    });

    await vi.advanceTimersByTimeAsync(1500);

    await refused;
    await vi.advanceTimersByTimeAsync(HOUR_MS);
    expect(code.calls).toEqual(['interrupt']);
  });

  test('that does not heed the interrupt ends with its process', async () => {
    const code = startCode({ heedsInterrupt: false });
    const refused = expect(run(code, 1000)).rejects.toMatchObject({
      code: 'API_EXECUTION_TIME',
      message: expect.stringMatching(/so the session was ended\.$/) as string,
    });

    await vi.advanceTimersByTimeAsync(11_000);

    await refused;
    expect(code.calls).toEqual(['interrupt', 'destroy']);
  });

  test('without a limit it may run for months', async () => {
    const code = startCode({ heedsInterrupt: true });
    const running = run(code, undefined);

    await vi.advanceTimersByTimeAsync(100 * 24 * HOUR_MS);
    code.end('done');

    expect(await running).toBe('done');
  });
});

describe('the time of a user', () => {
  test('is used up by all executions together, and comes back after a day', async () => {
    const time = new UserTime(1000, Date.now);
    const first = startCode({ heedsInterrupt: true });
    const running = run(first, undefined, time);
    await vi.advanceTimersByTimeAsync(400);
    first.end('done');
    await running;

    expect(time.leftMs('ann')).toBe(600);
    expect(time.leftMs('bob')).toBe(1000);
    const second = expect(
      run(startCode({ heedsInterrupt: true }), undefined, time),
    ).rejects.toMatchObject({ code: 'API_EXECUTION_TIME' });
    await vi.advanceTimersByTimeAsync(600);
    await second;

    await expect(run(startCode({ heedsInterrupt: true }), undefined, time)).rejects.toMatchObject({
      code: 'API_USER_TIME',
      retryAfterSeconds: 24 * 3600 - 1,
    });
    await vi.advanceTimersByTimeAsync(24 * HOUR_MS);
    expect(time.leftMs('ann')).toBe(1000);
  });

  test('without a limit nothing is counted', () => {
    const time = new UserTime(Infinity, Date.now);

    time.use('ann', 10 * HOUR_MS);

    expect(time.leftMs('ann')).toBe(Infinity);
  });
});
