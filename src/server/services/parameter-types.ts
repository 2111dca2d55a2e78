// The types of the inputs and outputs of a service: their names in both languages, their form in JSON, and the check.

import type { InputType } from '../../runtimes/index.js';

/** The types of R Server, and `any` for the names that it does not know, which published services may use too. */
export type ValueType = InputType | 'any';

/** As R, Python and the articles spell them; compared without case. */
const NAMES: ReadonlyMap<string, ValueType> = new Map<string, ValueType>([
  ['logical', 'logical'],
  ['bool', 'logical'],
  ['boolean', 'logical'],
  ['numeric', 'numeric'],
  ['double', 'numeric'],
  ['float', 'numeric'],
  ['number', 'numeric'],
  ['integer', 'integer'],
  ['int', 'integer'],
  ['character', 'character'],
  ['string', 'character'],
  ['str', 'character'],
  ['vector', 'vector'],
  ['list', 'vector'],
  ['array', 'vector'],
  ['numpy.array', 'vector'],
  ['numpy.ndarray', 'vector'],
  ['matrix', 'matrix'],
  ['numpy.matrix', 'matrix'],
  ['data.frame', 'data.frame'],
  ['dataframe', 'data.frame'],
  ['pandas.dataframe', 'data.frame'],
]);

/** The type that a published name means. */
export function valueTypeOf(declared: string): ValueType {
  return NAMES.get(declared.toLowerCase()) ?? 'any';
}

/** The type in a Swagger file; undefined where any value goes. @see rserver-api section 7.2 */
export function jsonTypeOf(type: ValueType): string | undefined {
  switch (type) {
    case 'logical':
      return 'boolean';
    case 'numeric':
      return 'number';
    case 'integer':
      return 'integer';
    case 'character':
      return 'string';
    case 'vector':
    case 'matrix':
      return 'array';
    case 'data.frame':
      return 'object';
    case 'any':
      return undefined;
  }
}

/**
 * Why a value is not of a type.
 *
 * @param value - Any JSON but null.
 * @returns E.g. `must be a number, and is the string "abc"`; undefined when it is of the type.
 */
export function mismatchOf(type: ValueType, value: unknown): string | undefined {
  const expected = expectationOf(type, value);
  return expected === undefined ? undefined : `must be ${expected}, and is ${describe(value)}`;
}

function expectationOf(type: ValueType, value: unknown): string | undefined {
  switch (type) {
    case 'logical':
      return typeof value === 'boolean' ? undefined : 'true or false';
    case 'numeric':
      return isNumber(value) ? undefined : 'a number';
    case 'integer':
      return Number.isInteger(value) ? undefined : 'a whole number';
    case 'character':
      return typeof value === 'string' ? undefined : 'a string';
    case 'vector':
      return Array.isArray(value) ? undefined : 'an array';
    case 'matrix':
      return isMatrix(value) ? undefined : 'an array of rows, which are arrays of one length';
    case 'data.frame':
      return isTable(value) ? undefined : 'an object of columns, which are arrays of one length';
    case 'any':
      return undefined;
  }
}

/** Infinities and what is no number travel as words. @see docs/data-types.md */
const isNumber = (value: unknown): boolean =>
  typeof value === 'number' || value === 'NaN' || value === 'Inf' || value === '-Inf';

const isMatrix = (value: unknown): boolean => Array.isArray(value) && areOfOneLength(value);

const isTable = (value: unknown): boolean =>
  typeof value === 'object' && !Array.isArray(value) && areOfOneLength(Object.values(value ?? {}));

function areOfOneLength(arrays: readonly unknown[]): boolean {
  const [first] = arrays;
  return arrays.every(
    (array) => Array.isArray(array) && Array.isArray(first) && array.length === first.length,
  );
}

const MAX_SHOWN_LENGTH = 40;

function describe(value: unknown): string {
  if (Array.isArray(value)) return `an array of ${value.length}`;
  if (typeof value === 'object') return 'an object';
  const text = JSON.stringify(value);
  const shown = text.length > MAX_SHOWN_LENGTH ? `${text.slice(0, MAX_SHOWN_LENGTH)}…` : text;
  return typeof value === 'string' ? `the string ${shown}` : shown;
}
