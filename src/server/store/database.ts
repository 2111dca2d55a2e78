// The tables as rows, and the store that every kind of database gives once it is open.
import type { Kysely } from 'kysely';
import { createAccountStore, type AccountTable } from './accounts.js';
import { createBatchStore, type BatchTable } from './batch-executions.js';
import { createGrantStore, type GrantTable } from './grants.js';
import { createServiceStore, type ServiceTable } from './services.js';
import { createSnapshotStore, type SnapshotTable } from './snapshots.js';
import type { Store } from './store.js';

/** Rows as the database holds them: portable types only, times in Unix milliseconds. */
export interface DatabaseTables
  extends AccountTable, GrantTable, SnapshotTable, ServiceTable, BatchTable {
  schema_version: { version: number };
}

/** The store over an open database of the newest version. */
export function createStore(type: string, database: Kysely<DatabaseTables>): Store {
  return {
    type,
    accounts: createAccountStore(database),
    grants: createGrantStore(database),
    snapshots: createSnapshotStore(database),
    services: createServiceStore(database),
    batches: createBatchStore(database),
    check: async () => {
      await database.selectFrom('schema_version').select('version').executeTakeFirst();
    },
    close: () => database.destroy(),
  };
}
