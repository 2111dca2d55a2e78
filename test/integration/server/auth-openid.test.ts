// Access tokens of a real OpenID provider, which the test starts.
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { createServer, type Server } from 'node:http';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { hashPassword, openStore } from '../../../src/server/index.js';
import { AUDIENCE, OpenIdProvider } from '../../helpers/openid-provider.js';
import { failure, startServer, type StartOptions, type TestServer } from './harness.js';

const refused = failure(
  'API_UNAUTHENTICATED',
  'UnauthorizedException',
  'Unauthorized (invalid or expired access token).',
);

let provider: OpenIdProvider;
let server: TestServer | undefined;
let nowMs: number;

beforeAll(async () => {
  provider = await OpenIdProvider.start();
});
afterAll(() => provider.stop());
afterEach(async () => {
  await server?.close();
  server = undefined;
});

async function start(options: StartOptions = {}): Promise<TestServer> {
  nowMs = Date.now();
  server = await startServer({
    accounts: undefined,
    localAccounts: false,
    now: () => nowMs,
    openId: {
      authority: provider.issuer,
      audience: [AUDIENCE],
      usernameClaim: 'preferred_username',
      groupClaims: ['groups', 'roles'],
    },
    roles: {
      Owner: { users: [], groups: ['rserver-owners'] },
      Contributor: { users: ['carl@example.org'], groups: ['RServer.Contributor'] },
    },
    ...options,
  });
  return server;
}

const tokenOf = (name: string, claims: Record<string, unknown> = {}, audience = AUDIENCE) =>
  provider.accessTokenFor(
    { name, claims: { preferred_username: `${name}@example.org`, ...claims } },
    audience,
  );

describe('a token of the provider', () => {
  test.each([
    ['ann', { groups: ['rserver-owners', 'staff'] }, 'Owner'],
    ['bob', { roles: ['RServer.Contributor'] }, 'Contributor'],
    ['carl', {}, 'Contributor'],
    ['rita', { groups: 'staff' }, 'Reader'],
  ])('of %s lets in with the role of their claims', async (name, claims, role) => {
    const { call } = await start().then((s) => ({ call: s.call.bind(s) }));
    const token = await tokenOf(name, claims);

    const status = await call('GET', '/status', { token });
    const sessions = await call('GET', '/sessions', { token });
    const nodes = await call('POST', '/computenodes', { token, body: { entries: [] } });

    expect(status.statusCode).toBe(200);
    expect(sessions.statusCode === 403).toBe(role === 'Reader');
    expect(nodes.statusCode === 403).toBe(role !== 'Owner');
  });

  test('makes sessions in the name of its user, watched with the same token', async () => {
    const started = await start();
    const token = await tokenOf('bob', { roles: ['RServer.Contributor'] });

    const id = await started.session(token);
    await started.watch(token, id);

    expect((await started.call('GET', '/sessions', { token })).body).toEqual([
      expect.objectContaining({ id, owner: 'bob@example.org' }),
    ]);
  });

  test('for another audience is refused', async () => {
    const { call } = await start().then((s) => ({ call: s.call.bind(s) }));

    const answer = await call('GET', '/status', {
      token: await tokenOf('ann', {}, 'https://elsewhere.example.org'),
    });

    expect([answer.statusCode, answer.body]).toEqual([401, refused]);
  });

  test('is refused when it is over, with a minute for clocks that differ', async () => {
    const started = await start();
    const token = await tokenOf('ann');
    const status = async () => (await started.call('GET', '/status', { token })).statusCode;

    nowMs += 3_600_000 + 30_000;
    expect(await status()).toBe(200);
    nowMs += 60_000;
    expect(await status()).toBe(401);
  });

  test('without the claim that names the user is refused', async () => {
    const started = await start();

    const token = await tokenOf('ann', { preferred_username: undefined });

    expect((await started.call('GET', '/status', { token })).statusCode).toBe(401);
  });

  test('cannot take the name of a local account', async () => {
    const started = await start({ localAccounts: true });
    const store = await openStore({ dataDirectory: started.dataDirectory });
    const passwordHash = await hashPassword('password');
    const name = 'ann@example.org';
    await store.accounts.insert({ name, passwordHash, role: 'Owner', createdAtMs: 0 });
    await store.close();

    const [ann, bob] = [await tokenOf('ann'), await tokenOf('bob')];

    expect((await started.call('GET', '/status', { token: ann })).statusCode).toBe(401);
    expect((await started.call('GET', '/status', { token: bob })).statusCode).toBe(200);
  });

  test('does not make passwords valid', async () => {
    const started = await start();

    const answer = await started.call('POST', '/login', {
      body: { username: 'ann@example.org', password: 'x' },
    });

    expect(answer.statusCode).toBe(401);
  });
});

