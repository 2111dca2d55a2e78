// The handshake of a session's event stream, which is a WebSocket. An extension of the embedded server.
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type WebSocket from 'ws';
// Not through the index: the kernel would load the whole OpenAPI document before its first cell.
import { STREAM_TEXT_AS_BYTES, STREAM_TEXT_HEADER } from '../api/extensions.js';
import { isAbortError } from '../base/index.js';
import { connectToServer } from './connector.js';
import { ClientError } from './errors.js';
import { EventSocket } from './event-socket.js';
import { ResumingEventStream, type EventStream } from './event-stream.js';
import { ExchangeError } from './exchange.js';
import { toClientError, type FailureContext } from './failures.js';
import type { HttpClient } from './http.js';
import type { CallOptions } from './options.js';
import { pathOf } from './paths.js';

/**
 * Opens the event stream of a session. Nothing of the past is repeated.
 *
 * @throws {ClientError} `CLIENT_SESSION_GONE`, `CLIENT_AUTH`, `CLIENT_STATUS` where the server has no such stream,
 *   `CLIENT_UNREACHABLE`, `CLIENT_TLS`, `CLIENT_TIMEOUT`; the signal's reason.
 */
export async function openEvents(
  http: HttpClient,
  sessionId: string,
  options: CallOptions = {},
): Promise<EventStream> {
  const open = (signal?: AbortSignal): Promise<EventSocket> => openSocket(http, sessionId, signal);
  return new ResumingEventStream(await open(options.signal), open);
}

async function openSocket(
  http: HttpClient,
  sessionId: string,
  signal: AbortSignal | undefined,
): Promise<EventSocket> {
  const authorization = await http.auth.obtain(signal);
  try {
    return await connect(http, sessionId, authorization, signal);
  } catch (error) {
    if (!(error instanceof RefusedUpgrade)) throw error;
    if (error.statusCode !== 401 || !http.auth.isReplaceable) throw error.explanation;
  }
  await http.auth.replace(authorization, signal);
  try {
    return await connect(http, sessionId, await http.auth.obtain(signal), signal);
  } catch (error) {
    throw error instanceof RefusedUpgrade ? error.explanation : error;
  }
}

/** The server answered with a status instead of opening the stream. */
class RefusedUpgrade extends Error {
  readonly statusCode: number;
  readonly explanation: ClientError;

  constructor(statusCode: number, explanation: ClientError) {
    super(explanation.message);
    this.statusCode = statusCode;
    this.explanation = explanation;
  }
}

async function connect(
  http: HttpClient,
  sessionId: string,
  authorization: string,
  signal: AbortSignal | undefined,
): Promise<EventSocket> {
  const { options } = http;
  const [{ default: WebSocketClass }, connection] = await Promise.all([
    import('ws'),
    connectSocket(http, sessionId, signal),
  ]);
  const path = options.basePath + pathOf`/sessions/${sessionId}/events`;
  const url = new URL(path, options.origin);
  // The connection is made already, with TLS: to ws it is a plain one.
  url.protocol = 'ws:';
  const socket = new WebSocketClass(url, {
    headers: {
      ...options.headers,
      authorization,
      host: options.origin.host,
      [STREAM_TEXT_HEADER]: STREAM_TEXT_AS_BYTES,
    },
    perMessageDeflate: false,
    createConnection: () => connection,
  });
  // From here on: frames may come with the handshake.
  const eventSocket = new EventSocket(socket, authorization);
  await opened(socket, http, sessionId, signal);
  return eventSocket;
}

async function connectSocket(
  http: HttpClient,
  sessionId: string,
  signal: AbortSignal | undefined,
): Promise<Socket> {
  try {
    return await connectToServer(http.options, signal);
  } catch (error) {
    if (signal?.aborted === true || isAbortError(error)) throw error;
    throw toClientError(
      new ExchangeError(error, 'unsent', false),
      contextOf(http, sessionId),
      http.options,
    );
  }
}

async function opened(
  socket: WebSocket,
  http: HttpClient,
  sessionId: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { options } = http;
  const { requestTimeoutMs } = options.timeouts;
  return new Promise((resolve, reject) => {
    const explain = (cause: unknown, isTimeout: boolean): ClientError =>
      toClientError(
        new ExchangeError(cause, 'sent', isTimeout),
        contextOf(http, sessionId),
        options,
      );
    const settle = (error?: Error): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
      if (error === undefined) {
        resolve();
        return;
      }
      socket.terminate();
      reject(error);
    };
    const onAbort = (): void => {
      settle(signal?.reason as Error);
    };
    // ws has a limit of its own, but it does not hold on a connection that exists already.
    const timer =
      requestTimeoutMs === 0
        ? undefined
        : setTimeout(() => {
            settle(explain(undefined, true));
          }, requestTimeoutMs);
    socket.once('open', () => {
      settle();
    });
    socket.once('unexpected-response', (_request, response: IncomingMessage) => {
      response.destroy();
      settle(refusal(http, sessionId, response.statusCode ?? 0));
    });
    socket.once('error', (error) => {
      settle(explain(error, false));
    });
    if (signal?.aborted === true) onAbort();
    else signal?.addEventListener('abort', onAbort, { once: true });
  });
}

function refusal(http: HttpClient, sessionId: string, statusCode: number): RefusedUpgrade {
  const server = http.options.displayUrl;
  const facts = { server, operation: 'open the event stream', statusCode, sessionId };
  const [code, message] =
    statusCode === 401
      ? ([
          'CLIENT_AUTH',
          `The R Server at ${server} refused to open the event stream (401).`,
        ] as const)
      : statusCode === 404 || statusCode === 410
        ? ([
            'CLIENT_SESSION_GONE',
            `The R Server at ${server} no longer has the session ${sessionId} (${statusCode}).`,
          ] as const)
        : ([
            'CLIENT_STATUS',
            `The R Server at ${server} answered ${statusCode} to the request to open the event stream.`,
          ] as const);
  return new RefusedUpgrade(statusCode, new ClientError(code, message, { facts }));
}

function contextOf(http: HttpClient, sessionId: string): FailureContext {
  return {
    operation: 'open the event stream',
    limitName: 'request',
    timeoutMs: http.options.timeouts.requestTimeoutMs,
    changesState: false,
    sessionId,
  };
}
