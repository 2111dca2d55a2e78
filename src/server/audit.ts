// The audit log: who did what, when, from where, and how it ended. What was sent, code, data, tokens, never comes here.
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { OperationId } from '../api/index.js';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The operation of the contract that a route serves. */
    readonly operationId?: OperationId;
  }
  interface FastifyRequest {
    /** The code of the error that was answered; empty when there was none. */
    errorCode: string;
  }
}

/** One line. */
export interface AuditEntry {
  readonly timeIso: string;
  /** Empty where nobody was recognised. At a failed login: the name that was tried. */
  readonly user: string;
  /** Of the client. */
  readonly address: string;
  /** An operation of the API, or a command such as `user add`. */
  readonly operation: string;
  /** What it was done to: `id` of a session, `name` and `version` of a service ... */
  readonly target: Readonly<Record<string, string>>;
  /** HTTP status; 0 for a command. */
  readonly statusCode: number;
  /** Of the error, e.g. `API_CREDENTIALS`; empty when it went well. */
  readonly code: string;
}

/** Takes lines. */
export type AuditSink = (entry: AuditEntry) => void;

/** Names of path parameters that may be written down. A refresh token is one of the others. */
const TARGETS = [
  'id',
  'name',
  'version',
  'fileName',
  'objectName',
  'snapshotId',
  'executionId',
  'index',
];
/** Only looking at these is no news; whoever is refused is written down all the same. */
const HARMLESS_METHODS = ['GET', 'HEAD', 'OPTIONS'];
/** These give content away. */
const NOTED_READS: readonly OperationId[] = [
  'getSessionFile',
  'getWorkspaceObject',
  'GetSnapshotContent',
  'GetBatchExecutionFile',
];
const REFUSALS = [401, 403, 429];

/** Tells of each request that changed something, gave content away, or was refused. */
export function addAudit(app: FastifyInstance, sink: AuditSink): void {
  app.addHook('onResponse', (request, reply, done) => {
    if (isNoted(request, reply.statusCode)) sink(entryOf(request, reply.statusCode));
    done();
  });
}

function isNoted(request: FastifyRequest, statusCode: number): boolean {
  const { operationId } = request.routeOptions.config;
  if (REFUSALS.includes(statusCode)) return true;
  if (operationId === undefined) return false;
  return !HARMLESS_METHODS.includes(request.method) || NOTED_READS.includes(operationId);
}

function entryOf(request: FastifyRequest, statusCode: number): AuditEntry {
  const parameters = (request.params ?? {}) as Readonly<Record<string, string>>;
  return {
    timeIso: new Date().toISOString(),
    user: request.owner,
    address: request.ip,
    operation: request.routeOptions.config.operationId ?? request.method,
    target: Object.fromEntries(
      TARGETS.flatMap((name) => {
        const value = parameters[name];
        return value === undefined ? [] : [[name, value]];
      }),
    ),
    statusCode,
    code: request.errorCode,
  };
}
