// Which web services are published. The content of their snapshots lies in folders beside the database.
import type { Kysely, Selectable } from 'kysely';
import type { ParameterDefinition } from '../../api/index.js';
import type { RuntimeType } from '../../runtimes/index.js';

/** How many warm copies a service has to itself. */
export interface ServicePool {
  readonly initialSize: number;
  readonly maxSize: number;
}

/** One version of a published service. */
export interface ServiceRecord {
  readonly name: string;
  readonly version: string;
  /** UUID, another one after every change: what was loaded of an older revision is out of date. */
  readonly revision: string;
  readonly publishedBy: string;
  /** Unix milliseconds. */
  readonly createdAtMs: number;
  /** `script`: code; `realtime`: a model that is scored. */
  readonly kind: 'script' | 'realtime';
  readonly runtimeType: RuntimeType;
  /** The snapshot it was published with, which may be gone by now. */
  readonly snapshotId: string | undefined;
  /** Folder of its own copy of that snapshot, or of its model. */
  readonly contentId: string | undefined;
  readonly code: string;
  readonly initCode: string;
  readonly description: string;
  /** Empty for none. */
  readonly operationId: string;
  readonly inputs: readonly ParameterDefinition[];
  readonly outputs: readonly ParameterDefinition[];
  readonly outputFileNames: readonly string[];
  readonly pool: ServicePool | undefined;
}

export interface ServiceStore {
  /** False when this version exists. */
  insert(service: ServiceRecord): Promise<boolean>;
  find(name: string, version: string): Promise<ServiceRecord | undefined>;
  /** Oldest first. */
  list(name?: string): Promise<readonly ServiceRecord[]>;
  /** Puts a changed service in the place of that revision; false when another change came first. */
  replace(revision: string, service: ServiceRecord): Promise<boolean>;
  /** False when another change came first. */
  delete(revision: string): Promise<boolean>;
  /** The content ids of all services. */
  listContentIds(): Promise<ReadonlySet<string>>;
}

/** A row of `services`. Lists are JSON. */
export interface ServiceRow {
  name: string;
  version: string;
  revision: string;
  published_by: string;
  created_at_ms: number;
  kind: string;
  runtime_type: string;
  snapshot_id: string | null;
  content_id: string | null;
  code: string;
  init_code: string;
  description: string;
  operation_id: string;
  inputs: string;
  outputs: string;
  output_file_names: string;
  initial_pool_size: number | null;
  max_pool_size: number | null;
}

/** The part of the database that this file knows. */
export interface ServiceTable {
  services: ServiceRow;
}

/** The services of an open database. */
export function createServiceStore(database: Kysely<ServiceTable>): ServiceStore {
  return {
    insert: async (service) => {
      const result = await database
        .insertInto('services')
        .values(rowOf(service))
        .onConflict((conflict) => conflict.columns(['name', 'version']).doNothing())
        .executeTakeFirst();
      return (result.numInsertedOrUpdatedRows ?? 0n) > 0n;
    },
    find: async (name, version) => {
      const row = await database
        .selectFrom('services')
        .selectAll()
        .where('name', '=', name)
        .where('version', '=', version)
        .executeTakeFirst();
      return row === undefined ? undefined : recordOf(row);
    },
    list: async (name) => {
      let query = database.selectFrom('services').selectAll();
      if (name !== undefined) query = query.where('name', '=', name);
      const rows = await query
        .orderBy('created_at_ms')
        .orderBy('name')
        .orderBy('version')
        .execute();
      return rows.map(recordOf);
    },
    replace: async (revision, service) => {
      const result = await database
        .updateTable('services')
        .set(rowOf(service))
        .where('revision', '=', revision)
        .where('name', '=', service.name)
        .where('version', '=', service.version)
        .executeTakeFirst();
      return result.numUpdatedRows > 0n;
    },
    delete: async (revision) => {
      const result = await database
        .deleteFrom('services')
        .where('revision', '=', revision)
        .executeTakeFirst();
      return result.numDeletedRows > 0n;
    },
    listContentIds: async () => {
      const rows = await database.selectFrom('services').select('content_id').execute();
      return new Set(rows.flatMap((row) => row.content_id ?? []));
    },
  };
}

function rowOf(service: ServiceRecord): ServiceRow {
  return {
    name: service.name,
    version: service.version,
    revision: service.revision,
    published_by: service.publishedBy,
    created_at_ms: service.createdAtMs,
    kind: service.kind,
    runtime_type: service.runtimeType,
    snapshot_id: service.snapshotId ?? null,
    content_id: service.contentId ?? null,
    code: service.code,
    init_code: service.initCode,
    description: service.description,
    operation_id: service.operationId,
    inputs: JSON.stringify(service.inputs),
    outputs: JSON.stringify(service.outputs),
    output_file_names: JSON.stringify(service.outputFileNames),
    initial_pool_size: service.pool?.initialSize ?? null,
    max_pool_size: service.pool?.maxSize ?? null,
  };
}

function recordOf(row: Selectable<ServiceRow>): ServiceRecord {
  const { initial_pool_size: initialSize, max_pool_size: maxSize } = row;
  return {
    name: row.name,
    version: row.version,
    revision: row.revision,
    publishedBy: row.published_by,
    createdAtMs: row.created_at_ms,
    kind: row.kind as ServiceRecord['kind'],
    runtimeType: row.runtime_type as RuntimeType,
    snapshotId: row.snapshot_id ?? undefined,
    contentId: row.content_id ?? undefined,
    code: row.code,
    initCode: row.init_code,
    description: row.description,
    operationId: row.operation_id,
    inputs: JSON.parse(row.inputs) as ParameterDefinition[],
    outputs: JSON.parse(row.outputs) as ParameterDefinition[],
    outputFileNames: JSON.parse(row.output_file_names) as string[],
    pool: initialSize === null || maxSize === null ? undefined : { initialSize, maxSize },
  };
}
