// What every kind of store does, done by each: SQLite, and a real PostgreSQL that the test starts.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import Database from 'libsql';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { openSqliteStore, type Store } from '../../../src/server/index.js';
import { SCHEMA_VERSION } from '../../../src/server/store/migrations/index.js';
import { openPostgresqlStore } from '../../../src/server/store/postgresql.js';
import { query, startPostgresql, type PostgresqlCluster } from '../../helpers/postgresql.js';
import { isMissing } from '../../helpers/requirements.js';

/** A kind of database, as these tests need it. */
interface Kind {
  readonly name: string;
  start(): Promise<void>;
  stop(): Promise<void>;
  /** Makes an empty database: the one of the next test. */
  reset(): Promise<void>;
  open(): Promise<Store>;
  /** Runs SQL in it, as another program would; gives the rows of a `select`. */
  run(text: string): Promise<readonly unknown[]>;
  /** The file or the URL, for another process. */
  place(): string;
}

/** What an early version wrote. The SQL is that of the program of then: it must never change. */
const VERSION_1 = path.resolve(import.meta.dirname, '../../fixtures/store/version-1.sql');

class Sqlite implements Kind {
  readonly name = 'sqlite';
  #directory = '';
  #count = 0;

  async start(): Promise<void> {
    this.#directory = await mkdtemp(path.join(os.tmpdir(), 'rserver-store-'));
  }

