import { generateKeyPairSync } from 'node:crypto';
import { SignJWT } from 'jose';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createDeferred } from '../../../../src/base/index.js';
import type { Identity, IdentitySource } from '../../../../src/server/auth/identity.js';
import type { SigningKey } from '../../../../src/server/auth/signing-key.js';
import { ACCESS_TOKEN_SECONDS, Tokens } from '../../../../src/server/auth/tokens.js';
import { ApiError } from '../../../../src/server/errors.js';
import type { GrantRecord, GrantRenewal, GrantStore } from '../../../../src/server/store/grants.js';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

class MemoryGrantStore implements GrantStore {
  grants: GrantRecord[] = [];
  accessCheckCount = 0;

  insert(grant: GrantRecord): Promise<void> {
    this.grants.push(grant);
    return Promise.resolve();
  }

  findByRefreshHash(refreshHash: string): Promise<GrantRecord | undefined> {
    return Promise.resolve(this.grants.find((grant) => grant.refreshHash === refreshHash));
  }

  findByAccessId(accessId: string): Promise<GrantRecord | undefined> {
    this.accessCheckCount += 1;
    return Promise.resolve(this.grants.find((grant) => grant.accessId === accessId));
  }

  renew(oldRefreshHash: string, renewal: GrantRenewal): Promise<boolean> {
    const index = this.grants.findIndex((grant) => grant.refreshHash === oldRefreshHash);
    const old = this.grants[index];
    if (old === undefined) return Promise.resolve(false);
    this.grants[index] = { ...old, ...renewal };
    return Promise.resolve(true);
  }

  deleteByRefreshHash(refreshHash: string): Promise<boolean> {
    const count = this.grants.length;
    this.grants = this.grants.filter((grant) => grant.refreshHash !== refreshHash);
    return Promise.resolve(this.grants.length < count);
  }

  deleteByOwner(owner: string, source: IdentitySource): Promise<void> {
    this.grants = this.grants.filter((grant) => grant.owner !== owner || grant.source !== source);
    return Promise.resolve();
  }

  deleteBefore(limits: { renewedAtMs: number; startedAtMs: number }): Promise<void> {
    this.grants = this.grants.filter(
      (grant) => grant.renewedAtMs >= limits.renewedAtMs && grant.startedAtMs >= limits.startedAtMs,
    );
    return Promise.resolve();
  }
}

function makeKey(): SigningKey {
  return generateKeyPairSync('rsa', { modulusLength: 2048 });
}

let key: SigningKey;
let store: MemoryGrantStore;
let nowMs: number;
let tokens: Tokens;
/** What the source of users says of somebody. */
let known: (identity: Identity) => Identity | undefined;

const ann: Identity = { name: 'ann', source: 'ldap', groups: ['team'] };
const asAnn = { owner: 'ann', role: 'Contributor' };

beforeAll(() => {
  key = makeKey();
});

beforeEach(() => {
  store = new MemoryGrantStore();
  nowMs = Date.UTC(2026, 0, 1);
  known = (identity) => identity;
  tokens = new Tokens({
    store,
    key,
    now: () => nowMs,
    principalOf: (identity) =>
      Promise.resolve(known(identity) && { owner: identity.name, role: 'Contributor' }),
    refresh: (identity) => Promise.resolve(known(identity)),
  });
});

const refused = new ApiError(
  'API_REFRESH_TOKEN',
  'Unauthorized (invalid or expired refresh token).',
);

describe('access tokens', () => {
  test('a token is a JWT signed with RS512 that names its owner and lasts an hour', async () => {
    const pair = await tokens.issue(ann);

    const [header = '', payload = ''] = pair.accessToken.split('.');
    expect(JSON.parse(Buffer.from(header, 'base64url').toString())).toEqual({
      alg: 'RS512',
      typ: 'JWT',
    });
    expect(JSON.parse(Buffer.from(payload, 'base64url').toString())).toEqual({
      iss: 'rserver-kernel',
      sub: 'ann',
      jti: store.grants[0]?.accessId,
      iat: nowMs / 1000,
      exp: nowMs / 1000 + ACCESS_TOKEN_SECONDS,
    });
    expect(pair.expiresAtSeconds).toBe(nowMs / 1000 + 3600);
  });

  test('a token is good until its hour is over', async () => {
    const { accessToken } = await tokens.issue(ann);

    nowMs += HOUR_MS - 1;
    expect(await tokens.verify(accessToken)).toEqual(asAnn);
    nowMs += 1;
    expect(await tokens.verify(accessToken)).toBeUndefined();
  });

  test('a verified token is known without asking the store, and again asked after five seconds', async () => {
    const { accessToken } = await tokens.issue(ann);
    expect(tokens.known(accessToken)).toBeUndefined();

    await tokens.verify(accessToken);
    nowMs += 4999;
    expect(tokens.known(accessToken)).toEqual(asAnn);
    nowMs += 1;
    expect(tokens.known(accessToken)).toBeUndefined();
    expect(store.accessCheckCount).toBe(1);
    await tokens.verify(accessToken);
    expect(store.accessCheckCount).toBe(2);
  });

  test('a token that another server revoked is refused at the next check', async () => {
    const { accessToken } = await tokens.issue(ann);
    await tokens.verify(accessToken);
    store.grants = [];

    nowMs += 5000;
    expect(await tokens.verify(accessToken)).toBeUndefined();
    expect(tokens.known(accessToken)).toBeUndefined();
  });

  test('a token of a user whom nobody knows any more is refused at the next check', async () => {
    const { accessToken, refreshToken } = await tokens.issue(ann);
    await tokens.verify(accessToken);
    known = () => undefined;

    nowMs += 5000;
    expect(await tokens.verify(accessToken)).toBeUndefined();
    await expect(tokens.renew(refreshToken)).rejects.toEqual(refused);
  });

  test('a renewal takes over the groups that the source names now', async () => {
    const { refreshToken } = await tokens.issue(ann);
    known = (identity) => ({ ...identity, groups: ['team', 'owners'] });

    const { owner } = await tokens.renew(refreshToken);

    expect(owner).toBe('ann');
    expect(store.grants).toEqual([
      expect.objectContaining({ owner: 'ann', source: 'ldap', groups: ['team', 'owners'] }),
    ]);
  });

  test('a token of another key, another algorithm or another issuer is refused', async () => {
    await tokens.issue(ann);
    const { accessId = '' } = store.grants[0] ?? {};
    const claims = (issuer: string) =>
      new SignJWT()
        .setIssuer(issuer)
        .setSubject('ann')
        .setJti(accessId)
        .setExpirationTime(nowMs / 1000 + 60);
    const foreign = makeKey();

    const forged = await Promise.all([
      claims('rserver-kernel').setProtectedHeader({ alg: 'RS512' }).sign(foreign.privateKey),
      claims('rserver-kernel').setProtectedHeader({ alg: 'RS256' }).sign(key.privateKey),
      claims('rserver-kernel')
        .setProtectedHeader({ alg: 'HS512' })
        .sign(Buffer.from(key.publicKey.export({ type: 'spki', format: 'pem' }))),
      claims('somebody').setProtectedHeader({ alg: 'RS512' }).sign(key.privateKey),
    ]);
    const owners = await Promise.all([...forged, 'no.jwt', ''].map((text) => tokens.verify(text)));

    expect(owners).toEqual([undefined, undefined, undefined, undefined, undefined, undefined]);
    const genuine = await claims('rserver-kernel')
      .setProtectedHeader({ alg: 'RS512' })
      .sign(key.privateKey);
    expect(await tokens.verify(genuine)).toEqual(asAnn);
  });
});

