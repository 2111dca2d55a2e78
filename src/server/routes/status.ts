// The health report.
import type { FastifyInstance } from 'fastify';
import { EXTENSIONS_HEADER, type StatusResponse } from '../../api/index.js';
import type { RuntimePoolStatus } from '../../runtimes/index.js';
import { OFFERED_EXTENSIONS } from './login.js';
import { addRoute, type RouteContext } from './route.js';

/** @see swagger 9.1 `GET /status` example */
export function addStatusRoutes(app: FastifyInstance, context: RouteContext): void {
  addRoute(app, context, 'status', async (_request, reply) =>
    reply.header(EXTENSIONS_HEADER, OFFERED_EXTENSIONS).send(await statusOf(context)),
  );
}

async function statusOf(context: RouteContext): Promise<StatusResponse> {
  const { options, store, sessions } = context;
  const pools = options.runtimes.status();
  const backends: StatusResponse = {
    statusCode: pools.every((pool) => pool.canOpen) ? 'pass' : 'warn',
    details: { apiVersion: '1.0', ...Object.fromEntries(pools.flatMap(poolDetails)) },
    components: null,
  };
  const isDatabaseUp = await store.check().then(
    () => true,
    () => false,
  );
  const database: StatusResponse = {
    statusCode: isDatabaseUp ? 'pass' : 'fail',
    details: { type: store.type, name: 'main', state: isDatabaseUp ? 'Open' : 'Broken' },
    components: null,
  };
  return {
    statusCode: isDatabaseUp ? (backends.statusCode ?? 'pass') : 'fail',
    details: { server: 'rserver-kernel', version: options.version, sessionCount: sessions.count },
    components: {
      backends: {
        statusCode: backends.statusCode ?? 'pass',
        details: {},
        components: { embedded: backends },
      },
      authentication: await authenticationStatus(context),
      database,
    },
  };
}

/** A directory that does not answer is a warning: who is logged in goes on working. */
async function authenticationStatus({ authenticator }: RouteContext): Promise<StatusResponse> {
  const sources = await Promise.all(
    authenticator.sources.map(async ({ source, check }) => {
      const isUp = await check().then(
        () => true,
        () => false,
      );
      const statusCode: 'pass' | 'warn' = isUp ? 'pass' : 'warn';
      return [source, { statusCode, details: {}, components: null }] as const;
    }),
  );
  const isUp = sources.every(([, { statusCode }]) => statusCode === 'pass');
  return {
    statusCode: isUp ? 'pass' : 'warn',
    details: {},
    components: Object.fromEntries(sources),
  };
}

/** `rMaxPoolSize`, ... or `pythonMaxPoolSize`, ... in R Server's spelling. */
function poolDetails(pool: RuntimePoolStatus): [string, number | string][] {
  const prefix = pool.runtimeType === 'R' ? 'r' : 'python';
  return [
    [`${prefix}MaxPoolSize`, pool.maxPoolSize],
    [`${prefix}ActiveShellCount`, pool.activeCount],
    [`${prefix}CurrentPoolSize`, pool.currentPoolSize],
    [`${prefix}CanOpenShell`, pool.canOpen ? 'True' : 'False'],
  ];
}
