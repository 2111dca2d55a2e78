// What the server keeps beyond its own life: login grants and snapshots. The SQL behind it is in sqlite-store.ts.
import type { RuntimeType } from '../../runtimes/index.js';

/** One login and all renewals of it. Exactly one pair of tokens of a grant is valid at a time. */
export interface GrantRecord {
  /** UUID. */
  readonly id: string;
  readonly owner: string;
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
}

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

export interface GrantStore {
  insertGrant(grant: GrantRecord): Promise<void>;
  findGrantByRefreshHash(refreshHash: string): Promise<GrantRecord | undefined>;
  /** Whether a grant holds this access token; renewed and revoked ones are held by none. */
  hasAccess(accessId: string): Promise<boolean>;
  /** Puts a new pair in the place of the old one; false when another renewal or a revocation came first. */
  renewGrant(oldRefreshHash: string, renewal: GrantRenewal): Promise<boolean>;
  /** False when no grant holds this refresh token. */
  deleteGrantByRefreshHash(refreshHash: string): Promise<boolean>;
  /** Forgets grants that can no longer be renewed. */
  deleteGrantsBefore(limits: { renewedAtMs: number; startedAtMs: number }): Promise<void>;
}

export interface SnapshotStore {
  insertSnapshot(snapshot: SnapshotRecord): Promise<void>;
  /** Oldest first. */
  listSnapshots(owner: string): Promise<readonly SnapshotRecord[]>;
  /** Undefined too when it is another owner's. */
  findSnapshot(id: string, owner: string): Promise<SnapshotRecord | undefined>;
  /** False when there is none of this owner. */
  deleteSnapshot(id: string, owner: string): Promise<boolean>;
  /** The ids of all owners' snapshots. */
  listSnapshotIds(): Promise<ReadonlySet<string>>;
}

/** One database. Several servers may share it. */
export interface Store extends GrantStore, SnapshotStore {
  /** The kind of database, as `GET /status` shows it. */
  readonly type: string;
  /** Rejects when the database does not answer. */
  check(): Promise<void>;
  close(): Promise<void>;
}
