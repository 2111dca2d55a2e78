import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { watchParent } from '../../../src/jupyter/index.js';

describe('watchParent', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  test('tells once that the parent has died', () => {
    let isAlive = true;
    const onGone = vi.fn();
    watchParent({ pid: 42, onGone, isAlive: (pid) => pid === 42 && isAlive });

    vi.advanceTimersByTime(3000);
    const callsWhileAlive = onGone.mock.calls.length;
    isAlive = false;
    vi.advanceTimersByTime(3000);

    expect([callsWhileAlive, onGone.mock.calls.length]).toEqual([0, 1]);
  });

  test('looks no more after it was stopped', () => {
    const onGone = vi.fn();
    const stop = watchParent({ pid: 42, onGone, isAlive: () => false });

    stop();
    stop();
    vi.advanceTimersByTime(3000);

    expect(onGone).not.toHaveBeenCalled();
  });

  test('by default asks the system: this process is alive, one with an impossible id is not', () => {
    const gone: string[] = [];
    const stop = watchParent({ pid: process.pid, onGone: () => gone.push('own') });
    watchParent({ pid: 2 ** 30, onGone: () => gone.push('other') });

    vi.advanceTimersByTime(1000);
    stop();

    expect(gone).toEqual(['other']);
  });
});
