// Publishing web services over HTTP, on fake runtimes.
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, expect, test } from 'vitest';
import type { ErrorResponse, WebService } from '../../../src/api/index.js';
import { openSqliteStore } from '../../../src/server/index.js';
import {
  failure,
  startServer,
  type Answer,
  type StartOptions,
  type TestServer,
} from './harness.js';

let server: TestServer;

afterEach(async () => {
  await server.close();
});

async function start(options: StartOptions = {}): Promise<{ admin: string; bob: string }> {
  server = await startServer(options);
  return { admin: await server.token('admin'), bob: await server.token('bob') };
}

const DOUBLE = {
  code: 'set y 10',
  description: 'Doubles the input',
  inputParameterDefinitions: [{ name: 'x', type: 'integer' }],
  outputParameterDefinitions: [{ name: 'y', type: 'integer' }],
  runtimeType: 'Python',
};

const publish = (token: string, route: string, body: object = DOUBLE): Promise<Answer> =>
  server.call('POST', `/services/${route}`, { token, body });

const get = (token: string, route = ''): Promise<Answer<WebService[]>> =>
  server.call('GET', `/services${route}`, { token });

async function snapshotOf(token: string, runtimeType: string, code: string): Promise<string> {
  const session = await server.session(token, { runtimeType });
  await server.execute(token, session, { code });
  const { body } = await server.call<{ snapshotId: string }>(
    'POST',
    `/sessions/${session}/snapshot`,
    { token, body: {} },
  );
  await server.call('DELETE', `/sessions/${session}`, { token });
  return body.snapshotId;
}

test('a service published under a version is listed with all that was said of it', async () => {
  const { admin } = await start();
  const request = {
    ...DOUBLE,
    operationId: 'double',
    initCode: 'set factor 2',
    outputFileNames: ['answer.csv'],
  };

  const published = await publish(admin, 'Double/V1.0', request);

  expect([published.statusCode, published.body]).toEqual([201, 'V1.0']);
  const expected = {
    ...request,
    name: 'Double',
    version: 'V1.0',
    versionPublishedBy: 'admin',
    creationTime: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/) as string,
    myPermissionOnService: 'read/write',
  };
  expect((await get(admin)).body).toEqual([expected]);
  expect((await get(admin, '/Double')).body).toEqual([expected]);
  expect((await get(admin, '/Double/V1.0')).body).toEqual([expected]);
});

test('a service published without a version gets a GUID, which the answer tells', async () => {
  const { admin } = await start();

  const [one, other] = [await publish(admin, 'Double'), await publish(admin, 'Double')];

  expect([one.statusCode, other.statusCode]).toEqual([201, 201]);
  expect(one.body).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
  const versions = (await get(admin, '/Double')).body.map(({ version }) => version);
  expect(versions.sort()).toEqual([one.body, other.body].sort());
});

test('each of thousands is listed as it is alone, without its code for others', async () => {
  const { admin, bob } = await start();
  await publish(admin, 'Double/1', { ...DOUBLE, description: 'says "ä"\n' });
  const [alone] = (await get(bob, '/Double/1')).body;
  const store = await openSqliteStore(path.join(server.dataDirectory, 'rserver.db'));
  const original = await store.services.find('Double', '1');
  for (let index = 2; index <= 1500 && original !== undefined; index += 1) {
    const version = index.toString();
    await store.services.insert({ ...original, version, revision: version });
  }
  await store.close();

  const { body } = await get(bob);

  expect(body).toHaveLength(1500);
  expect(alone).not.toHaveProperty('code');
  expect(body.map((service) => ({ ...service, version: '1' }))).toEqual(
    Array.from({ length: 1500 }, () => alone),
  );
});

test('what is not published is not found, and lists are empty', async () => {
  const { admin } = await start();

  const answers = await Promise.all([get(admin), get(admin, '/None'), get(admin, '/None/1')]);

  expect(answers.map(({ statusCode }) => statusCode)).toEqual([200, 200, 404]);
  expect(answers.map(({ body }) => body)).toEqual([
    [],
    [],
    failure('API_SERVICE_NOT_FOUND', 'NotFoundException', 'There is no service None 1.'),
  ]);
});

test('a version is published once, also by several at the same time', async () => {
  const { admin, bob } = await start();

  const answers = await Promise.all(
    [admin, bob, admin, bob].map((token) => publish(token, 'Double/1')),
  );

  expect(answers.map(({ statusCode }) => statusCode).sort()).toEqual([201, 403, 403, 403]);
  expect(answers.find(({ statusCode }) => statusCode === 403)?.body).toEqual(
    failure(
      'API_SERVICE_VERSION_EXISTS',
      'ForbiddenException',
      'Service Double 1 is published already; PATCH changes it.',
    ),
  );
});

