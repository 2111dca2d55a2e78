// Login grants: which tokens are valid.
import type { Kysely, Selectable } from 'kysely';
import type { IdentitySource } from '../auth/identity.js';

/** One login and all renewals of it. Exactly one pair of tokens of a grant is valid at a time. */
export interface GrantRecord {
  /** UUID. */
  readonly id: string;
  readonly owner: string;
  /** Where the user is known. */
  readonly source: IdentitySource;
  /** The groups that the source named at the login or the last renewal. */
  readonly groups: readonly string[];
  /** The `jti` of the one valid access token. */
  readonly accessId: string;
  /** SHA-256 of the one valid refresh token, base64url. The token itself is never stored. */
  readonly refreshHash: string;
  /** Time of the login, in Unix milliseconds. */
  readonly startedAtMs: number;
  /** Time of the login or of the last renewal, in Unix milliseconds. */
  readonly renewedAtMs: number;
}

/** The new pair that a renewal puts in the place of the old one. */
export interface GrantRenewal {
  readonly accessId: string;
  readonly refreshHash: string;
  readonly renewedAtMs: number;
  readonly groups: readonly string[];
}

export interface GrantStore {
  insert(grant: GrantRecord): Promise<void>;
  findByRefreshHash(refreshHash: string): Promise<GrantRecord | undefined>;
  /** The grant that holds this access token; renewed and revoked ones are held by none. */
  findByAccessId(accessId: string): Promise<GrantRecord | undefined>;
  /** Puts a new pair in the place of the old one; false when another renewal or a revocation came first. */
  renew(oldRefreshHash: string, renewal: GrantRenewal): Promise<boolean>;
  /** False when no grant holds this refresh token. */
  deleteByRefreshHash(refreshHash: string): Promise<boolean>;
  /** Ends every login of a user. */
  deleteByOwner(owner: string, source: IdentitySource): Promise<void>;
  /** Forgets grants that can no longer be renewed. */
  deleteBefore(limits: { renewedAtMs: number; startedAtMs: number }): Promise<void>;
}

/** A row of `grants`. */
export interface GrantRow {
  id: string;
  owner: string;
  source: string;
  /** A JSON array of texts. */
  user_groups: string;
  access_id: string;
  refresh_hash: string;
  started_at_ms: number;
  renewed_at_ms: number;
}

/** The part of the database that this file knows. */
export interface GrantTable {
  grants: GrantRow;
}

/** The grants of an open database. */
export function createGrantStore(database: Kysely<GrantTable>): GrantStore {
  return {
    insert: async (grant) => {
      await database.insertInto('grants').values(rowOf(grant)).execute();
    },
    findByRefreshHash: async (refreshHash) => {
      const row = await database
        .selectFrom('grants')
        .selectAll()
        .where('refresh_hash', '=', refreshHash)
        .executeTakeFirst();
      return row === undefined ? undefined : recordOf(row);
    },
    findByAccessId: async (accessId) => {
      const row = await database
        .selectFrom('grants')
        .selectAll()
        .where('access_id', '=', accessId)
        .executeTakeFirst();
      return row === undefined ? undefined : recordOf(row);
    },
    renew: async (oldRefreshHash, renewal) => {
      const result = await database
        .updateTable('grants')
        .set({
          access_id: renewal.accessId,
          refresh_hash: renewal.refreshHash,
          renewed_at_ms: renewal.renewedAtMs,
          user_groups: JSON.stringify(renewal.groups),
        })
        .where('refresh_hash', '=', oldRefreshHash)
        .executeTakeFirst();
      return result.numUpdatedRows > 0n;
    },
    deleteByRefreshHash: async (refreshHash) => {
      const result = await database
        .deleteFrom('grants')
        .where('refresh_hash', '=', refreshHash)
        .executeTakeFirst();
      return result.numDeletedRows > 0n;
    },
    deleteByOwner: async (owner, source) => {
      await database
        .deleteFrom('grants')
        .where('owner', '=', owner)
        .where('source', '=', source)
        .execute();
    },
    deleteBefore: async (limits) => {
      await database
        .deleteFrom('grants')
        .where((expression) =>
          expression.or([
            expression('renewed_at_ms', '<', limits.renewedAtMs),
            expression('started_at_ms', '<', limits.startedAtMs),
          ]),
        )
        .execute();
    },
  };
}

function rowOf(grant: GrantRecord): GrantRow {
  return {
    id: grant.id,
    owner: grant.owner,
    source: grant.source,
    user_groups: JSON.stringify(grant.groups),
    access_id: grant.accessId,
    refresh_hash: grant.refreshHash,
    started_at_ms: grant.startedAtMs,
    renewed_at_ms: grant.renewedAtMs,
  };
}

function recordOf(row: Selectable<GrantRow>): GrantRecord {
  return {
    id: row.id,
    owner: row.owner,
    source: row.source as IdentitySource,
    groups: JSON.parse(row.user_groups) as string[],
    accessId: row.access_id,
    refreshHash: row.refresh_hash,
    startedAtMs: row.started_at_ms,
    renewedAtMs: row.renewed_at_ms,
  };
}
