// `GET /sessions/{id}/events`: the handshake of the event stream, and what clients say on it. What the server sends is in
// sessions/event-socket.ts.
import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import proxyAddress from '@fastify/proxy-addr';
import { WebSocket, WebSocketServer } from 'ws';
import { MAX_INPUT_LENGTH, STREAM_TEXT_AS_BYTES, STREAM_TEXT_HEADER } from '../api/index.js';
import type { Logger } from '../base/index.js';
import type { CallObserver } from './answered-calls.js';
import { authenticate, bearerTokenOf } from './auth/authenticate.js';
import type { Authenticator } from './auth/authenticator.js';
import { refusalOf } from './auth/roles.js';
import { errorBody, toApiError } from './error-response.js';
import { ApiError } from './errors.js';
import {
  EventSocket,
  type EventSocketClient,
  type EventSocketLimits,
} from './sessions/event-socket.js';
import { parseInputMessage } from './sessions/input-requests.js';
import type { SessionRegistry } from './sessions/session-registry.js';
import type { Session } from './sessions/session.js';
import {
  parseExecuteMessage,
  parseResumeMessage,
  StreamedExecutions,
  type StreamedExecutionsOptions,
} from './streamed-executions.js';

/** The longest is an answer, at worst with an escape for each character; more closes the connection. */
const MAX_CLIENT_FRAME_BYTES = MAX_INPUT_LENGTH * 6 + 1024;
const STREAM_TEXT_KEY = STREAM_TEXT_HEADER.toLowerCase();
const EVENTS_PATH = /^\/sessions\/([^/?]+)\/events\/?(?:\?|$)/;

export interface EventsOptions {
  readonly authenticator: Authenticator;
  readonly sessions: SessionRegistry;
  /** Called for each call before anything else; returns an error to refuse it. */
  readonly admit: () => ApiError | undefined;
  readonly observers: readonly CallObserver[];
  /** Addresses whose word on the client's address is believed. */
  readonly trustedProxies: readonly string[];
  readonly limits: EventSocketLimits;
  readonly logger: Logger;
}

/** Lets sessions be watched, and code be run in them, over WebSockets of this HTTP server. */
export function serveEvents(server: Server, options: EventsOptions): void {
  const { logger } = options;
  const acceptor = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    maxPayload: MAX_CLIENT_FRAME_BYTES,
  });
  const trust = proxyAddress.compile([...options.trustedProxies]);
  server.on('upgrade', (request: IncomingMessage, connection: Duplex, head: Buffer) => {
    connection.on('error', (error) => {
      logger.debug({ error: error.message }, 'a connection failed');
    });
    findSession(request, options).then(
      (session) => {
        acceptor.handleUpgrade(request, connection, head, (socket) => {
          const client = new StreamClient(session, socket, connection, options, {
            authorization: request.headers.authorization,
            address: proxyAddress(request, trust),
            takesBytes: request.headers[STREAM_TEXT_KEY] === STREAM_TEXT_AS_BYTES,
          });
          socket.on('message', (data: Buffer) => {
            client.take(data.toString());
          });
        });
      },
      (error: unknown) => {
        const path = request.url ?? '';
        refuse(connection, toApiError(error, logger, { method: 'GET', path }));
      },
    );
  });
}

/** One client on its stream. */
class StreamClient {
  readonly #session: Session;
  readonly #watcher: EventSocket;
  readonly #executions: StreamedExecutions;
  readonly #isGone: () => boolean;

  constructor(
    session: Session,
    socket: WebSocket,
    connection: Duplex,
    options: EventsOptions,
    who: Pick<StreamedExecutionsOptions, 'authorization' | 'address'> & EventSocketClient,
  ) {
    const watcher = new EventSocket(socket, connection, who, options.limits, options.logger);
    this.#session = session;
    this.#watcher = watcher;
    this.#isGone = () => socket.readyState !== WebSocket.OPEN;
    this.#executions = new StreamedExecutions({
      ...options,
      ...who,
      sessionId: session.id,
      refuse: (frame) => void watcher.send(frame),
      isGone: this.#isGone,
    });
    session.addWatcher(watcher);
    socket.on('close', () => {
      session.removeWatcher(watcher);
    });
  }

  /** Takes a frame. One of a kind that is not known is passed over. */
  take(frame: string): void {
    const value = parseJson(frame);
    const execution = parseExecuteMessage(value);
    if (execution !== undefined) {
      void this.#executions.run(execution);
      return;
    }
    const resume = parseResumeMessage(value);
    if (resume !== undefined) this.#session.resume(resume, this.#watcher, this.#isGone);
    const message = parseInputMessage(value);
    if (message !== undefined) this.#session.takeInput(message, this.#watcher);
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

async function findSession(
  request: IncomingMessage,
  { authenticator, sessions }: EventsOptions,
): Promise<Session> {
  const [, id] = EVENTS_PATH.exec(request.url ?? '') ?? [];
  if (id === undefined) {
    throw new ApiError('API_ROUTE_NOT_FOUND', 'There is no WebSocket at this path.');
  }
  const token = bearerTokenOf(request.headers.authorization);
  const principal = await authenticate(authenticator, token);
  const refusal = refusalOf(principal, 'streamSessionEvents');
  if (refusal !== undefined) throw refusal;
  return sessions.get(id, principal.owner);
}

/** Answers the handshake as an ordinary failing request and ends the connection. */
function refuse(connection: Duplex, error: ApiError): void {
  const body = JSON.stringify(errorBody(error));
  connection.end(
    [
      `HTTP/1.1 ${error.statusCode} ${error.exceptionType}`,
      'Content-Type: application/json; charset=utf-8',
      `Content-Length: ${Buffer.byteLength(body)}`,
      'Connection: close',
      '',
      body,
    ].join('\r\n'),
  );
}
