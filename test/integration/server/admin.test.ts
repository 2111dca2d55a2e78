// The files of the admin page as the server sends them. What they do in a browser is in e2e/admin.test.ts.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startServer, type TestServer } from './harness.js';

let directory: string;
let server: TestServer | undefined;

beforeEach(async () => {
  directory = await mkdtemp(path.join(os.tmpdir(), 'rserver-admin-'));
  await writeFile(path.join(directory, 'index.html'), '<p>page');
  await writeFile(path.join(directory, 'secret.txt'), 'secret');
});
afterEach(async () => {
  await server?.close();
  await rm(directory, { recursive: true, force: true });
});

test('the page needs no token, and its policy lets it load and run nothing of others', async () => {
  server = await startServer({ adminPage: directory });

  const answer = await server.call('GET', '/');

  expect(answer.statusCode).toBe(200);
  expect(String(answer.body)).toBe('<p>page');
  expect(answer.headers).toMatchObject({
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy': [
      "default-src 'none'",
      "script-src 'self'",
      "style-src 'self'",
      "img-src 'self' data:",
      "connect-src 'self'",
      "base-uri 'none'",
      "form-action 'none'",
      "frame-ancestors 'none'",
      "require-trusted-types-for 'script'",
    ].join('; '),
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
  });
});

test('a browser that has the page is not sent it again', async () => {
  server = await startServer({ adminPage: directory });
  const { headers } = await server.call('GET', '/');

  const again = await server.call('GET', '/', {
    headers: { 'if-none-match': String(headers['etag']) },
  });

  expect([again.statusCode, again.body]).toEqual([304, undefined]);
});

test.each(['/admin/secret.txt', '/admin/..%2fsecret.txt', '/admin/page.js'])(
  'the server sends no file but those of the page (%s)',
  async (route) => {
    server = await startServer({ adminPage: directory });

    const answer = await server.call('GET', route);

    expect(answer).toMatchObject({ statusCode: 404, body: { code: 'API_ROUTE_NOT_FOUND' } });
  },
);

test('there is no page where it is switched off', async () => {
  server = await startServer({ adminPage: false });

  const answer = await server.call('GET', '/');

  expect(answer.statusCode).toBe(404);
});
