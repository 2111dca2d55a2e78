import { expect, test } from 'vitest';
import { batchTable } from '../../../../src/bridge/services/batch-table.js';
import type { ConsumeResult } from '../../../../src/client/index.js';

function result(
  outputParameters: Readonly<Record<string, unknown>>,
  errorMessage = '',
): ConsumeResult {
  return {
    success: errorMessage === '',
    errorMessage,
    outputParameters,
    outputFiles: {},
    consoleOutput: '',
    changedFiles: [],
  };
}

test('single values become columns beside the inputs', () => {
  const items = [{ x: 1, name: 'a' }, { x: 2 }];

  expect(batchTable(items, [result({ y: 3 }), result({ y: [4] })])).toEqual({
    isTable: true,
    columns: { x: [1, 2], name: ['a', null], y: [3, 4] },
  });
});

test('inputs that are no single values are left out', () => {
  const items = [{ flower: [1, 2] }, { flower: [3, 4] }];

  expect(batchTable(items, [result({ y: 'a' }), result({ y: 'b' })])).toEqual({
    isTable: true,
    columns: { y: ['a', 'b'] },
  });
});

test('an item that failed has its error, the others none', () => {
  expect(batchTable([{ x: 1 }, { x: 2 }], [result({ y: 3 }), result({}, 'Error: no\n')])).toEqual({
    isTable: true,
    columns: { x: [1, 2], y: [3, null], error: [null, 'Error: no'] },
  });
});

test('outputs of several values make a list', () => {
  expect(batchTable([{ x: 1 }, { x: 2 }], [result({ y: [1, 2] }), result({}, 'no')])).toEqual({
    isTable: false,
    items: [{ y: [1, 2], error: null }, { error: 'no' }],
  });
});
