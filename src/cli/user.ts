// `rserver-kernel user`: the local accounts of a server, whether it runs or not. Passwords never come by the command line.
import { rmSync } from 'node:fs';
import { userInfo } from 'node:os';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { silentLogger, messageOf } from '../base/index.js';
import { ROLES, type Role, type Store } from '../server/index.js';
import { adminPasswordFile } from './admin-account.js';
import { ConfigError } from './errors.js';
import type { Machine } from './machine.js';
import { ensurePrivateDirectory, readSecretFile } from './private-files.js';
import { promptSecret } from './prompt-secret.js';
import {
  loadServerConfiguration,
  openAuditLog,
  type ServerConfiguration,
  type ServerPlace,
} from './server-configuration.js';

const MIN_PASSWORD_LENGTH = 8;
const MAX_NAME_LENGTH = 256;

/** Where a password comes from; the default is a question at the terminal. */
export interface PasswordSource {
  readonly passwordFile?: string;
  /** The first line of the standard input. */
  readonly passwordStdin?: boolean;
}

export interface AddUserOptions extends ServerPlace, PasswordSource {
  readonly role?: string;
}

export type SetPasswordOptions = ServerPlace & PasswordSource;

/** @throws {ConfigError} `CONFIG_ACCOUNT`, `CONFIG_PASSWORD`, and what opening the server's data throws. */
export async function addUser(
  name: string,
  options: AddUserOptions,
  machine: Machine,
): Promise<readonly string[]> {
  assertName(name);
  const role = options.role === undefined ? undefined : parseRole(options.role);
  const password = await readNewPassword(name, options);
  return withStore(options, machine, 'user add', name, async ({ accounts }) => {
    const { hashPassword } = await import('../server/index.js');
    const passwordHash = await hashPassword(password);
    const isNew = await accounts.insert({ name, passwordHash, role, createdAtMs: Date.now() });
    if (!isNew) throw new ConfigError('CONFIG_ACCOUNT', `There is an account ${name} already.`);
    return [`Added ${name}, ${describeRole(role)}.`];
  });
}

/** Removes an account and ends its logins. What it has made stays. @throws {ConfigError} `CONFIG_ACCOUNT`. */
export async function removeUser(
  name: string,
  options: ServerPlace,
  machine: Machine,
): Promise<readonly string[]> {
  return withStore(options, machine, 'user remove', name, async ({ accounts, grants }) => {
    if (!(await accounts.delete(name))) throw noAccount(name);
    await grants.deleteByOwner(name, 'local');
    return [`Removed ${name}.`];
  });
}

/** Changes a password and ends the logins made with the old one. @throws {ConfigError} as {@link addUser}. */
export async function setPassword(
  name: string,
  options: SetPasswordOptions,
  machine: Machine,
): Promise<readonly string[]> {
  const password = await readNewPassword(name, options);
  return withStore(options, machine, 'user passwd', name, async (store, { dataDirectory }) => {
    const { hashPassword } = await import('../server/index.js');
    if (!(await store.accounts.setPasswordHash(name, await hashPassword(password)))) {
      throw noAccount(name);
    }
    await store.grants.deleteByOwner(name, 'local');
    if (name === 'admin') rmSync(adminPasswordFile(dataDirectory), { force: true });
    return [`Changed the password of ${name}.`];
  });
}

/** @param roleName - A role, or `default`. @throws {ConfigError} `CONFIG_ACCOUNT`, `CONFIG_ARGUMENT`. */
export async function setUserRole(
  name: string,
  roleName: string,
  options: ServerPlace,
  machine: Machine,
): Promise<readonly string[]> {
  const role = roleName === 'default' ? undefined : parseRole(roleName);
  return withStore(options, machine, 'user role', name, async ({ accounts }) => {
    if (!(await accounts.setRole(name, role))) throw noAccount(name);
    return [`${name} has now ${describeRole(role)}.`];
  });
}

