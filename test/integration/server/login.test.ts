import { stat } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createSecretVerifier } from '../../../src/server/index.js';
import { failure, startServer, type TestServer, type Tokens } from './harness.js';

const EXTENSIONS = 'events, source, restore, stdin, snapshots, executions';
const unauthorized = (message: string) =>
  failure('API_UNAUTHENTICATED', 'UnauthorizedException', message);
const badRefreshToken = failure(
  'API_REFRESH_TOKEN',
  'UnauthorizedException',
  'Unauthorized (invalid or expired refresh token).',
);

let nowMs: number;
let server: TestServer;

beforeEach(async () => {
  nowMs = Date.now();
  server = await startServer({ now: () => nowMs });
});

afterEach(async () => {
  await server.close();
});

const status = (token: string | undefined) => server.call('GET', '/status', { token });

describe('POST /login', () => {
  test('gives a pair of tokens and tells the extensions', async () => {
    const { statusCode, headers, body } = await server.call<Tokens>('POST', '/login', {
      body: { username: 'admin', password: 'admin password' },
    });

    expect(statusCode).toBe(200);
    expect(headers['rserver-extensions']).toBe(EXTENSIONS);
    expect(body).toEqual({
      token_type: 'Bearer',
      access_token: expect.stringMatching(/^eyJhbGciOiJSUzUxMiIs[\w-]+\.[\w-]+\.[\w-]+$/) as string,
      expires_in: 3600,
      expires_on: Math.floor(nowMs / 1000) + 3600,
      refresh_token: expect.stringMatching(/^[\w-]{43}$/) as string,
    });
    expect((await status(body.access_token)).statusCode).toBe(200);
  });

  test.each([
    ['admin', 'wrong'],
    ['nobody', 'admin password'],
  ])('refuses %s with the password %s', async (username, password) => {
    const { statusCode, body } = await server.call('POST', '/login', {
      body: { username, password },
    });

    expect(statusCode).toBe(401);
    expect(body).toEqual(
      failure('API_CREDENTIALS', 'UnauthorizedException', 'Unauthorized (invalid credentials).'),
    );
  });

  test.each([
    [{ username: 'admin' }, "body must have required property 'password'"],
    [{ username: 'admin', password: null }, "body must have required property 'password'"],
    [{ username: 'admin', password: 5 }, 'body/password must be string'],
    [undefined, "body must have required property 'username'"],
  ])('calls %j a bad request', async (request, message) => {
    const { statusCode, body } = await server.call('POST', '/login', { body: request });

    expect(statusCode).toBe(400);
    expect(body).toEqual(failure('API_BAD_REQUEST', 'BadRequestException', message));
  });

  test('a body that is no JSON is told so', async () => {
    const { statusCode, body } = await server.call('POST', '/login', { body: '{"username":' });

    expect(statusCode).toBe(400);
    expect(body).toEqual(
      failure(
        'API_BAD_JSON',
        'BadRequestException',
        'The body is not JSON. Send it as application/json in UTF-8.',
      ),
    );
  });

  test('takes JSON with a byte order mark and with another content type', async () => {
    const body = '\ufeff{"username":"admin","password":"admin password"}';
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };

    const answer = await server.call('POST', '/login', { body, headers });

    expect(answer.statusCode).toBe(200);
  });

  test('a secret verifier lets the holder of the secret in', async () => {
    const other = await startServer({ accounts: createSecretVerifier('owner', 's3cret') });
    try {
      const login = (password: string) =>
        other.call('POST', '/login', { body: { username: 'owner', password } });

      expect((await login('s3cret')).statusCode).toBe(200);
      expect((await login('secret')).statusCode).toBe(401);
    } finally {
      await other.close();
    }
  });
});

describe('access tokens', () => {
  test.each([
    [undefined, 'Unauthorized (no bearer token).'],
    ['nonsense', 'Unauthorized (invalid or expired access token).'],
  ])('the token %s is refused', async (token, message) => {
    const { statusCode, headers, body } = await status(token);

    expect(statusCode).toBe(401);
    expect(headers['www-authenticate']).toBe('Bearer');
    expect(body).toEqual(unauthorized(message));
  });

  test('a token is refused after an hour', async () => {
    const token = await server.token();
    expect((await status(token)).statusCode).toBe(200);

    nowMs += 3_600_000;

    expect((await status(token)).statusCode).toBe(401);
  });

  test('tokens outlive the server, and the key is for its owner only', async () => {
    await server.close();
    server = await startServer({ hasOwnKey: true, now: () => nowMs });
    const token = await server.token();
    const { dataDirectory } = server;
    await server.close({ keepData: true });

    server = await startServer({ dataDirectory, now: () => nowMs });

    expect((await status(token)).statusCode).toBe(200);
    const { mode } = await stat(path.join(dataDirectory, 'token-signing-key.pem'));
    expect((mode & 0o777).toString(8)).toBe('600');
  });

  test('two servers on one data directory take each other’s tokens', async () => {
    const other = await startServer({ dataDirectory: server.dataDirectory, now: () => nowMs });
    try {
      const tokens = await server.login();
      const asked = () => other.call('GET', '/status', { token: tokens.access_token });
      expect((await asked()).statusCode).toBe(200);

      const revoke = `/login/refreshToken?refreshToken=${tokens.refresh_token}`;
      expect((await server.call('DELETE', revoke)).statusCode).toBe(200);
      nowMs += 5000;

      expect((await asked()).statusCode).toBe(401);
    } finally {
      await other.close({ keepData: true });
    }
  });
});

describe('POST /login/refreshToken', () => {
  const renew = (refreshToken: unknown) =>
    server.call<Tokens>('POST', '/login/refreshToken', { body: { refreshToken } });

  test('gives a new pair and ends the old one', async () => {
    const old = await server.login();

    const { statusCode, headers, body } = await renew(old.refresh_token);

    expect(statusCode).toBe(200);
    expect(headers['rserver-extensions']).toBe(EXTENSIONS);
    expect((await status(body.access_token)).statusCode).toBe(200);
    expect((await status(old.access_token)).statusCode).toBe(401);
    expect((await renew(old.refresh_token)).body).toEqual(badRefreshToken);
    expect((await renew(body.refresh_token)).statusCode).toBe(200);
  });

  test('refuses an unknown token and a bad body', async () => {
    const unknown = await renew('unknown');
    const bad = await renew(7);

    expect([unknown.statusCode, unknown.body]).toEqual([401, badRefreshToken]);
    expect(bad.statusCode).toBe(400);
  });
});

describe('DELETE /login/refreshToken', () => {
  test.each([
    ['query', (token: string) => `/login/refreshToken?refreshToken=${token}`],
    ['path', (token: string) => `/login/refreshToken/${token}`],
  ])('ends both tokens, by %s', async (_form, route) => {
    const tokens = await server.login();

    const revoked = await server.call('DELETE', route(tokens.refresh_token));

    expect([revoked.statusCode, revoked.body]).toEqual([200, {}]);
    expect((await status(tokens.access_token)).statusCode).toBe(401);
    const again = await server.call('DELETE', route(tokens.refresh_token));
    expect([again.statusCode, again.body]).toEqual([401, badRefreshToken]);
  });

  test('without a token it is a bad request', async () => {
    expect((await server.call('DELETE', '/login/refreshToken')).statusCode).toBe(400);
  });
});
