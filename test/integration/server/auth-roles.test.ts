import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { operations, type OperationId } from '../../../src/api/index.js';
import { hashPassword, openStore, type Store } from '../../../src/server/index.js';
import { includesRole, LEAST_ROLE } from '../../../src/server/auth/roles.js';
import { failure, startServer, type TestServer } from './harness.js';

const members = (...users: string[]) => ({ users, groups: [] });
const operationIds = Object.keys(operations) as OperationId[];

describe('roles', () => {
  let server: TestServer;
  const tokens: Record<string, string> = {};

  beforeAll(async () => {
    server = await startServer({
      accounts: () => Promise.resolve(true),
      roles: {
        Owner: members('olga'),
        Contributor: members('carl'),
        Reader: members('rita'),
      },
    });
    for (const name of ['olga', 'carl', 'rita']) tokens[name] = await server.token(name);
  });
  afterAll(() => server.close());

  const guarded = operationIds.filter((id) => LEAST_ROLE[id] !== 'anyone');

  test.each(guarded)('%s is for its least role and those above', async (operationId) => {
    const { method, path } = operations[operationId];
    const url = path.replaceAll(/\{\w+\}/g, () => randomUUID());

    for (const [name, role] of [
      ['olga', 'Owner'],
      ['carl', 'Contributor'],
      ['rita', 'Reader'],
    ] as const) {
      const answer = await server.call<{ code?: unknown; message?: string }>(method, url, {
        token: tokens[name],
      });
      const isForbidden =
        answer.statusCode === 403 && answer.body.message?.includes(' needs the role ') === true;
      expect([name, isForbidden]).toEqual([name, !includesRole(role, LEAST_ROLE[operationId])]);
    }
  });

  test('the refusal names the role that is needed', async () => {
    const answer = await server.call('POST', '/sessions', { token: tokens['rita'], body: {} });

    expect([answer.statusCode, answer.body]).toEqual([
      403,
      failure(
        'API_FORBIDDEN',
        'ForbiddenException',
        'Forbidden: createSession needs the role Contributor, and rita is Reader.',
      ),
    ]);
  });

  test('a reader cannot watch a session', async () => {
    const id = await server.session(tokens['carl'] ?? '');

    await expect(server.watch(tokens['rita'] ?? '', id)).rejects.toThrow(/403/);
  });

  test('where readers are declared, who has no role is not let in', async () => {
    const answer = await server.call('POST', '/login', {
      body: { username: 'nina', password: 'x' },
    });

    expect([answer.statusCode, answer.body]).toEqual([
      403,
      failure('API_NO_ROLE', 'ForbiddenException', 'Forbidden: nina has no role on this server.'),
    ]);
  });
});

describe('accounts of the store', () => {
  let server: TestServer;
  let store: Store;
  let nowMs = Date.now();
  let passwordHash: string;

  beforeAll(async () => {
    server = await startServer({ accounts: undefined, now: () => nowMs });
    store = await openStore({ dataDirectory: server.dataDirectory });
    passwordHash = await hashPassword('ann password');
  });
  afterAll(async () => {
    await store.close();
    await server.close();
  });

  test('let in, change their role and end while the server runs', async () => {
    await store.accounts.insert({ name: 'ann', passwordHash, role: 'Reader', createdAtMs: 0 });
    const { access_token: token, refresh_token: refreshToken } = await server.login('ann');
    const sessions = async () => (await server.call('GET', '/sessions', { token })).statusCode;
    const wrong = await server.call('POST', '/login', {
      body: { username: 'ann', password: 'bob password' },
    });

    expect([wrong.statusCode, await sessions()]).toEqual([401, 403]);
    await store.accounts.setRole('ann', 'Contributor');
    nowMs += 5000;
    expect(await sessions()).toBe(200);
    await store.accounts.delete('ann');
    nowMs += 5000;
    expect(await sessions()).toBe(401);
    const renewed = await server.call('POST', '/login/refreshToken', { body: { refreshToken } });
    expect(renewed.statusCode).toBe(401);
  });

  test('of which there are none let nobody in', async () => {
    const answer = await server.call('POST', '/login', {
      body: { username: '', password: '' },
    });

    expect(answer.statusCode).toBe(401);
  });
});
