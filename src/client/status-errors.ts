// Turns a failing HTTP status into the client's error: a session that is gone, a refused token, an unknown outcome, the rest.
import type { ErrorFacts } from '../base/index.js';
import { readFailingBody, type FailingBody } from './answers.js';
import type { Call } from './call.js';
import { ClientError } from './errors.js';
import type { Answer } from './exchange.js';
import type { FailureContext } from './failures.js';
import type { ResolvedOptions } from './options.js';
import type { SecretKeeper } from './secrets.js';

/**
 * The client's error for a failing status.
 *
 * @param hasSession - Asks the server whether the session is still there: a genuine server answers 404 for a missing
 *   session and for a missing file in it alike.
 * @see rserver-api section 3 and section 11, no. 2, 6 and 14
 */
export async function toStatusError(
  answer: Answer,
  context: FailureContext,
  call: Call,
  options: ResolvedOptions,
  secrets: SecretKeeper,
  hasSession: () => Promise<boolean>,
): Promise<ClientError> {
  const { statusCode } = answer;
  const server = options.displayUrl;
  const failing = readFailingBody(answer.body.toString());
  const words = secrets.hideIn(failing.message);
  const said = words === '' ? '.' : `: ${words}`;
  const facts: ErrorFacts = {
    server,
    operation: context.operation,
    statusCode,
    ...(words === '' ? {} : { serverMessage: words }),
    ...(failing.code === undefined ? {} : { serverCode: secrets.hideIn(failing.code) }),
    ...(context.sessionId === undefined ? {} : { sessionId: context.sessionId }),
  };
  if (statusCode === 401 || (statusCode === 403 && call.limitName === 'login')) {
    return new ClientError(
      'CLIENT_AUTH',
      `The R Server at ${server} refused to ${context.operation} (${statusCode})${said}`,
      {
        facts,
      },
    );
  }
  if (await isSessionGone(statusCode, failing, call, hasSession)) {
    return new ClientError(
      'CLIENT_SESSION_GONE',
      `The R Server at ${server} no longer has the session ${context.sessionId ?? ''} (${statusCode})${said}`,
      { facts },
    );
  }
  if (context.changesState && (statusCode === 502 || statusCode === 504)) {
    return new ClientError(
      'CLIENT_OUTCOME_UNKNOWN',
      `Something between here and the R Server at ${server} gave up (${statusCode}) on the request to ${context.operation}; whether it was carried out is unknown.`,
      { facts },
    );
  }
  return new ClientError(
    'CLIENT_STATUS',
    `The R Server at ${server} answered ${statusCode} to the request to ${context.operation}${said}`,
    { facts, ...hintFor(answer, call, options) },
  );
}

/** Whether a server of our own says that it cannot start R or Python at all: waiting would not help. */
export function lacksRuntime(answer: Answer): boolean {
  return readFailingBody(answer.body.toString()).code === 'API_RUNTIME_UNAVAILABLE';
}

async function isSessionGone(
  statusCode: number,
  failing: FailingBody,
  call: Call,
  hasSession: () => Promise<boolean>,
): Promise<boolean> {
  if (call.sessionId === undefined) return false;
  if (statusCode === 410) return true;
  if (statusCode !== 404) return false;
  if (failing.code?.startsWith('API_') === true) return failing.code === 'API_SESSION_NOT_FOUND';
  if (call.namesPart !== true) return true;
  try {
    return !(await hasSession());
  } catch {
    // The question could not be answered: keep to what the server said.
    return false;
  }
}

function hintFor(answer: Answer, call: Call, options: ResolvedOptions): { hint?: string } {
  const { statusCode, headers } = answer;
  const hint = (text: string): { hint: string } => ({ hint: text });
  if (statusCode >= 300 && statusCode < 400) {
    const { location } = headers;
    const target =
      typeof location === 'string' && URL.canParse(location)
        ? new URL(location).origin
        : 'elsewhere';
    return hint(`The server sends its clients to ${target}: use that URL.`);
  }
  if (statusCode === 407 && options.proxy !== undefined) {
    return hint('The proxy wants a user name and password: http://name:password@host:port.');
  }
  if (call.path.startsWith('/login') && (statusCode === 404 || statusCode === 405)) {
    return hint(
      'Is this the URL of an R Server? One that uses Azure Active Directory takes a token instead.',
    );
  }
  if (isPublishing(call) && (statusCode === 403 || statusCode === 409)) {
    return hint(
      'The version exists already, or the service belongs to someone else: publish another version, or update this one.',
    );
  }
  switch (statusCode) {
    case 403:
      return hint('The user has no right to this; ask an owner of the server.');
    case 413:
      return hint('Send less at once, or raise the limits of the server and of proxies before it.');
    case 503:
      if (lacksRuntime(answer)) {
        return hint('Run `rserver-kernel doctor` on the machine of the server.');
      }
      return hint(
        'The server is busy: close sessions that are no longer needed, or try again later.',
      );
    default:
      return {};
  }
}

function isPublishing(call: Call): boolean {
  return call.method === 'POST' && /^\/(?:realtime-)?services\//.test(call.path);
}