  async stop(): Promise<void> {
    await rm(this.#directory, { recursive: true });
  }

  reset(): Promise<void> {
    this.#count += 1;
    return Promise.resolve();
  }

  open(): Promise<Store> {
    return openSqliteStore(this.place());
  }

  run(text: string): Promise<readonly unknown[]> {
    const database = new Database(this.place());
    try {
      if (text.startsWith('select')) return Promise.resolve(database.prepare(text).all());
      database.exec(text);
      return Promise.resolve([]);
    } finally {
      database.close();
    }
  }

  place(): string {
    return path.join(this.#directory, `${this.#count}.db`);
  }
}

class Postgresql implements Kind {
  readonly name = 'postgresql';
  #cluster: PostgresqlCluster | undefined;
  #url = '';

  async start(): Promise<void> {
    this.#cluster = await startPostgresql();
  }

  async stop(): Promise<void> {
    await this.#cluster?.stop();
  }

  async reset(): Promise<void> {
    this.#url = (await this.#cluster?.createDatabase()) ?? '';
  }

  open(): Promise<Store> {
    return openPostgresqlStore({ url: this.#url });
  }

  run(text: string): Promise<readonly unknown[]> {
    return query(this.#url, text);
  }

  place(): string {
    return this.#url;
  }
}

const grant = {
  id: 'g1',
  owner: 'ann',
  source: 'ldap',
  groups: ['owners', 'team'],
  accessId: 'a1',
  refreshHash: 'r1',
  startedAtMs: 1_700_000_000_123,
  renewedAtMs: 1_700_000_000_123,
} as const;

const snapshot = {
  id: 's1',
  name: 'Iris',
  owner: 'ann',
  runtimeType: 'Python',
  createdAtMs: 1_700_000_000_123,
  contentSize: 5 * 1024 ** 3,
} as const;

const account = {
  name: 'ann',
  passwordHash: 'scrypt$…',
  role: 'Owner',
  createdAtMs: 1_700_000_000_123,
} as const;

const kinds = [new Sqlite(), ...(isMissing('postgresql') ? [] : [new Postgresql()])];

describe.each<Kind>(kinds)('a $name store', { timeout: 120_000 }, (kind) => {
  const stores: Store[] = [];

  async function open(): Promise<Store> {
    const store = await kind.open();
    stores.push(store);
    return store;
  }

  async function closeAll(): Promise<void> {
    await Promise.all(stores.splice(0).map((store) => store.close()));
  }

  beforeAll(() => kind.start());
  afterAll(() => kind.stop());
  beforeEach(() => kind.reset());
  afterEach(closeAll);

  test('a grant is found by its refresh token, renewed once per token, and deleted', async () => {
    const store = await open();
    await store.grants.insert(grant);
    const renewal = {
      accessId: 'a2',
      refreshHash: 'r2',
      renewedAtMs: 1_700_000_001_000,
      groups: [],
    };

    expect(await store.grants.findByRefreshHash('r1')).toEqual(grant);
    expect(await store.grants.renew('r1', renewal)).toBe(true);
    expect(await store.grants.renew('r1', { ...renewal, accessId: 'a3' })).toBe(false);
    expect(await store.grants.findByRefreshHash('r1')).toBeUndefined();
    expect(await store.grants.findByRefreshHash('r2')).toEqual({ ...grant, ...renewal });
    expect(await store.grants.findByAccessId('a1')).toBeUndefined();
    expect(await store.grants.findByAccessId('a2')).toEqual({ ...grant, ...renewal });
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

    const left = await Promise.all(['a1', 'a2', 'a3'].map((id) => store.grants.findByAccessId(id)));
    expect(left).toEqual([grant, undefined, undefined]);
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
    await closeAll();

    expect(await (await open()).snapshots.list('ann')).toEqual([snapshot]);
  });

  test('all logins of a user end together, and those of a namesake elsewhere do not', async () => {
    const store = await open();
    await store.grants.insert(grant);
    await store.grants.insert({ ...grant, id: 'g2', accessId: 'a2', refreshHash: 'r2' });
    const namesake = {
      ...grant,
      id: 'g3',
      accessId: 'a3',
      refreshHash: 'r3',
      source: 'local',
    } as const;
    await store.grants.insert(namesake);

    await store.grants.deleteByOwner('ann', 'ldap');

    const left = await Promise.all(['a1', 'a2', 'a3'].map((id) => store.grants.findByAccessId(id)));
    expect(left).toEqual([undefined, undefined, namesake]);
  });

  test('an account is added once, changed, listed by name and removed', async () => {
    const { accounts } = await open();

    expect(await accounts.insert(account)).toBe(true);
    expect(await accounts.insert({ ...account, role: undefined })).toBe(false);
    expect(await accounts.insert({ ...account, name: 'Zoë', role: undefined })).toBe(true);
    expect(await accounts.insert({ ...account, name: 'Bob' })).toBe(true);
    expect(await accounts.find('ann')).toEqual(account);
    expect(await accounts.find('Ann')).toBeUndefined();
    expect(await accounts.setPasswordHash('ann', 'other')).toBe(true);
    expect(await accounts.setRole('ann', undefined)).toBe(true);
    expect(await accounts.list()).toEqual([
      { ...account, name: 'Bob' },
      { ...account, name: 'Zoë', role: undefined },
      { ...account, passwordHash: 'other', role: undefined },
    ]);
    expect(await accounts.delete('ann')).toBe(true);
    expect([
      await accounts.delete('ann'),
      await accounts.setRole('ann', 'Owner'),
      await accounts.setPasswordHash('ann', 'x'),
    ]).toEqual([false, false, false]);
  });

  test('a database of a newer version is refused in plain words', async () => {
    await open();
    await closeAll();
    await kind.run(`update schema_version set version = ${SCHEMA_VERSION + 1}`);

    await expect(open()).rejects.toThrow(
      `The database is of version ${SCHEMA_VERSION + 1}, and this program knows versions up to ${SCHEMA_VERSION}: use a newer rserver-kernel.`,
    );
  });

  test('a database of version 1 keeps its rows and takes the new ones', async () => {
    await kind.run(readFileSync(VERSION_1, 'utf8'));

    const store = await open();

    expect(await store.grants.findByAccessId('access-1')).toEqual({
      id: 'grant-1',
      owner: 'ann',
      source: 'local',
      groups: [],
      accessId: 'access-1',
      refreshHash: 'refresh-1',
      startedAtMs: 1_700_000_000_123,
      renewedAtMs: 1_700_000_400_123,
    });
    expect(await store.snapshots.list('ann')).toEqual([{ ...snapshot, id: 'snapshot-1' }]);
    expect(await store.accounts.insert(account)).toBe(true);
    await closeAll();
    expect(await (await open()).accounts.list()).toEqual([account]);
  });

  test.each([
    ['a new', []],
    ['an old', ['s-1']],
  ])('several servers may open and write %s database at the same moment', async (_age, old) => {
    if (old.length > 0) await kind.run(readFileSync(VERSION_1, 'utf8'));
    const rowCount = 20;
    const names = ['w1-', 'w2-', 'w3-'];
    const program = path.join(import.meta.dirname, 'store-writer.ts');

    const exits = names.map(async (name) => {
      const args = ['--import', 'tsx', program, kind.place(), name, String(rowCount)];
      const [exitCode] = (await once(
        spawn(process.execPath, args, { stdio: 'inherit' }),
        'exit',
      )) as [number | null];
      return exitCode;
    });

    expect(await Promise.all(exits)).toEqual([0, 0, 0]);
    const rows = await (await open()).snapshots.list('ann');
    expect(rows.length).toBe(names.length * rowCount + old.length);
    expect(await kind.run('select version from schema_version')).toEqual([
      { version: SCHEMA_VERSION },
    ]);
  });
});
