// Keeps the sessions of a server for many users apart, as far as the machine lets it.
import { createHash } from 'node:crypto';
import path from 'node:path';
import { AppError, messageOf, type Logger } from '../base/index.js';
import type { Isolation } from '../runtimes/index.js';
import { loadConfiguration } from './config.js';
import { ConfigError } from './errors.js';
import { findCommand } from './find-command.js';
import type { Machine } from './machine.js';
import type { ServerConfiguration } from './server-configuration.js';

/** What keeps sessions apart, or why nothing does. */
export type SessionIsolation =
  { readonly isolation: Isolation } | { readonly isolation: undefined; readonly reason: string };

/** Root's own, on a disk, and open to pass through, other than root's home folder. */
const SYSTEM_FOLDER = '/var/lib/rserver-kernel';
const KEY_LENGTH = 16;

/**
 * @throws {ConfigError} `CONFIG_SERVER_START` when isolation is required and cannot be had.
 */
export async function isolateSessions(
  { file: { isolation }, dataDirectory, resolve }: ServerConfiguration,
  machine: Machine,
  logger: Logger,
): Promise<SessionIsolation> {
  const { mode, work, first_uid: firstUid, uid_count: uidCount } = isolation;
  if (mode === 'off') return { isolation: undefined, reason: 'It is switched off.' };
  const settings = await loadConfiguration(machine);
  const commands = [settings.get('r') ?? 'R', settings.get('python') ?? 'python3'];
  const { openIsolation } = await import('../runtimes/index.js');
  try {
    const opened = await openIsolation({
      range: firstUid === undefined ? undefined : { firstUid, uidCount },
      workRoot: work === undefined ? defaultWorkFolder(dataDirectory) : resolve(work),
      programs: commands.map((name) => findCommand(machine, name) ?? name),
      env: machine.env,
      logger,
    });
    return { isolation: opened };
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    if (mode === 'auto') return { isolation: undefined, reason: error.message };
    throw new ConfigError(
      'CONFIG_SERVER_START',
      `Sessions cannot be kept apart: ${messageOf(error)}`,
      { cause: error },
    );
  }
}

/** Not in the data folder, which is closed to everybody else. */
function defaultWorkFolder(dataDirectory: string): string {
  const key = createHash('sha256').update(dataDirectory).digest('hex').slice(0, KEY_LENGTH);
  return path.join(SYSTEM_FOLDER, `work-${key}`);
}
