// The tables, and how a database of an older version becomes one of this version. Portable SQL only.
import { sql, type Kysely } from 'kysely';

/** Rows as the database holds them. */
export interface DatabaseTables {
  schema_version: { version: number };
  grants: {
    id: string;
    owner: string;
    access_id: string;
    refresh_hash: string;
    started_at_ms: number;
    renewed_at_ms: number;
  };
  snapshots: {
    id: string;
    name: string;
    owner: string;
    runtime_type: string;
    created_at_ms: number;
    content_size: number;
  };
}

type Migration = (database: Kysely<DatabaseTables>) => Promise<void>;

/** Step n brings version n to n + 1. Steps are only ever added. */
const MIGRATIONS: readonly Migration[] = [
  async (database) => {
    await database.schema
      .createTable('grants')
      .addColumn('id', 'varchar(36)', (column) => column.primaryKey())
      .addColumn('owner', 'text', (column) => column.notNull())
      .addColumn('access_id', 'varchar(64)', (column) => column.notNull().unique())
      .addColumn('refresh_hash', 'varchar(64)', (column) => column.notNull().unique())
      .addColumn('started_at_ms', 'bigint', (column) => column.notNull())
      .addColumn('renewed_at_ms', 'bigint', (column) => column.notNull())
      .execute();
    await database.schema
      .createTable('snapshots')
      .addColumn('id', 'varchar(36)', (column) => column.primaryKey())
      .addColumn('name', 'text', (column) => column.notNull())
      .addColumn('owner', 'text', (column) => column.notNull())
      .addColumn('runtime_type', 'varchar(16)', (column) => column.notNull())
      .addColumn('created_at_ms', 'bigint', (column) => column.notNull())
      .addColumn('content_size', 'bigint', (column) => column.notNull())
      .execute();
    await database.schema
      .createIndex('snapshots_by_owner')
      .on('snapshots')
      .columns(['owner', 'created_at_ms'])
      .execute();
  },
];

/** The version that this program writes and reads. */
export const SCHEMA_VERSION = MIGRATIONS.length;

/**
 * Brings the tables up to date. Call it inside a transaction that keeps other servers out.
 *
 * @throws Error when the database was written by a newer version of the program.
 */
export async function migrate(database: Kysely<DatabaseTables>): Promise<void> {
  await database.schema
    .createTable('schema_version')
    .ifNotExists()
    .addColumn('version', 'integer', (column) => column.notNull())
    .execute();
  const row = await database
    .selectFrom('schema_version')
    .select((expression) => expression.fn.max('version').as('version'))
    .executeTakeFirst();
  const version = row?.version ?? 0;
  if (version > SCHEMA_VERSION) {
    throw new Error(
      `The database is of version ${version}, and this program knows versions up to ${SCHEMA_VERSION}: use a newer rserver-kernel.`,
    );
  }
  for (const step of MIGRATIONS.slice(version)) await step(database);
  if (version < SCHEMA_VERSION) {
    await sql`delete from schema_version`.execute(database);
    await database.insertInto('schema_version').values({ version: SCHEMA_VERSION }).execute();
  }
}
