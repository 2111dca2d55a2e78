// When a server that nobody uses leaves.
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { watchIdle } from '../../../src/cli/idle-watch.js';

describe('a server that nobody uses', () => {
  beforeEach(() => {
    vi.useFakeTimers({ now: 0 });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  function watch(changes: { idleTimeoutMs?: number } = {}) {
    const state = { sessions: 0, lastActivityAtMs: 0, isForgotten: false, idleAtMs: -1 };
    const stop = watchIdle({
      hasSessions: () => state.sessions > 0,
      lastActivityAtMs: () => state.lastActivityAtMs,
      isForgotten: () => state.isForgotten,
      idleTimeoutMs: changes.idleTimeoutMs ?? 10_000,
      onIdle: () => {
        state.idleAtMs = Date.now();
      },
    });
    return { state, stop };
  }

  test('leaves when the idle time is over', () => {
    const { state } = watch();

    vi.advanceTimersByTime(9_999);
    expect(state.idleAtMs).toBe(-1);
    vi.advanceTimersByTime(1);
    expect(state.idleAtMs).toBe(10_000);
  });

  test('counts from the last request', () => {
    const { state } = watch();
    vi.advanceTimersByTime(6_000);
    state.lastActivityAtMs = 6_000;

    vi.advanceTimersByTime(9_999);
    expect(state.idleAtMs).toBe(-1);
    vi.advanceTimersByTime(1);
    expect(state.idleAtMs).toBe(16_000);
  });

  test('stays while there are sessions, however long nothing is asked', () => {
    const { state } = watch();
    state.sessions = 1;

    vi.advanceTimersByTime(3_600_000);

    expect(state.idleAtMs).toBe(-1);
  });

  test('leaves within a minute when nobody can find it any more', () => {
    const { state } = watch({ idleTimeoutMs: 900_000 });
    state.isForgotten = true;

    vi.advanceTimersByTime(60_000);

    expect(state.idleAtMs).toBe(60_000);
  });

  test('is no longer watched after stop', () => {
    const { state, stop } = watch();

    stop();
    vi.advanceTimersByTime(100_000);

    expect(state.idleAtMs).toBe(-1);
  });
});
