// Sessions: create, list, execute, cancel, close, console output, history.
import { randomUUID } from 'node:crypto';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import {
  CONSOLE_OUTPUT_BY_EVENTS,
  CONSOLE_OUTPUT_HEADER,
  EXECUTION_ID_HEADER,
  EXTENSIONS_HEADER,
  INPUT_BY_EVENTS,
  INPUT_HEADER,
  type ConsoleOutputResponse,
  type CreateSessionRequest,
  type CreateSessionResponse,
  type ExecuteRequest,
  type Session as SessionBody,
} from '../../api/index.js';
import type { Runtime } from '../../runtimes/index.js';
import { ApiError } from '../errors.js';
import { executionOf } from '../sessions/execution-request.js';
import type { NewSession } from '../sessions/session-registry.js';
import type { Session, SessionExecution } from '../sessions/session.js';
import { OFFERED_EXTENSIONS } from './login.js';
import { addRoute, isAbandoned, paramsOf, sendText, type RouteContext } from './route.js';

const EXECUTION_ID_KEY = EXECUTION_ID_HEADER.toLowerCase();
const CONSOLE_OUTPUT_KEY = CONSOLE_OUTPUT_HEADER.toLowerCase();
const INPUT_KEY = INPUT_HEADER.toLowerCase();

export function addSessionsRoutes(app: FastifyInstance, context: RouteContext): void {
  const { sessions } = context;

  addRoute(app, context, 'createSession', async (request, reply) => {
    const session = await sessions.create(await newSession(context, request));
    const body: CreateSessionResponse = { sessionId: session.id };
    return reply.code(201).header(EXTENSIONS_HEADER, OFFERED_EXTENSIONS).send(body);
  });

  addRoute(app, context, 'listSessions', (request, reply) => {
    const body: SessionBody[] = sessions
      .list(request.owner)
      .map(({ id, name, owner, runtimeType }) => ({ id, name, owner, runtimeType }));
    return reply.send(body);
  });

  addRoute(app, context, 'executeCode', (request) =>
    sessionOf(context, request).execute(sentExecution(request)),
  );

  addRoute(app, context, 'cancelSession', (request, reply) => {
    sessionOf(context, request).cancel();
    return sendText(reply, 'Cancelled.');
  });

  addRoute(app, context, 'closeSession', async (request, reply) => {
    await sessions.end(sessionOf(context, request));
    return sendText(reply, 'Closed.');
  });

  addRoute(app, context, 'closeSessionByForce', async (request, reply) => {
    await sessions.kill(sessionOf(context, request));
    return sendText(reply, 'Killed.');
  });

  addRoute(app, context, 'getSessionConsoleOutput', (request, reply) => {
    const body: ConsoleOutputResponse = {
      consoleOutput: sessionOf(context, request).consoleOutput(),
    };
    return reply.send(body);
  });

  addRoute(app, context, 'listSessionHistory', (request, reply) =>
    reply.send(sessionOf(context, request).history()),
  );

  // The WebSocket itself is opened in events.ts: an upgrade never comes here.
  addRoute(app, context, 'streamSessionEvents', (request) => {
    sessionOf(context, request);
    throw new ApiError('API_BAD_REQUEST', 'This path takes a WebSocket handshake only.');
  });
}

/** The session that a request names. @throws {ApiError} `API_SESSION_NOT_FOUND`. */
export function sessionOf(context: RouteContext, request: FastifyRequest): Session {
  return context.sessions.get(paramsOf<'id'>(request).id, request.owner);
}

async function newSession(context: RouteContext, request: FastifyRequest): Promise<NewSession> {
  const { name, runtimeType, snapshotId } = request.body as CreateSessionRequest;
  const { owner } = request;
  if (snapshotId === undefined) return { owner, name, runtimeType: runtimeType ?? 'R' };
  const snapshot = await context.snapshots.get(snapshotId, owner);
  if (runtimeType !== undefined && runtimeType !== snapshot.runtimeType) {
    throw new ApiError(
      'API_RUNTIME_MISMATCH',
      `Snapshot ${snapshotId} is of ${snapshot.runtimeType}, and the session would be of ${runtimeType}.`,
    );
  }
  const folder = context.snapshots.folderOf(snapshot);
  const prepare = (runtime: Runtime): Promise<void> => runtime.loadSnapshot(folder);
  return { owner, name, runtimeType: snapshot.runtimeType, prepare };
}

function sentExecution(request: FastifyRequest): SessionExecution {
  const executionId = request.headers[EXECUTION_ID_KEY];
  return executionOf(request.body as ExecuteRequest, {
    executionId: typeof executionId === 'string' && executionId !== '' ? executionId : randomUUID(),
    isConsoleByEvents: request.headers[CONSOLE_OUTPUT_KEY] === CONSOLE_OUTPUT_BY_EVENTS,
    isInputByEvents: request.headers[INPUT_KEY] === INPUT_BY_EVENTS,
    isAnsweredByEvents: false,
    isAbandoned: () => isAbandoned(request),
  });
}
