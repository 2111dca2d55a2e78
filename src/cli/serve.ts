// `rserver-kernel serve`: an R Server in the foreground, for many users.
import { hostname } from 'node:os';
import { messageOf, type Logger } from '../base/index.js';
import { ensureAdmin } from './admin-account.js';
import { loadConfiguration } from './config.js';
import { ConfigError } from './errors.js';
import { findCommand } from './find-command.js';
import { hostServer, type HostedServer } from './hosted-server.js';
import { createLogger, logOptionsOf } from './log-file.js';
import type { Machine } from './machine.js';
import { ensurePrivateDirectory } from './private-files.js';
import {
  limitsOf,
  loadServerConfiguration,
  openAuditLog,
  securityOf,
  type ServerConfiguration,
  type ServerPlace,
  type ServerSecurity,
} from './server-configuration.js';
import { isolateSessions, type SessionIsolation } from './server-isolation.js';
import {
  ensureRuntimeDirectory,
  recordFile,
  recordKey,
  removeRecord,
  writeRecord,
} from './server-records.js';
import { onStopSignal } from './stop-signal.js';

const DEFAULT_HOST = '127.0.0.1';
const DEFAULT_PORT = 12800;

/** Flags of `serve`. */
export interface ServeOptions extends ServerPlace {
  readonly host?: string;
  /** 0 takes a free one. */
  readonly port?: number;
  readonly passwordFile?: string;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
}

/**
 * Starts the server; it goes on after this has returned, until a signal ends it.
 *
 * @throws {ConfigError} `CONFIG_SERVER_START`, `CONFIG_DIRECTORY`, and what `loadConfiguration`,
 *   `loadServerConfiguration`, `securityOf` and `ensureAdmin` throw.
 */
export async function serve(
  options: ServeOptions,
  machine: Machine,
  version: string,
  print: (lines: readonly string[]) => void,
): Promise<void> {
  process.umask(0o077);
  const configuration = await loadServerConfiguration(options, machine);
  const security = securityOf(configuration, options, machine);
  const { dataDirectory } = configuration;
  ensurePrivateDirectory(dataDirectory);
  const { level, file } = logOptionsOf(machine, 'info');
  const logger = createLogger(level, file);
  const account = security.localAccounts
    ? await openAccounts(configuration, options, machine, logger)
    : undefined;
  const kept = await isolateSessions(configuration, machine, logger);
  const hosted = await host(options, configuration, security, kept, machine, version, logger);
  const record = writeServedRecord(hosted, machine, version, dataDirectory);
  onStopSignal(async () => {
    removeRecord(record, process.pid);
    await hosted.close();
  });
  print([
    `R Server listens on ${hosted.url}`,
    ...usersLines(security, account),
    `  data in ${dataDirectory}`,
    isolationLine(kept),
    ...warningLines(hosted.url),
    '  stop it with Ctrl-C or `rserver-kernel stop`',
  ]);
}

/** @returns Where the password of `admin` is, when there is a place. */
async function openAccounts(
  { file: { server }, dataDirectory, databaseUrl, resolve }: ServerConfiguration,
  { passwordFile }: ServeOptions,
  machine: Machine,
  logger: Logger,
): Promise<string | undefined> {
  const { openStore } = await import('../server/index.js');
  const store = await openStore({ dataDirectory, databaseUrl, logger }).catch((cause: unknown) => {
    const text = `The database cannot be opened: ${messageOf(cause)}`;
    throw new ConfigError('CONFIG_SERVER_START', text, { cause });
  });
  try {
    const ofFile = server.password_file === undefined ? undefined : resolve(server.password_file);
    return await ensureAdmin(store.accounts, machine, dataDirectory, passwordFile ?? ofFile);
  } finally {
    await store.close();
  }
}

async function host(
  options: ServeOptions,
  configuration: ServerConfiguration,
  { tls, ...security }: ServerSecurity,
  { isolation }: SessionIsolation,
  machine: Machine,
  version: string,
  logger: Logger,
): Promise<HostedServer> {
  const { file, dataDirectory, databaseUrl } = configuration;
  const settings = await loadConfiguration(machine);
  const command = (name: string): string => findCommand(machine, name) ?? name;
  const address = options.host ?? file.server.host ?? DEFAULT_HOST;
  const port = options.port ?? file.server.port ?? DEFAULT_PORT;
  try {
    return await hostServer({
      dataDirectory,
      r: command(settings.get('r') ?? 'R'),
      python: command(settings.get('python') ?? 'python3'),
      firstLanguage: 'r',
      env: machine.env,
      prepare: async () => ({
        ...security,
        databaseUrl,
        audit: await openAuditLog(configuration, logger),
      }),
      limits: limitsOf(file),
      maxRuntimes: file.limits.max_runtimes,
      isolation,
      listen: { host: address, port, ...(tls && { tls }) },
      version,
      logger,
    });
  } catch (cause) {
    const text = `The server does not start on ${address}, port ${port}: ${messageOf(cause)}`;
    throw new ConfigError('CONFIG_SERVER_START', text, { cause });
  }
}

function usersLines(
  { localAccounts, ldap, openId }: ServerSecurity,
  account: string | undefined,
): readonly string[] {
  const local =
    account === undefined
      ? '  accounts as `rserver-kernel user list` shows them'
      : `  account admin, password from ${account}`;
  return [
    ...(localAccounts ? [local] : []),
    ...(ldap === undefined ? [] : [`  users of ${ldap.url}`]),
    ...(openId === undefined ? [] : [`  tokens of ${openId.authority}`]),
  ];
}

function isolationLine(kept: SessionIsolation): string {
  return kept.isolation === undefined
    ? `  sessions are NOT kept apart: any user's code can read all data of this server. ${kept.reason} (see docs/isolation.md)`
    : '  each session runs with an OS user of its own';
}

function warningLines(url: string): readonly string[] {
  const { protocol, hostname: name } = new URL(url);
  if (protocol === 'https:' || /^(127\.|\[::1\]|localhost$)/.test(name)) return [];
  return [
    '  without HTTPS: passwords and tokens can be read on the way (see [tls] in docs/server.md)',
  ];
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
