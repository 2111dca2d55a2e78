import { describe, expect, test } from 'vitest';
import {
  readPythonCursor,
  readPythonTopic,
} from '../../../../src/bridge/language/python-cursor.js';
import { readRCursor, readRTopic } from '../../../../src/bridge/language/r-cursor.js';

/** The fields that say something. */
function told(cursor: object): object {
  return Object.fromEntries(
    Object.entries(cursor).filter(
      ([, value]) =>
        value !== '' && value !== false && !(Array.isArray(value) && value.length === 0),
    ),
  );
}

describe('a cursor in R code', () => {
  test.each([
    ['x <- me', { kind: 'name', prefix: 'me', start: 5 }],
    ['x <- ', { kind: 'name', start: 5 }],
    ['df$a', { kind: 'member', prefix: 'a', start: 3, owner: 'df', operator: '$' }],
    ['df$`a b', { kind: 'member', prefix: 'a b', start: 3, owner: 'df', operator: '$' }],
    ['p@s', { kind: 'member', prefix: 's', start: 2, owner: 'p', operator: '@' }],
    ['utils:::re', { kind: 'member', prefix: 're', start: 8, owner: 'utils', operator: ':::' }],
    ['x[["a"]]$b', { kind: 'member', prefix: 'b', start: 9, owner: 'x[["a"]]', operator: '$' }],
    ['f(1)$b', { kind: 'member', prefix: 'b', start: 5, operator: '$' }],
    ['x[["a', { kind: 'string', prefix: 'a', start: 4, subset: 'x' }],
    [
      'f(x, n = 1, de',
      { kind: 'name', prefix: 'de', start: 12, call: 'f', isArgumentStart: true, given: ['n'] },
    ],
    ['f(n = ', { kind: 'name', start: 6, call: 'f', argument: 'n', given: ['n'] }],
    ['f(x[[y[1]]], n', { kind: 'name', prefix: 'n', start: 13, call: 'f', isArgumentStart: true }],
    ['f({ n', { kind: 'name', prefix: 'n', start: 4 }],
    ['if (n', { kind: 'name', prefix: 'n', start: 4 }],
    ["f(# don't (\n n", { kind: 'name', prefix: 'n', start: 13, call: 'f', isArgumentStart: true }],
    [
      'read.csv("da',
      { kind: 'string', prefix: 'da', start: 10, call: 'read.csv', isArgumentStart: true },
    ],
    ['r"-(a)" b', { kind: 'string', prefix: 'a)" b', start: 4 }],
    ['"a\\"b', { kind: 'string', prefix: 'a\\"b', start: 1 }],
    ['?lm', { kind: 'help', prefix: 'lm', start: 1 }],
    ['# me', { kind: 'none', start: 4 }],
    ['1e5', { kind: 'none', start: 3 }],
  ])('%j', (code, expected) => {
    expect(told(readRCursor(code, code.length))).toEqual(expected);
  });

  test('what stands after it does not count', () => {
    expect(told(readRCursor('df$cy + 1', 5))).toEqual({
      kind: 'member',
      prefix: 'cy',
      start: 3,
      owner: 'df',
      operator: '$',
    });
  });

  test.each([
    ['x <- nchar(a)', 7, { name: 'nchar', call: '' }],
    ['paste(1, ', 9, { name: '', call: 'paste' }],
    ['mean(x)', 6, { name: 'x', call: 'mean' }],
    ['stats::lm', 9, { name: 'stats::lm', call: '' }],
    ['f()$x', 5, { name: '', call: '' }],
    ['"abc"', 3, { name: '', call: '' }],
  ])('help for %j at %d is about %j', (code, cursor, expected) => {
    expect(readRTopic(code, cursor)).toEqual(expected);
  });
});

describe('a cursor in Python code', () => {
  test.each([
    ['x = le', { kind: 'name', prefix: 'le', start: 4 }],
    ['df.me', { kind: 'member', prefix: 'me', start: 3, owner: 'df' }],
    ['np.random.no', { kind: 'member', prefix: 'no', start: 10, owner: 'np.random' }],
    ['f().me', { kind: 'member', prefix: 'me', start: 4 }],
    ['df["a', { kind: 'key', prefix: 'a', start: 4, owner: 'df' }],
    ['x = {"a', { kind: 'string', prefix: 'a', start: 6 }],
    ['"""a\nb', { kind: 'string', prefix: 'a\nb', start: 3 }],
    ['f(x, n', { kind: 'name', prefix: 'n', start: 5, call: 'f', isArgumentStart: true }],
    [
      'a.f(n=1, m',
      { kind: 'name', prefix: 'm', start: 9, call: 'a.f', isArgumentStart: true, given: ['n'] },
    ],
    ['import nu', { kind: 'import', prefix: 'nu', start: 7 }],
    ['from numpy import li', { kind: 'import', prefix: 'li', start: 18, owner: 'numpy' }],
    ['import numpy as n', { kind: 'name', prefix: 'n', start: 16 }],
    ['# le', { kind: 'none', start: 4 }],
    ['x = 1.', { kind: 'none', start: 6 }],
  ])('%j', (code, expected) => {
    expect(told(readPythonCursor(code, code.length))).toEqual(expected);
  });

  test.each([
    ['len(x)', 2, { name: 'len', call: '' }],
    ['np.array([1]', 12, { name: '', call: 'np.array' }],
    ['np.array(', 9, { name: '', call: 'np.array' }],
    ['df.mean', 7, { name: 'df.mean', call: '' }],
  ])('help for %j at %d is about %j', (code, cursor, expected) => {
    expect(readPythonTopic(code, cursor)).toEqual(expected);
  });
});
