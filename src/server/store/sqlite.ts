// The store in a SQLite file.
import Database from 'libsql';
import { Kysely, SqliteDialect, sql } from 'kysely';
import { createStore, type DatabaseTables } from './database.js';
import { migrate } from './migrations/index.js';
import type { Store } from './store.js';

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
  return createStore('sqlite', database);
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
