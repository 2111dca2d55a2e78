// How a route is tied to the contract: method, path and schemas come from src/api by the operation's id.
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { operations, type OperationDescription, type OperationId } from '../../api/index.js';
import { createAuthenticateHook } from '../auth/authenticate.js';
import type { Authenticator } from '../auth/authenticator.js';
import type { SessionRegistry } from '../sessions/session-registry.js';
import type { Batches } from '../batch/batches.js';
import type { LoadedServices } from '../services/loaded-services.js';
import type { Services } from '../services/services.js';
import type { Snapshots } from '../snapshots/snapshots.js';
import type { Store } from '../store/store.js';
import type { ServerLimits, ServerOptions } from '../options.js';

/** What routes work with. */
export interface RouteContext {
  readonly options: ServerOptions;
  readonly limits: ServerLimits;
  readonly store: Store;
  readonly authenticator: Authenticator;
  readonly sessions: SessionRegistry;
  readonly snapshots: Snapshots;
  readonly services: Services;
  readonly loadedServices: LoadedServices;
  readonly batches: Batches;
}

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Failing answers have the shape of published services: `{code, message, fields}`. */
    readonly isService?: boolean;
  }
}

export type RouteHandler = (request: FastifyRequest, reply: FastifyReply) => unknown;

export interface RouteOptions {
  /** False lets everyone in; the contract says so for login. */
  readonly needsToken?: boolean;
  readonly bodyLimit?: number;
}

/** Registers the handler of one operation, behind its token and its schemas. */
export function addRoute(
  app: FastifyInstance,
  context: RouteContext,
  operationId: OperationId,
  handler: RouteHandler,
  options: RouteOptions = {},
): void {
  const operation = operations[operationId];
  app.route({
    method: operation.method,
    url: routePath(operation),
    schema: {
      ...(operation.pathSchema && { params: operation.pathSchema }),
      ...(operation.querySchema && { querystring: operation.querySchema }),
      ...(operation.bodySchema && { body: operation.bodySchema }),
      response: successSchemas(operation),
    },
    config: { operationId, isService: hasServiceErrors(operation) },
    ...(options.bodyLimit === undefined ? {} : { bodyLimit: options.bodyLimit }),
    ...((options.needsToken ?? operation.needsToken) && {
      onRequest: createAuthenticateHook(context.authenticator, operationId),
    }),
    preValidation: [
      ...(operation.bodySchema ? [forgiveMissingValues] : []),
      ...(hasNumbersOrFlags(operation) ? [createValueReader(operation)] : []),
    ],
    handler,
  });
}

/** `/sessions/{id}` in the router's spelling, `/sessions/:id`. */
function routePath(operation: OperationDescription): string {
  return operation.path.replaceAll(/\{(\w+)\}/g, ':$1');
}

/** The path parameters of a request. */
export function paramsOf<Name extends string>(request: FastifyRequest): Record<Name, string> {
  return request.params as Record<Name, string>;
}

/** Sends one text as a JSON string, as the contract has it for cancel, close and delete. */
export function sendText(reply: FastifyReply, text: string): FastifyReply {
  return reply.type('application/json; charset=utf-8').send(JSON.stringify(text));
}

/** Whether the client of a request has gone away. */
export function isAbandoned(request: FastifyRequest): boolean {
  const { socket } = request.raw;
  return socket.destroyed || socket.writableEnded;
}

/** The schema of the success makes the serializer; errors are written by error-response.ts. */
function successSchemas(operation: OperationDescription): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(operation.responseSchemas).filter(
      ([status, schema]) => status.startsWith('2') && schema !== undefined,
    ),
  );
}

/** An absent body counts as `{}` and a null field as absent: generated clients send either. */
function forgiveMissingValues(
  request: FastifyRequest,
  _reply: FastifyReply,
  done: () => void,
): void {
  const body = (request.body ??= {}) as Record<string, unknown>;
  if (Array.isArray(body)) {
    done();
    return;
  }
  for (const name in body) {
    if (body[name] === null) Reflect.deleteProperty(body, name);
  }
  done();
}

function hasServiceErrors(operation: OperationDescription): boolean {
  const properties = operation.responseSchemas['default']?.['properties'];
  return typeof properties === 'object' && properties !== null && 'fields' in properties;
}

function hasNumbersOrFlags({ parameters }: OperationDescription): boolean {
  return parameters.some(({ schema }) => schema.type === 'integer' || schema.type === 'boolean');
}

/** Paths and queries are text: turns what looks like a number or a flag into one, before the schemas are asked. */
function createValueReader({ parameters }: OperationDescription) {
  return (request: FastifyRequest, _reply: FastifyReply, done: () => void): void => {
    for (const { name, in: place, schema } of parameters) {
      const values = (place === 'path' ? request.params : request.query) as Record<string, unknown>;
      const text = values[name];
      if (typeof text !== 'string') continue;
      if (schema.type === 'integer' && /^-?\d{1,15}$/.test(text)) values[name] = Number(text);
      // Python's own spelling has a capital letter.
      else if (schema.type === 'boolean' && /^(true|false)$/i.test(text)) {
        values[name] = text.toLowerCase() === 'true';
      }
    }
    done();
  };
}
