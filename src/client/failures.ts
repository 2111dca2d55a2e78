// Turns what the network and its libraries say into plain words and one of the client's codes.
import type { ErrorFacts } from '../base/index.js';
import { ProxyRefusedError } from './connector.js';
import { ClientError } from './errors.js';
import type { ExchangeError } from './exchange.js';
import type { ResolvedOptions } from './options.js';

/** What a request was about, as failures need to know it. */
export interface FailureContext {
  /** What was asked, to follow "to": e.g. `create a session`. */
  readonly operation: string;
  /** Which time limit applied, and how long. */
  readonly limitName: 'login' | 'request' | 'execute' | 'transfer';
  readonly timeoutMs: number;
  /** Whether a lost answer leaves open what the server did. */
  readonly changesState: boolean;
  readonly sessionId: string | undefined;
}

/** Codes of a connection that was refused or closed at once: trying again soon may help. */
const BRIEF_FAILURES = new Set(['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET']);

const UNREACHABLE_WORDS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens at that address',
  ENOTFOUND: 'its name is not known',
  EAI_AGAIN: 'its name could not be looked up',
  EHOSTUNREACH: 'there is no way to that host',
  ENETUNREACH: 'there is no way to that network',
  ECONNRESET: 'the connection was closed',
  EPIPE: 'the connection was closed',
  UND_ERR_SOCKET: 'the connection was closed',
  UND_ERR_CLOSED: 'this client has been closed',
  UND_ERR_DESTROYED: 'this client has been closed',
};

const TLS_CODE =
  /^(?:ERR_TLS|ERR_SSL|ERR_OSSL|CERT_|SELF_SIGNED|DEPTH_ZERO|UNABLE_TO_|HOSTNAME_|INVALID_CA|EPROTO)/;

/** Whether a request that did not leave this machine is worth sending again soon. */
export function isBriefFailure(error: ExchangeError): boolean {
  return !error.isTimeout && BRIEF_FAILURES.has(codeOf(error.cause));
}

/** The client's error for an exchange that did not end well. */
export function toClientError(
  error: ExchangeError,
  context: FailureContext,
  options: ResolvedOptions,
): ClientError {
  const server = options.displayUrl;
  const facts: ErrorFacts = {
    server,
    operation: context.operation,
    ...(context.sessionId === undefined ? {} : { sessionId: context.sessionId }),
  };
  const code = codeOf(error.cause);
  if (error.isTimeout) return timeoutError(context, server, facts);
  if (code === 'UND_ERR_CONNECT_TIMEOUT' || code === 'ETIMEDOUT') {
    const { connectTimeoutMs } = options.timeouts;
    return new ClientError(
      'CLIENT_TIMEOUT',
      `No connection to the R Server at ${server} within ${seconds(connectTimeoutMs)}.`,
      {
        cause: error.cause,
        facts: { ...facts, phase: 'connect', timeoutMs: connectTimeoutMs },
        hint: 'Check the URL, firewall and VPN, or raise connectTimeoutMs.',
      },
    );
  }
  if (TLS_CODE.test(code)) return tlsError(error, code, server, facts);
  if (error.cause instanceof ProxyRefusedError) return proxyError(error.cause, options, facts);
  if (code === 'UND_ERR_INVALID_ARG') {
    return new ClientError(
      'CLIENT_OPTION',
      `The request to ${context.operation} could not be built: a header or path is not valid.`,
      {
        facts,
      },
    );
  }
  if (error.progress !== 'unsent' && context.changesState) {
    return new ClientError(
      'CLIENT_OUTCOME_UNKNOWN',
      `The connection to the R Server at ${server} broke before it answered the request to ${context.operation}; whether it was carried out is unknown.`,
      { cause: isNotHttp(error.cause) ? undefined : error.cause, facts },
    );
  }
  if (isNotHttp(error.cause) || code === 'UND_ERR_HEADERS_OVERFLOW') {
    return new ClientError(
      'CLIENT_BAD_RESPONSE',
      `What listens at ${server} does not answer in HTTP.`,
      {
        facts,
        hint: server.startsWith('http:')
          ? 'Check host and port; if the server wants a secure connection, write https://.'
          : 'Check host and port.',
      },
    );
  }
  const where = options.proxy === undefined ? '' : ` through the proxy ${options.proxy.origin}`;
  const words = UNREACHABLE_WORDS[code] ?? 'the connection failed';
  return new ClientError(
    'CLIENT_UNREACHABLE',
    error.progress === 'unsent'
      ? `The R Server at ${server} cannot be reached${where}: ${words}.`
      : `The R Server at ${server} closed the connection before it answered the request to ${context.operation}.`,
    {
      cause: error.cause,
      facts: { ...facts, ...(code === '' ? {} : { networkCode: code }) },
      ...(isClosedHandshake(error, code, server)
        ? {
            hint: 'Check the port; if the server speaks plain HTTP, write http:// instead of https://.',
          }
        : {}),
    },
  );
}

