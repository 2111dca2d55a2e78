import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { delay, raceAbort, withTimeout } from '../../../src/base/index.js';

const never = new Promise<never>(() => undefined);

describe('raceAbort', () => {
  test('gives the value when the signal stays quiet', async () => {
    const controller = new AbortController();

    const value = await raceAbort(Promise.resolve(7), controller.signal);

    expect(value).toBe(7);
  });

  test('rejects with the reason of a signal that is aborted later', async () => {
    const controller = new AbortController();
    const waiting = raceAbort(never, controller.signal);

    controller.abort(new Error('enough'));

    await expect(waiting).rejects.toThrow('enough');
  });

  test('rejects at once when the signal is aborted already', async () => {
    await expect(raceAbort(never, AbortSignal.abort())).rejects.toHaveProperty(
      'name',
      'AbortError',
    );
  });

  test('makes an AbortError of a reason that is no error', async () => {
    await expect(raceAbort(never, AbortSignal.abort('tired'))).rejects.toMatchObject({
      name: 'AbortError',
      message: 'tired',
    });
  });

  test('leaves no listener behind', async () => {
    const { signal } = new AbortController();
    const added = vi.spyOn(signal, 'addEventListener');
    const removed = vi.spyOn(signal, 'removeEventListener');

    await raceAbort(Promise.resolve(), signal);

    expect(removed.mock.calls.map(([type, listener]) => [type, listener])).toEqual(
      added.mock.calls.map(([type, listener]) => [type, listener]),
    );
  });
});

describe('with fake time', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  const onTimeout = (): Error => new Error('too late');

  test('withTimeout gives what the work gives in time, and keeps no timer', async () => {
    const value = await withTimeout(() => Promise.resolve('done'), { timeoutMs: 100, onTimeout });

    expect(value).toBe('done');
    expect(vi.getTimerCount()).toBe(0);
  });

  test('withTimeout aborts the work it guards and throws the timeout error', async () => {
    let seen: AbortSignal | undefined;
    const waiting = withTimeout(
      (signal) => {
        seen = signal;
        return never;
      },
      { timeoutMs: 100, onTimeout },
    );

    vi.advanceTimersByTime(100);

    await expect(waiting).rejects.toThrow('too late');
    expect(seen?.reason).toEqual(new Error('too late'));
  });

  test('withTimeout without a limit still heeds the outer signal', async () => {
    const controller = new AbortController();
    const waiting = withTimeout(() => never, {
      timeoutMs: 0,
      onTimeout,
      signal: controller.signal,
    });

    controller.abort(new Error('outside'));

    await expect(waiting).rejects.toThrow('outside');
    expect(vi.getTimerCount()).toBe(0);
  });

  test('withTimeout does not begin the work when the outer signal is aborted already', async () => {
    const work = vi.fn(() => never);

    const waiting = withTimeout(work, { timeoutMs: 5, onTimeout, signal: AbortSignal.abort() });

    await expect(waiting).rejects.toHaveProperty('name', 'AbortError');
    expect(work).not.toHaveBeenCalled();
  });
});

describe('delay', () => {
  test('ends with the reason of its signal', async () => {
    const controller = new AbortController();
    const waiting = delay(60_000, controller.signal);

    controller.abort(new Error('woken'));

    await expect(waiting).rejects.toThrow('woken');
  });
});