export async function listUsers(
  options: ServerPlace & { readonly json?: boolean },
  machine: Machine,
): Promise<readonly string[]> {
  return withStore(options, machine, undefined, '', async (store) => {
    const accounts = (await store.accounts.list()).map(({ name, role, createdAtMs }) => ({
      name,
      role: role ?? null,
      createdAtIso: new Date(createdAtMs).toISOString(),
    }));
    if (options.json === true) return [JSON.stringify(accounts)];
    if (accounts.length === 0) return ['There are no accounts.'];
    const width = Math.max(...accounts.map(({ name }) => name.length));
    return accounts.map(
      ({ name, role, createdAtIso }) =>
        `${name.padEnd(width)}  ${(role ?? 'default').padEnd(11)}  since ${createdAtIso.slice(0, 10)}`,
    );
  });
}

/** @param operation - Written into the audit log with its outcome; undefined for what changes nothing. */
async function withStore(
  place: ServerPlace,
  machine: Machine,
  operation: string | undefined,
  name: string,
  use: (store: Store, configuration: ServerConfiguration) => Promise<readonly string[]>,
): Promise<readonly string[]> {
  process.umask(0o077);
  const configuration = await loadServerConfiguration(place, machine);
  const { dataDirectory, databaseUrl } = configuration;
  ensurePrivateDirectory(dataDirectory);
  const { openStore } = await import('../server/index.js');
  const store = await openStore({ dataDirectory, databaseUrl }).catch((cause: unknown) => {
    const text = `The database of the server cannot be opened: ${messageOf(cause)}`;
    throw new ConfigError('CONFIG_SERVER_START', text, { cause });
  });
  const note = async (code: string): Promise<void> => {
    const audit = operation && (await openAuditLog(configuration, silentLogger));
    if (!audit) return;
    const timeIso = new Date().toISOString();
    const user = commandUser();
    audit({ timeIso, user, address: '', operation, target: { name }, statusCode: 0, code });
  };
  try {
    const lines = await use(store, configuration);
    await note('');
    return lines;
  } catch (error) {
    await note(error instanceof ConfigError ? error.code : 'failed');
    throw error;
  } finally {
    await store.close();
  }
}

/** Who of this computer types; a container may run under a user id without a name. */
function commandUser(): string {
  try {
    return `${userInfo().username}@localhost`;
  } catch {
    return `${process.getuid?.() ?? 'user'}@localhost`;
  }
}

function assertName(name: string): void {
  if (name !== '' && name.length <= MAX_NAME_LENGTH && !/\p{Cc}|^\s|\s$/u.test(name)) {
    return;
  }
  throw new ConfigError(
    'CONFIG_ACCOUNT',
    `A name has 1 to ${MAX_NAME_LENGTH} characters, none of them a control character, and no space at its ends.`,
  );
}

function parseRole(text: string): Role {
  const role = ROLES.find((name) => name.toLowerCase() === text.toLowerCase());
  if (role !== undefined) return role;
  throw new ConfigError('CONFIG_ARGUMENT', `A role is one of ${ROLES.join(', ')}, not ${text}.`);
}

function describeRole(role: Role | undefined): string {
  return role === undefined ? 'the default role of the server' : `the role ${role}`;
}

function noAccount(name: string): ConfigError {
  return new ConfigError('CONFIG_ACCOUNT', `There is no account ${name}.`);
}

async function readNewPassword(name: string, source: PasswordSource): Promise<string> {
  const password = await readPassword(name, source);
  if (password.length >= MIN_PASSWORD_LENGTH) return password;
  throw new ConfigError(
    'CONFIG_ACCOUNT',
    `A password has at least ${MIN_PASSWORD_LENGTH} characters.`,
  );
}

async function readPassword(name: string, source: PasswordSource): Promise<string> {
  if (source.passwordFile !== undefined) {
    return readSecretFile(source.passwordFile, '--password-file');
  }
  if (source.passwordStdin === true) return readFirstLine(process.stdin);
  if (!process.stdin.isTTY) {
    throw new ConfigError('CONFIG_PASSWORD', 'There is no terminal to ask for the password at.', {
      hint: 'Use --password-file or --password-stdin.',
    });
  }
  const password = await promptSecret(`New password for ${name}: `);
  if (password === (await promptSecret('Again: '))) return password;
  throw new ConfigError('CONFIG_ACCOUNT', 'The two passwords differ.');
}

async function readFirstLine(input: Readable): Promise<string> {
  for await (const line of createInterface({ input })) return line;
  return '';
}
