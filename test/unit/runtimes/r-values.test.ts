import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { serializeR, unserializeR, type RValue } from '../../../src/runtimes/r-serialization.js';
import { jsonOf, rValueOf } from '../../../src/runtimes/r-values.js';

describe('JSON to R', () => {
  const cases: readonly (readonly [string, unknown, RValue])[] = [
    ['null', null, { type: 'null' }],
    ['a whole number', 5, { type: 'integer', values: [5] }],
    ['a number with a fraction', 5.5, { type: 'double', values: [5.5] }],
    ['a whole number beyond R integers', 3e9, { type: 'double', values: [3e9] }],
    ['negative zero', -0, { type: 'double', values: [-0] }],
    ['true', true, { type: 'logical', values: [true] }],
    ['a string', 'a', { type: 'character', values: ['a'] }],
    ['an empty array', [], { type: 'list', values: [] }],
    ['numbers with null', [1, null, 2.5], { type: 'double', values: [1, null, 2.5] }],
    ['special numbers', [1, 'NaN', '-Inf'], { type: 'double', values: [1, Number.NaN, -Infinity] }],
    ['special words among strings', ['NaN', 'x'], { type: 'character', values: ['NaN', 'x'] }],
    ['nulls only', [null, null], { type: 'logical', values: [null, null] }],
    [
      'mixed kinds',
      [1, 'a'],
      {
        type: 'list',
        values: [
          { type: 'integer', values: [1] },
          { type: 'character', values: ['a'] },
        ],
      },
    ],
    [
      'rows',
      [
        [1, 2],
        [3, 4],
        [5, 6],
      ],
      { type: 'integer', values: [1, 3, 5, 2, 4, 6], dim: [3, 2] },
    ],
    [
      'rows of unlike length',
      [[1], [2, 3]],
      {
        type: 'list',
        values: [
          { type: 'integer', values: [1] },
          { type: 'integer', values: [2, 3] },
        ],
      },
    ],
    [
      'columns',
      { b: [1, null], a: ['x', 'y'] },
      {
        type: 'list',
        names: ['b', 'a'],
        rClass: 'data.frame',
        rowCount: 2,
        values: [
          { type: 'integer', values: [1, null] },
          { type: 'character', values: ['x', 'y'] },
        ],
      },
    ],
    [
      'columns without rows',
      { a: [] },
      {
        type: 'list',
        names: ['a'],
        rClass: 'data.frame',
        rowCount: 0,
        values: [{ type: 'logical', values: [] }],
      },
    ],
    [
      'an object of other things',
      { a: [1, 2], b: { c: null } },
      {
        type: 'list',
        names: ['a', 'b'],
        values: [
          { type: 'integer', values: [1, 2] },
          { type: 'list', names: ['c'], values: [{ type: 'null' }] },
        ],
      },
    ],
    ['an empty object', {}, { type: 'list', names: [], values: [] }],
  ];

  test.each(cases)('%s', (_what, json, expected) => {
    expect(rValueOf(json)).toEqual(expected);
  });
});

describe('R to JSON', () => {
  const cases: readonly (readonly [string, RValue, unknown])[] = [
    ['NULL', { type: 'null' }, null],
    ['one number', { type: 'double', values: [0.1] }, 0.1],
    [
      'numbers',
      { type: 'double', values: [1, null, Number.NaN, Infinity] },
      [1, null, 'NaN', 'Inf'],
    ],
    ['one NA', { type: 'logical', values: [null] }, null],
    ['an empty vector', { type: 'character', values: [] }, []],
    [
      'a matrix',
      { type: 'integer', values: [1, 3, 2, 4], dim: [2, 2] },
      [
        [1, 2],
        [3, 4],
      ],
    ],
    [
      'an array of three dimensions',
      { type: 'integer', values: [1, 2, 3, 4, 5, 6, 7, 8], dim: [2, 2, 2] },
      [
        [
          [1, 5],
          [3, 7],
        ],
        [
          [2, 6],
          [4, 8],
        ],
      ],
    ],
    [
      'a table of one row',
      {
        type: 'list',
        names: ['a'],
        rClass: 'data.frame',
        values: [{ type: 'integer', values: [1] }],
      },
      { a: [1] },
    ],
    [
      'dates',
      { type: 'double', rClass: 'Date', values: [0, null, 19723.9] },
      ['1970-01-01', null, '2024-01-01'],
    ],
    [
      'instants',
      { type: 'double', rClass: 'POSIXct', values: [0, 1.5, -0.25, 1e9 + 0.999_999_9] },
      [
        '1970-01-01T00:00:00Z',
        '1970-01-01T00:00:01.5Z',
        '1969-12-31T23:59:59.75Z',
        '2001-09-09T01:46:41Z',
      ],
    ],
    ['a date that is not a number', { type: 'double', rClass: 'Date', values: [Number.NaN] }, null],
    [
      '64 bit integers',
      { type: 'integer64', values: [1n, 2n ** 53n + 1n, null, 2n ** 60n] },
      [1, '9007199254740993', null, 2 ** 60],
    ],
    [
      'a list without names',
      { type: 'list', values: [{ type: 'null' }, { type: 'character', values: ['a'] }] },
      [null, 'a'],
    ],
  ];

  test.each(cases)('%s', (_what, value, expected) => {
    expect(jsonOf(value)).toEqual(expected);
  });
});

describe('R serialization', () => {
  test('any JSON value comes back from its bytes', () => {
    fc.assert(
      fc.property(
        fc.jsonValue().filter((json) => !JSON.stringify(json).includes('\\u0000')),
        (json) => {
          const value = rValueOf(json);
          const read = unserializeR(serializeR(value));

          expect(jsonOf(read)).toEqual(jsonOf(value));
        },
      ),
      { examples: [[{ a: [1, 2], b: ['x', null] }]] },
    );
  });

  test('NA and NaN stay apart', () => {
    const value: RValue = { type: 'double', values: [null, Number.NaN, 1] };

    expect(unserializeR(serializeR(value))).toEqual(value);
  });

  test('a string with a NUL character is refused', () => {
    expect(() => serializeR({ type: 'character', values: ['a\0b'] })).toThrow(TypeError);
  });

  test('bytes that are no such serialization are refused', () => {
    expect(() => unserializeR(Buffer.from('X\n\0\0\0\u0002'))).toThrow(TypeError);
  });
});
