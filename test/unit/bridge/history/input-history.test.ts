import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { silentLogger } from '../../../../src/base/index.js';
import type { StoredLine } from '../../../../src/bridge/history/history-store.js';
import { InputHistory } from '../../../../src/bridge/history/input-history.js';
import type { HistoryRequest } from '../../../../src/jupyter/index.js';
import { MemoryStore } from './memory-store.js';

const PLAIN = { output: false, raw: true } as const;
const tail = (count: number, output = false): HistoryRequest => ({
  accessType: 'tail',
  count,
  output,
  raw: true,
});
const range = (session: number, start = 0, stop = 100): HistoryRequest => ({
  ...PLAIN,
  accessType: 'range',
  session,
  start,
  stop,
});
const search = (pattern: string, count?: number, unique = false): HistoryRequest => ({
  ...PLAIN,
  accessType: 'search',
  pattern,
  count,
  unique,
});

function fill(history: InputHistory): void {
  history.add({ executionCount: 1 }, 'a <- 1');
  history.add({ executionCount: 2 }, 'a');
  history.setOutput({ executionCount: 2 }, '[1] 1');
  history.add({ executionCount: 3 }, 'b <- "x*y"');
  history.add({ executionCount: 4 }, 'a');
}

describe('the history of a kernel that keeps nothing', () => {
  let history: InputHistory;

  beforeEach(() => {
    history = new InputHistory();
    fill(history);
  });

  test('the tail is the last inputs, oldest first', async () => {
    expect(await history.answer(tail(2))).toEqual([
      [1, 3, 'b <- "x*y"'],
      [1, 4, 'a'],
    ]);
    expect(await history.answer(tail(0))).toEqual([]);
  });

  test('with outputs each input has the text of its value, or null', async () => {
    expect(await history.answer(tail(3, true))).toEqual([
      [1, 2, ['a', '[1] 1']],
      [1, 3, ['b <- "x*y"', null]],
      [1, 4, ['a', null]],
    ]);
  });

  test('a range has its start and not its stop; other sessions are empty', async () => {
    const linesOf = async (request: HistoryRequest): Promise<number[]> =>
      (await history.answer(request)).map(([, line]) => line);

    expect(await linesOf(range(0, 2, 4))).toEqual([2, 3]);
    expect(await linesOf(range(1, 2, 4))).toEqual([2, 3]);
    expect(await linesOf(range(-1, 2, 4))).toEqual([]);
  });

  test.each([
    ['a*', undefined, false, [1, 2, 4]],
    ['a*', undefined, true, [1, 4]],
    ['a*', 1, false, [4]],
    ['a*', 0, false, []],
    ['?', undefined, false, [2, 4]],
    ['*"x?y"', undefined, false, [3]],
    ['*', 2, true, [3, 4]],
    ['(', undefined, false, []],
    ['[ab] <-*', undefined, false, [1, 3]],
    ['[^b]*', undefined, false, [1, 2, 4]],
    ['A', undefined, false, []],
  ])('a search for %s, %s of them, unique %s', async (pattern, count, unique, lines) => {
    const found = await history.answer(search(pattern, count, unique));

    expect(found.map(([, line]) => line)).toEqual(lines);
  });

  test('a subshell is a session of its own', async () => {
    history.add({ executionCount: 1, subshellId: 's' }, 'sub');
    history.setOutput({ executionCount: 1, subshellId: 's' }, 'out');

    expect(await history.answer({ ...range(0), subshellId: 's', output: true })).toEqual([
      [expect.any(Number), 1, ['sub', 'out']],
    ]);
    expect((await history.answer(range(0))).map(([, , input]) => input)).not.toContain('sub');
    expect((await history.answer(tail(1)))[0]?.[2]).toBe('sub');
  });

  test('hides the values of secrets in magics', () => {
    history.add({ executionCount: 5 }, '%config password=hunter2 url=http://x');

    expect(history.tail(1)).toEqual([{ line: 5, input: '%config password=******** url=http://x' }]);
  });
});

