// Users and groups of an LDAP directory (OpenLDAP, Active Directory): found by a search, proved by a bind.
import { isIP } from 'node:net';
import { Client, InvalidCredentialsError, ResultCodeError, type Entry } from 'ldapts';
import { messageOf, type Logger } from '../../base/index.js';
import { ApiError } from '../errors.js';
import type { Identity, IdentityProvider } from './identity.js';

export interface LdapOptions {
  /** `ldap://host:389` or `ldaps://host:636`. */
  readonly url: string;
  /** Turns a connection of `ldap://` into an encrypted one before anything is said on it. */
  readonly startTls: boolean;
  /** Certificates in PEM of the authorities to trust; default those of Node. */
  readonly ca?: string | undefined;
  /** The account that searches; without it the search is anonymous. */
  readonly bindDn?: string | undefined;
  readonly bindPassword?: string | undefined;
  readonly userBase: string;
  /** `{username}` stands for what the user typed, escaped. E.g. `(uid={username})`, `(sAMAccountName={username})`. */
  readonly userFilter: string;
  /** Becomes the name of the user, whatever they typed. E.g. `uid`. */
  readonly usernameAttribute: string;
  /** Where groups are; without it only the attribute `memberOf` of the user counts. */
  readonly groupBase?: string | undefined;
  /** `{dn}` stands for the user, `{username}` for their name; both escaped. */
  readonly groupFilter: string;
  /** Becomes the name of a group, beside its DN. */
  readonly groupNameAttribute: string;
  /** For a connection, and for an answer. */
  readonly timeoutMs: number;
}

/** Result codes by which a directory says that it cannot answer now. @see RFC 4511 4.1.9: busy, unavailable */
const UNAVAILABLE_CODES = [51, 52];

interface FoundUser {
  readonly dn: string;
  readonly identity: Identity;
}

/** A directory as a source of users. It is asked at each login, and again when a login is renewed. */
export function createLdapProvider(options: LdapOptions, logger: Logger): IdentityProvider {
  return {
    source: 'ldap',
    login: (username, password) =>
      withDirectory(options, logger, async (client) => {
        const user = await findUser(client, options, logger, username);
        if (user === undefined) return 'unknown';
        return (await canBind(client, user.dn, password)) ? user.identity : 'refused';
      }),
    current: (identity) => Promise.resolve(identity),
    refresh: ({ name }) =>
      withDirectory(options, logger, async (client) => {
        const user = await findUser(client, options, logger, name);
        return user?.identity;
      }),
    check: () => withDirectory(options, logger, () => Promise.resolve()),
    close: () => Promise.resolve(),
  };
}

/** Connects, encrypts, logs the searching account in, and leaves afterwards. */
async function withDirectory<T>(
  options: LdapOptions,
  logger: Logger,
  use: (client: Client) => Promise<T>,
): Promise<T> {
  const { url, startTls, ca, bindDn, bindPassword, timeoutMs } = options;
  const tlsOptions = { minVersion: 'TLSv1.2' as const, ...(ca === undefined ? {} : { ca }) };
  const client = new Client({
    url,
    timeout: timeoutMs,
    connectTimeout: timeoutMs,
    strictDN: false,
    ...(url.startsWith('ldaps:') && { tlsOptions }),
  });
  try {
    if (startTls) await client.startTLS({ ...tlsOptions, ...peerOf(url) });
    if (bindDn !== undefined) await client.bind(bindDn, bindPassword ?? '');
    return await use(client);
  } catch (cause) {
    logger.error({ url, error: messageOf(cause) }, 'the LDAP directory cannot be asked');
    throw new ApiError('API_AUTHORITY_UNAVAILABLE', 'The LDAP directory does not answer.', {
      cause,
    });
  } finally {
    await client.unbind().catch(() => undefined); // it was gone already
  }
}

/** Whose certificate is expected; the name goes on the wire too, which an address must not (RFC 6066 3). */
function peerOf(url: string): { readonly host: string; readonly servername?: string } {
  const host = new URL(url).hostname.replace(/^\[(.*)\]$/, '$1');
  return isIP(host) === 0 ? { host, servername: host } : { host };
}

/** The one entry of a user name; undefined when there is none, or more than one. */
async function findUser(
  client: Client,
  options: LdapOptions,
  logger: Logger,
  username: string,
): Promise<FoundUser | undefined> {
  const { userBase, userFilter, usernameAttribute } = options;
  const { searchEntries: entries } = await client.search(userBase, {
    scope: 'sub',
    filter: fill(userFilter, { username }),
    attributes: [usernameAttribute, 'memberOf'],
  });
  const [entry] = entries;
  if (entry === undefined) return undefined;
  const [name] = valuesOf(entry, usernameAttribute);
  if (entries.length > 1 || name === undefined) {
    const facts = { userBase, userFilter, count: entries.length, usernameAttribute };
    logger.warn(facts, 'an LDAP search must find one user with a name');
    return undefined;
  }
  const groups = [
    ...valuesOf(entry, 'memberOf'),
    ...(await findGroups(client, options, { dn: entry.dn, username: name })),
  ];
  return { dn: entry.dn, identity: { name, source: 'ldap', groups: [...new Set(groups)] } };
}

/** DNs and names of the groups of a user. */
async function findGroups(
  client: Client,
  { groupBase, groupFilter, groupNameAttribute }: LdapOptions,
  user: { readonly dn: string; readonly username: string },
): Promise<readonly string[]> {
  if (groupBase === undefined) return [];
  const { searchEntries: groups } = await client.search(groupBase, {
    scope: 'sub',
    filter: fill(groupFilter, user),
    attributes: [groupNameAttribute],
  });
  return groups.flatMap((group) => [group.dn, ...valuesOf(group, groupNameAttribute)]);
}

/** Whether the directory takes this password. Locked and expired accounts are refused by it as well. */
async function canBind(client: Client, dn: string, password: string): Promise<boolean> {
  try {
    await client.bind(dn, password);
    return true;
  } catch (error) {
    if (error instanceof InvalidCredentialsError) return false;
    if (error instanceof ResultCodeError && !UNAVAILABLE_CODES.includes(error.code)) return false;
    throw error;
  }
}

function fill(template: string, values: Readonly<Record<string, string>>): string {
  return template.replaceAll(/\{(\w+)\}/g, (whole, name: string) => {
    const value = values[name];
    return value === undefined ? whole : escapeFilterValue(value);
  });
}

/** @see RFC 4515 3 */
function escapeFilterValue(value: string): string {
  return value.replaceAll(
    // eslint-disable-next-line no-control-regex -- NUL is one of the five
    /[\\*()\u0000]/g,
    (character) => `\\${character.charCodeAt(0).toString(16).padStart(2, '0')}`,
  );
}

function valuesOf(entry: Entry, attribute: string): readonly string[] {
  const key = Object.keys(entry).find((name) => name.toLowerCase() === attribute.toLowerCase());
  const value = key === undefined ? [] : entry[key];
  return (Array.isArray(value) ? value : [value])
    .map((item) => (Buffer.isBuffer(item) ? item.toString('utf8') : item))
    .filter((item): item is string => typeof item === 'string' && item !== '');
}
