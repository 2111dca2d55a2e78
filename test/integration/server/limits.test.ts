import { afterEach, describe, expect, test } from 'vitest';
import type { ServerLimits } from '../../../src/server/index.js';
import { startServer, type TestServer, type Tokens } from './harness.js';

let server: TestServer;

afterEach(() => server.close());

async function start(limits: Partial<ServerLimits>): Promise<TestServer> {
  server = await startServer({ limits, accounts: (_name, word) => Promise.resolve(word !== '') });
  return server;
}

const login = (username: string, password: string) =>
  server.call<Tokens>('POST', '/login', { body: { username, password } });

test('after too many failed logins a name waits, and the answer says how long', async () => {
  server = await startServer({
    limits: { maxLoginFailures: 2, maxAddressLoginFailures: 100, loginWindowMs: 60_000 },
  });
  const failed = [await login('bob', 'wrong'), await login('bob', 'wrong')];

  const { statusCode, headers, body } = await login('bob', 'bob password');

  expect(failed.map((answer) => answer.statusCode)).toEqual([401, 401]);
  expect(statusCode).toBe(429);
  expect(Number(headers['retry-after'])).toBeGreaterThan(50);
  expect(body).toMatchObject({
    code: 'API_TOO_MANY_ATTEMPTS',
    exceptionType: 'TooManyRequestsException',
  });
  expect((await login('admin', 'admin password')).statusCode).toBe(200);
});

test('a proxy that is trusted tells the address, and another one does not', async () => {
  const limits = { maxLoginFailures: 100, maxAddressLoginFailures: 1, loginWindowMs: 60_000 };
  const from = async (address: string, password: string) => {
    const answer = await server.call('POST', '/login', {
      body: { username: 'bob', password },
      headers: { 'x-forwarded-for': address },
    });
    return answer.statusCode;
  };
  server = await startServer({ limits, trustedProxies: ['127.0.0.1'] });
  expect([await from('10.0.0.1', 'wrong'), await from('10.0.0.2', 'bob password')]).toEqual([
    401, 200,
  ]);
  expect(await from('10.0.0.1', 'bob password')).toBe(429);
  await server.close();

  server = await startServer({ limits });

  expect([await from('10.0.0.1', 'wrong'), await from('10.0.0.2', 'bob password')]).toEqual([
    401, 429,
  ]);
});

describe('sessions', () => {
  test('a user has so many and no more, and another user is not touched', async () => {
    const { call } = await start({ maxUserSessions: 2 }).then((s) => ({ call: s.call.bind(s) }));
    const [ann, bob] = [await server.token('ann'), await server.token('bob')];
    const create = (token: string) =>
      call<{ sessionId: string }>('POST', '/sessions', { token, body: {} });

    const answers = await Promise.all([create(ann), create(ann), create(ann)]);

    expect(answers.map(({ statusCode }) => statusCode).sort()).toEqual([201, 201, 429]);
    expect(answers.find(({ statusCode }) => statusCode === 429)?.body).toMatchObject({
      code: 'API_USER_SESSIONS',
      message: 'ann has 2 sessions already, which is the limit of each user.',
    });
    expect((await create(bob)).statusCode).toBe(201);
    const id = answers.find(({ statusCode }) => statusCode === 201)?.body.sessionId ?? '';
    await call('DELETE', `/sessions/${id}`, { token: ann });
    expect((await create(ann)).statusCode).toBe(201);
  });

  test('all users together have so many and no more', async () => {
    await start({ maxSessions: 1 });
    await server.session(await server.token('ann'));

    const answer = await server.call('POST', '/sessions', {
      token: await server.token('bob'),
      body: {},
    });

    expect(answer.statusCode).toBe(503);
    expect(answer.body).toMatchObject({
      code: 'API_SESSIONS',
      message: 'The server has its 1 sessions already.',
    });
  });
});

describe('running time', () => {
  test('an execution that takes too long is stopped, and the session goes on', async () => {
    await start({ maxExecutionMs: 200 });
    const token = await server.token('ann');
    const id = await server.session(token);

    const answer = await server.execute(token, id, { code: 'wait' });

    expect(answer.statusCode).toBe(402);
    expect(answer.body).toMatchObject({
      code: 'API_EXECUTION_TIME',
      message: 'The execution was stopped after 0.2 s, the longest time the server allows it.',
    });
    expect((await server.execute(token, id, { code: 'echo 1' })).statusCode).toBe(200);
  });

  test('a user who has used the time of a day waits for the next', async () => {
    await start({ maxUserExecutionMsPerDay: 200 });
    const token = await server.token('ann');
    const [first, second] = [await server.session(token), await server.session(token)];
    await server.execute(token, first, { code: 'wait' });

    const answer = await server.execute(token, second, { code: 'echo 1' });

    expect(answer.statusCode).toBe(429);
    expect(Number(answer.headers['retry-after'])).toBeGreaterThan(86_000);
    expect(answer.body).toMatchObject({ code: 'API_USER_TIME' });
    const history = await server.call('GET', `/sessions/${second}/history`, { token });
    expect(history.body).toEqual([]);
  });
});

describe('sizes', () => {
  test('a body that is too large is refused with its code', async () => {
    await start({ maxBodyBytes: 1000 });
    const token = await server.token('ann');
    const id = await server.session(token);

    const answer = await server.execute(token, id, { code: 'x'.repeat(1000) });

    expect([answer.statusCode, answer.body.code]).toEqual([413, 'API_TOO_LARGE']);
  });

  test('so is a workspace object', async () => {
    await start({ maxObjectBytes: 1000 });
    const token = await server.token('ann');
    const id = await server.session(token);

    const answer = await server.call('POST', `/sessions/${id}/workspace/x`, {
      token,
      body: Buffer.alloc(1001),
      headers: { 'content-type': 'application/octet-stream' },
    });

    expect(answer).toMatchObject({ statusCode: 413, body: { code: 'API_TOO_LARGE' } });
  });

  test('and an uploaded file', async () => {
    await start({ maxFileBytes: 1000 });
    const token = await server.token('ann');
    const id = await server.session(token);
    const part = 'content-disposition: form-data; name="file"; filename="a.csv"';

    const answer = await server.call('POST', `/sessions/${id}/files`, {
      token,
      body: `--b\r\n${part}\r\n\r\n${'x'.repeat(1001)}\r\n--b--\r\n`,
      headers: { 'content-type': 'multipart/form-data; boundary=b' },
    });

    expect(answer).toMatchObject({ statusCode: 413, body: { code: 'API_TOO_LARGE' } });
  });
});
