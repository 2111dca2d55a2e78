// Opens the store that a server is configured for.
import path from 'node:path';
import type { Logger } from '../../base/index.js';
import { openSqliteStore } from './sqlite.js';
import type { Store } from './store.js';

const DATABASE_FILE = 'rserver.db';

export interface StoreOptions {
  /** Absolute path; must be there. */
  readonly dataDirectory: string;
  /** `postgresql://…`; default a SQLite file in the data directory. */
  readonly databaseUrl?: string | undefined;
  readonly logger?: Logger | undefined;
}

/**
 * PostgreSQL where one is configured, a SQLite file in the data directory elsewhere.
 *
 * @throws Error when it cannot be opened, or was written by a newer version of this program.
 */
export async function openStore(options: StoreOptions): Promise<Store> {
  const { databaseUrl, dataDirectory, logger } = options;
  if (databaseUrl === undefined) return openSqliteStore(path.join(dataDirectory, DATABASE_FILE));
  const { openPostgresqlStore } = await import('./postgresql.js');
  return openPostgresqlStore({ url: databaseUrl, ...(logger && { logger }) });
}
