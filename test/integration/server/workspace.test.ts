import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { RuntimeProcessError } from '../../../src/runtimes/index.js';
import { failure, startServer, type TestServer } from './harness.js';

let server: TestServer;
let token: string;
let id: string;

beforeAll(async () => {
  server = await startServer({ limits: { maxObjectBytes: 1_000_000 } });
  token = await server.token();
});

afterAll(async () => {
  await server.close();
});

beforeEach(async () => {
  id = await server.session(token, { runtimeType: 'Python' });
});

const route = (name: string): string => `/sessions/${id}/workspace/${encodeURIComponent(name)}`;
const OCTETS = { 'content-type': 'application/octet-stream' };

test('objects are listed by name', async () => {
  await server.execute(token, id, { code: 'set b 1\nset a 2' });

  const { statusCode, body } = await server.call('GET', `/sessions/${id}/workspace`, { token });

  expect([statusCode, body]).toEqual([200, ['a', 'b']]);
});

test.each([
  ['application/octet-stream'],
  ['application/json'],
  ['text/plain'],
  ['application/x-www-form-urlencoded'],
])('bytes sent as %s arrive as they are', async (contentType) => {
  const set = await server.call('POST', route('my object/1'), {
    token,
    body: Buffer.from(' {"x": [1, 2]} '),
    headers: { 'content-type': contentType },
  });

  expect([set.statusCode, set.body]).toEqual([200, undefined]);
  expect(server.runtime.objects.get('my object/1')).toEqual({ x: [1, 2] });
});

test('an object comes back as bytes to save', async () => {
  await server.execute(token, id, { code: 'set x [1,null]' });

  const { statusCode, headers, body } = await server.call('GET', route('x'), { token });

  expect([statusCode, body]).toEqual([200, Buffer.from('[1,null]')]);
  expect(headers['content-type']).toBe('application/octet-stream');
  expect(headers['content-disposition']).toContain('filename="x.dill"');
});

test('a deleted object is gone', async () => {
  await server.execute(token, id, { code: 'set x 1' });

  const { statusCode, body } = await server.call('DELETE', route('x'), { token });

  expect([statusCode, body]).toEqual([200, undefined]);
  expect(server.runtime.objects.size).toBe(0);
});

test.each(['GET', 'DELETE'])('%s of an unknown object is not found', async (method) => {
  const { statusCode, body } = await server.call(method, route('none'), { token });

  expect([statusCode, body]).toEqual([
    404,
    failure('API_OBJECT_NOT_FOUND', 'NotFoundException', "The workspace has no object 'none'."),
  ]);
});

test('bytes that are no object are a bad request, also when there are none', async () => {
  for (const body of [Buffer.from('no object'), undefined]) {
    const answer = await server.call('POST', route('x'), { token, body, headers: OCTETS });

    expect([answer.statusCode, answer.body]).toEqual([
      400,
      failure('API_BAD_OBJECT_BYTES', 'BadRequestException', "'x': no object."),
    ]);
  }
});

test('an object that cannot be written is told so', async () => {
  server.runtime.getObject = () =>
    Promise.reject(new RuntimeProcessError('RUNTIME_OBJECT_NOT_SERIALIZABLE', 'x is a lock.'));

  const { statusCode, body } = await server.call('GET', route('x'), { token });

  expect([statusCode, body]).toEqual([
    402,
    failure('API_NOT_SERIALIZABLE', 'RequestFailedException', 'x is a lock.'),
  ]);
});

test('an object past the limit is refused', async () => {
  const { statusCode, body } = await server.call('POST', route('x'), {
    token,
    body: Buffer.alloc(1_000_001),
    headers: OCTETS,
  });

  expect([statusCode, body]).toMatchObject([413, { code: 'API_TOO_LARGE' }]);
});

test.each([
  ['GET', 'workspace'],
  ['GET', 'workspace/a'],
  ['POST', 'workspace/a'],
  ['DELETE', 'workspace/a'],
])('%s %s needs a token, and a session that is or was there', async (method, path) => {
  const locked = await server.call(method, `/sessions/${id}/${path}`);
  const lost = await server.call(method, `/sessions/x/${path}`, { token });
  await server.call('DELETE', `/sessions/${id}`, { token });
  const gone = await server.call(method, `/sessions/${id}/${path}`, { token });

  expect(locked.statusCode).toBe(401);
  expect([lost.statusCode, lost.body]).toMatchObject([404, { code: 'API_SESSION_NOT_FOUND' }]);
  expect([gone.statusCode, gone.body]).toEqual([
    410,
    failure(
      'API_SESSION_GONE',
      'SessionGoneException',
      `Session ${id} is gone. The session was closed.`,
    ),
  ]);
});