/** A server without TLS often closes the connection at our first bytes. */
function isClosedHandshake(error: ExchangeError, code: string, server: string): boolean {
  return error.progress === 'unsent' && code === 'ECONNRESET' && server.startsWith('https:');
}

/** The parser's error carries what was received, which may be a token: it is never passed on as a cause. */
function isNotHttp(error: unknown): boolean {
  return error instanceof Error && error.name === 'HTTPParserError';
}

/** E.g. `10 s` or `250 ms`. */
function seconds(milliseconds: number): string {
  return milliseconds < 1000 ? `${milliseconds} ms` : `${milliseconds / 1000} s`;
}

function timeoutError(context: FailureContext, server: string, facts: ErrorFacts): ClientError {
  const limit = `${context.limitName}TimeoutMs`;
  return new ClientError(
    'CLIENT_TIMEOUT',
    `The R Server at ${server} did not answer the request to ${context.operation} within ${seconds(context.timeoutMs)}.`,
    {
      facts: { ...facts, phase: context.limitName, timeoutMs: context.timeoutMs },
      hint: context.changesState
        ? `It may still be carried out. Raise ${limit} to wait longer.`
        : `Try again, or raise ${limit}.`,
    },
  );
}

function tlsError(
  error: ExchangeError,
  code: string,
  server: string,
  facts: ErrorFacts,
): ClientError {
  const [words, hint] = tlsWords(code);
  return new ClientError(
    'CLIENT_TLS',
    `No secure connection to the R Server at ${server}: ${words} (${code}).`,
    {
      cause: error.cause,
      facts: { ...facts, tlsCode: code },
      ...(hint === undefined ? {} : { hint }),
    },
  );
}

function tlsWords(code: string): readonly [words: string, hint?: string] {
  if (code.startsWith('ERR_OSSL')) {
    return [
      'a configured certificate or key cannot be read',
      'Check the PEM files and the passphrase.',
    ];
  }
  if (code === 'CERT_HAS_EXPIRED') return ['its certificate has expired'];
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    return [
      'its certificate is for another host name',
      'Use the host name which the certificate carries.',
    ];
  }
  if (/SELF_SIGNED|DEPTH_ZERO|UNABLE_TO_|INVALID_CA/.test(code)) {
    return ['its certificate is not signed by an authority known here'];
  }
  if (/CERTIFICATE_REQUIRED|HANDSHAKE_FAILURE|BAD_CERTIFICATE|UNKNOWN_CA/.test(code)) {
    return [
      'it wants a client certificate, or refuses ours',
      'Set the client certificate and its key in the configuration.',
    ];
  }
  if (/WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|EPROTO/.test(code)) {
    return [
      'what listens there does not speak TLS',
      'Check the port, or write http:// instead of https://.',
    ];
  }
  return ['TLS failed'];
}

function proxyError(
  error: ProxyRefusedError,
  options: ResolvedOptions,
  facts: ErrorFacts,
): ClientError {
  const proxy = options.proxy?.origin ?? 'the proxy';
  const isLogin = error.statusCode === 407;
  return new ClientError(
    'CLIENT_UNREACHABLE',
    isLogin
      ? `The proxy ${proxy} wants a user name and password, or refused ours (407).`
      : `The proxy ${proxy} refused to connect to ${options.displayUrl} (${error.statusCode}).`,
    {
      facts: { ...facts, proxy, statusCode: error.statusCode },
      hint: isLogin
        ? 'Put the user name and password into the proxy URL: http://name:password@host:port.'
        : 'Check the proxy, or list the server among the hosts that need none (NO_PROXY).',
    },
  );
}

/** The code of a platform error; that of its first part for several tries at once (IPv6 and IPv4). */
function codeOf(error: unknown): string {
  if (typeof error !== 'object' || error === null) return '';
  const { code } = error as { code?: unknown };
  if (typeof code === 'string') return code;
  if (error instanceof AggregateError) return codeOf(error.errors[0]);
  return '';
}
