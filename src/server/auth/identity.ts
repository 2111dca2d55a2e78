// Who somebody is, and what may tell: the local accounts, an LDAP directory, an OpenID provider.

/** From the most to the least. */
export const ROLES = ['Owner', 'Contributor', 'Reader'] as const;

/** What somebody may do: roles.ts says which calls. */
export type Role = (typeof ROLES)[number];

/** Where a user is known. */
export type IdentitySource = 'local' | 'ldap' | 'openid';

/** Somebody who has proved who they are. */
export interface Identity {
  /** The owner of what they make. */
  readonly name: string;
  readonly source: IdentitySource;
  /** Groups as the source spells them; a group of LDAP is there by its DN and by its name. */
  readonly groups: readonly string[];
  /** The role that a local account has of its own. */
  readonly role?: Role | undefined;
}

/** A user and what they may do, as a request knows them. */
export interface Principal {
  readonly owner: string;
  /** Undefined: nothing at all. */
  readonly role: Role | undefined;
}

/** Whether a name and a password belong together, and who that is. */
export interface IdentityProvider {
  readonly source: IdentitySource;
  /**
   * @returns `unknown` leaves the name to the next provider; `refused` does not.
   * @throws {ApiError} `API_AUTHORITY_UNAVAILABLE`.
   */
  login(username: string, password: string): Promise<Identity | 'refused' | 'unknown'>;
  /** What is known of a user now without asking far away; undefined when there is no such user any more. */
  current(identity: Identity): Promise<Identity | undefined>;
  /**
   * What the source says of a user now; asked when a login is renewed.
   *
   * @throws {ApiError} `API_AUTHORITY_UNAVAILABLE`.
   */
  refresh(identity: Identity): Promise<Identity | undefined>;
  /** Rejects when the source does not answer. */
  check(): Promise<void>;
  close(): Promise<void>;
}
