// The tables as rows, and the store that every kind of database gives once it is open.
import type { Kysely } from 'kysely';
import { createGrantStore, type GrantRow } from './grants.js';
import { createSnapshotStore, type SnapshotRow } from './snapshots.js';
import type { Store } from './store.js';

/** Rows as the database holds them: portable types only, times in Unix milliseconds. */
export interface DatabaseTables {
  schema_version: { version: number };
  grants: GrantRow;
  snapshots: SnapshotRow;
}

/** The store over an open database of the newest version. */
export function createStore(type: string, database: Kysely<DatabaseTables>): Store {
  return {
    type,
    grants: createGrantStore(database),
    snapshots: createSnapshotStore(database),
    check: async () => {
      await database.selectFrom('schema_version').select('version').executeTakeFirst();
    },
    close: () => database.destroy(),
  };
}
