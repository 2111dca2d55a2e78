// The store in a SQLite file. Every call is one statement, so that servers which share the file cannot interleave.
import Database from 'libsql';
import { Kysely, SqliteDialect, sql, type Selectable } from 'kysely';
import type { RuntimeType } from '../../runtimes/index.js';
import { migrate, type DatabaseTables } from './schema.js';
import type { GrantRecord, GrantRenewal, SnapshotRecord, Store } from './store.js';

const BUSY_TIMEOUT_MS = 10_000;
const OPEN_ATTEMPTS = 20;

/**
 * Opens the database file, making it and its tables when they are not there.
 *
 * @param file - Absolute path; `-wal` and `-shm` files lie beside it.
 * @throws Error when the file is no database, or one of a newer version of this program.
 */
export async function openSqliteStore(file: string): Promise<Store> {
  const database = new Kysely<DatabaseTables>({
    dialect: new SqliteDialect({ database: openDatabase(file) }),
  });
  try {
    await database.connection().execute(async (connection) => {
      // IMMEDIATE: of two servers that start at once, one migrates and the other waits for it.
      await sql`begin immediate`.execute(connection);
      try {
        await migrate(connection);
        await sql`commit`.execute(connection);
      } catch (error) {
        await sql`rollback`.execute(connection);
        throw error;
      }
    });
  } catch (error) {
    await database.destroy();
    throw error;
  }
  return new SqliteStore(database);
}

function openDatabase(file: string): Database.Database {
  for (let attempt = 1; ; attempt += 1) {
    const database = new Database(file);
    try {
      database.exec(`PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS}`);
      database.exec('PRAGMA journal_mode = WAL');
      database.exec('PRAGMA synchronous = FULL');
      return database;
    } catch (error) {
      database.close();
      // The change to WAL takes an exclusive lock, for which SQLite does not always wait.
      if (!isBusy(error) || attempt === OPEN_ATTEMPTS) throw error;
    }
  }
}

function isBusy(error: unknown): boolean {
  return error instanceof Error && 'code' in error && String(error.code).startsWith('SQLITE_BUSY');
}

class SqliteStore implements Store {
  readonly type = 'sqlite';
  readonly #database: Kysely<DatabaseTables>;

  constructor(database: Kysely<DatabaseTables>) {
    this.#database = database;
  }

  async insertGrant(grant: GrantRecord): Promise<void> {
    await this.#database
      .insertInto('grants')
      .values({
        id: grant.id,
        owner: grant.owner,
        access_id: grant.accessId,
        refresh_hash: grant.refreshHash,
        started_at_ms: grant.startedAtMs,
        renewed_at_ms: grant.renewedAtMs,
      })
      .execute();
  }

  async findGrantByRefreshHash(refreshHash: string): Promise<GrantRecord | undefined> {
    const row = await this.#database
      .selectFrom('grants')
      .selectAll()
      .where('refresh_hash', '=', refreshHash)
      .executeTakeFirst();
    return row === undefined ? undefined : grantOf(row);
  }

  async hasAccess(accessId: string): Promise<boolean> {
    const row = await this.#database
      .selectFrom('grants')
      .select('id')
      .where('access_id', '=', accessId)
      .executeTakeFirst();
    return row !== undefined;
  }

  async renewGrant(oldRefreshHash: string, renewal: GrantRenewal): Promise<boolean> {
    const result = await this.#database
      .updateTable('grants')
      .set({
        access_id: renewal.accessId,
        refresh_hash: renewal.refreshHash,
        renewed_at_ms: renewal.renewedAtMs,
      })
      .where('refresh_hash', '=', oldRefreshHash)
      .executeTakeFirst();
    return result.numUpdatedRows > 0n;
  }

  async deleteGrantByRefreshHash(refreshHash: string): Promise<boolean> {
    const result = await this.#database
      .deleteFrom('grants')
      .where('refresh_hash', '=', refreshHash)
      .executeTakeFirst();
    return result.numDeletedRows > 0n;
  }

  async deleteGrantsBefore(limits: { renewedAtMs: number; startedAtMs: number }): Promise<void> {
    await this.#database
      .deleteFrom('grants')
      .where((expression) =>
        expression.or([
          expression('renewed_at_ms', '<', limits.renewedAtMs),
          expression('started_at_ms', '<', limits.startedAtMs),
        ]),
      )
      .execute();
  }

  async insertSnapshot(snapshot: SnapshotRecord): Promise<void> {
    await this.#database
      .insertInto('snapshots')
      .values({
        id: snapshot.id,
        name: snapshot.name,
        owner: snapshot.owner,
        runtime_type: snapshot.runtimeType,
        created_at_ms: snapshot.createdAtMs,
        content_size: snapshot.contentSize,
      })
      .execute();
  }

  async listSnapshots(owner: string): Promise<readonly SnapshotRecord[]> {
    const rows = await this.#database
      .selectFrom('snapshots')
      .selectAll()
      .where('owner', '=', owner)
      .orderBy('created_at_ms')
      .orderBy('id')
      .execute();
    return rows.map(snapshotOf);
  }

  async findSnapshot(id: string, owner: string): Promise<SnapshotRecord | undefined> {
    const row = await this.#database
      .selectFrom('snapshots')
      .selectAll()
      .where('id', '=', id)
      .where('owner', '=', owner)
      .executeTakeFirst();
    return row === undefined ? undefined : snapshotOf(row);
  }

  async deleteSnapshot(id: string, owner: string): Promise<boolean> {
    const result = await this.#database
      .deleteFrom('snapshots')
      .where('id', '=', id)
      .where('owner', '=', owner)
      .executeTakeFirst();
    return result.numDeletedRows > 0n;
  }

  async listSnapshotIds(): Promise<ReadonlySet<string>> {
    const rows = await this.#database.selectFrom('snapshots').select('id').execute();
    return new Set(rows.map((row) => row.id));
  }

  async check(): Promise<void> {
    await this.#database.selectFrom('schema_version').select('version').executeTakeFirst();
  }

  async close(): Promise<void> {
    await this.#database.destroy();
  }
}

function grantOf(row: Selectable<DatabaseTables['grants']>): GrantRecord {
  return {
    id: row.id,
    owner: row.owner,
    accessId: row.access_id,
    refreshHash: row.refresh_hash,
    startedAtMs: row.started_at_ms,
    renewedAtMs: row.renewed_at_ms,
  };
}

function snapshotOf(row: Selectable<DatabaseTables['snapshots']>): SnapshotRecord {
  return {
    id: row.id,
    name: row.name,
    owner: row.owner,
    runtimeType: row.runtime_type as RuntimeType,
    createdAtMs: row.created_at_ms,
    contentSize: row.content_size,
  };
}
