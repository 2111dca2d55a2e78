import { afterEach, beforeEach, expect, test } from 'vitest';
import { FakeRuntimeFactory } from '../../helpers/fake-runtime.js';
import { failure, startServer, type TestServer } from './harness.js';

let server: TestServer;

beforeEach(async () => {
  server = await startServer({ runtimes: new FakeRuntimeFactory({ maxPoolSize: 2 }) });
});

afterEach(async () => {
  await server.close();
});

const report = (rActive: number, pythonActive: number) => ({
  apiVersion: '1.0',
  rMaxPoolSize: 2,
  rActiveShellCount: rActive,
  rCurrentPoolSize: rActive,
  rCanOpenShell: rActive < 2 ? 'True' : 'False',
  pythonMaxPoolSize: 2,
  pythonActiveShellCount: pythonActive,
  pythonCurrentPoolSize: pythonActive,
  pythonCanOpenShell: pythonActive < 2 ? 'True' : 'False',
});

test('GET /status reports the parts of a healthy server in R Server’s words', async () => {
  const token = await server.token();
  await server.session(token, { runtimeType: 'Python' });

  const { statusCode, headers, body } = await server.call('GET', '/status', { token });

  expect(statusCode).toBe(200);
  expect(headers['rserver-extensions']).toBe(
    'events, source, restore, stdin, snapshots, executions',
  );
  expect(body).toEqual({
    statusCode: 'pass',
    details: { server: 'rserver-kernel', version: '1.2.3', sessionCount: 1 },
    components: {
      backends: {
        statusCode: 'pass',
        details: {},
        components: {
          embedded: { statusCode: 'pass', details: report(0, 1), components: null },
        },
      },
      authentication: {
        statusCode: 'pass',
        details: {},
        components: { local: { statusCode: 'pass', details: {}, components: null } },
      },
      database: {
        statusCode: 'pass',
        details: { type: 'sqlite', name: 'main', state: 'Open' },
        components: null,
      },
    },
  });
});

test('a full pool is a warning', async () => {
  const token = await server.token();
  await server.session(token);
  await server.session(token);

  const { body } = await server.call<{ statusCode: string }>('GET', '/status', { token });

  expect(body.statusCode).toBe('warn');
});

test('an unknown path and a wrong method answer in the same shape as every error', async () => {
  const unknown = await server.call('GET', '/nowhere?x=1');
  const wrong = await server.call('PUT', '/sessions/1/execute');

  expect([unknown.statusCode, unknown.body]).toEqual([
    404,
    failure('API_ROUTE_NOT_FOUND', 'NotFoundException', 'The API has no path /nowhere.'),
  ]);
  expect([wrong.statusCode, wrong.headers['allow'], wrong.body]).toEqual([
    405,
    'POST',
    failure(
      'API_METHOD_NOT_ALLOWED',
      'MethodNotAllowedException',
      '/sessions/1/execute does not take PUT.',
    ),
  ]);
});

test('a path with broken escapes is a bad request in the same shape', async () => {
  const { statusCode, body } = await server.call('GET', '/sessions/%zz/history');

  expect(statusCode).toBe(400);
  expect(body).toMatchObject({ code: 'API_BAD_REQUEST' });
});
