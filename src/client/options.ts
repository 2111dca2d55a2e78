// What a client is made with, its defaults, and the checks on it.
import { silentLogger, type Logger } from '../base/index.js';
import { ClientError } from './errors.js';
import { isProxyExempt } from './no-proxy.js';

/** A secret as a value, or asked for each time it is needed. */
export type SecretSource = string | (() => Promise<string>);

/** How the client proves who it is. */
export type ClientAuth =
  /** `POST /login`: Active Directory, LDAP, or the local `admin`. The password is asked for again when a new login is needed. */
  | { readonly type: 'password'; readonly username: string; readonly password: SecretSource }
  /** A bearer token from elsewhere, as with Azure Active Directory. A function is asked again shortly before its token expires. */
  | { readonly type: 'token'; readonly accessToken: SecretSource };

/** TLS settings. Certificates and keys are PEM content, not file names. */
export interface ClientTls {
  /** Certificate authorities to trust instead of the built-in ones. */
  readonly ca?: string | Buffer | readonly (string | Buffer)[] | undefined;
  readonly cert?: string | Buffer | undefined;
  readonly key?: string | Buffer | undefined;
  readonly passphrase?: string | undefined;
  /** Default true; false trusts any certificate. */
  readonly verify?: boolean | undefined;
}

/** Time limits in milliseconds by phase; 0 means no limit. */
export interface ClientTimeouts {
  /** Making a connection, TLS and proxy included. Default 10 000. */
  readonly connectTimeoutMs: number;
  /** Logging in and renewing tokens. Default 30 000. */
  readonly loginTimeoutMs: number;
  /** Every other request, answer included. Default 60 000. */
  readonly requestTimeoutMs: number;
  /** Running code. Default 0. */
  readonly executeTimeoutMs: number;
  /** Files, objects and snapshots, in whole. Default 600 000. */
  readonly transferTimeoutMs: number;
}

/** Everything a client can be told. */
export interface ClientOptions {
  /** E.g. `http://localhost:12800`; a path before the API is kept. */
  readonly url: string;
  readonly auth: ClientAuth;
  readonly tls?: ClientTls | undefined;
  /** `http://` or `https://` proxy; may hold a user name and password. */
  readonly proxyUrl?: string | undefined;
  /** Hosts that are reached directly, as in `NO_PROXY`: `localhost,.example.org,10.0.0.0/8`. */
  readonly noProxy?: string | undefined;
  /** Sent with every request to the server. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly timeouts?: Partial<ClientTimeouts> | undefined;
  /** `off` behaves as against a genuine server. Default `auto`. */
  readonly extensions?: 'auto' | 'off' | undefined;
  readonly logger?: Logger | undefined;
  /** Milliseconds since 1970; tests give their own clock. */
  readonly now?: (() => number) | undefined;
}

/** What every method takes last. */
export interface CallOptions {
  /** Cancels the call; it then rejects with the platform's `AbortError`. */
  readonly signal?: AbortSignal | undefined;
}

/** {@link ClientOptions} after the checks, with every default filled in. */
export interface ResolvedOptions {
  readonly origin: URL;
  /** Path before the API, without a slash at the end; usually empty. */
  readonly basePath: string;
  /** For people: the URL without anything secret. */
  readonly displayUrl: string;
  readonly auth: ClientAuth;
  readonly tls: ClientTls;
  readonly proxy: URL | undefined;
  readonly headers: Readonly<Record<string, string>>;
  readonly timeouts: ClientTimeouts;
  readonly extensions: 'auto' | 'off';
  readonly logger: Logger;
  readonly now: () => number;
}

/** The default time limits. */
const DEFAULT_TIMEOUTS: ClientTimeouts = {
  connectTimeoutMs: 10_000,
  loginTimeoutMs: 30_000,
  requestTimeoutMs: 60_000,
  executeTimeoutMs: 0,
  transferTimeoutMs: 600_000,
};

/**
 * Checks the options and fills in the defaults.
 *
 * @throws {ClientError} `CLIENT_OPTION`; the message never shows what a URL holds before its `@`.
 */
export function resolveOptions(options: ClientOptions): ResolvedOptions {
  const url = parseHttpUrl(options.url, 'The URL of the server');
  if (url.username !== '' || url.password !== '') {
    throw new ClientError(
      'CLIENT_OPTION',
      'The URL of the server must not hold a user name or password.',
      {
        hint: 'Give the user name and the password as settings of their own.',
      },
    );
  }
  const basePath = url.pathname.replace(/\/+$/, '');
  return {
    origin: new URL(url.origin),
    basePath,
    displayUrl: url.origin + basePath,
    auth: options.auth,
    tls: options.tls ?? {},
    proxy: resolveProxy(url, options),
    headers: options.headers ?? {},
    timeouts: resolveTimeouts(options.timeouts),
    extensions: options.extensions ?? 'auto',
    logger: options.logger ?? silentLogger,
    now: options.now ?? Date.now,
  };
}

function parseHttpUrl(value: string, what: string): URL {
  const url = URL.canParse(value) ? new URL(value) : undefined;
  if (url?.protocol === 'http:' || url?.protocol === 'https:') return url;
  const shown = value.replace(/^(?:[^/]*\/\/)?[^/]*@/, '…@');
  throw new ClientError(
    'CLIENT_OPTION',
    `${what} is "${shown}", expected http://host:port or https://host:port.`,
  );
}

function resolveProxy(url: URL, options: ClientOptions): URL | undefined {
  if (options.proxyUrl === undefined || options.proxyUrl === '') return undefined;
  if (isProxyExempt(url, options.noProxy ?? '')) return undefined;
  return parseHttpUrl(options.proxyUrl, 'The URL of the proxy');
}

function resolveTimeouts(given: Partial<ClientTimeouts> | undefined): ClientTimeouts {
  const timeouts = { ...DEFAULT_TIMEOUTS, ...given };
  for (const [name, value] of Object.entries(timeouts)) {
    if (!Number.isFinite(value) || value < 0) {
      throw new ClientError(
        'CLIENT_OPTION',
        `${name} is ${value}, expected 0 or more milliseconds.`,
      );
    }
  }
  return timeouts;
}
