// The errors of the client: what can go wrong between this machine and an R Server.
import { AppError, type AppErrorOptions } from '../base/index.js';

/** What is behind each code and what to do about it; `docs/errors.md` is made from this table. */
export const CLIENT_ERROR_CODES = {
  CLIENT_OPTION: {
    cause:
      'A setting of the connection cannot be used: the URL, the proxy, a certificate or a name.',
    remedy: 'Correct the setting which the message names.',
  },
  CLIENT_UNREACHABLE: {
    cause:
      'No connection could be made to the R Server, or it broke before an answer came to a request that changes nothing.',
    remedy:
      'Check the URL and the port (12800 unless set otherwise), that the server runs, and firewall, VPN and proxy in between.',
  },
  CLIENT_TLS: {
    cause:
      'The secure connection could not be made: the certificate of the server is not trusted, or the server wants one from the client.',
    remedy:
      'Name the certificate authority of the server in the configuration, and a client certificate with its key where the server asks for one.',
  },
  CLIENT_TIMEOUT: {
    cause: 'Something took longer than its time limit; the message says which limit.',
    remedy: 'Try again, or raise the limit which the message names.',
  },
  CLIENT_AUTH: {
    cause: 'The server refused the user name and password, or the token is no longer valid.',
    remedy: 'Check user name and password, or get a new token, and connect again.',
  },
  CLIENT_STATUS: {
    cause: 'The server refused a request; the message has the status and the words of the server.',
    remedy: 'Read the words of the server; its log has more.',
  },
  CLIENT_SESSION_GONE: {
    cause:
      'The server does not have the session any more: it was closed, it ended, or the server was restarted.',
    remedy: 'Start a new session, from a snapshot if there is one.',
  },
  CLIENT_BAD_RESPONSE: {
    cause:
      'The answer is not what R Server sends: another program, a proxy or a login page answered.',
    remedy: 'Check that the URL is that of an R Server, and what stands between.',
  },
  CLIENT_OUTCOME_UNKNOWN: {
    cause:
      'The connection broke after a request was sent which changes something: the server may or may not have carried it out.',
    remedy:
      'Look at the state of the session (history, console output, lists) before doing it again.',
  },
} as const satisfies Record<string, { cause: string; remedy: string }>;

/** Name of a code, e.g. `CLIENT_TIMEOUT`. */
export type ClientErrorCode = keyof typeof CLIENT_ERROR_CODES;

/**
 * A failure between this machine and an R Server. Message, hint and facts never hold a password or a token.
 * Facts where they apply: `server` (URL), `operation`, `statusCode`, `serverMessage`, `serverCode`, `sessionId`, `phase`,
 * `timeoutMs`.
 */
export class ClientError extends AppError {
  declare readonly code: ClientErrorCode;

  constructor(code: ClientErrorCode, message: string, options: AppErrorOptions = {}) {
    super(code, message, { hint: CLIENT_ERROR_CODES[code].remedy, ...options });
  }
}

/** Whether something thrown is a {@link ClientError} with this code. */
export function isClientError(error: unknown, code?: ClientErrorCode): error is ClientError {
  return error instanceof ClientError && (code === undefined || error.code === code);
}