test.each([
  ['a%20b/1', {}, 'API_BAD_SERVICE_NAME'],
  ['.hidden/1', {}, 'API_BAD_SERVICE_NAME'],
  ['Double/a%2Fb', {}, 'API_BAD_SERVICE_NAME'],
  [`${'x'.repeat(129)}/1`, {}, 'API_BAD_SERVICE_NAME'],
  ['Double/1', { code: undefined }, 'API_BAD_REQUEST'],
  ['Double/1', { runtimeType: 'Julia' }, 'API_BAD_REQUEST'],
  ['Double/1', { code: 'a\0b' }, 'API_BAD_REQUEST'],
  ['Double/1', { inputParameterDefinitions: [{ name: 'a b', type: 'x' }] }, 'API_BAD_REQUEST'],
  ['Double/1', { inputParameterDefinitions: [{ name: 'a' }] }, 'API_BAD_REQUEST'],
  [
    'Double/1',
    { outputParameterDefinitions: ['a', 'a'].map((name) => ({ name, type: 'numeric' })) },
    'API_BAD_REQUEST',
  ],
  ['Double/1', { outputFileNames: ['../a'] }, 'API_BAD_REQUEST'],
])('%s with %j is refused', async (route, part, code) => {
  const { admin } = await start();

  const { statusCode, body } = await publish(admin, route, { ...DOUBLE, ...part });

  expect([statusCode, (body as ErrorResponse).code]).toEqual([400, code]);
  expect((await get(admin)).body).toEqual([]);
});

test('names and versions may have letters of any script, digits, dots, hyphens', async () => {
  const { admin } = await start();

  for (const [name, version] of [
    ['Prüfung_2', 'test-1'],
    ['x', 'v1.0.0'],
  ] as const) {
    const route = `${encodeURIComponent(name)}/${version}`;
    expect((await publish(admin, route)).statusCode).toBe(201);
    expect((await get(admin, `/${route}`)).body[0]?.name).toBe(name);
  }
});

test('the code is for its publisher and for owners of the server', async () => {
  const { admin, bob } = await start();
  await publish(admin, 'OfAdmin/1');
  await publish(bob, 'OfBob/1');

  const seenBy = async (token: string): Promise<unknown[]> =>
    (await get(token)).body.map(({ name, code, initCode, myPermissionOnService: permission }) => [
      name,
      code,
      initCode,
      permission,
    ]);

  expect(await seenBy(admin)).toEqual([
    ['OfAdmin', 'set y 10', '', 'read/write'],
    ['OfBob', 'set y 10', '', 'read/write'],
  ]);
  expect(await seenBy(bob)).toEqual([
    ['OfAdmin', undefined, undefined, 'read only'],
    ['OfBob', 'set y 10', '', 'read/write'],
  ]);
});

test('a contributor adds versions to the service of another, and changes only their own', async () => {
  const { admin, bob } = await start();
  await publish(admin, 'Double/1');

  const added = await publish(bob, 'Double/2');
  const route = '/services/Double/1';
  const patched = await server.call('PATCH', route, {
    token: bob,
    body: { description: 'mine', runtimeType: 'Python' },
  });
  const deleted = await server.call('DELETE', route, { token: bob });

  expect(added.statusCode).toBe(201);
  const message = 'Service Double 1 is of admin; only they and owners of the server may change it.';
  const refusal = failure('API_SERVICE_NOT_OWNED', 'ForbiddenException', message);
  expect([patched.statusCode, patched.body]).toEqual([403, refusal]);
  expect([deleted.statusCode, deleted.body]).toEqual([403, refusal]);
  const byOwner = await server.call('DELETE', '/services/Double/2', { token: admin });
  expect([byOwner.statusCode, byOwner.body]).toEqual([200, undefined]);
});

test('a reader lists and calls services, and publishes none', async () => {
  const { admin, bob } = await start({ roles: { Reader: { users: ['bob'], groups: [] } } });
  await publish(admin, 'Double/1');

  const published = await publish(bob, 'Mine/1');
  const listed = await get(bob);
  const called = await server.call('POST', '/api/Double/1', { token: bob, body: { x: 5 } });

  expect([published.statusCode, listed.statusCode, called.statusCode]).toEqual([403, 200, 200]);
  expect(listed.body.map(({ myPermissionOnService }) => myPermissionOnService)).toEqual([
    'read only',
  ]);
});

test('a patch changes what it names, and the next call runs the new code', async () => {
  const { admin } = await start();
  await publish(admin, 'Double/1');
  const call = (): Promise<Answer> =>
    server.call('POST', '/api/Double/1', { token: admin, body: { x: 5 } });
  const before = await call();

  const patched = await server.call('PATCH', '/services/Double/1', {
    token: admin,
    body: { code: 'set y 11', description: null, runtimeType: 'Python' },
  });

  expect([patched.statusCode, patched.body]).toEqual([200, '1']);
  expect((await get(admin, '/Double/1')).body).toMatchObject([
    { code: 'set y 11', description: 'Doubles the input', runtimeType: 'Python' },
  ]);
  expect([before.body, (await call()).body]).toMatchObject([
    { outputParameters: { y: 10 } },
    { outputParameters: { y: 11 } },
  ]);
});

