// What `serve` and `user` run with: flags before the environment, that before the server file, and then the defaults.
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { messageOf, type Logger } from '../base/index.js';
import type {
  LdapOptions,
  MetricsOptions,
  OpenIdOptions,
  RoleAssignments,
  ServerLimits,
  ServerTls,
} from '../server/index.js';
import { loadConfiguration } from './config.js';
import { ConfigError } from './errors.js';
import { variable, type Machine } from './machine.js';
import { defaultDataDirectory, serverFilePath } from './paths.js';
import { isOpenToOthers, readSecretFile } from './private-files.js';
import type { ServerFile } from './server-file.js';

const MEGABYTE = 1024 ** 2;
const DAY_MS = 24 * 3_600_000;

/** Flags that say where a server's data are. */
export interface ServerPlace {
  readonly config?: string | undefined;
  readonly data?: string | undefined;
}

/** The file of a server, and what has to be known to find its store. */
export interface ServerConfiguration {
  /** With all its defaults, also when there is no file. */
  readonly file: ServerFile;
  /** Absolute. */
  readonly dataDirectory: string;
  readonly databaseUrl: string | undefined;
  /** Makes a path of the file absolute: it starts at the folder of the file. */
  readonly resolve: (name: string) => string;
}

/**
 * Reads the server file that `--config`, RSERVER_SERVER_CONFIG or the configuration folder has.
 *
 * @throws {ConfigError} `CONFIG_FILE`, `CONFIG_KEY`, `CONFIG_VALUE`, `CONFIG_SECRET_FILE`, `CONFIG_SECRET_FILE_MODE`,
 *   and what `loadConfiguration` throws.
 */
export async function loadServerConfiguration(
  place: ServerPlace,
  machine: Machine,
): Promise<ServerConfiguration> {
  const named = place.config ?? variable(machine, 'RSERVER_SERVER_CONFIG');
  const file = named === undefined ? serverFilePath() : path.resolve(named);
  const content = named !== undefined || existsSync(file) ? readServerFile(file) : '';
  const { parseServerFile } = await import('./server-file.js');
  const parsed = parseServerFile(content, file);
  const resolve = (name: string): string => path.resolve(path.dirname(file), name);
  return {
    file: parsed,
    dataDirectory: await dataDirectoryOf(place, parsed, resolve, machine),
    databaseUrl: databaseUrlOf(parsed, file, resolve, machine),
    resolve,
  };
}

function readServerFile(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new ConfigError('CONFIG_FILE', messageOf(cause), { cause });
  }
}

async function dataDirectoryOf(
  place: ServerPlace,
  { server }: ServerFile,
  resolve: ServerConfiguration['resolve'],
  machine: Machine,
): Promise<string> {
  if (place.data !== undefined) return path.resolve(place.data);
  if (server.data !== undefined) return resolve(server.data);
  const setting = (await loadConfiguration(machine)).get('data_dir');
  return path.join(setting ?? defaultDataDirectory(), 'server');
}

function databaseUrlOf(
  { database }: ServerFile,
  file: string,
  resolve: ServerConfiguration['resolve'],
  machine: Machine,
): string | undefined {
  const fromEnvironment = variable(machine, 'RSERVER_DATABASE_URL');
  const url =
    fromEnvironment ??
    (database.url_file === undefined
      ? database.url
      : readSecretFile(resolve(database.url_file), 'database.url_file'));
  if (url === undefined) return undefined;
  if (!/^postgres(ql)?:\/\//.test(url)) {
    // The value may hold a password: it is not shown.
    throw new ConfigError('CONFIG_VALUE', 'The database URL must begin with postgresql://.');
  }
  if (url === database.url && new URL(url).password !== '' && isOpenToOthers(file)) {
    throw new ConfigError(
      'CONFIG_SECRET_FILE_MODE',
      `database.url: ${file} holds a password and can be read by others; its mode must be 0600.`,
    );
  }
  return url;
}

/** What a server is told of its users and of who may reach it. */
export interface ServerSecurity {
  readonly localAccounts: boolean;
  readonly ldap: LdapOptions | undefined;
  readonly openId: OpenIdOptions | undefined;
  readonly roles: RoleAssignments;
  readonly corsOrigins: readonly string[];
  readonly trustedProxies: readonly string[];
  readonly adminPage: false | undefined;
  readonly metrics: MetricsOptions | undefined;
  readonly tls: ServerTls | undefined;
}

/**
 * @param flags - Files of `--tls-cert` and `--tls-key`.
 * @throws {ConfigError} `CONFIG_ARGUMENT`, `CONFIG_VALUE`, `CONFIG_SECRET_FILE`, `CONFIG_SECRET_FILE_MODE`.
 */
export function securityOf(
  configuration: ServerConfiguration,
  flags: { readonly tlsCert?: string; readonly tlsKey?: string },
  machine: Machine,
): ServerSecurity {
  const { server, roles, cors, admin_page: adminPage, metrics, ldap, openid } = configuration.file;
  return {
    // As R Server has it: with a directory or a provider the accounts of the server itself are no longer used.
    localAccounts: server.local_accounts ?? (ldap === undefined && openid === undefined),
    ldap: ldap && ldapOptionsOf(ldap, configuration, machine),
    openId: openid && {
      authority: openid.authority,
      audience: openid.audience,
      issuer: openid.issuer,
      usernameClaim: openid.username_claim,
      groupClaims: openid.group_claims,
    },
    roles: { Owner: roles.owner, Contributor: roles.contributor, Reader: roles.reader },
    corsOrigins: cors.origins,
    trustedProxies: server.trusted_proxies,
    adminPage: adminPage.enabled ? undefined : false,
    metrics: metrics.enabled ? { allowFrom: metrics.allow_from } : undefined,
    tls: tlsOf(configuration, flags),
  };
}

