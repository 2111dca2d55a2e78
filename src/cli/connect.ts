// Makes connections: to the server a URL names, or else to the embedded one, which is started when needed.
import type { Connect, Connection } from '../bridge/index.js';
import {
  ClientError,
  RServerClient,
  type ClientAuth,
  type ClientOptions,
  type ClientTimeouts,
} from '../client/index.js';
import { readFileSync } from 'node:fs';
import { messageOf, type Logger } from '../base/index.js';
import { ResolvedConfiguration } from './config.js';
import type { EmbeddedStarter } from './embedded-starter.js';
import { ConfigError } from './errors.js';
import { isOpenToOthers } from './private-files.js';
import { credentialsOf } from './secrets.js';
import type { ServerRecord } from './server-records.js';

/** What connections are made with. */
export interface ConnectOptions {
  readonly embedded: EmbeddedStarter;
  readonly logger: Logger;
}

/** A {@link Connect} for configurations of `loadConfiguration`. */
export function createConnect(options: ConnectOptions): Connect {
  return async (configuration, askSecret, signal) => {
    if (!(configuration instanceof ResolvedConfiguration)) {
      throw new TypeError('connect takes the configurations of loadConfiguration only');
    }
    if (configuration.settings.url === undefined) {
      return connectEmbedded(configuration, options, signal);
    }
    const client = createClient(
      configuration,
      configuration.settings.url,
      credentialsOf(configuration, askSecret),
      options,
    );
    return logIn(client, 'configured', signal);
  };
}

/** A {@link Connect} that begins its first connection at once where the server is the embedded one: nobody is asked there. */
export function connectEarly(connect: Connect, configuration: ResolvedConfiguration): Connect {
  if (configuration.settings.url !== undefined) return connect;
  const leaving = new AbortController();
  let early: Promise<Connection> | undefined = connect(configuration, askNobody, leaving.signal);
  early.catch(() => undefined); // told to who takes it
  return (wanted, askSecret, signal) => {
    if (early === undefined || wanted !== configuration) return connect(wanted, askSecret, signal);
    const first = early;
    early = undefined;
    const leave = (): void => {
      leaving.abort(signal.reason);
    };
    if (signal.aborted) leave();
    else signal.addEventListener('abort', leave, { once: true });
    return first;
  };
}

function askNobody(): Promise<never> {
  return Promise.reject(new Error('The embedded server asks for nothing.'));
}

async function connectEmbedded(
  configuration: ResolvedConfiguration,
  options: ConnectOptions,
  signal: AbortSignal,
): Promise<Connection> {
  const { embedded, logger } = options;
  const first = await embedded.start(configuration, signal);
  try {
    return await connectTo(first, configuration, options, signal);
  } catch (error) {
    // A server that died just now, or a stranger on its old port and process id: the record is worth nothing.
    if (!(error instanceof ClientError)) throw error;
    logger.warn({ url: first.url, reason: messageOf(error) }, 'embedded server is gone');
    embedded.forget(configuration, first);
    return connectTo(await embedded.start(configuration, signal), configuration, options, signal);
  }
}

function connectTo(
  { url, username = 'user', secret = '' }: ServerRecord,
  configuration: ResolvedConfiguration,
  options: ConnectOptions,
  signal: AbortSignal,
): Promise<Connection> {
  const auth: ClientAuth = { type: 'password', username, password: secret };
  const client = createClient(configuration, url, auth, options);
  return logIn(client, 'embedded', signal);
}

async function logIn(
  client: RServerClient,
  kind: Connection['kind'],
  signal: AbortSignal,
): Promise<Connection> {
  try {
    await client.login(signal);
    return { client, kind };
  } catch (error) {
    await client.close();
    throw reasonOf(error);
  }
}

/** The client says that no password could be had; why not is in the error of the configuration behind it. */
function reasonOf(error: unknown): unknown {
  const isWrapped = error instanceof ClientError && error.cause instanceof ConfigError;
  return isWrapped ? error.cause : error;
}

function createClient(
  configuration: ResolvedConfiguration,
  url: string,
  auth: ClientAuth,
  { logger }: ConnectOptions,
): RServerClient {
  const isEmbedded = configuration.settings.url === undefined;
  return new RServerClient({
    url,
    auth,
    logger,
    extensions: configuration.settings.extensions,
    timeouts: timeoutsOf(configuration),
    ...(isEmbedded ? {} : networkOptionsOf(configuration)),
  });
}

function timeoutsOf(configuration: ResolvedConfiguration): Partial<ClientTimeouts> {
  const { settings } = configuration;
  return {
    connectTimeoutMs: configuration.get('connect_timeout_ms') ?? 10_000,
    loginTimeoutMs: configuration.get('login_timeout_ms') ?? 30_000,
    requestTimeoutMs: configuration.get('request_timeout_ms') ?? 60_000,
    executeTimeoutMs: settings.executeTimeoutMs,
    transferTimeoutMs: configuration.get('transfer_timeout_ms') ?? 600_000,
  };
}

/**
 * TLS, proxy and headers of the configuration.
 * @throws {ConfigError} `CONFIG_SECRET_FILE`, `CONFIG_SECRET_FILE_MODE` for the key, `CONFIG_VALUE` for the others.
 */
function networkOptionsOf(
  configuration: ResolvedConfiguration,
): Pick<ClientOptions, 'tls' | 'proxyUrl' | 'noProxy' | 'headers'> {
  const keyFile = configuration.get('tls_key_file');
  if (keyFile !== undefined) refuseOpenKey(keyFile);
  return {
    tls: {
      ca: readPem(configuration, 'tls_ca_file'),
      cert: readPem(configuration, 'tls_cert_file'),
      key: readPem(configuration, 'tls_key_file'),
      passphrase: configuration.get('tls_key_passphrase'),
      verify: configuration.get('tls_verify'),
    },
    proxyUrl: configuration.get('proxy_url'),
    noProxy: configuration.get('no_proxy'),
    headers: configuration.get('headers'),
  };
}

function refuseOpenKey(file: string): void {
  let isOpen: boolean;
  try {
    isOpen = isOpenToOthers(file);
  } catch (cause) {
    throw new ConfigError('CONFIG_SECRET_FILE', `tls_key_file: ${messageOf(cause)}`, { cause });
  }
  if (!isOpen) return;
  const text = `tls_key_file: ${file} can be read by others; its mode must be 0600.`;
  throw new ConfigError('CONFIG_SECRET_FILE_MODE', text);
}

function readPem(
  configuration: ResolvedConfiguration,
  key: 'tls_ca_file' | 'tls_cert_file' | 'tls_key_file',
): string | undefined {
  const file = configuration.get(key);
  if (file === undefined) return undefined;
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new ConfigError('CONFIG_VALUE', `${key}: ${messageOf(cause)}`, { cause });
  }
}
