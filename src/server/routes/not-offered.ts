// The calls of the contract which this version of the server does not offer: a proper error for each.
import type { FastifyInstance } from 'fastify';
import { operations, type OperationDescription } from '../../api/index.js';
import { createAuthenticateHook } from '../auth/authenticate.js';
import { ApiError } from '../errors.js';
import { routePath, type RouteContext } from './route.js';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Failing answers have the shape of published services: `{code, message, fields}`. */
    readonly isService?: boolean;
  }
}

/** Answers every operation that has no route yet. Call it last. */
export function addNotOfferedRoutes(app: FastifyInstance, context: RouteContext): void {
  for (const operation of Object.values(operations)) {
    const route = { method: operation.method, url: routePath(operation) };
    if (app.hasRoute(route)) continue;
    app.route({
      ...route,
      config: { isService: hasServiceErrors(operation) },
      onRequest: createAuthenticateHook(context.tokens),
      handler: () => {
        throw new ApiError(
          'API_NOT_IMPLEMENTED',
          `${operation.method} ${operation.path} (${operation.operationId}) is not offered by this version of the server yet.`,
        );
      },
    });
  }
}

function hasServiceErrors(operation: OperationDescription): boolean {
  const properties = operation.responseSchemas['default']?.['properties'];
  return typeof properties === 'object' && properties !== null && 'fields' in properties;
}
