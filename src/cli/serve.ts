// `rserver-kernel serve`: an R Server in the foreground, with the local account `admin`.
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import path from 'node:path';
import { messageOf } from '../base/index.js';
import type { ServerTls } from '../server/index.js';
import { loadConfiguration } from './config.js';
import { ConfigError } from './errors.js';
import { findCommand } from './find-command.js';
import { hostServer, type HostedServer } from './hosted-server.js';
import { createLogger, logOptionsOf } from './log-file.js';
import { variable, type Machine } from './machine.js';
import { defaultDataDirectory } from './paths.js';
import { ensurePrivateDirectory, readSecretFile, writePrivateFile } from './private-files.js';
import {
  ensureRuntimeDirectory,
  recordFile,
  recordKey,
  removeRecord,
  writeRecord,
} from './server-records.js';
import { onStopSignal } from './stop-signal.js';

/** Flags of `serve`. */
export interface ServeOptions {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly data?: string;
  readonly passwordFile?: string;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
}

/** The password of `admin`, and what to say about where it came from. */
interface AdminPassword {
  readonly password: string;
  readonly source: string;
}

const PASSWORD_BYTES = 18;

/**
 * Starts the server; it goes on after this has returned, until a signal ends it.
 *
 * @throws {ConfigError} `CONFIG_SERVER_START`, `CONFIG_SECRET_FILE`, `CONFIG_SECRET_FILE_MODE`, `CONFIG_ARGUMENT`,
 *   `CONFIG_DIRECTORY`, and what `loadConfiguration` throws.
 */
export async function serve(
  options: ServeOptions,
  machine: Machine,
  version: string,
  print: (lines: readonly string[]) => void,
): Promise<void> {
  process.umask(0o077);
  const configuration = await loadConfiguration(machine);
  const dataDirectory = dataDirectoryOf(options, configuration.get('data_dir'));
  ensurePrivateDirectory(dataDirectory);
  const { password, source } = findAdminPassword(options, machine, dataDirectory);
  const { level, file } = logOptionsOf(machine, 'info');
  const command = (name: string): string => findCommand(machine, name) ?? name;
  const hosted = await listen(options, {
    dataDirectory,
    r: command(configuration.get('r') ?? 'R'),
    python: command(configuration.get('python') ?? 'python3'),
    firstLanguage: 'r',
    env: machine.env,
    accounts: async () => {
      const { createAccountVerifier, hashPassword } = await import('../server/index.js');
      return createAccountVerifier(new Map([['admin', await hashPassword(password)]]));
    },
    version,
    logger: createLogger(level, file),
  });
  const record = writeServedRecord(hosted, machine, version, dataDirectory);
  onStopSignal(async () => {
    removeRecord(record, process.pid);
    await hosted.close();
  });
  print([
    `R Server listens on ${hosted.url}`,
    `  account admin, password from ${source}`,
    `  data in ${dataDirectory}`,
    '  stop it with Ctrl-C or `rserver-kernel stop`',
  ]);
}

function dataDirectoryOf(options: ServeOptions, setting: string | undefined): string {
  if (options.data !== undefined) return path.resolve(options.data);
  return path.join(setting ?? defaultDataDirectory(), 'server');
}

/**
 * RSERVER_ADMIN_PASSWORD, then `--password-file`, then the one made at an earlier start, then a new random one.
 */
function findAdminPassword(
  options: ServeOptions,
  machine: Machine,
  dataDirectory: string,
): AdminPassword {
  const fromEnvironment = variable(machine, 'RSERVER_ADMIN_PASSWORD');
  if (fromEnvironment !== undefined) {
    return { password: fromEnvironment, source: 'RSERVER_ADMIN_PASSWORD' };
  }
  const named = options.passwordFile;
  if (named !== undefined) {
    return { password: readSecretFile(named, '--password-file'), source: named };
  }
  const file = path.join(dataDirectory, 'admin-password');
  if (!existsSync(file)) {
    writePrivateFile(file, `${randomBytes(PASSWORD_BYTES).toString('base64url')}\n`);
  }
  return { password: readSecretFile(file, 'admin password'), source: file };
}

async function listen(
  options: ServeOptions,
  server: Omit<Parameters<typeof hostServer>[0], 'listen'>,
): Promise<HostedServer> {
  const { host, port } = options;
  const tls = readTls(options);
  try {
    return await hostServer({ ...server, listen: { host, port, ...(tls && { tls }) } });
  } catch (cause) {
    const text = `The server does not start on ${host}, port ${port}: ${messageOf(cause)}`;
    throw new ConfigError('CONFIG_SERVER_START', text, { cause });
  }
}

function readTls({ tlsCert, tlsKey }: ServeOptions): ServerTls | undefined {
  if (tlsCert === undefined && tlsKey === undefined) return undefined;
  if (tlsCert === undefined || tlsKey === undefined) {
    throw new ConfigError('CONFIG_ARGUMENT', '--tls-cert and --tls-key go together.');
  }
  try {
    return { cert: readFileSync(tlsCert), key: readFileSync(tlsKey) };
  } catch (cause) {
    throw new ConfigError('CONFIG_ARGUMENT', `--tls-cert, --tls-key: ${messageOf(cause)}`, {
      cause,
    });
  }
}

/** @returns The file of the record. */
function writeServedRecord(
  { url }: HostedServer,
  machine: Machine,
  version: string,
  dataDirectory: string,
): string {
  const file = recordFile(ensureRuntimeDirectory(machine), 'served', recordKey([url]));
  writeRecord(file, {
    kind: 'served',
    url,
    pid: process.pid,
    host: hostname(),
    version,
    startedAtIso: new Date().toISOString(),
    dataDirectory,
  });
  return file;
}
