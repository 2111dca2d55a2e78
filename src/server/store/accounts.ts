// The local accounts: names, password hashes, roles.
import type { Kysely, Selectable } from 'kysely';
import type { Role } from '../auth/identity.js';

/** Somebody who may log in with a password of ours. */
export interface AccountRecord {
  readonly name: string;
  /** Of `hashPassword`; never the password. */
  readonly passwordHash: string;
  /** Undefined: what the server's configuration says, else its default. */
  readonly role: Role | undefined;
  /** Unix milliseconds. */
  readonly createdAtMs: number;
}

export interface AccountStore {
  /** False when there is an account of this name. */
  insert(account: AccountRecord): Promise<boolean>;
  find(name: string): Promise<AccountRecord | undefined>;
  /** By name. */
  list(): Promise<readonly AccountRecord[]>;
  /** False when there is no such account. */
  setPasswordHash(name: string, passwordHash: string): Promise<boolean>;
  /** False when there is no such account. */
  setRole(name: string, role: Role | undefined): Promise<boolean>;
  /** False when there is no such account. */
  delete(name: string): Promise<boolean>;
}

/** A row of `accounts`. */
export interface AccountRow {
  name: string;
  password_hash: string;
  role: string | null;
  created_at_ms: number;
}

/** The part of the database that this file knows. */
export interface AccountTable {
  accounts: AccountRow;
}

/** The accounts of an open database. */
export function createAccountStore(database: Kysely<AccountTable>): AccountStore {
  return {
    insert: async (account) => {
      const result = await database
        .insertInto('accounts')
        .values(rowOf(account))
        .onConflict((conflict) => conflict.column('name').doNothing())
        .executeTakeFirst();
      return (result.numInsertedOrUpdatedRows ?? 0n) > 0n;
    },
    find: async (name) => {
      const row = await database
        .selectFrom('accounts')
        .selectAll()
        .where('name', '=', name)
        .executeTakeFirst();
      return row === undefined ? undefined : recordOf(row);
    },
    list: async () => {
      const rows = await database.selectFrom('accounts').selectAll().execute();
      // Here and not by the database: each kind has an order of its own.
      return rows.map(recordOf).sort((a, b) => (a.name < b.name ? -1 : 1));
    },
    setPasswordHash: (name, passwordHash) =>
      update(database, name, { password_hash: passwordHash }),
    setRole: (name, role) => update(database, name, { role: role ?? null }),
    delete: async (name) => {
      const result = await database
        .deleteFrom('accounts')
        .where('name', '=', name)
        .executeTakeFirst();
      return result.numDeletedRows > 0n;
    },
  };
}

async function update(
  database: Kysely<AccountTable>,
  name: string,
  change: Partial<AccountRow>,
): Promise<boolean> {
  const result = await database
    .updateTable('accounts')
    .set(change)
    .where('name', '=', name)
    .executeTakeFirst();
  return result.numUpdatedRows > 0n;
}

function rowOf(account: AccountRecord): AccountRow {
  return {
    name: account.name,
    password_hash: account.passwordHash,
    role: account.role ?? null,
    created_at_ms: account.createdAtMs,
  };
}

function recordOf(row: Selectable<AccountRow>): AccountRecord {
  return {
    name: row.name,
    passwordHash: row.password_hash,
    role: (row.role ?? undefined) as Role | undefined,
    createdAtMs: row.created_at_ms,
  };
}
