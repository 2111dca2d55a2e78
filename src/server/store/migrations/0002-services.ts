// Version 2: published services and batch executions.
import type { Kysely } from 'kysely';

export async function addServices(database: Kysely<unknown>): Promise<void> {
  await database.schema
    .createTable('services')
    .addColumn('name', 'varchar(128)', (column) => column.notNull())
    .addColumn('version', 'varchar(128)', (column) => column.notNull())
    .addColumn('revision', 'varchar(36)', (column) => column.notNull())
    .addColumn('published_by', 'text', (column) => column.notNull())
    .addColumn('created_at_ms', 'bigint', (column) => column.notNull())
    .addColumn('kind', 'varchar(16)', (column) => column.notNull())
    .addColumn('runtime_type', 'varchar(16)', (column) => column.notNull())
    .addColumn('snapshot_id', 'text')
    .addColumn('content_id', 'varchar(36)')
    .addColumn('code', 'text', (column) => column.notNull())
    .addColumn('init_code', 'text', (column) => column.notNull())
    .addColumn('description', 'text', (column) => column.notNull())
    .addColumn('operation_id', 'text', (column) => column.notNull())
    .addColumn('inputs', 'text', (column) => column.notNull())
    .addColumn('outputs', 'text', (column) => column.notNull())
    .addColumn('output_file_names', 'text', (column) => column.notNull())
    .addColumn('initial_pool_size', 'integer')
    .addColumn('max_pool_size', 'integer')
    .addPrimaryKeyConstraint('services_key', ['name', 'version'])
    .execute();
  await database.schema
    .createTable('batch_executions')
    .addColumn('id', 'varchar(36)', (column) => column.primaryKey())
    .addColumn('service_name', 'varchar(128)', (column) => column.notNull())
    .addColumn('service_version', 'varchar(128)', (column) => column.notNull())
    .addColumn('owner', 'text', (column) => column.notNull())
    .addColumn('created_at_ms', 'bigint', (column) => column.notNull())
    .addColumn('item_count', 'integer', (column) => column.notNull())
    .addColumn('parallel_count', 'integer', (column) => column.notNull())
    .addColumn('state', 'varchar(16)', (column) => column.notNull())
    .execute();
  await database.schema
    .createIndex('batch_executions_by_service')
    .on('batch_executions')
    .columns(['service_name', 'service_version', 'created_at_ms'])
    .execute();
}
