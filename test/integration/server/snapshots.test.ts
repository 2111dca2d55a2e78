import { mkdir, readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createDeferred } from '../../../src/base/index.js';
import { RuntimeProcessError } from '../../../src/runtimes/index.js';
import type { SnapshotRecord, SnapshotStore } from '../../../src/server/index.js';
import { openSnapshots } from '../../../src/server/snapshots/snapshots.js';
import { unzip } from '../../helpers/zip.js';
import { failure, startServer, type TestServer } from './harness.js';

let server: TestServer;
let token: string;
let id: string;

beforeEach(async () => {
  server = await startServer();
  token = await server.token();
  id = await server.session(token);
  await server.execute(token, id, { code: 'set x [1,2]\nset y "é"\nfile a.csv 1,2' });
});

afterEach(async () => {
  await server.close();
});

async function save(
  { body }: { body?: unknown } = { body: { name: 'Iris Snapshot' } },
): Promise<string> {
  const answer = await server.call<{ snapshotId: string }>('POST', `/sessions/${id}/snapshot`, {
    token,
    body,
  });
  expect(answer.statusCode).toBe(201);
  return answer.body.snapshotId;
}

const list = async (owner = token): Promise<Record<string, unknown>[]> => {
  const { body } = await server.call<Record<string, unknown>[]>('GET', '/snapshots', {
    token: owner,
  });
  return body;
};

const download = (snapshotId: string) =>
  server.call<Buffer>('GET', `/snapshots/${snapshotId}`, { token });

const notFound = (snapshotId: string) =>
  failure('API_SNAPSHOT_NOT_FOUND', 'NotFoundException', `There is no snapshot ${snapshotId}.`);

/** Names under the folder of the snapshots. */
const folders = async (): Promise<string[]> =>
  (await readdir(path.join(server.dataDirectory, 'snapshots'))).sort();

