// Services and batches in every kind of store: SQLite, and a real PostgreSQL that the test starts.
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { openSqliteStore, type Store } from '../../../src/server/index.js';
import type { BatchRecord } from '../../../src/server/store/batch-executions.js';
import { openPostgresqlStore } from '../../../src/server/store/postgresql.js';
import type { ServiceRecord } from '../../../src/server/store/services.js';
import { startPostgresql, type PostgresqlCluster } from '../../helpers/postgresql.js';
import { isMissing } from '../../helpers/requirements.js';

const SERVICE: ServiceRecord = {
  name: 'Prüfung',
  version: 'v1.0',
  revision: 'revision-1',
  publishedBy: 'admin',
  createdAtMs: 1_511_468_637_000,
  kind: 'script',
  runtimeType: 'Python',
  snapshotId: 'snapshot-1',
  contentId: 'content-1',
  code: 'y = "ä"\n',
  initCode: '',
  description: '',
  operationId: 'double',
  inputs: [{ name: 'x', type: 'numeric' }],
  outputs: [{ name: 'y', type: 'character' }],
  outputFileNames: ['a.csv'],
  pool: { initialSize: 0, maxSize: 5 },
};

const BATCH: BatchRecord = {
  id: 'batch-1',
  serviceName: 'Prüfung',
  serviceVersion: 'v1.0',
  owner: 'bob',
  createdAtMs: 1_511_468_637_000,
  itemCount: 10_000,
  parallelCount: 10,
  state: 'pending',
};

let store: Store;

function behaviour(): void {
  test('a service comes back as it went, once', async () => {
    const bare = { ...SERVICE, snapshotId: undefined, contentId: undefined, pool: undefined };

    expect(await store.services.insert(SERVICE)).toBe(true);
    expect(await store.services.insert({ ...SERVICE, revision: 'other' })).toBe(false);
    expect(await store.services.insert({ ...bare, version: '2', revision: '2' })).toBe(true);

    expect(await store.services.find('Prüfung', 'v1.0')).toEqual(SERVICE);
    expect(await store.services.find('Prüfung', '2')).toEqual({
      ...bare,
      version: '2',
      revision: '2',
    });
    expect(await store.services.find('prüfung', 'v1.0')).toBeUndefined();
    expect(await store.services.listContentIds()).toEqual(new Set(['content-1']));
  });

  test('services are listed oldest first, all or those of a name', async () => {
    const versions = [3, 1, 2].map((createdAtMs) => ({
      ...SERVICE,
      name: createdAtMs === 2 ? 'b' : 'a',
      version: String(createdAtMs),
      revision: String(createdAtMs),
      createdAtMs,
    }));
    for (const service of versions) await store.services.insert(service);

    const listed = async (name?: string): Promise<string[]> =>
      (await store.services.list(name)).map(({ version }) => version);
    expect([await listed(), await listed('a'), await listed('c')]).toEqual([
      ['1', '2', '3'],
      ['1', '3'],
      [],
    ]);
  });

  test('of two changes of the same revision one wins', async () => {
    await store.services.insert(SERVICE);
    const changes = ['x', 'y'].map((code) => ({ ...SERVICE, code, revision: code }));

    const done = await Promise.all(
      changes.map((service) => store.services.replace(SERVICE.revision, service)),
    );

    expect(done.filter(Boolean)).toHaveLength(1);
    const winner = await store.services.find('Prüfung', 'v1.0');
    expect(winner).toEqual(changes[done.indexOf(true)]);
    expect(await store.services.delete(SERVICE.revision)).toBe(false);
    expect(await store.services.delete(winner?.revision ?? '')).toBe(true);
    expect(await store.services.list()).toEqual([]);
  });

  test('a batch goes through its states and is forgotten', async () => {
    await store.batches.insert(BATCH);
    await store.batches.insert({ ...BATCH, id: 'batch-2', createdAtMs: BATCH.createdAtMs + 1 });

    expect(await store.batches.find('batch-1')).toEqual(BATCH);
    expect(await store.batches.setState('batch-1', 'complete')).toBe(true);
    expect(await store.batches.setState('none', 'complete')).toBe(false);

    const ofService = await store.batches.listOfService('Prüfung', 'v1.0');
    expect(ofService.map(({ id, state }) => [id, state])).toEqual([
      ['batch-1', 'complete'],
      ['batch-2', 'pending'],
    ]);
    expect(await store.batches.listOfService('Prüfung', '2')).toEqual([]);
    expect((await store.batches.listUnfinished()).map(({ id }) => id)).toEqual(['batch-2']);
    expect(await store.batches.listFinishedBefore(BATCH.createdAtMs)).toEqual([]);
    expect(await store.batches.listFinishedBefore(BATCH.createdAtMs + 1)).toEqual(['batch-1']);
    expect(await store.batches.delete('batch-1')).toBe(true);
    expect(await store.batches.delete('batch-1')).toBe(false);
    expect(await store.batches.listIds()).toEqual(new Set(['batch-2']));
  });
}

describe('SQLite', () => {
  let directory: string;

  beforeEach(async () => {
    directory = await mkdtemp(path.join(os.tmpdir(), 'rserver-store-'));
    store = await openSqliteStore(path.join(directory, 'rserver.db'));
  });

  afterEach(async () => {
    await store.close();
    await rm(directory, { recursive: true });
  });

  behaviour();
});

describe.skipIf(isMissing('postgresql'))('PostgreSQL', () => {
  let cluster: PostgresqlCluster;

  beforeAll(async () => {
    cluster = await startPostgresql();
  });

  afterAll(async () => {
    await cluster.stop();
  });

  beforeEach(async () => {
    store = await openPostgresqlStore({ url: await cluster.createDatabase() });
  });

  afterEach(async () => {
    await store.close();
  });

  behaviour();
});
