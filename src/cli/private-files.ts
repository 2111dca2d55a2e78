// Files and folders that only their owner may read. Windows has no such modes: there the home folder protects them.
import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  renameSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { messageOf } from '../base/index.js';
import { ConfigError } from './errors.js';

const HAS_MODES = process.platform !== 'win32';

/**
 * Makes a folder with mode 0700, or checks that the one there is ours.
 * @throws {ConfigError} `CONFIG_DIRECTORY`.
 */
export function ensurePrivateDirectory(directory: string): void {
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
  } catch (cause) {
    throw new ConfigError('CONFIG_DIRECTORY', `${directory}: ${messageOf(cause)}`, { cause });
  }
  const status = lstatSync(directory);
  if (!status.isDirectory()) {
    throw new ConfigError('CONFIG_DIRECTORY', `${directory} is not a folder.`);
  }
  if (!HAS_MODES) return;
  if (status.uid !== process.getuid?.()) {
    throw new ConfigError('CONFIG_DIRECTORY', `${directory} belongs to another user.`);
  }
  if ((status.mode & 0o077) !== 0) chmodSync(directory, 0o700);
}

/** Writes a file with mode 0600 in one step: readers see the old content or the new, never a part. */
export function writePrivateFile(file: string, content: string): void {
  const temporary = path.join(
    path.dirname(file),
    `.${path.basename(file)}.${randomBytes(6).toString('hex')}`,
  );
  writeFileSync(temporary, content, { mode: 0o600, flag: 'wx' });
  renameSync(temporary, file);
}

/** Whether others than the owner may read or write a file. Always false on Windows. */
export function isOpenToOthers(file: string): boolean {
  return HAS_MODES && (statSync(file).mode & 0o077) !== 0;
}

/**
 * The first line of a file that holds a secret.
 *
 * @param setting - Named in errors, e.g. `password_file`.
 * @throws {ConfigError} `CONFIG_SECRET_FILE` when it is missing, unreadable or empty, `CONFIG_SECRET_FILE_MODE`
 *   when its mode lets others in.
 */
export function readSecretFile(file: string, setting: string): string {
  let content: string;
  try {
    if (isOpenToOthers(file)) {
      throw new ConfigError(
        'CONFIG_SECRET_FILE_MODE',
        `${setting}: ${file} can be read by others; its mode must be 0600.`,
      );
    }
    content = readFileSync(file, 'utf8');
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    throw new ConfigError('CONFIG_SECRET_FILE', `${setting}: ${messageOf(error)}`, {
      cause: error,
    });
  }
  const secret = content.split(/\r?\n/, 1)[0] ?? '';
  if (secret === '') {
    throw new ConfigError('CONFIG_SECRET_FILE', `${setting}: the first line of ${file} is empty.`);
  }
  return secret;
}
