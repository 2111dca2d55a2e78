// The life of tokens with a clock and a server in memory.
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Authenticator, readJwtClaims, tokenTimes } from '../../../src/client/auth.js';
import type { Call } from '../../../src/client/call.js';
import { ClientError } from '../../../src/client/index.js';
import { resolveOptions, type ClientAuth } from '../../../src/client/options.js';
import { SecretKeeper } from '../../../src/client/secrets.js';

const NOW = 1_700_000_000_000;
const HOUR = 3_600_000;
const MARGIN = 300_000;

const jwt = (claims: object): string =>
  `e30.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.x`;

describe('when a token ends', () => {
  test.each<[string, string, unknown, unknown, number]>([
    ['expires_in as a number', 'opaque', 3600, undefined, HOUR],
    ['expires_in as a text', 'opaque', '3600', undefined, HOUR],
    ['expires_on as a number', 'opaque', undefined, NOW / 1000 + 1800, HOUR / 2],
    ['expires_on as a text', 'opaque', undefined, String(NOW / 1000 + 1800), HOUR / 2],
    ['expires_in before expires_on', 'opaque', 3600, NOW / 1000 + 10, HOUR],
    [
      'exp and iat of the token, whatever its clock',
      jwt({ exp: 5000, iat: 3200 }),
      undefined,
      5000,
      HOUR / 2,
    ],
    ['exp alone', jwt({ exp: NOW / 1000 + 1800 }), undefined, undefined, HOUR / 2],
    ['nothing', 'opaque', undefined, undefined, HOUR],
    ['a clock that is far behind ours', 'opaque', undefined, NOW / 1000 - 86_400, HOUR],
    ['nonsense', 'opaque', 'soon', 'later', HOUR],
  ])('%s', (_name, token, expiresIn, expiresOn, lifetimeMs) => {
    const { expiresAtMs } = tokenTimes(token, expiresIn, expiresOn, NOW);

    expect(expiresAtMs - NOW).toBe(lifetimeMs);
  });

  test('it is renewed five minutes before its end, a short one after nine tenths of its life', () => {
    expect(tokenTimes('opaque', 3600, undefined, NOW).renewAtMs - NOW).toBe(HOUR - MARGIN);
    expect(tokenTimes('opaque', 10, undefined, NOW).renewAtMs - NOW).toBe(9000);
  });

  test('what is no JSON Web Token has no claims', () => {
    expect([readJwtClaims(''), readJwtClaims('a.b.c'), readJwtClaims('opaque')]).toEqual([
      {},
      {},
      {},
    ]);
  });
});