describe('a saved snapshot', () => {
  test('is listed with its owner, time and exact size, and downloads as a zip of that size', async () => {
    const before = Date.now();
    const snapshotId = await save();

    const [entry] = await list();
    const zip = await download(snapshotId);

    expect(entry).toEqual({
      id: snapshotId,
      name: 'Iris Snapshot',
      owner: 'admin',
      creationTime: expect.any(String) as string,
      contentSize: zip.body.length,
    });
    expect(Date.parse(entry?.['creationTime'] as string)).toBeGreaterThanOrEqual(before);
    expect(zip.statusCode).toBe(200);
    expect(zip.headers).toMatchObject({
      'content-type': 'application/zip',
      'content-length': String(zip.body.length),
    });
    expect(await unzip(zip.body)).toEqual({
      'workspace.RData': '{"x":[1,2],"y":"é"}',
      'files/a.csv': '1,2',
    });
  });

  test.each([[{}], [undefined], [{ name: null }]])(
    'gets a name when the body is %j',
    async (body) => {
      const snapshotId = await save({ body });

      expect((await list())[0]?.['name']).toBe(`snapshot-${snapshotId.slice(0, 8)}`);
    },
  );

  test('merges into a session: same names are replaced, others stay', async () => {
    const snapshotId = await save();
    const target = await server.session(token);
    await server.execute(token, target, { code: 'set x 0\nset z 3\nfile b.csv 9' });

    const { statusCode, body } = await server.call(
      'POST',
      `/sessions/${target}/loadsnapshot/${snapshotId}`,
      { token },
    );

    expect([statusCode, body]).toEqual([200, undefined]);
    expect(Object.fromEntries(server.runtime.objects)).toEqual({ x: [1, 2], y: 'é', z: 3 });
    expect([...server.runtime.files.keys()].sort()).toEqual(['a.csv', 'b.csv']);
  });

  test('starts a new session, of its own language when none is named', async () => {
    id = await server.session(token, { runtimeType: 'Python' });
    await server.execute(token, id, { code: 'set p 1' });
    const snapshotId = await save();

    const restored = await server.session(token, { snapshotId });
    await server.session(token, { snapshotId, runtimeType: 'Python' });

    const { body } = await server.execute(token, restored, { code: '', outputParameters: ['p'] });
    expect(body.outputParameters).toEqual([{ name: 'p', value: 1 }]);
  });

  test('of the other language is refused, and no session is left over', async () => {
    const snapshotId = await save();
    const python = await server.session(token, { runtimeType: 'Python' });

    const load = await server.call('POST', `/sessions/${python}/loadsnapshot/${snapshotId}`, {
      token,
    });
    const create = await server.call('POST', '/sessions', {
      token,
      body: { snapshotId, runtimeType: 'Python' },
    });

    const words = (rest: string) =>
      failure(
        'API_RUNTIME_MISMATCH',
        'BadRequestException',
        `Snapshot ${snapshotId} is of R, and ${rest}`,
      );
    expect([load.statusCode, load.body]).toEqual([400, words('the session is of Python.')]);
    expect([create.statusCode, create.body]).toEqual([
      400,
      words('the session would be of Python.'),
    ]);
    expect(server.server.sessionCount()).toBe(2);
  });

  test('is seen by nobody but its maker', async () => {
    const snapshotId = await save();
    const bob = await server.token('bob');
    const session = await server.session(bob);

    const calls = await Promise.all([
      server.call('GET', `/snapshots/${snapshotId}`, { token: bob }),
      server.call('DELETE', `/snapshots/${snapshotId}`, { token: bob }),
      server.call('POST', `/sessions/${session}/loadsnapshot/${snapshotId}`, { token: bob }),
      server.call('POST', '/sessions', { token: bob, body: { snapshotId } }),
    ]);

    expect(await list(bob)).toEqual([]);
    for (const { statusCode, body } of calls) {
      expect([statusCode, body]).toEqual([404, notFound(snapshotId)]);
    }
  });

  test('is gone with its content when it is deleted', async () => {
    const snapshotId = await save();
    const kept = await save({ body: { name: 'kept' } });

    const deleted = await server.call('DELETE', `/snapshots/${snapshotId}`, { token });

    expect([deleted.statusCode, deleted.body]).toEqual([200, 'Deleted.']);
    expect((await list()).map((entry) => entry['id'])).toEqual([kept]);
    expect(await folders()).toEqual(['.work', kept].sort());
    const again = await server.call('DELETE', `/snapshots/${snapshotId}`, { token });
    expect([again.statusCode, again.body]).toEqual([404, notFound(snapshotId)]);
    expect((await download(snapshotId)).statusCode).toBe(404);
  });

  test('survives a restart of the server', async () => {
    const snapshotId = await save();
    const before = await list();
    const { dataDirectory } = server;
    await server.close({ keepData: true });

    server = await startServer({ dataDirectory });

    expect(await list()).toEqual(before);
    expect(await unzip((await download(snapshotId)).body)).toMatchObject({ 'files/a.csv': '1,2' });
    await server.session(token, { snapshotId });
    expect(Object.fromEntries(server.runtime.objects)).toEqual({ x: [1, 2], y: 'é' });
  });
});

test('snapshots are listed oldest first', async () => {
  const ids = [await save(), await save(), await save()];

  const times = (await list()).map((entry) => entry['creationTime'] as string);

  expect([...times].sort()).toEqual(times);
  expect((await list()).map((entry) => entry['id']).sort()).toEqual([...ids].sort());
});

test('a workspace that cannot be saved leaves nothing behind', async () => {
  server.runtime.saveSnapshot = async (folder) => {
    await writeFile(path.join(folder, 'workspace.RData'), 'half');
    throw new RuntimeProcessError('RUNTIME_OBJECT_NOT_SERIALIZABLE', 'x is a connection.');
  };

  const { statusCode, body } = await server.call('POST', `/sessions/${id}/snapshot`, {
    token,
    body: {},
  });

  expect([statusCode, body]).toEqual([
    402,
    failure('API_NOT_SERIALIZABLE', 'RequestFailedException', 'x is a connection.'),
  ]);
  expect(await list()).toEqual([]);
  const [work = ''] = await readdir(path.join(server.dataDirectory, 'snapshots', '.work'));
  expect(await folders()).toEqual(['.work']);
  expect(
    await readdir(path.join(server.dataDirectory, 'snapshots', '.work', work.slice(0, 36))),
  ).toEqual([]);
});

