// The audit log: who did what, when, from where, and how it ended. What was sent, code, data, tokens, never comes here.
import type { OperationId } from '../api/index.js';
import type { AnsweredCall, CallObserver } from './answered-calls.js';

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

/** Tells of each call that changed something, gave content away, or was refused. */
export function createAudit(sink: AuditSink): CallObserver {
  return (call) => {
    if (isNoted(call)) sink(entryOf(call));
  };
}

function isNoted({ operationId, method, statusCode }: AnsweredCall): boolean {
  if (REFUSALS.includes(statusCode)) return true;
  if (operationId === undefined) return false;
  return !HARMLESS_METHODS.includes(method) || NOTED_READS.includes(operationId);
}

function entryOf(call: AnsweredCall): AuditEntry {
  return {
    timeIso: new Date().toISOString(),
    user: call.user,
    address: call.address,
    operation: call.operationId ?? call.method,
    target: Object.fromEntries(
      TARGETS.flatMap((name) => {
        const value = call.parameters[name];
        return value === undefined ? [] : [[name, value]];
      }),
    ),
    statusCode: call.statusCode,
    code: call.errorCode,
  };
}