describe('the authenticator', () => {
  beforeEach(() => {
    vi.useFakeTimers({ now: NOW });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  /** Answers calls by their path; a number is a failing status. */
  function makeAuthenticator(answers: Record<string, unknown[]>, auth?: ClientAuth) {
    const calls: string[] = [];
    const options = resolveOptions({
      url: 'http://server',
      auth: auth ?? { type: 'password', username: 'alice', password: 'correct-horse' },
    });
    const send = (call: Call) => {
      calls.push(`${call.path} ${call.body as string}`);
      const queue = answers[call.path] ?? [];
      const answer = queue.length > 1 ? queue.shift() : queue[0];
      if (typeof answer === 'number') {
        return Promise.reject(
          new ClientError('CLIENT_STATUS', 'no', { facts: { statusCode: answer } }),
        );
      }
      if (answer instanceof Error) return Promise.reject(answer);
      return Promise.resolve({
        statusCode: 200,
        headers: {},
        body: Buffer.from(JSON.stringify(answer)),
      });
    };
    return { authenticator: new Authenticator(options, new SecretKeeper(), send), calls };
  }

  const pair = (name: string, expiresIn = 3600) => ({
    access_token: name,
    refresh_token: `r-${name}`,
    expires_in: expiresIn,
  });

  const LOGIN = '/login {"username":"alice","password":"correct-horse"}';

  test('a token is used until five minutes before its end', async () => {
    const { authenticator } = makeAuthenticator({ '/login': [pair('a')] });
    await authenticator.login(undefined);

    vi.setSystemTime(NOW + HOUR - MARGIN - 1);
    const before = authenticator.current();
    vi.setSystemTime(NOW + HOUR - MARGIN);
    const after = authenticator.current();

    expect([before, after]).toEqual(['Bearer a', undefined]);
  });

  test('while something long runs, the token is renewed in time again and again', async () => {
    const { authenticator, calls } = makeAuthenticator({
      '/login': [pair('a')],
      '/login/refreshToken': [pair('b'), pair('c'), pair('d')],
    });
    await authenticator.login(undefined);
    authenticator.hold();

    await vi.advanceTimersByTimeAsync(2 * HOUR);
    const inTheMiddle = authenticator.current();
    authenticator.release();
    await vi.advanceTimersByTimeAsync(2 * HOUR);

    expect(inTheMiddle).toBe('Bearer c');
    expect(calls).toEqual([
      LOGIN,
      '/login/refreshToken {"refreshToken":"r-a"}',
      '/login/refreshToken {"refreshToken":"r-b"}',
    ]);
  });

  test('a renewal in the background that fails is tried again every half minute while the token works', async () => {
    const { authenticator, calls } = makeAuthenticator({
      '/login': [pair('a')],
      '/login/refreshToken': [new ClientError('CLIENT_UNREACHABLE', 'down'), 500, pair('b')],
    });
    await authenticator.login(undefined);
    authenticator.hold();

    await vi.advanceTimersByTimeAsync(HOUR - MARGIN + 61_000);

    expect(calls.length).toBe(4);
    expect(authenticator.current()).toBe('Bearer b');
  });

  test('a renewal that fails after the end of the token is an error of the call', async () => {
    const { authenticator } = makeAuthenticator({
      '/login': [pair('a')],
      '/login/refreshToken': [new ClientError('CLIENT_UNREACHABLE', 'down')],
    });
    await authenticator.login(undefined);
    vi.setSystemTime(NOW + HOUR);

    await expect(authenticator.obtain(undefined)).rejects.toMatchObject({
      code: 'CLIENT_UNREACHABLE',
    });
  });

  test.each([400, 401, 403, 404])(
    'a refresh token refused with %i leads to a login',
    async (status) => {
      const { authenticator, calls } = makeAuthenticator({
        '/login': [pair('a'), pair('b')],
        '/login/refreshToken': [status],
      });
      await authenticator.login(undefined);
      vi.setSystemTime(NOW + HOUR);

      const authorization = await authenticator.obtain(undefined);

      expect(authorization).toBe('Bearer b');
      expect(calls).toEqual([LOGIN, '/login/refreshToken {"refreshToken":"r-a"}', LOGIN]);
    },
  );

  test('a server that gives no refresh token is logged in to again', async () => {
    const { authenticator, calls } = makeAuthenticator({
      '/login': [{ access_token: 'a', expires_in: 3600 }, { access_token: 'b' }],
    });
    await authenticator.login(undefined);
    vi.setSystemTime(NOW + HOUR);

    expect(await authenticator.obtain(undefined)).toBe('Bearer b');
    expect(calls).toEqual([LOGIN, LOGIN]);
  });

  test('a password that nobody gives is an authentication error that keeps the reason', async () => {
    const reason = new Error('no prompt here');
    const { authenticator } = makeAuthenticator(
      {},
      {
        type: 'password',
        username: 'alice',
        password: () => Promise.reject(reason),
      },
    );

    await expect(authenticator.obtain(undefined)).rejects.toMatchObject({
      code: 'CLIENT_AUTH',
      cause: reason,
    });
  });

  test('a token from elsewhere is asked for again before the end that it names', async () => {
    const given = [
      jwt({ exp: NOW / 1000 + 1800, iat: NOW / 1000, upn: 'bob@example.org' }),
      'second',
    ];
    const { authenticator } = makeAuthenticator(
      {},
      {
        type: 'token',
        accessToken: () => Promise.resolve(given.shift() ?? ''),
      },
    );

    const first = await authenticator.obtain(undefined);
    const { username } = authenticator;
    vi.setSystemTime(NOW + HOUR / 2);
    const second = await authenticator.obtain(undefined);

    expect(first).toMatch(/^Bearer e30\./);
    expect(second).toBe('Bearer second');
    expect(username).toBe('bob@example.org');
  });

  test('a fixed token is used until the server refuses it', async () => {
    const { authenticator } = makeAuthenticator(
      {},
      { type: 'token', accessToken: jwt({ exp: 1 }) },
    );
    await authenticator.login(undefined);
    vi.setSystemTime(NOW + 100 * HOUR);

    expect(authenticator.current()).toMatch(/^Bearer /);
    expect(authenticator.isReplaceable).toBe(false);
  });
});