test('a snapshot that does not load leaves no session behind', async () => {
  const snapshotId = await save();
  await writeFile(
    path.join(server.dataDirectory, 'snapshots', snapshotId, 'workspace.RData'),
    '{ broken',
  );

  const { statusCode } = await server.call('POST', '/sessions', { token, body: { snapshotId } });

  expect(statusCode).toBe(500);
  expect(server.server.sessionCount()).toBe(1);
  expect(server.runtime.isClosed).toBe(true);
});

test('content without a row is removed at the next start, but not what another live server writes', async () => {
  const orphan = '00000000-0000-4000-8000-000000000000';
  await mkdir(path.join(server.dataDirectory, 'snapshots', orphan, 'files'), { recursive: true });
  const begun = createDeferred<undefined>();
  const held = createDeferred<undefined>();
  server.runtime.saveSnapshot = async (folder) => {
    await writeFile(path.join(folder, 'workspace.RData'), '{}');
    begun.resolve(undefined);
    await held.promise;
    await mkdir(path.join(folder, 'files'));
  };
  const saving = save();
  await begun.promise;

  const other = await startServer({ dataDirectory: server.dataDirectory });
  try {
    expect(await folders()).toEqual(['.work']);
    held.resolve(undefined);
    const snapshotId = await saving;
    const { body } = await other.call<{ id: string }[]>('GET', '/snapshots', { token });
    expect(body.map((entry) => entry.id)).toEqual([snapshotId]);
    expect((await other.call('GET', `/snapshots/${snapshotId}`, { token })).statusCode).toBe(200);
  } finally {
    await other.close({ keepData: true });
  }
});

test('a snapshot that has its place but not yet its row is left alone by a server that starts', async () => {
  const directory = path.join(server.dataDirectory, 'other snapshots');
  const rows: SnapshotRecord[] = [];
  const begun = createDeferred<undefined>();
  const held = createDeferred<undefined>();
  const store: SnapshotStore = {
    insert: async (row) => {
      begun.resolve(undefined);
      await held.promise;
      rows.push(row);
    },
    list: () => Promise.resolve(rows),
    find: () => Promise.resolve(rows[0]),
    delete: () => Promise.resolve(false),
    listIds: () => Promise.resolve(new Set(rows.map((row) => row.id))),
  };
  const options = { directory, store, now: () => 0 };
  const first = await openSnapshots(options);
  const saving = first.save({
    owner: 'ann',
    runtimeType: 'R',
    write: (folder) => writeFile(path.join(folder, 'workspace.RData'), 'x'),
  });
  await begun.promise;

  const second = await openSnapshots(options);
  held.resolve(undefined);
  const saved = await saving;

  expect((await readdir(directory)).sort()).toEqual(['.work', saved.id].sort());
  await first.close();
  await second.close();
  expect(await readdir(path.join(directory, '.work'))).toEqual([]);
});

test.each([
  ['POST', '/sessions/x/snapshot'],
  ['POST', '/sessions/x/loadsnapshot/y'],
  ['GET', '/snapshots/x'],
  ['DELETE', '/snapshots/x'],
])('%s %s: 401 without a token, 404 for what is not there', async (method, route) => {
  expect((await server.call(method, route)).statusCode).toBe(401);
  expect((await server.call(method, route, { token })).statusCode).toBe(404);
});

test('GET /snapshots needs a token; a name that is no text is a bad request', async () => {
  const named = await server.call('POST', `/sessions/${id}/snapshot`, { token, body: { name: 1 } });

  expect((await server.call('GET', '/snapshots')).statusCode).toBe(401);
  expect([named.statusCode, named.body]).toMatchObject([400, { code: 'API_BAD_REQUEST' }]);
});
