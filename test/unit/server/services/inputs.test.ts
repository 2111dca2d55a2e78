import { expect, test } from 'vitest';
import { inputsOf, outputsOf } from '../../../../src/server/services/inputs.js';
import type { ServiceRecord } from '../../../../src/server/store/services.js';

const service = {
  inputs: [
    { name: 'hp', type: 'numeric' },
    { name: 'names', type: 'vector' },
  ],
  outputs: [
    { name: 'many', type: 'vector' },
    { name: 'one', type: 'numeric' },
  ],
} as unknown as ServiceRecord;

test('inputs come in the declared order; absent and null ones are left out', () => {
  expect(inputsOf(service, { names: ['a'], hp: 120 })).toEqual([
    { name: 'hp', value: 120, type: 'numeric' },
    { name: 'names', value: ['a'], type: 'vector' },
  ]);
  expect(inputsOf(service, { names: null })).toEqual([]);
});

test('names of the language’s own objects are no inputs', () => {
  expect(inputsOf(service, {})).toEqual([]);
  expect(() => inputsOf(service, { constructor: 1 })).toThrow(
    'The service has no input "constructor": its inputs are hp, names.',
  );
});

test('a place is put before what is wrong', () => {
  expect(() => inputsOf(service, { hp: true }, 'Item 7: ')).toThrow(
    expect.objectContaining({
      message: 'Item 7: Input hp (numeric) must be a number, and is true.',
      fields: 'hp',
      statusCode: 400,
    }) as Error,
  );
});

test('a vector of one item, or of a missing one, stays a vector', () => {
  const outputs = (value: unknown): unknown =>
    outputsOf(service, [
      { name: 'many', value },
      { name: 'one', value },
    ]);

  expect([outputs(1), outputs([1, 2]), outputs(null)]).toEqual([
    { many: [1], one: 1 },
    { many: [1, 2], one: [1, 2] },
    { many: null, one: null },
  ]);
});
