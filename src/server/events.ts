// `GET /sessions/{id}/events`: the handshake of the event stream. What goes through it is in sessions/event-socket.ts.
import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import { MAX_INPUT_LENGTH } from '../api/index.js';
import type { Logger } from '../base/index.js';
import { authenticate, bearerTokenOf } from './auth/authenticate.js';
import type { Authenticator } from './auth/authenticator.js';
import { refusalOf } from './auth/roles.js';
import { errorBody, toApiError } from './error-response.js';
import { ApiError } from './errors.js';
import { EventSocket, type EventSocketLimits } from './sessions/event-socket.js';
import { parseInputMessage } from './sessions/input-requests.js';
import type { SessionRegistry } from './sessions/session-registry.js';
import type { Session } from './sessions/session.js';

/** Clients say no more than an answer, at worst with an escape for each character; more closes the connection. */
const MAX_CLIENT_FRAME_BYTES = MAX_INPUT_LENGTH * 6 + 1024;
const EVENTS_PATH = /^\/sessions\/([^/?]+)\/events\/?(?:\?|$)/;

export interface EventsOptions {
  readonly authenticator: Authenticator;
  readonly sessions: SessionRegistry;
  readonly limits: EventSocketLimits;
  readonly logger: Logger;
}

/** Lets sessions be watched over WebSockets of this HTTP server. */
export function serveEvents(server: Server, options: EventsOptions): void {
  const { limits, logger } = options;
  const acceptor = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    maxPayload: MAX_CLIENT_FRAME_BYTES,
  });
  server.on('upgrade', (request: IncomingMessage, connection: Duplex, head: Buffer) => {
    connection.on('error', (error) => {
      logger.debug({ error: error.message }, 'a connection failed');
    });
    findSession(request, options).then(
      (session) => {
        acceptor.handleUpgrade(request, connection, head, (socket) => {
          const watcher = new EventSocket(socket, connection, limits, logger);
          session.addWatcher(watcher);
          socket.on('message', (data: Buffer) => {
            const message = parseInputMessage(data.toString());
            if (message !== undefined) session.takeInput(message, watcher);
          });
          socket.on('close', () => {
            session.removeWatcher(watcher);
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