describe('refresh tokens', () => {
  test('a refresh token is stored as a hash only', async () => {
    const { refreshToken } = await tokens.issue(ann);

    expect(JSON.stringify(store.grants)).not.toContain(refreshToken);
  });

  test('the new pair of a renewal works and the old pair no longer does', async () => {
    const old = await tokens.issue(ann);
    await tokens.verify(old.accessToken);

    const renewed = await tokens.renew(old.refreshToken);

    expect(tokens.known(old.accessToken)).toBeUndefined();
    expect(await tokens.verify(old.accessToken)).toBeUndefined();
    expect(await tokens.verify(renewed.accessToken)).toEqual(asAnn);
    await expect(tokens.renew(old.refreshToken)).rejects.toEqual(refused);
    await tokens.renew(renewed.refreshToken);
  });

  test('of two renewals at once with the same token one is refused', async () => {
    const { refreshToken } = await tokens.issue(ann);

    const results = await Promise.allSettled([
      tokens.renew(refreshToken),
      tokens.renew(refreshToken),
    ]);

    expect(results.map((result) => result.status).sort()).toEqual(['fulfilled', 'rejected']);
  });

  test('a refresh token lasts 14 days, from its last renewal on', async () => {
    const first = await tokens.issue(ann);

    nowMs += 14 * DAY_MS - 1;
    const second = await tokens.renew(first.refreshToken);
    nowMs += 14 * DAY_MS - 1;
    const third = await tokens.renew(second.refreshToken);
    nowMs += 14 * DAY_MS;
    await expect(tokens.renew(third.refreshToken)).rejects.toEqual(refused);
  });

  test('90 days after the login no renewal helps', async () => {
    let { refreshToken } = await tokens.issue(ann);
    const startedAtMs = nowMs;

    for (let day = 10; day <= 80; day += 10) {
      nowMs = startedAtMs + day * DAY_MS;
      ({ refreshToken } = await tokens.renew(refreshToken));
    }
    nowMs = startedAtMs + 90 * DAY_MS - 1;
    ({ refreshToken } = await tokens.renew(refreshToken));
    nowMs += 1;
    await expect(tokens.renew(refreshToken)).rejects.toEqual(refused);
  });

  test('revoking ends both tokens at once', async () => {
    const pair = await tokens.issue(ann);
    await tokens.verify(pair.accessToken);

    await tokens.revoke(pair.refreshToken);

    expect(tokens.known(pair.accessToken)).toBeUndefined();
    expect(await tokens.verify(pair.accessToken)).toBeUndefined();
    await expect(tokens.renew(pair.refreshToken)).rejects.toEqual(refused);
    await expect(tokens.revoke(pair.refreshToken)).rejects.toEqual(refused);
  });

  test('a check under way while the token is revoked remembers nothing', async () => {
    const pair = await tokens.issue(ann);
    const begun = createDeferred<undefined>();
    const held = createDeferred<undefined>();
    const [grant] = store.grants;
    store.findByAccessId = async () => {
      begun.resolve(undefined);
      await held.promise;
      return grant; // read before the revocation
    };

    const check = tokens.verify(pair.accessToken);
    await begun.promise;
    await tokens.revoke(pair.refreshToken);
    held.resolve(undefined);
    await check;

    expect(tokens.known(pair.accessToken)).toBeUndefined();
  });

  test('logins that can no longer be renewed are forgotten at a later login', async () => {
    await tokens.issue(ann);
    nowMs += 15 * DAY_MS;

    await tokens.issue({ ...ann, name: 'bob' });

    expect(store.grants.map((grant) => grant.owner)).toEqual(['bob']);
  });
});