describe('a token that somebody else has made', () => {
  async function forge(
    alg: string,
    key: Parameters<SignJWT['sign']>[0],
    kid?: string,
  ): Promise<string> {
    return new SignJWT({ preferred_username: 'ann@example.org', groups: ['rserver-owners'] })
      .setProtectedHeader({ alg, ...(kid !== undefined && { kid }) })
      .setIssuer(provider.issuer)
      .setAudience(AUDIENCE)
      .setExpirationTime('1h')
      .sign(key);
  }

  test('with a key of their own, a public key as a secret, or no signature is refused', async () => {
    const started = await start();
    const keySet = (await (await fetch(`${provider.issuer}/jwks`)).json()) as {
      keys: { kid: string; n: string }[];
    };
    const { kid = '', n = '' } = keySet.keys[0] ?? {};
    const { privateKey } = await generateKeyPair('RS256');
    const [, payload = ''] = (await tokenOf('ann')).split('.');
    const header = Buffer.from('{"alg":"none"}').toString('base64url');

    const tokens = [
      await forge('RS256', privateKey, kid),
      await forge('RS256', privateKey),
      await forge('HS256', Buffer.from(n, 'base64url'), kid),
      `${header}.${payload}.`,
      `${header}.${payload}.AAAA`,
      'no token',
    ];
    const answers = await Promise.all(
      tokens.map((token) => started.call('GET', '/status', { token })),
    );

    expect(answers.map(({ statusCode }) => statusCode)).toEqual(tokens.map(() => 401));
  });
});

describe('a provider', () => {
  test('that does not answer is a 503, and is asked again later', async () => {
    const token = await tokenOf('ann');
    const other = await OpenIdProvider.start();
    const started = await start({
      openId: {
        authority: other.issuer,
        audience: [AUDIENCE],
        usernameClaim: 'preferred_username',
        groupClaims: [],
      },
    });
    await other.stop();

    const answer = await started.call('GET', '/status', { token });

    expect([answer.statusCode, answer.body]).toEqual([
      503,
      failure(
        'API_AUTHORITY_UNAVAILABLE',
        'ConfigurationException',
        'The OpenID provider does not answer.',
      ),
    ]);
  });

  test('may name another issuer than its address, as Azure does for tokens of version 1', async () => {
    const { privateKey, publicKey } = await generateKeyPair('RS256');
    const directory = await serveJson((base) => ({
      '/tenant/.well-known/openid-configuration': {
        issuer: `${base}/tenant/v2.0`,
        jwks_uri: `${base}/keys`,
      },
      '/keys': async () => ({ keys: [{ ...(await exportJWK(publicKey)), kid: 'k1' }] }),
    }));
    try {
      const started = await start({
        openId: {
          authority: `${directory.url}/tenant/`,
          audience: ['api://one', 'api://two'],
          issuer: 'https://sts.windows.net/tenant/',
          usernameClaim: 'upn',
          groupClaims: ['groups'],
        },
        roles: {},
      });
      const make = (issuer: string) =>
        new SignJWT({ upn: 'ann' })
          .setProtectedHeader({ alg: 'RS256', kid: 'k1' })
          .setIssuer(issuer)
          .setAudience('api://two')
          .setExpirationTime('1h')
          .sign(privateKey);
      const status = async (issuer: string) =>
        (await started.call('GET', '/status', { token: await make(issuer) })).statusCode;

      expect(await status('https://sts.windows.net/tenant/')).toBe(200);
      expect(await status(`${directory.url}/tenant/v2.0`)).toBe(401);
    } finally {
      directory.server.close();
      directory.server.closeAllConnections();
    }
  });
});

type Page = object | (() => Promise<object>);

async function serveJson(
  pages: (base: string) => Record<string, Page>,
): Promise<{ url: string; server: Server }> {
  const http = createServer((request, response) => {
    const page = pages(`http://${request.headers.host ?? ''}`)[request.url ?? ''];
    void (async () => {
      response.setHeader('content-type', 'application/json');
      response.statusCode = page === undefined ? 404 : 200;
      response.end(JSON.stringify(typeof page === 'function' ? await page() : page));
    })();
  });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  const address = http.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return { url: `http://127.0.0.1:${port}`, server: http };
}
