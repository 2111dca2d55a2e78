// The account `admin`, which a server begins with: made at the first start, and given the password that is configured.
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import path from 'node:path';
import type { AccountStore } from '../server/index.js';
import { variable, type Machine } from './machine.js';
import { readSecretFile, writePrivateFile } from './private-files.js';

const NAME = 'admin';
const PASSWORD_BYTES = 18;

/** A password, and what to say about where it came from. */
interface ConfiguredPassword {
  readonly password: string;
  readonly source: string;
}

/** The file with the password that was made for `admin`; gone once somebody has chosen another one. */
export function adminPasswordFile(dataDirectory: string): string {
  return path.join(dataDirectory, 'admin-password');
}

/**
 * Makes sure that somebody can log in.
 *
 * @param passwordFile - Of `--password-file` or the server file; absolute.
 * @returns Where the password of `admin` is; undefined when only the store knows it, or other accounts took its place.
 * @throws {ConfigError} `CONFIG_SECRET_FILE`, `CONFIG_SECRET_FILE_MODE`.
 */
export async function ensureAdmin(
  accounts: AccountStore,
  machine: Machine,
  dataDirectory: string,
  passwordFile: string | undefined,
): Promise<string | undefined> {
  const configured = configuredPassword(machine, passwordFile);
  const account = await accounts.find(NAME);
  const file = adminPasswordFile(dataDirectory);
  if (account === undefined) {
    if (configured === undefined && (await accounts.list()).length > 0) return undefined;
    const { password, source } = configured ?? madePassword(file);
    await addAdmin(accounts, password);
    return source;
  }
  if (configured === undefined) return existsSync(file) ? file : undefined;
  const { hashPassword, verifyPassword } = await import('../server/index.js');
  if (!(await verifyPassword(configured.password, account.passwordHash))) {
    await accounts.setPasswordHash(NAME, await hashPassword(configured.password));
  }
  return configured.source;
}

/** RSERVER_ADMIN_PASSWORD, then the file. */
function configuredPassword(
  machine: Machine,
  passwordFile: string | undefined,
): ConfiguredPassword | undefined {
  const password = variable(machine, 'RSERVER_ADMIN_PASSWORD');
  if (password !== undefined) return { password, source: 'RSERVER_ADMIN_PASSWORD' };
  if (passwordFile === undefined) return undefined;
  return { password: readSecretFile(passwordFile, '--password-file'), source: passwordFile };
}

/** The one made at an earlier start, else a new random one. */
function madePassword(file: string): ConfiguredPassword {
  if (!existsSync(file)) {
    writePrivateFile(file, `${randomBytes(PASSWORD_BYTES).toString('base64url')}\n`);
  }
  return { password: readSecretFile(file, 'admin password'), source: file };
}

async function addAdmin(accounts: AccountStore, password: string): Promise<void> {
  const { hashPassword } = await import('../server/index.js');
  await accounts.insert({
    name: NAME,
    passwordHash: await hashPassword(password),
    role: 'Owner',
    createdAtMs: Date.now(),
  });
}
