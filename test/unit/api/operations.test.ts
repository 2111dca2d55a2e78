// The contract as data: complete, consistent, and fit for a validator.
import { Ajv } from 'ajv';
import { describe, expect, test } from 'vitest';
import {
  API_ERROR_CODES,
  openApiDocument,
  operations,
  parseExtensions,
  type OperationId,
} from '../../../src/api/index.js';

const validate = (operationId: OperationId, body: unknown): boolean => {
  const schema = operations[operationId].bodySchema;
  if (schema === undefined) throw new Error(`${operationId} has no JSON body`);
  return new Ajv({ strict: true, allowUnionTypes: true }).validate(schema, body);
};

describe('operations', () => {
  test('each has its own id, and every path parameter is declared', () => {
    const ids = Object.values(openApiDocument.paths).flatMap((item) =>
      Object.values(item).map(({ operationId }) => operationId),
    );
    const undeclared = Object.values(operations).filter(({ path, parameters }) => {
      const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
      const declared = parameters
        .filter((parameter) => parameter.in === 'path')
        .map(({ name }) => name);
      return inPath.sort().join() !== declared.sort().join();
    });

    expect(new Set(ids).size).toBe(ids.length);
    expect(Object.keys(operations).sort()).toEqual([...ids].sort());
    expect(undeclared).toEqual([]);
  });

  test('every schema compiles in the strict mode of a validator', () => {
    const ajv = new Ajv({ strict: true, allowUnionTypes: true });

    for (const { bodySchema, pathSchema, querySchema, responseSchemas } of Object.values(
      operations,
    )) {
      for (const schema of [
        bodySchema,
        pathSchema,
        querySchema,
        ...Object.values(responseSchemas),
      ]) {
        if (schema !== undefined) ajv.compile(schema);
      }
    }
  });

  test('only logging in and renewing need no token', () => {
    const open = Object.values(operations)
      .filter(({ needsToken }) => !needsToken)
      .map(({ operationId }) => operationId);

    expect(open).toEqual(['login', 'renewToken']);
  });

  test('an execution needs code; inputs may have any value; unknown fields are let through', () => {
    expect(
      [
        { code: 'x' },
        {
          code: 'x',
          inputParameters: [
            { name: 'a', value: 120 },
            { name: 'b', value: [[1], [2]] },
            { name: 'c' },
          ],
        },
        { code: 'x', outputParameters: ['a'], source: 'y', somethingNew: 1 },
        {},
        { code: 5 },
        { code: 'x', inputParameters: [{ value: 1 }] },
        { code: 'x', outputParameters: [1] },
      ].map((body) => validate('executeCode', body)),
    ).toEqual([true, true, true, false, false, false, false]);
  });

  test('sessions and snapshots may be created from an empty body, in two languages', () => {
    expect([
      validate('createSession', {}),
      validate('createSession', { runtimeType: 'Python', name: 'n', snapshotId: 's' }),
      validate('createSession', { runtimeType: 'Julia' }),
      validate('CreateSnapshot', {}),
    ]).toEqual([true, true, false, true]);
  });

  test('parameter types are an open list, and a patch requires nothing', () => {
    const definitions = [{ name: 'x', type: 'string' }];

    expect([
      validate('publishWebServiceVersion', {
        code: 'y <- x',
        inputParameterDefinitions: definitions,
      }),
      validate('publishWebServiceVersion', { description: 'd' }),
      validate('patchWebServiceVersion', { description: 'd' }),
    ]).toEqual([true, false, true]);
  });

  test('the tree of a status report is checked to its leaves', () => {
    const schema = operations.status.responseSchemas['200'] ?? {};
    const ajv = new Ajv({ strict: true, allowUnionTypes: true });
    const report = (statusCode: string) => ({
      statusCode: 'pass',
      details: {},
      components: {
        backends: { statusCode: 'pass', components: { node: { statusCode, components: null } } },
      },
    });

    expect([ajv.validate(schema, report('warn')), ajv.validate(schema, report('maybe'))]).toEqual([
      true,
      false,
    ]);
  });

  test('releases add operations, and only the embedded server has the event stream', () => {
    const added = (since: string) =>
      Object.values(operations)
        .filter((operation) => operation.since === since)
        .map(({ operationId }) => operationId);

    expect(added('9.1')).toEqual([
      'publishRealtimeWebServiceByName',
      'publishRealtimeWebServiceByNameVersion',
      'patchRealtimeWebServiceByNameVersion',
    ]);
    expect(added('9.2.1')).toEqual([
      'getComputeNodes',
      'setComputeNodes',
      'addComputeNode',
      'removeComputeNode',
    ]);
    expect(added('9.3')).toEqual([
      'createOrUpdateServicePool',
      'getServicePoolStatus',
      'deleteServicePool',
    ]);
    expect(
      Object.values(operations)
        .filter(({ extension }) => extension !== undefined)
        .map(({ operationId }) => operationId),
    ).toEqual(['streamSessionEvents']);
  });
});

test('every error code has a status, a cause and a remedy in whole sentences', () => {
  const bad = Object.entries(API_ERROR_CODES).filter(
    ([code, { statusCode, exceptionType, cause, remedy }]) =>
      !/^API_[A-Z_]+$/.test(code) ||
      statusCode < 400 ||
      statusCode > 599 ||
      !/^[A-Z]\w+Exception$/.test(exceptionType) ||
      !/^[A-Z].*\.$/s.test(cause) ||
      !/^[A-Z].*\.$/s.test(remedy),
  );

  expect(bad).toEqual([]);
});

test('the list of extensions is read leniently, unknown names are left out', () => {
  expect([...parseExtensions(' Events,source ,teleport')]).toEqual(['events', 'source']);
  expect([...parseExtensions(undefined)]).toEqual([]);
  expect([...parseExtensions('')]).toEqual([]);
});
