import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import Database from 'libsql';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openSqliteStore, type Store } from '../../../src/server/index.js';
import { SCHEMA_VERSION } from '../../../src/server/store/migrations/index.js';

let directory: string;
let file: string;
const stores: Store[] = [];

beforeEach(async () => {
  directory = await mkdtemp(path.join(os.tmpdir(), 'rserver-store-'));
  file = path.join(directory, 'rserver.db');
});

afterEach(async () => {
  await Promise.all(stores.splice(0).map((store) => store.close()));
  await rm(directory, { recursive: true });
});

async function open(): Promise<Store> {
  const store = await openSqliteStore(file);
  stores.push(store);
  return store;
}

const grant = {
  id: 'g1',
  owner: 'ann',
  accessId: 'a1',
  refreshHash: 'r1',
  startedAtMs: 1_700_000_000_123,
  renewedAtMs: 1_700_000_000_123,
};

const snapshot = {
  id: 's1',
  name: 'Iris',
  owner: 'ann',
  runtimeType: 'Python',
  createdAtMs: 1_700_000_000_123,
  contentSize: 5 * 1024 ** 3,
} as const;

test('a grant is found by its refresh token, renewed once per token, and deleted', async () => {
  const store = await open();
  await store.grants.insert(grant);
  const renewal = { accessId: 'a2', refreshHash: 'r2', renewedAtMs: 1_700_000_001_000 };

  expect(await store.grants.findByRefreshHash('r1')).toEqual(grant);
  expect(await store.grants.renew('r1', renewal)).toBe(true);
  expect(await store.grants.renew('r1', { ...renewal, accessId: 'a3' })).toBe(false);
  expect(await store.grants.findByRefreshHash('r1')).toBeUndefined();
  expect(await store.grants.findByRefreshHash('r2')).toEqual({ ...grant, ...renewal });
  expect([await store.grants.hasAccess('a1'), await store.grants.hasAccess('a2')]).toEqual([
    false,
    true,
  ]);
  expect(await store.grants.deleteByRefreshHash('r2')).toBe(true);
  expect(await store.grants.deleteByRefreshHash('r2')).toBe(false);
});

test('grants renewed or started too long ago are deleted together', async () => {
  const store = await open();
  await store.grants.insert(grant);
  await store.grants.insert({
    ...grant,
    id: 'g2',
    accessId: 'a2',
    refreshHash: 'r2',
    renewedAtMs: 9,
  });
  await store.grants.insert({
    ...grant,
    id: 'g3',
    accessId: 'a3',
    refreshHash: 'r3',
    startedAtMs: 9,
  });

  await store.grants.deleteBefore({ renewedAtMs: 10, startedAtMs: 10 });

  const left = await Promise.all(['a1', 'a2', 'a3'].map((id) => store.grants.hasAccess(id)));
  expect(left).toEqual([true, false, false]);
});

test('snapshots belong to their owner and keep large sizes', async () => {
  const store = await open();
  await store.snapshots.insert({ ...snapshot, id: 's2', createdAtMs: snapshot.createdAtMs + 1 });
  await store.snapshots.insert(snapshot);
  await store.snapshots.insert({ ...snapshot, id: 's3', owner: 'bob' });

  expect((await store.snapshots.list('ann')).map(({ id }) => id)).toEqual(['s1', 's2']);
  expect(await store.snapshots.find('s1', 'ann')).toEqual(snapshot);
  expect(await store.snapshots.find('s1', 'bob')).toBeUndefined();
  expect(await store.snapshots.delete('s1', 'bob')).toBe(false);
  expect(await store.snapshots.delete('s1', 'ann')).toBe(true);
  expect(await store.snapshots.listIds()).toEqual(new Set(['s2', 's3']));
});

test('what was written is there after opening again', async () => {
  const store = await open();
  await store.snapshots.insert(snapshot);
  await store.close();
  stores.length = 0;

  expect(await (await open()).snapshots.list('ann')).toEqual([snapshot]);
});

test('a database of a newer version is refused in plain words', async () => {
  await (await open()).close();
  stores.length = 0;
  const database = new Database(file);
  database.exec(`update schema_version set version = ${SCHEMA_VERSION + 1}`);
  database.close();

  await expect(open()).rejects.toThrow(
    `The database is of version ${SCHEMA_VERSION + 1}, and this program knows versions up to ${SCHEMA_VERSION}: use a newer rserver-kernel.`,
  );
});

test('several servers may open and write one new file at the same moment', async () => {
  const rowCount = 20;
  const names = ['w1-', 'w2-', 'w3-'];
  const program = path.join(import.meta.dirname, 'store-writer.ts');

  const exits = names.map(async (name) => {
    const args = ['--import', 'tsx', program, file, name, String(rowCount)];
    const [exitCode] = (await once(
      spawn(process.execPath, args, { stdio: 'inherit' }),
      'exit',
    )) as [number | null];
    return exitCode;
  });

  expect(await Promise.all(exits)).toEqual([0, 0, 0]);
  expect((await (await open()).snapshots.list('ann')).length).toBe(names.length * rowCount);
});
