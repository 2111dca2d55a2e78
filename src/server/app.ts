// Puts the HTTP application together. It does not listen: server.ts does.
import { createServer as createHttpServer, type RequestListener, type Server } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import Fastify, { type FastifyInstance } from 'fastify';
import { EXTENSIONS_HEADER } from '../api/index.js';
import { silentLogger } from '../base/index.js';
import { observeCalls, type CallObserver } from './answered-calls.js';
import { createAudit } from './audit.js';
import { createErrorHandler, handleNotFound } from './error-response.js';
import { ApiError } from './errors.js';
import { serveEvents } from './events.js';
import { compileSchemasLate } from './lazy-schemas.js';
import type { ServerTls } from './options.js';
import { addAdminRoutes } from './routes/admin.js';
import { addBatchesRoutes } from './routes/batches.js';
import { addComputeNodesRoutes } from './routes/compute-nodes.js';
import { addFilesRoutes } from './routes/files.js';
import { addHealthRoutes } from './routes/health.js';
import { addLoginRoutes } from './routes/login.js';
import { addMetricsRoute } from './routes/metrics.js';
import { addPoolsRoutes } from './routes/pools.js';
import { addRealtimeServicesRoutes } from './routes/realtime-services.js';
import type { RouteContext } from './routes/route.js';
import { addServicesRoutes } from './routes/services.js';
import { addSessionsRoutes } from './routes/sessions.js';
import { addSnapshotsRoutes } from './routes/snapshots.js';
import { addStatusRoutes } from './routes/status.js';
import { addWebServiceRoutes } from './routes/web-service.js';
import { addWorkspaceRoutes } from './routes/workspace.js';
import { DEFAULT_EVENT_SOCKET_LIMITS } from './sessions/event-socket.js';

/** Clients keep connections for bursts of calls; a new one costs more than an idle one. */
const KEEP_ALIVE_MS = 600_000;
const HEADERS_TIMEOUT_MS = 60_000;
/** Access tokens travel in headers, refresh tokens and file names in paths. */
const MAX_HEADER_BYTES = 64 * 1024;
const MAX_PARAMETER_LENGTH = 4096;
/** For so long a browser remembers what a page may do. */
const CORS_MAX_AGE_SECONDS = 600;

export interface AppOptions {
  readonly context: RouteContext;
  readonly tls?: ServerTls | undefined;
  /** Called for each request before anything else; returns an error to refuse it. */
  readonly onRequest: () => ApiError | undefined;
}

/** The application with all its routes. */
export async function buildApp({ context, tls, onRequest }: AppOptions): Promise<FastifyInstance> {
  const { options } = context;
  const { logger = silentLogger, trustedProxies = [] } = options;
  const handleError = createErrorHandler(logger);
  const app = Fastify({
    logger: false,
    bodyLimit: context.limits.maxBodyBytes,
    ...(trustedProxies.length > 0 && { trustProxy: [...trustedProxies] }),
    exposeHeadRoutes: false,
    return503OnClosing: false,
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: MAX_PARAMETER_LENGTH },
    frameworkErrors: handleError,
    serverFactory: (handler) => createNodeServer(handler, tls),
  });
  compileSchemasLate(app, {
    customOptions: {
      coerceTypes: false,
      removeAdditional: false,
      useDefaults: false,
      // They are ours: looking at them takes longer than compiling them, and the tests of the contract do it.
      validateSchema: false,
    },
  });
  app.setErrorHandler(handleError);
  app.setNotFoundHandler(handleNotFound);
  app.decorateRequest('owner', '');
  app.decorateRequest('role', 'Reader');
  app.decorateRequest('errorCode', '');
  app.addHook('onRequest', (_request, _reply, done) => {
    done(onRequest());
  });
  // Before the framework asks for a body of methods that it knows and we do not.
  app.addHook('onRequest', (request, reply, done) => {
    if (request.is404) handleNotFound(request, reply);
    else done();
  });
  const observers: CallObserver[] = options.audit === undefined ? [] : [createAudit(options.audit)];
  if (options.audit !== undefined || options.metrics !== undefined) observeCalls(app, observers);
  if (options.metrics !== undefined) {
    observers.push(await addMetricsRoute(app, context, options.metrics));
  }
  await allowOrigins(app, options.corsOrigins ?? []);
  acceptJson(app);
  if (options.adminPage !== false) addAdminRoutes(app, options.adminPage);
  addHealthRoutes(app, context);
  addLoginRoutes(app, context);
  addStatusRoutes(app, context);
  addSessionsRoutes(app, context);
  addSnapshotsRoutes(app, context);
  addServicesRoutes(app, context);
  addWebServiceRoutes(app, context);
  addBatchesRoutes(app, context);
  addPoolsRoutes(app, context);
  addComputeNodesRoutes(app, context);
  await app.register((scope) => addRealtimeServicesRoutes(scope, context));
  await app.register((scope) => addFilesRoutes(scope, context));
  await app.register((scope, _options, done) => {
    addWorkspaceRoutes(scope, context);
    done();
  });
  serveEvents(app.server, {
    authenticator: context.authenticator,
    sessions: context.sessions,
    admit: onRequest,
    observers,
    trustedProxies,
    limits: {
      ...DEFAULT_EVENT_SOCKET_LIMITS,
      maxBufferedBytes: context.limits.maxEventBufferBytes,
      stallTimeoutMs: context.limits.eventStallMs,
    },
    logger,
  });
  return app;
}

/** Lets web pages of other origins call; without origins nothing is answered to them, and browsers keep them out. */
async function allowOrigins(app: FastifyInstance, origins: readonly string[]): Promise<void> {
  if (origins.length === 0) return;
  const { default: cors } = await import('@fastify/cors');
  await app.register(cors, {
    origin: origins.includes('*') ? '*' : [...origins],
    methods: ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'],
    exposedHeaders: [EXTENSIONS_HEADER, 'Retry-After'],
    maxAge: CORS_MAX_AGE_SECONDS,
  });
}

function createNodeServer(handler: RequestListener, tls: ServerTls | undefined): Server {
  const options = {
    keepAliveTimeout: KEEP_ALIVE_MS,
    headersTimeout: HEADERS_TIMEOUT_MS,
    requestTimeout: 0, // a large upload over a slow line takes as long as it takes
    maxHeaderSize: MAX_HEADER_BYTES,
    noDelay: true,
    keepAlive: true,
  };
  if (tls === undefined) return createHttpServer(options, handler);
  const { cert, key, passphrase, clientCa } = tls;
  return createHttpsServer(
    {
      ...options,
      minVersion: 'TLSv1.2',
      cert,
      key,
      ...(passphrase === undefined ? {} : { passphrase }),
      ...(clientCa === undefined
        ? {}
        : { ca: clientCa, requestCert: true, rejectUnauthorized: true }),
    },
    handler,
  );
}

/** Every body is JSON, whatever its content type says; an empty one is absent. */
function acceptJson(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'string' }, (_request, body: string, done) => {
    if (body === '') {
      done(null, undefined);
      return;
    }
    try {
      // Some .NET clients begin with a byte order mark.
      done(null, JSON.parse(body.charCodeAt(0) === 0xfeff ? body.slice(1) : body));
    } catch (error) {
      done(
        new ApiError(
          'API_BAD_JSON',
          'The body is not JSON. Send it as application/json in UTF-8.',
          {
            cause: error,
          },
        ),
      );
    }
  });
}
