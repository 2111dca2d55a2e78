// Version 3: local accounts, and where the user of a login is known.
import type { Kysely } from 'kysely';

export async function addAccounts(database: Kysely<unknown>): Promise<void> {
  await database.schema
    .createTable('accounts')
    .addColumn('name', 'varchar(256)', (column) => column.primaryKey())
    .addColumn('password_hash', 'text', (column) => column.notNull())
    .addColumn('role', 'varchar(16)')
    .addColumn('created_at_ms', 'bigint', (column) => column.notNull())
    .execute();
  await database.schema
    .alterTable('grants')
    .addColumn('source', 'varchar(16)', (column) => column.notNull().defaultTo('local'))
    .execute();
  await database.schema
    .alterTable('grants')
    .addColumn('user_groups', 'text', (column) => column.notNull().defaultTo('[]'))
    .execute();
}
