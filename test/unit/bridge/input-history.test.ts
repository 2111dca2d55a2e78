import { beforeEach, describe, expect, test } from 'vitest';
import { InputHistory } from '../../../src/bridge/input-history.js';

describe('the history of a kernel', () => {
  let history: InputHistory;

  beforeEach(() => {
    history = new InputHistory();
    history.add(1, 'a <- 1');
    history.add(2, 'a');
    history.setOutput('[1] 1');
    history.add(3, 'b <- "x*y"');
    history.add(4, 'a');
  });

  test('the tail is the last inputs, oldest first', () => {
    expect(history.answer({ accessType: 'tail', count: 2, output: false, raw: true })).toEqual([
      [1, 3, 'b <- "x*y"'],
      [1, 4, 'a'],
    ]);
    expect(history.answer({ accessType: 'tail', count: 0, output: false, raw: true })).toEqual([]);
  });

  test('with outputs each input has the text of its value, or null', () => {
    expect(history.answer({ accessType: 'tail', count: 3, output: true, raw: true })).toEqual([
      [1, 2, ['a', '[1] 1']],
      [1, 3, ['b <- "x*y"', null]],
      [1, 4, ['a', null]],
    ]);
  });

  test('a range has its start and not its stop; other sessions are empty', () => {
    const range = { accessType: 'range', start: 2, stop: 4, output: false, raw: true } as const;

    expect(history.answer({ ...range, session: 0 }).map(([, line]) => line)).toEqual([2, 3]);
    expect(history.answer({ ...range, session: -1 })).toEqual([]);
  });

  test.each([
    ['a*', undefined, false, [1, 2, 4]],
    ['a*', undefined, true, [1, 4]],
    ['a*', 1, false, [4]],
    ['?', undefined, false, [2, 4]],
    ['*"x?y"', undefined, false, [3]],
    ['*', 2, true, [3, 4]],
    ['(', undefined, false, []],
  ])('a search for %s, %s of them, unique %s', (pattern, count, unique, lines) => {
    const found = history.answer({
      accessType: 'search',
      pattern,
      count,
      unique,
      output: false,
      raw: true,
    });

    expect(found.map(([, line]) => line)).toEqual(lines);
  });
});