function ldapOptionsOf(
  ldap: NonNullable<ServerFile['ldap']>,
  { resolve }: ServerConfiguration,
  machine: Machine,
): LdapOptions {
  const file = ldap.bind_password_file;
  const bindPassword =
    variable(machine, 'RSERVER_LDAP_BIND_PASSWORD') ??
    (file === undefined ? undefined : readSecretFile(resolve(file), 'ldap.bind_password_file'));
  if (ldap.bind_dn !== undefined && bindPassword === undefined) {
    throw new ConfigError(
      'CONFIG_VALUE',
      'ldap.bind_dn needs a password: ldap.bind_password_file or RSERVER_LDAP_BIND_PASSWORD.',
    );
  }
  return {
    url: ldap.url,
    startTls: ldap.start_tls,
    ca: ldap.ca === undefined ? undefined : readPem(resolve(ldap.ca), 'ldap.ca'),
    bindDn: ldap.bind_dn,
    bindPassword,
    userBase: ldap.user_base,
    userFilter: ldap.user_filter,
    usernameAttribute: ldap.username_attribute,
    groupBase: ldap.group_base,
    groupFilter: ldap.group_filter,
    groupNameAttribute: ldap.group_name_attribute,
    timeoutMs: ldap.timeout_s * 1000,
  };
}

function tlsOf(
  { file: { tls }, resolve }: ServerConfiguration,
  { tlsCert, tlsKey }: { readonly tlsCert?: string; readonly tlsKey?: string },
): ServerTls | undefined {
  if ((tlsCert === undefined) !== (tlsKey === undefined)) {
    throw new ConfigError('CONFIG_ARGUMENT', '--tls-cert and --tls-key go together.');
  }
  const cert = tlsCert ?? (tls && resolve(tls.cert));
  const key = tlsKey ?? (tls && resolve(tls.key));
  if (cert === undefined || key === undefined) return undefined;
  const passphraseFile = tls?.key_passphrase_file;
  return {
    cert: readPem(cert, '--tls-cert, tls.cert'),
    key: readPem(key, '--tls-key, tls.key'),
    ...(passphraseFile !== undefined && {
      passphrase: readSecretFile(resolve(passphraseFile), 'tls.key_passphrase_file'),
    }),
    ...(tls?.client_ca !== undefined && {
      clientCa: readPem(resolve(tls.client_ca), 'tls.client_ca'),
    }),
  };
}

function readPem(file: string, setting: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new ConfigError('CONFIG_VALUE', `${setting}: ${messageOf(cause)}`, { cause });
  }
}

/** The limits of the file; those that it leaves out are the server's defaults. */
export function limitsOf({ limits }: ServerFile): Partial<ServerLimits> {
  const scaled = (value: number | undefined, factor: number): number | undefined =>
    value === undefined ? undefined : value * factor;
  const given: { readonly [Name in keyof ServerLimits]?: number | undefined } = {
    maxBodyBytes: scaled(limits.max_body_mb, MEGABYTE),
    maxObjectBytes: scaled(limits.max_object_mb, MEGABYTE),
    maxFileBytes: scaled(limits.max_file_mb, MEGABYTE),
    maxSessions: limits.max_sessions,
    maxUserSessions: limits.max_user_sessions,
    sessionUnusedMs: scaled(limits.session_unused_s, 1000),
    maxExecutionMs: scaled(limits.max_execution_s, 1000),
    maxUserExecutionMsPerDay: scaled(limits.max_user_execution_s_per_day, 1000),
    runtimeMemoryBytes: scaled(limits.runtime_memory_mb, MEGABYTE),
    runtimeCpuMs: scaled(limits.runtime_cpu_s, 1000),
    runtimeFileBytes: scaled(limits.runtime_file_mb, MEGABYTE),
    runtimeProcesses: limits.runtime_processes,
    serviceCallMs: scaled(limits.service_call_s, 1000),
    serviceUnusedMs: scaled(limits.service_unused_s, 1000),
    maxLoadedServices: limits.max_loaded_services,
    maxBatchParallelCount: limits.max_batch_parallel_count,
    batchKeptMs: scaled(limits.batch_kept_days, DAY_MS),
    maxLoginFailures: limits.max_login_failures,
    maxAddressLoginFailures: limits.max_address_login_failures,
    loginWindowMs: scaled(limits.login_window_s, 1000),
  };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}

/** Where the audit log goes, and what else it needs; undefined when it is switched off. */
export async function openAuditLog(
  { file: { audit }, dataDirectory, resolve }: ServerConfiguration,
  logger: Logger,
) {
  if (!audit.enabled) return undefined;
  const { createAuditFile } = await import('../server/index.js');
  return createAuditFile({
    file: audit.file === undefined ? path.join(dataDirectory, 'audit.log') : resolve(audit.file),
    maxBytes: audit.max_mb * MEGABYTE,
    keptFiles: audit.kept_files,
    logger,
  });
}
