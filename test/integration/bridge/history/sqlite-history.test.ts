// The history file on a real disk, with several kernels.
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import Database from 'libsql';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { silentLogger } from '../../../../src/base/index.js';
import type { HistoryStore } from '../../../../src/bridge/history/history-store.js';
import { InputHistory } from '../../../../src/bridge/history/input-history.js';
import { keptHistory } from '../../../../src/bridge/history/kept-history.js';
import { openSqliteHistory } from '../../../../src/bridge/history/sqlite-history.js';

const run = promisify(execFile);

let directory: string;
let file: string;

beforeEach(() => {
  directory = mkdtempSync(path.join(tmpdir(), 'history-'));
  file = path.join(directory, 'history', 'r.sqlite');
});

afterEach(() => {
  rmSync(directory, { recursive: true });
});

function stored(inputs: readonly string[]): HistoryStore {
  const store = openSqliteHistory(file);
  const session = store.beginSession();
  store.append(inputs.map((input, index) => ({ session, line: index + 1, input })));
  return store;
}

describe('the history file', () => {
  test('and its folder are for their owner alone', () => {
    stored(['a']).close();

    const modeOf = (name: string): number => statSync(name).mode & 0o777;
    expect([modeOf(file), modeOf(path.dirname(file))]).toEqual([0o600, 0o700]);
  });

  test('keeps inputs as they were typed, and sessions count on', () => {
    const inputs = ['a <- "é 😀"\n\tb', "it's", ''];
    stored(inputs).close();

    const store = openSqliteHistory(file);

    expect(store.tail(10).map(({ input }) => input)).toEqual(inputs);
    expect([store.lastSession(), store.beginSession(), store.lastSession()]).toEqual([1, 2, 2]);
    store.close();
  });

  test('gives ranges of a session', () => {
    const store = stored(['1', '2', '3', '4']);

    expect(store.range(1, 2, 4)).toEqual([
      { session: 1, line: 2, input: '2' },
      { session: 1, line: 3, input: '3' },
    ]);
    expect(store.range(2, 0, Number.MAX_SAFE_INTEGER)).toEqual([]);
    store.close();
  });

  test.each([
    ['a*', 100, false, ['a <- 1', 'a', 'a']],
    ['a*', 100, true, ['a <- 1', 'a']],
    ['a*', 1, false, ['a']],
    ['?', 100, false, ['a', 'a']],
    ['[ab] <-*', 100, false, ['a <- 1', 'b <- "x*y"']],
    ['[^ab]*', 100, false, []],
    ['*"x[*]y"', 100, false, ['b <- "x*y"']],
    ['A', 100, false, []],
    ['*', 2, true, ['b <- "x*y"', 'a']],
    ["'; DROP TABLE lines; --", 100, false, []],
  ])('is searched for %s, %i of them, unique %s', (pattern, count, unique, expected) => {
    const store = stored(['a <- 1', 'a', 'b <- "x*y"', 'a']);

    const found = store.search(pattern, count, unique);

    expect(found.map(({ input }) => input)).toEqual(expected);
    store.close();
  });

  test('that is damaged is set aside', () => {
    stored(['a']).close();
    writeFileSync(file, 'this is not a database, and long enough to be seen as none');

    const store = openSqliteHistory(file);

    expect(store.tail(10)).toEqual([]);
    expect(existsSync(`${file}.damaged`)).toBe(true);
    store.close();
  });

  test('of a newer version is left alone', () => {
    stored(['a']).close();
    const database = new Database(file);
    database.exec('PRAGMA user_version = 2');
    database.close();

    expect(() => openSqliteHistory(file)).toThrow('was written by a newer version');
    expect(existsSync(`${file}.damaged`)).toBe(false);
  });
});

describe('several kernels', () => {
  test('write at once, and nothing is lost', { timeout: 120_000 }, async () => {
    const writer = path.join(import.meta.dirname, 'history-writer.ts');
    const names = ['a', 'b', 'c', 'd'];

    await Promise.all(
      names.map((name) => run(process.execPath, ['--import', 'tsx', writer, file, name, '50'])),
    );

    const store = openSqliteHistory(file);
    const lines = store.tail(1000);
    const sessions = new Map(lines.map(({ session, input }) => [session, input.charAt(0)]));
    store.close();
    for (const name of names) {
      const own = lines.filter(({ input }) => input.startsWith(name)).map(({ line }) => line);
      expect(own).toEqual(Array.from({ length: 50 }, (_, index) => index + 1));
    }
    expect([...sessions.values()].sort()).toEqual(names);
  });

  test('a kernel sees what an earlier one ran', async () => {
    const earlier = new InputHistory(keptHistory(file, silentLogger));
    earlier.add({ executionCount: 1 }, 'x <- 1');
    await earlier.close();

    const later = new InputHistory(keptHistory(file, silentLogger));
    later.add({ executionCount: 1 }, 'x');

    const options = { output: false, raw: true } as const;
    expect(await later.answer({ ...options, accessType: 'tail', count: 1000 })).toEqual([
      [1, 1, 'x <- 1'],
      [2, 1, 'x'],
    ]);
    await later.close();
  });

  test('do without a folder that cannot be made', async () => {
    writeFileSync(path.dirname(file), 'a file in its place');
    const logged: string[] = [];
    const logger = { ...silentLogger, warn: (_: object, text: string) => logged.push(text) };
    const history = new InputHistory(keptHistory(file, logger));
    history.add({ executionCount: 1 }, 'x');

    const options = { output: false, raw: true } as const;
    expect(await history.answer({ ...options, accessType: 'tail', count: 1 })).toEqual([
      [1, 1, 'x'],
    ]);
    expect(logged).toHaveLength(1);
  });
});