describe('the history of a kernel that keeps its inputs', () => {
  const EARLIER: readonly StoredLine[] = [
    { session: 3, line: 1, input: 'old' },
    { session: 4, line: 1, input: 'a' },
  ];
  let store: MemoryStore;
  let history: InputHistory;
  let openCount: number;
  let logged: string[];

  beforeEach(() => {
    store = new MemoryStore(EARLIER);
    openCount = 0;
    logged = [];
    history = open(() => Promise.resolve(store));
  });

  afterEach(() => {
    vi.useRealTimers();
  });

  function open(opening: () => Promise<MemoryStore>): InputHistory {
    return new InputHistory({
      open: () => {
        openCount += 1;
        return opening();
      },
      logger: { ...silentLogger, warn: (_facts, message) => logged.push(message) },
    });
  }

  test('begins with those of earlier kernels, and goes on with its own', async () => {
    const before = await history.answer(tail(10));
    fill(history);

    expect(before).toEqual([
      [3, 1, 'old'],
      [4, 1, 'a'],
    ]);
    expect((await history.answer(tail(2, true))).at(0)).toEqual([5, 3, ['b <- "x*y"', null]]);
    expect(await history.answer(tail(10))).toHaveLength(6);
  });

  test('opens the store once, and not before it is needed', async () => {
    fill(history);
    const before = openCount;

    await Promise.all([history.store(), history.store(), history.answer(tail(1))]);

    expect([before, openCount]).toEqual([0, 1]);
    expect(store.lines.slice(2).map(({ session, line }) => [session, line])).toEqual([
      [5, 1],
      [5, 2],
      [5, 3],
      [5, 4],
    ]);
  });

  test('stores inputs together, a quarter of a second after the first', async () => {
    vi.useFakeTimers();
    fill(history);
    history.storeSoon();
    await vi.advanceTimersByTimeAsync(200);
    history.add({ executionCount: 5 }, 'late');
    history.storeSoon();
    const early = store.lines.length;

    await vi.advanceTimersByTimeAsync(50);

    expect(early).toBe(EARLIER.length);
    expect(store.lines.map(({ input }) => input)).toEqual([
      'old',
      'a',
      'a <- 1',
      'a',
      'b <- "x*y"',
      'a',
      'late',
    ]);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('closing stores what waits', async () => {
    vi.useFakeTimers();
    fill(history);
    history.storeSoon();

    await history.close();

    expect(store.lines).toHaveLength(EARLIER.length + 4);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('counts sessions back from its own, also before its first input', async () => {
    const before = await history.answer(range(-1));
    fill(history);
    await history.store();

    expect(before).toEqual([[4, 1, 'a']]);
    expect(await history.answer(range(-2))).toEqual([[3, 1, 'old']]);
    expect(await history.answer(range(3))).toEqual([[3, 1, 'old']]);
    expect(await history.answer(range(0, 1, 2))).toEqual([[5, 1, 'a <- 1']]);
    expect(await history.answer(range(5, 1, 2))).toEqual([[5, 1, 'a <- 1']]);
  });

  test('waits with storing while another kernel has the store for itself, and shows all the same', async () => {
    fill(history);
    store.append = () => {
      throw Object.assign(new Error('database is locked'), { code: 'SQLITE_BUSY' });
    };
    const busy = await history.answer(search('a', undefined, true));
    store.append = MemoryStore.prototype.append.bind(store);

    expect(busy).toEqual([[5, 4, 'a']]);
    expect(logged).toEqual([]);
    await history.close();
    expect(store.lines).toHaveLength(6);
    expect(store.isClosed).toBe(true);
  });

  test('opens the store later when another kernel is in the way', async () => {
    const busy = Object.assign(new Error('database is locked'), { code: 'SQLITE_BUSY' });
    const openings = [() => Promise.reject(busy), () => Promise.resolve(store)];
    history = open(() => (openings.shift() ?? (() => Promise.reject(new Error('a third time'))))());
    fill(history);

    expect(await history.answer(tail(1))).toEqual([[1, 4, 'a']]);
    await history.store();

    expect(store.lines.slice(2).map(({ session }) => session)).toEqual([5, 5, 5, 5]);
    expect(logged).toEqual([]);
  });

  test('goes on with its own inputs when the store fails, and says so once', async () => {
    fill(history);
    await history.store();
    store.failure = new Error('disk I/O error');

    const answers = [await history.answer(tail(1)), await history.answer(tail(1))];
    await history.store();
    await history.close();

    expect(answers).toEqual([[[5, 4, 'a']], [[5, 4, 'a']]]);
    expect(logged).toEqual(['Inputs are not kept beyond this kernel: disk I/O error']);
  });

  test('does without a store that cannot be opened', async () => {
    history = open(() => Promise.reject(new Error('read-only file system')));
    fill(history);

    expect(await history.answer(tail(1))).toEqual([[1, 4, 'a']]);
    expect(await history.answer(range(0, 4, 5))).toEqual([[1, 4, 'a']]);
    expect(logged).toEqual(['Inputs are not kept beyond this kernel: read-only file system']);
    expect(openCount).toBe(1);
  });

  test('that ran nothing leaves no trace', async () => {
    await history.close();

    expect([openCount, store.sessionCount]).toEqual([0, 4]);
  });

  test('finds inputs of all kernels, each text once', async () => {
    fill(history);

    expect((await history.search('?', 10)).map(({ input }) => input)).toEqual(['a']);
  });
});
