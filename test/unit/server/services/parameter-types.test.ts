import { expect, test } from 'vitest';
import {
  jsonTypeOf,
  mismatchOf,
  valueTypeOf,
} from '../../../../src/server/services/parameter-types.js';

test.each([
  ['numeric', 'numeric'],
  ['double', 'numeric'],
  ['float', 'numeric'],
  ['Integer', 'integer'],
  ['int', 'integer'],
  ['bool', 'logical'],
  ['logical', 'logical'],
  ['string', 'character'],
  ['str', 'character'],
  ['list', 'vector'],
  ['numpy.array', 'vector'],
  ['numpy.matrix', 'matrix'],
  ['dataframe', 'data.frame'],
  ['pandas.DataFrame', 'data.frame'],
  ['my.class', 'any'],
  ['', 'any'],
])('%j means %s', (declared, type) => {
  expect(valueTypeOf(declared)).toBe(type);
});

test.each([
  ['numeric', [1, -1.5, 'NaN', 'Inf', '-Inf'], ['1', true, [1], {}]],
  ['integer', [1, -5, 3], [1.5, '1', 'NaN', true, [1]]],
  ['logical', [true, false], [1, 'true', []]],
  ['character', ['', 'a'], [1, ['a'], {}]],
  ['vector', [[], [1, null], ['a'], [[1], [2]]], [1, 'a', { a: [1] }]],
  [
    'matrix',
    [
      [],
      [[]],
      [
        [1, 2],
        [3, 4],
      ],
    ],
    [[1, 2], [[1], [2, 3]], [[1], 2], { a: [1] }, 1],
  ],
  ['data.frame', [{}, { a: [] }, { a: [1], b: ['x'] }], [[1], { a: 1 }, { a: [1], b: [] }, 'x']],
  ['any', [1, 'a', [[1], 2], {}], []],
] as const)('%s takes what it should, and nothing else', (type, right, wrong) => {
  expect(right.filter((value) => mismatchOf(type, value) !== undefined)).toEqual([]);
  expect(wrong.filter((value) => mismatchOf(type, value) === undefined)).toEqual([]);
});

test('a long string is cut in the message', () => {
  expect(mismatchOf('integer', 'x'.repeat(100))).toBe(
    `must be a whole number, and is the string "${'x'.repeat(39)}…`,
  );
});

test('each type has its form in a Swagger file', () => {
  const types = [
    'logical',
    'numeric',
    'integer',
    'character',
    'vector',
    'matrix',
    'data.frame',
    'any',
  ] as const;

  expect(types.map(jsonTypeOf)).toEqual([
    'boolean',
    'number',
    'integer',
    'string',
    'array',
    'array',
    'object',
    undefined,
  ]);
});
