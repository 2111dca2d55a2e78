// Tokens over real HTTP: renewal before the end, once for all; a refused token; a long execution past the end of its token.
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { after, json, tokens } from '../../helpers/fault-server.js';
import { makeClient, PASSWORD, serve } from './make-client.js';

/** A clock that stands still until it is moved. */
function makeClock(): { now: () => number; advance: (milliseconds: number) => void } {
  let time = 1_700_000_000_000;
  return {
    now: () => time,
    advance: (milliseconds) => {
      time += milliseconds;
    },
  };
}

const HOUR_MS = 3_600_000;

describe('tokens', () => {
  test('a token near its end is renewed before the next call, once for all calls that wait', async () => {
    const server = await serve();
    server.script('POST /login/refreshToken', tokens('access-2'));
    server.script('GET /sessions', json(200, []));
    const clock = makeClock();
    const client = makeClient(server.url, { now: clock.now });
    await client.login();
    clock.advance(HOUR_MS - 60_000);

    await Promise.all([client.sessions.list(), client.sessions.list(), client.sessions.list()]);

    expect(server.pathsOf('POST')).toEqual(['/login', '/login/refreshToken']);
    expect(JSON.parse(String(server.requests[1]?.body))).toEqual({
      refreshToken: 'refresh-access-1',
    });
    expect(server.requests.slice(2).map(({ headers }) => headers.authorization)).toEqual([
      'Bearer access-2',
      'Bearer access-2',
      'Bearer access-2',
    ]);
  });

  test('many first calls at once log in once', async () => {
    const server = await serve();
    server.script('GET /sessions', json(200, []));
    const client = makeClient(server.url);

    await Promise.all(Array.from({ length: 10 }, () => client.sessions.list()));

    expect(server.pathsOf('POST')).toEqual(['/login']);
  });

  test('a refused token is replaced once and the call is sent again, also an execution', async () => {
    const server = await serve();
    server.script('POST /login/refreshToken', tokens('access-2'));
    server.script('POST /sessions/s1/execute', json(401, {}), json(200, { success: true }));
    const client = makeClient(server.url);

    const result = await client.sessions.execute('s1', { code: 'x' });

    expect(result.success).toBe(true);
    expect(server.requests.map(({ path, headers }) => [path, headers.authorization])).toEqual([
      ['/login', undefined],
      ['/sessions/s1/execute', 'Bearer access-1'],
      ['/login/refreshToken', undefined],
      ['/sessions/s1/execute', 'Bearer access-2'],
    ]);
  });

  test('several calls refused with the same token cause one renewal', async () => {
    const server = await serve();
    server.script('POST /login/refreshToken', tokens('access-2'));
    server.script('GET /sessions', ({ headers }, response) => {
      const isNew = headers.authorization === 'Bearer access-2';
      response.writeHead(isNew ? 200 : 401).end('[]');
    });
    const client = makeClient(server.url);
    await client.login();

    await Promise.all(Array.from({ length: 5 }, () => client.sessions.list()));

    expect(server.pathsOf('POST')).toEqual(['/login', '/login/refreshToken']);
  });

  test('a token that is refused again after it was replaced is an authentication error', async () => {
    const server = await serve();
    server.script('POST /login/refreshToken', tokens('access-2'));
    server.script('GET /sessions', json(401, { message: 'invalid or expired' }));
    const client = makeClient(server.url);

    await expect(client.sessions.list()).rejects.toMatchObject({
      code: 'CLIENT_AUTH',
      facts: { statusCode: 401 },
    });
    expect(server.pathsOf('GET')).toHaveLength(2);
  });

  test('a refused refresh token leads to a new login with the password', async () => {
    const server = await serve();
    server.script('POST /login', tokens('access-1'), tokens('access-3'));
    server.script(
      'POST /login/refreshToken',
      json(401, { message: 'invalid or expired refresh token' }),
    );
    server.script('GET /sessions', json(200, []));
    const clock = makeClock();
    const asked: string[] = [];
    const client = makeClient(server.url, {
      now: clock.now,
      auth: {
        type: 'password',
        username: 'alice',
        password: () => {
          asked.push('password');
          return Promise.resolve(PASSWORD);
        },
      },
    });
    await client.login();
    clock.advance(15 * 24 * HOUR_MS);

    await client.sessions.list();

    expect(server.pathsOf('POST')).toEqual(['/login', '/login/refreshToken', '/login']);
    expect(server.requests.at(-1)?.headers.authorization).toBe('Bearer access-3');
    expect(asked).toEqual(['password', 'password']);
  });

  test('a renewal that fails while the token still works does not stop the call', async () => {
    const server = await serve();
    server.script('POST /login/refreshToken', json(500, {}));
    server.script('GET /sessions', json(200, []));
    const clock = makeClock();
    const client = makeClient(server.url, { now: clock.now });
    await client.login();
    clock.advance(HOUR_MS - 60_000);

    await client.sessions.list();
    await client.sessions.list();

    expect(server.pathsOf('POST')).toEqual(['/login', '/login/refreshToken']);
    expect(server.requests.at(-1)?.headers.authorization).toBe('Bearer access-1');
  });

  test('the token is renewed in the middle of a long execution, although nothing else is asked', async () => {
    const server = await serve();
    // A life of 100 ms: renewed after 90.
    server.script('POST /login', tokens('access-1', 'refresh-1', 0.1));
    server.script('POST /login/refreshToken', tokens('access-2'));
    const renewed = server.received('POST /login/refreshToken');
    server.script('POST /sessions/s1/execute', after(renewed, json(200, { success: true })));
    const client = makeClient(server.url);

    const result = await client.sessions.execute('s1', { code: 'Sys.sleep(7200)' });

    expect(result.success).toBe(true);
    expect(server.pathsOf('POST')).toEqual([
      '/login',
      '/sessions/s1/execute',
      '/login/refreshToken',
    ]);
  });

  test('an idle client does not renew by itself', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] });
    onTestFinished(() => void vi.useRealTimers());
    const server = await serve();
    const client = makeClient(server.url);
    await client.login();

    vi.advanceTimersByTime(2 * HOUR_MS);

    expect(server.pathsOf('POST')).toEqual(['/login']);
  });

  test('a bearer token from elsewhere is used without a login, and asked for again when it is refused', async () => {
    const server = await serve();
    server.script('GET /sessions', json(401, {}), json(200, []));
    let count = 0;
    const client = makeClient(server.url, {
      auth: { type: 'token', accessToken: () => Promise.resolve(`aad-${++count}`) },
    });

    await client.sessions.list();

    expect(server.requests.map(({ path, headers }) => [path, headers.authorization])).toEqual([
      ['/sessions', 'Bearer aad-1'],
      ['/sessions', 'Bearer aad-2'],
    ]);
  });

  test('a fixed bearer token that is refused is an authentication error at once', async () => {
    const server = await serve();
    server.script('GET /sessions', json(401, {}));
    const client = makeClient(server.url, { auth: { type: 'token', accessToken: 'fixed-token' } });

    await expect(client.sessions.list()).rejects.toMatchObject({ code: 'CLIENT_AUTH' });
    expect(server.pathsOf('GET')).toHaveLength(1);
  });

  test('a refused login names the server and the words it said', async () => {
    const server = await serve();
    server.script('POST /login', json(401, { message: 'Unauthorized (invalid credentials)' }));
    const client = makeClient(server.url);

    await expect(client.sessions.list()).rejects.toMatchObject({
      code: 'CLIENT_AUTH',
      message: `The R Server at ${server.url} refused to log in (401): Unauthorized (invalid credentials)`,
    });
  });
});