test('an absent runtimeType of a patch means R, which a service of Python does not take', async () => {
  const { admin } = await start();
  await publish(admin, 'Double/1');
  const patch = (body: object): Promise<Answer<ErrorResponse>> =>
    server.call('PATCH', '/services/Double/1', { token: admin, body });

  const absent = await patch({ description: 'x' });
  const rewritten = await patch({ code: 'set y 1', runtimeType: 'R' });

  expect([absent.statusCode, absent.body.code]).toEqual([400, 'API_RUNTIME_MISMATCH']);
  expect(rewritten.statusCode).toBe(200);
  expect((await get(admin, '/Double/1')).body).toMatchObject([{ runtimeType: 'R' }]);
  expect((await patch({ description: 'x' })).statusCode).toBe(200);
});

test('publishing copies the snapshot: the service outlives it, and a restart', async () => {
  const { admin } = await start();
  const snapshotId = await snapshotOf(admin, 'R', 'set answer 42\nfile a.csv 1,2');
  const published = await publish(admin, 'Answer/1', {
    code: 'print called',
    outputParameterDefinitions: [{ name: 'answer', type: 'numeric' }],
    outputFileNames: ['a.csv', 'none.csv'],
    snapshotId,
  });
  expect(published.statusCode).toBe(201);

  await server.call('DELETE', `/snapshots/${snapshotId}`, { token: admin });
  await server.close({ keepData: true });
  server = await startServer({ dataDirectory: server.dataDirectory });

  const token = await server.token();
  const { body } = await server.call('POST', '/api/Answer/1', { token, body: {} });
  expect(body).toEqual({
    success: true,
    errorMessage: '',
    outputParameters: { answer: 42 },
    outputFiles: { 'a.csv': Buffer.from('1,2').toString('base64'), 'none.csv': null },
    consoleOutput: 'called\n',
    changedFiles: [],
  });
  expect((await get(token, '/Answer/1')).body).toMatchObject([{ snapshotId }]);
});

test('a service takes only a snapshot of its publisher and of its language', async () => {
  const { admin, bob } = await start();
  const snapshotId = await snapshotOf(admin, 'R', 'set a 1');

  const ofAnother = await publish(bob, 'A/1', { code: '', snapshotId });
  const unknown = await publish(admin, 'A/1', { code: '', snapshotId: 'none' });
  const ofOther = await publish(admin, 'A/1', { code: '', snapshotId, runtimeType: 'Python' });

  expect(
    [ofAnother, unknown, ofOther].map(({ statusCode, body }) => [
      statusCode,
      (body as ErrorResponse).code,
    ]),
  ).toEqual([
    [404, 'API_SNAPSHOT_NOT_FOUND'],
    [404, 'API_SNAPSHOT_NOT_FOUND'],
    [400, 'API_RUNTIME_MISMATCH'],
  ]);
  expect((await get(admin)).body).toEqual([]);
});

test('content that no service names any more is removed, by patches, deletions and failures', async () => {
  const { admin } = await start();
  const folders = async (): Promise<string[]> =>
    (await readdir(path.join(server.dataDirectory, 'services'))).filter((name) => name !== '.work');
  const first = await snapshotOf(admin, 'R', 'set a 1');
  const second = await snapshotOf(admin, 'R', 'set a 2');
  const body = { code: '', outputParameterDefinitions: [{ name: 'a', type: 'numeric' }] };
  await publish(admin, 'A/1', { ...body, snapshotId: first });
  const call = async (): Promise<unknown> =>
    (await server.call('POST', '/api/A/1', { token: admin, body: {} })).body;
  expect(await call()).toMatchObject({ outputParameters: { a: 1 } });
  const [old] = await folders();

  await publish(admin, 'A/1', { ...body, snapshotId: first });
  await server.call('PATCH', '/services/A/1', { token: admin, body: { snapshotId: second } });
  expect(await call()).toMatchObject({ outputParameters: { a: 2 } });
  await expect.poll(folders).toHaveLength(1);
  expect(await folders()).not.toEqual([old]);

  await server.call('PATCH', '/services/A/1', { token: admin, body: { snapshotId: '' } });
  await expect.poll(folders).toEqual([]);
  expect((await get(admin, '/A/1')).body[0]).not.toHaveProperty('snapshotId');
  await server.call('PATCH', '/services/A/1', { token: admin, body: { snapshotId: first } });
  await server.call('DELETE', '/services/A/1', { token: admin });
  await expect.poll(folders).toEqual([]);
  expect((await get(admin, '/A/1')).statusCode).toBe(404);
});
