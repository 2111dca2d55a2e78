// Which snapshots there are. Their content lies in folders beside the database.
import type { Kysely, Selectable } from 'kysely';
import type { RuntimeType } from '../../runtimes/index.js';

/** A saved snapshot; its content is a folder of {@link SnapshotContent}. */
export interface SnapshotRecord {
  /** UUID; also the name of its folder. */
  readonly id: string;
  readonly name: string;
  readonly owner: string;
  readonly runtimeType: RuntimeType;
  /** Unix milliseconds. */
  readonly createdAtMs: number;
  /** Bytes of its zip file. */
  readonly contentSize: number;
}

export interface SnapshotStore {
  insert(snapshot: SnapshotRecord): Promise<void>;
  /** Oldest first. */
  list(owner: string): Promise<readonly SnapshotRecord[]>;
  /** Undefined too when it is another owner's. */
  find(id: string, owner: string): Promise<SnapshotRecord | undefined>;
  /** False when there is none of this owner. */
  delete(id: string, owner: string): Promise<boolean>;
  /** The ids of all owners' snapshots. */
  listIds(): Promise<ReadonlySet<string>>;
}

/** A row of `snapshots`. */
export interface SnapshotRow {
  id: string;
  name: string;
  owner: string;
  runtime_type: string;
  created_at_ms: number;
  content_size: number;
}

/** The part of the database that this file knows. */
export interface SnapshotTable {
  snapshots: SnapshotRow;
}

/** The snapshots of an open database. */
export function createSnapshotStore(database: Kysely<SnapshotTable>): SnapshotStore {
  return {
    insert: async (snapshot) => {
      await database.insertInto('snapshots').values(rowOf(snapshot)).execute();
    },
    list: async (owner) => {
      const rows = await database
        .selectFrom('snapshots')
        .selectAll()
        .where('owner', '=', owner)
        .orderBy('created_at_ms')
        .orderBy('id')
        .execute();
      return rows.map(recordOf);
    },
    find: async (id, owner) => {
      const row = await database
        .selectFrom('snapshots')
        .selectAll()
        .where('id', '=', id)
        .where('owner', '=', owner)
        .executeTakeFirst();
      return row === undefined ? undefined : recordOf(row);
    },
    delete: async (id, owner) => {
      const result = await database
        .deleteFrom('snapshots')
        .where('id', '=', id)
        .where('owner', '=', owner)
        .executeTakeFirst();
      return result.numDeletedRows > 0n;
    },
    listIds: async () => {
      const rows = await database.selectFrom('snapshots').select('id').execute();
      return new Set(rows.map((row) => row.id));
    },
  };
}

function rowOf(snapshot: SnapshotRecord): SnapshotRow {
  return {
    id: snapshot.id,
    name: snapshot.name,
    owner: snapshot.owner,
    runtime_type: snapshot.runtimeType,
    created_at_ms: snapshot.createdAtMs,
    content_size: snapshot.contentSize,
  };
}

function recordOf(row: Selectable<SnapshotRow>): SnapshotRecord {
  return {
    id: row.id,
    name: row.name,
    owner: row.owner,
    runtimeType: row.runtime_type as RuntimeType,
    createdAtMs: row.created_at_ms,
    contentSize: row.content_size,
  };
}
