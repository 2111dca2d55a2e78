// Version 1: login grants and snapshots.
import type { Kysely } from 'kysely';

export async function addGrantsAndSnapshots(database: Kysely<unknown>): Promise<void> {
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
}
