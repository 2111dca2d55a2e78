import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { silentLogger } from '../../../../src/base/index.js';
import { SessionRegistry } from '../../../../src/server/sessions/session-registry.js';
import type { SessionExecution } from '../../../../src/server/sessions/session.js';
import { FakeRuntimeFactory } from '../../../helpers/fake-runtime.js';

const MINUTE_MS = 60_000;
const limits = {
  maxConsoleLength: 1000,
  maxHistoryLength: 1000,
  sessionUnusedMs: 10 * MINUTE_MS,
  inputPatienceMs: 1000,
};

let runtimes: FakeRuntimeFactory;
let registry: SessionRegistry;
let counts: number[];

beforeEach(() => {
  vi.useFakeTimers();
  counts = [];
  runtimes = new FakeRuntimeFactory({ maxPoolSize: 5000 });
  registry = new SessionRegistry({
    runtimes,
    limits,
    logger: silentLogger,
    now: () => Date.now(),
    onCountChange: (count) => counts.push(count),
  });
});

afterEach(async () => {
  await registry.close();
  vi.useRealTimers();
});

const create = () => registry.create({ owner: 'ann', runtimeType: 'R' });

const execution = (code: string): SessionExecution => ({
  executionId: 'e',
  code,
  source: code,
  inputParameters: [],
  outputParameters: [],
  isConsoleByEvents: false,
  isInputByEvents: false,
  isAnsweredByEvents: false,
  isAbandoned: () => false,
});

test('a session that nobody uses is closed after its time, and one in use is not', async () => {
  const [unused, polled, running, watched] = [
    await create(),
    await create(),
    await create(),
    await create(),
  ];
  const pending = running.execute(execution('wait'));
  watched.addWatcher({ send: () => undefined, flush: () => undefined, close: () => undefined });

  for (let minute = 0; minute < 11; minute += 1) {
    polled.consoleOutput();
    await vi.advanceTimersByTimeAsync(MINUTE_MS);
  }

  expect(registry.list('ann')).toEqual([polled, running, watched]);
  expect(() => registry.get(unused.id, 'ann')).toThrow(/any more\. The session was closed\./);
  running.cancel();
  await pending;
});

test('a runtime that cannot be prepared is destroyed, and no session is left', async () => {
  const failing = registry.create({
    owner: 'ann',
    runtimeType: 'R',
    prepare: () => Promise.reject(new Error('no')),
  });

  await expect(failing).rejects.toThrow('no');
  expect(runtimes.runtimes[0]?.isClosed).toBe(true);
  expect(counts).toEqual([]);
});

test('what is known of sessions that are gone is bounded', async () => {
  const first = await create();
  await registry.end(first);
  for (let count = 0; count < 1000; count += 1) await registry.kill(await create());

  expect(() => registry.getOrGone(first.id, 'ann')).toThrow(
    expect.objectContaining({ code: 'API_SESSION_NOT_FOUND' }) as Error,
  );
});

test('closing ends all sessions and makes no new ones', async () => {
  await create();
  await create();

  await registry.close();

  expect(counts).toEqual([1, 2, 1, 0]);
  expect(runtimes.runtimes.map((runtime) => runtime.isClosed)).toEqual([true, true]);
  await expect(create()).rejects.toMatchObject({ code: 'API_SHUTTING_DOWN' });
});
