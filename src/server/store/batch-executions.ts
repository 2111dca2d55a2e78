// Which batches of calls there are. Their inputs and results lie in folders beside the database.
import type { Kysely, Selectable } from 'kysely';

/** `inProgress` also after a server was killed: the next one goes on. */
export type BatchState = 'pending' | 'inProgress' | 'complete' | 'failed';

/** Many calls of one service in the background. */
export interface BatchRecord {
  /** UUID; also the name of its folder. */
  readonly id: string;
  readonly serviceName: string;
  readonly serviceVersion: string;
  /** Who started it. */
  readonly owner: string;
  /** Unix milliseconds. */
  readonly createdAtMs: number;
  readonly itemCount: number;
  /** Items that run at a time. */
  readonly parallelCount: number;
  readonly state: BatchState;
}

export interface BatchStore {
  insert(batch: BatchRecord): Promise<void>;
  find(id: string): Promise<BatchRecord | undefined>;
  /** Oldest first. */
  listOfService(name: string, version: string): Promise<readonly BatchRecord[]>;
  /** Those that are neither complete nor failed, oldest first. */
  listUnfinished(): Promise<readonly BatchRecord[]>;
  /** False when it is gone. */
  setState(id: string, state: BatchState): Promise<boolean>;
  /** False when it is gone. */
  delete(id: string): Promise<boolean>;
  /** The ids of the finished ones that are older. */
  listFinishedBefore(createdAtMs: number): Promise<readonly string[]>;
  listIds(): Promise<ReadonlySet<string>>;
}

/** A row of `batch_executions`. */
export interface BatchRow {
  id: string;
  service_name: string;
  service_version: string;
  owner: string;
  created_at_ms: number;
  item_count: number;
  parallel_count: number;
  state: string;
}

const FINISHED: readonly BatchState[] = ['complete', 'failed'];

/** The part of the database that this file knows. */
export interface BatchTable {
  batch_executions: BatchRow;
}

/** The batches of an open database. */
export function createBatchStore(database: Kysely<BatchTable>): BatchStore {
  return {
    insert: async (batch) => {
      await database.insertInto('batch_executions').values(rowOf(batch)).execute();
    },
    find: async (id) => {
      const row = await database
        .selectFrom('batch_executions')
        .selectAll()
        .where('id', '=', id)
        .executeTakeFirst();
      return row === undefined ? undefined : recordOf(row);
    },
    listOfService: async (name, version) => {
      const rows = await database
        .selectFrom('batch_executions')
        .selectAll()
        .where('service_name', '=', name)
        .where('service_version', '=', version)
        .orderBy('created_at_ms')
        .orderBy('id')
        .execute();
      return rows.map(recordOf);
    },
    listUnfinished: async () => {
      const rows = await database
        .selectFrom('batch_executions')
        .selectAll()
        .where('state', 'not in', FINISHED)
        .orderBy('created_at_ms')
        .orderBy('id')
        .execute();
      return rows.map(recordOf);
    },
    setState: async (id, state) => {
      const result = await database
        .updateTable('batch_executions')
        .set({ state })
        .where('id', '=', id)
        .executeTakeFirst();
      return result.numUpdatedRows > 0n;
    },
    delete: async (id) => {
      const result = await database
        .deleteFrom('batch_executions')
        .where('id', '=', id)
        .executeTakeFirst();
      return result.numDeletedRows > 0n;
    },
    listFinishedBefore: async (createdAtMs) => {
      const rows = await database
        .selectFrom('batch_executions')
        .select('id')
        .where('state', 'in', FINISHED)
        .where('created_at_ms', '<', createdAtMs)
        .execute();
      return rows.map((row) => row.id);
    },
    listIds: async () => {
      const rows = await database.selectFrom('batch_executions').select('id').execute();
      return new Set(rows.map((row) => row.id));
    },
  };
}

function rowOf(batch: BatchRecord): BatchRow {
  return {
    id: batch.id,
    service_name: batch.serviceName,
    service_version: batch.serviceVersion,
    owner: batch.owner,
    created_at_ms: batch.createdAtMs,
    item_count: batch.itemCount,
    parallel_count: batch.parallelCount,
    state: batch.state,
  };
}

function recordOf(row: Selectable<BatchRow>): BatchRecord {
  return {
    id: row.id,
    serviceName: row.service_name,
    serviceVersion: row.service_version,
    owner: row.owner,
    createdAtMs: row.created_at_ms,
    itemCount: row.item_count,
    parallelCount: row.parallel_count,
    state: row.state as BatchState,
  };
}
