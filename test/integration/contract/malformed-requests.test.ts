// Requests which no client should send; each is refused, and is no fault of the server. Found by schemathesis.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startServer, type TestServer } from '../server/harness.js';

let server: TestServer;
let token: string;
let session: string;

beforeAll(async () => {
  server = await startServer();
  token = await server.token();
  session = await server.session(token);
});

afterAll(async () => {
  await server.close();
});

test.each([
  ['has no boundary', 'multipart/form-data', '--b--\r\n'],
  ['has a content type that cannot be read', 'multipart/form-data; boundary', '--b--\r\n'],
  ['has an endless boundary', `multipart/form-data; boundary=${'b'.repeat(300)}`, '--b--\r\n'],
  [
    'ends early',
    'multipart/form-data; boundary=b',
    '--b\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\nhalf',
  ],
])('a form that %s is refused', async (_what, contentType, body) => {
  const headers = { 'content-type': contentType };

  const file = await server.call('POST', `/sessions/${session}/files`, { token, headers, body });
  const model = await server.call('POST', '/realtime-services/x', { token, headers, body });

  expect([file.statusCode, model.statusCode]).toEqual([400, 400]);
});

test('a method that HTTP has and the API has not is not allowed, with and without a body', async () => {
  const bare = await server.call('QUERY', '/sessions', { token });
  const full = await server.call('QUERY', '/sessions', { token, body: {} });

  expect([bare.statusCode, full.statusCode]).toEqual([405, 405]);
  expect(bare.headers['allow']).toBe('POST, GET');
});
