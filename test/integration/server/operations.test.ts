// The whole contract: every operation has a route, behind a token where it needs one.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { operations, type OperationId } from '../../../src/api/index.js';
import { startServer, type TestServer } from './harness.js';

let server: TestServer;

beforeAll(async () => {
  server = await startServer();
});

afterAll(async () => {
  await server.close();
});

const pathOf = (id: OperationId): string => operations[id].path.replaceAll(/\{\w+\}/g, '0');

/** What a route of its own answers when the router has none. */
const noRoute = {
  code: expect.stringMatching(/API_(ROUTE_NOT_FOUND|METHOD_NOT_ALLOWED)/) as string,
};

test.each(Object.values(operations).map(({ operationId }) => operationId))(
  '%s has a route',
  async (operationId) => {
    const { method, needsToken } = operations[operationId];
    const token = await server.token();

    const locked = await server.call(method, pathOf(operationId));
    const open = await server.call(method, pathOf(operationId), { token });

    const isRevocation = operationId.startsWith('revokeRefreshToken');
    if (needsToken && !isRevocation) expect(locked.statusCode).toBe(401);
    expect(open.body).not.toMatchObject(noRoute);
    expect(open.statusCode).toBeLessThan(500);
  },
);

test.each([
  ['/api/x/1', 'POST'],
  ['/api/x/1/batch', 'GET'],
])('%s has failing answers in the shape of services', async (path, method) => {
  const answer = await server.call(method, path, { token: await server.token() });

  expect([answer.statusCode, Object.keys(answer.body as object)]).toEqual([
    404,
    ['code', 'message', 'fields'],
  ]);
});

test('the Swagger file has them in the shape of the core API', async () => {
  const token = await server.token();
  const answer = await server.call('GET', '/api/x/1/swagger.json', { token });

  expect([answer.statusCode, answer.body]).toMatchObject([404, { code: 'API_SERVICE_NOT_FOUND' }]);
});
