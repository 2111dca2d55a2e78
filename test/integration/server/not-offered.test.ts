import { afterAll, beforeAll, expect, test } from 'vitest';
import { operations, type OperationId } from '../../../src/api/index.js';
import { failure, startServer, type TestServer } from './harness.js';

let server: TestServer;
let token: string;

beforeAll(async () => {
  server = await startServer();
  token = await server.token();
});

afterAll(async () => {
  await server.close();
});

const pathOf = (id: OperationId): string => operations[id].path.replaceAll(/\{\w+\}/g, 'x');
const plain: OperationId[] = ['getAllWebServices', 'publishWebServiceVersion', 'getComputeNodes'];

test.each(plain)('%s answers that it is not offered', async (id) => {
  const { method, path } = operations[id];

  const answer = await server.call(method, pathOf(id), { token });

  expect([answer.statusCode, answer.body]).toEqual([
    501,
    failure(
      'API_NOT_IMPLEMENTED',
      'NotImplementedException',
      `${method} ${path} (${id}) is not offered by this version of the server yet.`,
    ),
  ]);
});

test('a call of a published service answers in the shape of services', async () => {
  const answer = await server.call('POST', '/api/Iris/V1.0', { token, body: { x: 1 } });

  expect([answer.statusCode, answer.body]).toEqual([
    501,
    { code: 501, message: expect.stringContaining('/api/') as string, fields: '' },
  ]);
});

test('every operation of the contract has a route, behind a token where it needs one', async () => {
  const unexpected: string[] = [];
  for (const { operationId, method, needsToken } of Object.values(operations)) {
    const { statusCode } = await server.call(method, pathOf(operationId));
    const isLocked = statusCode === 401;
    const isRevocation = operationId.startsWith('revokeRefreshToken');
    if (statusCode === 404 || statusCode === 405 || (needsToken && !isLocked && !isRevocation)) {
      unexpected.push(`${operationId} answered ${statusCode}`);
    }
  }
  expect(unexpected).toEqual([]);
});
