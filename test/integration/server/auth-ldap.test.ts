// Users of a real LDAP directory (OpenLDAP), which the test starts.
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { LdapOptions } from '../../../src/server/index.js';
import { isMissing } from '../../helpers/requirements.js';
import { BASE, startSlapd, type Slapd } from '../../helpers/slapd.js';
import {
  failure,
  startServer,
  type StartOptions,
  type TestServer,
  type Tokens,
} from './harness.js';

const unavailable = failure(
  'API_AUTHORITY_UNAVAILABLE',
  'ConfigurationException',
  'The LDAP directory does not answer.',
);

describe.skipIf(isMissing('slapd'))('logging in with LDAP', { timeout: 120_000 }, () => {
  let slapd: Slapd;
  let server: TestServer | undefined;

  beforeAll(async () => {
    slapd = await startSlapd();
  });
  afterAll(() => slapd.stop());
  afterEach(async () => {
    await server?.close();
    server = undefined;
  });

  const ldap = (changes: Partial<LdapOptions> = {}): LdapOptions => ({
    url: slapd.url,
    startTls: false,
    bindDn: slapd.bindDn,
    bindPassword: slapd.bindPassword,
    userBase: `ou=people,${BASE}`,
    userFilter: '(uid={username})',
    usernameAttribute: 'uid',
    groupBase: `ou=groups,${BASE}`,
    groupFilter: '(member={dn})',
    groupNameAttribute: 'cn',
    timeoutMs: 5000,
    ...changes,
  });

  async function start(
    changes: Partial<LdapOptions> = {},
    options: StartOptions = {},
  ): Promise<TestServer> {
    server = await startServer({
      accounts: undefined,
      localAccounts: false,
      roles: {
        Owner: { users: [], groups: ['rserver owners'] },
        Contributor: { users: [], groups: [`CN=analysts, OU=groups, ${BASE}`] },
      },
      ...options,
      ldap: ldap(changes),
    });
    return server;
  }

  const login = (username: string, password: string) =>
    (server as TestServer).call<Tokens>('POST', '/login', { body: { username, password } });

  /** What somebody may do, told by what they are refused. */
  async function roleOf({ access_token: token }: Tokens): Promise<string> {
    const asked = await (server as TestServer).call('POST', '/computenodes', {
      token,
      body: { entries: [] },
    });
    if (asked.statusCode !== 403) return 'Owner';
    const sessions = await (server as TestServer).call('GET', '/sessions', { token });
    return sessions.statusCode === 403 ? 'Reader' : 'Contributor';
  }

  test.each([
    ['ann', 'ann password', 'Owner'],
    ['bob', 'bob password', 'Contributor'],
    ['rita', 'rita password', 'Reader'],
    ['odd (*) name', 'odd password', 'Contributor'],
  ])('%s has the role of their groups', async (username, password, role) => {
    await start();

    const { statusCode, body } = await login(username, password);

    expect(statusCode).toBe(200);
    expect(await roleOf(body)).toBe(role);
  });

  test('the name is as the directory spells it, whatever was typed', async () => {
    const { call } = await start().then((started) => ({ call: started.call.bind(started) }));

    const { body } = await login('BOB', 'bob password');
    const token = body.access_token;
    const { body: created } = await call<{ sessionId: string }>('POST', '/sessions', {
      token,
      body: {},
    });

    expect((await call('GET', '/sessions', { token })).body).toEqual([
      expect.objectContaining({ id: created.sessionId, owner: 'bob' }),
    ]);
  });

  test.each([
    ['a wrong password', 'ann', 'bob password'],
    ['an unknown name', 'nobody', 'ann password'],
    ['no password, which a directory takes for an anonymous bind', 'ann', ''],
    ['a name that is a pattern', '*', 'ann password'],
    ['a name that changes the filter', 'ann)(|(uid=*)', 'ann password'],
  ])('%s is refused', async (_case, username, password) => {
    await start();

    const { statusCode, body } = await login(username, password);

    expect(statusCode).toBe(401);
    expect(body).toMatchObject({ code: 'API_CREDENTIALS' });
  });

  test.each([
    ['StartTLS', () => ({ startTls: true, ca: slapd.ca })],
    ['ldaps', () => ({ url: slapd.tlsUrl, ca: slapd.ca })],
  ])('%s encrypts the connection', async (_way, changes) => {
    await start(changes());

    expect((await login('ann', 'ann password')).statusCode).toBe(200);
  });

  test.each([
    ['StartTLS', () => ({ startTls: true })],
    ['ldaps', () => ({ url: slapd.tlsUrl })],
    ['StartTLS to another address', () => ({ url: slapd.otherUrl, startTls: true, ca: slapd.ca })],
  ])('with %s a certificate of somebody else is not trusted', async (_way, changes) => {
    await start(changes());

    const { statusCode, body } = await login('ann', 'ann password');

    expect([statusCode, body]).toEqual([503, unavailable]);
  });

  test.each([
    ['is not there', { url: 'ldap://127.0.0.1:1' }],
    ['refuses the searching account', { bindPassword: 'wrong' }],
  ])('a directory that %s is a 503, not a wrong password', async (_case, changes) => {
    await start(changes);

    const { statusCode, body } = await login('ann', 'ann password');

    expect([statusCode, body]).toEqual([503, unavailable]);
  });

  test('a directory that is away is a warning of the status, and tokens go on', async () => {
    const own = await startSlapd();
    let tokens: Tokens;
    try {
      await start({ url: own.url });
      tokens = (await login('ann', 'ann password')).body;
    } finally {
      await own.stop();
    }

    const status = await (server as TestServer).call('GET', '/status', {
      token: tokens.access_token,
    });

    expect(status.statusCode).toBe(200);
    expect(status.body).toMatchObject({
      components: {
        authentication: { statusCode: 'warn', components: { ldap: { statusCode: 'warn' } } },
      },
    });
  });

  test('groups are asked for again at a renewal, and who is gone is refused', async () => {
    await start();
    const group = `cn=RServer Owners,ou=groups,${BASE}`;
    const bob = `uid=bob,ou=people,${BASE}`;
    const renew = (tokens: Tokens) =>
      (server as TestServer).call<Tokens>('POST', '/login/refreshToken', {
        body: { refreshToken: tokens.refresh_token },
      });
    const { body: first } = await login('bob', 'bob password');
    slapd.modify(`dn: ${group}\nchangetype: modify\nadd: member\nmember: ${bob}\n`);
    try {
      const { body: second } = await renew(first);
      expect([await roleOf(second), (await renew(first)).statusCode]).toEqual(['Owner', 401]);

      slapd.modify(`dn: ${bob}\nchangetype: modrdn\nnewrdn: uid=robert\ndeleteoldrdn: 1\n`);
      expect((await renew(second)).statusCode).toBe(401);
    } finally {
      slapd.modify(
        `dn: uid=robert,ou=people,${BASE}\nchangetype: modrdn\nnewrdn: uid=bob\ndeleteoldrdn: 1\n`,
      );
      slapd.modify(`dn: ${group}\nchangetype: modify\ndelete: member\nmember: ${bob}\n`);
    }
  });

  test('where local accounts are on, their names are theirs alone', async () => {
    const accounts = (username: string, password: string) =>
      Promise.resolve(username === 'admin' && password === 'local password');
    await start({}, { accounts });

    expect((await login('admin', 'local password')).statusCode).toBe(200);
    expect((await login('ann', 'ann password')).statusCode).toBe(200);
  });
});
