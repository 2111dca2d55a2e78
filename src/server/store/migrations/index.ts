// How a database of an older version becomes one of this version. Portable SQL only: every kind of database runs it.
import type { Kysely } from 'kysely';
import type { DatabaseTables } from '../database.js';
import { addGrantsAndSnapshots } from './0001-grants-and-snapshots.js';
import { addServices } from './0002-services.js';
import { addAccounts } from './0003-accounts.js';

type Migration = (database: Kysely<unknown>) => Promise<void>;

/** Step n brings version n to n + 1. Steps are only ever added. */
const MIGRATIONS: readonly Migration[] = [addGrantsAndSnapshots, addServices, addAccounts];

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
  for (const step of MIGRATIONS.slice(version)) await step(database as Kysely<unknown>);
  if (version === SCHEMA_VERSION) return;
  await database.deleteFrom('schema_version').execute();
  await database.insertInto('schema_version').values({ version: SCHEMA_VERSION }).execute();
}
