// What the server keeps beyond its own life. Each part has a file of its own; sqlite.ts and postgresql.ts open one.
import type { AccountStore } from './accounts.js';
import type { BatchStore } from './batch-executions.js';
import type { GrantStore } from './grants.js';
import type { ServiceStore } from './services.js';
import type { SnapshotStore } from './snapshots.js';

/** One database. Several servers may share it. Every call is one statement, so that they cannot interleave. */
export interface Store {
  /** The kind of database, as `GET /status` shows it. */
  readonly type: string;
  readonly accounts: AccountStore;
  readonly grants: GrantStore;
  readonly snapshots: SnapshotStore;
  readonly services: ServiceStore;
  readonly batches: BatchStore;
  /** Rejects when the database does not answer. */
  check(): Promise<void>;
  close(): Promise<void>;
}
