// The history in a SQLite file that all kernels of a user and a language share.
import { chmodSync, closeSync, mkdirSync, openSync, renameSync } from 'node:fs';
import path from 'node:path';
import Database from 'libsql';
import type { HistoryStore, StoredLine } from './history-store.js';

/** How long one statement may wait for another kernel. It blocks the event loop, so it is short. Milliseconds. */
const BUSY_TIMEOUT_MS = 500;
const SCHEMA_VERSION = 1;

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS sessions (
    session INTEGER PRIMARY KEY AUTOINCREMENT,
    started_at TEXT NOT NULL
  );
  CREATE TABLE IF NOT EXISTS lines (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    session INTEGER NOT NULL,
    line INTEGER NOT NULL,
    input TEXT NOT NULL
  );
  CREATE INDEX IF NOT EXISTS lines_by_session ON lines (session, line);
  PRAGMA user_version = ${SCHEMA_VERSION};
`;

/**
 * Opens the file, with mode 0600 in a folder with mode 0700, making both when they are not there. A file that is
 * damaged is set aside as `<file>.damaged`.
 *
 * @throws Error when it cannot be had, or is of a newer version of this program.
 */
export function openSqliteHistory(file: string, now: () => Date = () => new Date()): HistoryStore {
  mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
  try {
    return new SqliteHistory(openDatabase(file), now);
  } catch (error) {
    if (!isDamaged(error)) throw error;
    renameSync(file, `${file}.damaged`);
    return new SqliteHistory(openDatabase(file), now);
  }
}

class SqliteHistory implements HistoryStore {
  readonly #database: Database.Database;
  readonly #now: () => Date;

  constructor(database: Database.Database, now: () => Date) {
    this.#database = database;
    this.#now = now;
  }

  beginSession(): number {
    const insert = this.#database.prepare('INSERT INTO sessions (started_at) VALUES (?)');
    return Number(insert.run(this.#now().toISOString()).lastInsertRowid);
  }

  lastSession(): number {
    const row = this.#database.prepare('SELECT MAX(session) AS session FROM sessions').get();
    return (row as { session: number | null } | undefined)?.session ?? 0;
  }

  append(lines: readonly StoredLine[]): void {
    this.#database.exec('BEGIN IMMEDIATE');
    try {
      const insert = this.#database.prepare(
        'INSERT INTO lines (session, line, input) VALUES (?, ?, ?)',
      );
      for (const { session, line, input } of lines) insert.run(session, line, input);
      this.#database.exec('COMMIT');
    } catch (error) {
      this.#database.exec('ROLLBACK');
      throw error;
    }
  }

  tail(count: number): readonly StoredLine[] {
    return this.#newest('SELECT session, line, input FROM lines ORDER BY id DESC LIMIT ?', count);
  }

  range(session: number, start: number, stop: number): readonly StoredLine[] {
    return this.#database
      .prepare(
        'SELECT session, line, input FROM lines WHERE session = ? AND line >= ? AND line < ? ORDER BY id',
      )
      .all(session, start, stop) as StoredLine[];
  }

  search(pattern: string, count: number, unique: boolean): readonly StoredLine[] {
    const matching = 'FROM lines WHERE input GLOB ?';
    return unique
      ? this.#newest(
          // SQLite takes the other columns from the row that has the maximum.
          `SELECT session, line, input, MAX(id) AS id ${matching} GROUP BY input ORDER BY id DESC LIMIT ?`,
          pattern,
          count,
        )
      : this.#newest(
          `SELECT session, line, input ${matching} ORDER BY id DESC LIMIT ?`,
          pattern,
          count,
        );
  }

  close(): void {
    this.#database.close();
  }

  /** Rows that come newest first, oldest first. */
  #newest(query: string, ...values: readonly (string | number)[]): readonly StoredLine[] {
    const rows = this.#database.prepare(query).all(...values) as StoredLine[];
    return rows.reverse().map(({ session, line, input }) => ({ session, line, input }));
  }
}

function openDatabase(file: string): Database.Database {
  // Made here, so that it never exists with a mode of SQLite's choice.
  closeSync(openSync(file, 'a', 0o600));
  chmodSync(file, 0o600);
  const database = new Database(file);
  try {
    database.exec(`PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS}`);
    // No write-ahead log: home folders are on network file systems, where it does not work. And no waiting for the
    // disk: at a power cut the history may be damaged, which is less bad than a pause after each cell.
    database.exec('PRAGMA synchronous = OFF');
    const version = (database.prepare('PRAGMA user_version').get() as { user_version: number })
      .user_version;
    if (version > SCHEMA_VERSION) {
      throw new Error(`${file} was written by a newer version of rserver-kernel.`);
    }
    if (version < SCHEMA_VERSION) database.exec(SCHEMA);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

function isDamaged(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return code.startsWith('SQLITE_CORRUPT') || code.startsWith('SQLITE_NOTADB');
}
