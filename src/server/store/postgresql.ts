// The store in a PostgreSQL database, for several servers on several machines.
import { Kysely, PostgresDialect, sql } from 'kysely';
import pg from 'pg';
import { silentLogger, type Logger } from '../../base/index.js';
import { createStore, type DatabaseTables } from './database.js';
import { migrate } from './migrations/index.js';
import type { Store } from './store.js';

/** Any number will do, as long as it is always the same one: servers that start at once migrate one after the other. */
const MIGRATION_LOCK = 4_127_009_120;
const CONNECT_TIMEOUT_MS = 10_000;
const MAX_CONNECTIONS = 10;

/** How to reach the database. */
export interface PostgresqlOptions {
  /** `postgresql://user:password@host:5432/database?sslmode=verify-full`; what is missing comes from `PG*` variables. */
  readonly url: string;
  readonly logger?: Logger;
}

/**
 * Opens the database, making its tables when they are not there.
 *
 * @throws Error when it cannot be reached, or was written by a newer version of this program.
 */
export async function openPostgresqlStore({
  url,
  logger = silentLogger,
}: PostgresqlOptions): Promise<Store> {
  const pool = new pg.Pool({
    connectionString: url,
    max: MAX_CONNECTIONS,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    application_name: 'rserver-kernel',
    types: { getTypeParser: typeParser },
  });
  // An idle connection that the database ends; the pool opens another.
  pool.on('error', (error) => {
    logger.warn({ error: error.message }, 'a connection to PostgreSQL was lost');
  });
  const database = new Kysely<DatabaseTables>({ dialect: new PostgresDialect({ pool }) });
  try {
    await database.transaction().execute(async (transaction) => {
      await sql`select pg_advisory_xact_lock(${sql.lit(MIGRATION_LOCK)})`.execute(transaction);
      await migrate(transaction);
    });
  } catch (error) {
    await database.destroy();
    throw error;
  }
  return createStore('postgresql', database);
}

/** Times and sizes are `bigint`, which the driver gives as text; all of ours are exact in a number. */
const typeParser: typeof pg.types.getTypeParser = (id, format) =>
  id === pg.types.builtins.INT8 && format !== 'binary'
    ? Number
    : (pg.types.getTypeParser(id, format) as unknown);
