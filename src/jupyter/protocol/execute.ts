// execute: the request, its reply, execute_input and execute_result.
import type { KernelMessage } from '@jupyterlab/services';
import type { Display, ExecuteError, ExecuteResult, JsonObject } from '../interpreter.js';
import { displayContent } from './display.js';
import { errorReply } from './error.js';
import { badField, readBoolean, readString } from './fields.js';

/** The fields of an `execute_request` with the protocol's defaults filled in. */
export interface ExecuteFields {
  readonly code: string;
  readonly silent: boolean;
  /** Never together with `silent`, which the protocol forbids. */
  readonly storeHistory: boolean;
  readonly userExpressions: Readonly<Record<string, string>>;
  readonly allowStdin: boolean;
  readonly stopOnError: boolean;
}

/**
 * @throws {JupyterError} `JUPYTER_REQUEST_BAD`.
 * @see https://jupyter-client.readthedocs.io/en/stable/messaging.html#execute
 */
export function readExecuteRequest(content: JsonObject): ExecuteFields {
  const silent = readBoolean(content, 'silent', false);
  return {
    code: readString(content, 'code'),
    silent,
    storeHistory: !silent && readBoolean(content, 'store_history', true),
    userExpressions: readUserExpressions(content['user_expressions'] ?? {}),
    allowStdin: readBoolean(content, 'allow_stdin', true),
    stopOnError: readBoolean(content, 'stop_on_error', true),
  };
}

/** Lab's id of the cell, when the front end sent one. */
export function readCellId(metadata: JsonObject): string | undefined {
  const cellId = metadata['cellId'];
  return typeof cellId === 'string' ? cellId : undefined;
}

/** The content of `execute_input`, which shows other front ends what runs. */
export function executeInputContent(
  code: string,
  executionCount: number,
): KernelMessage.IExecuteInputMsg['content'] {
  return { code, execution_count: executionCount };
}

/** The content of `execute_result`: the value of the cell. */
export function executeResultContent(display: Display, executionCount: number): object {
  return { ...displayContent(display), execution_count: executionCount };
}

/** The metadata of an `execute_reply`, as ipykernel writes them; JupyterLab reads `started`. */
export function executeReplyMetadata(
  status: 'ok' | 'error' | 'aborted',
  engine: string,
  startedAtIso: string,
): JsonObject {
  return { started: startedAtIso, dependencies_met: true, engine, status };
}

/** The reply to a cell that has run. */
export function executeReply(result: ExecuteResult, executionCount: number): object {
  if (result.status === 'error') return executeErrorReply(result, executionCount);
  return {
    status: 'ok',
    execution_count: executionCount,
    payload: result.payload ?? [],
    user_expressions: result.userExpressions ?? {},
  };
}

/** The reply to a cell that failed, or that could not be run. */
export function executeErrorReply(error: ExecuteError, executionCount: number): object {
  return {
    ...errorReply(error),
    execution_count: executionCount,
    payload: [],
    user_expressions: {},
  };
}

/**
 * The reply to a cell that was not run because one before it failed or was interrupted. The status is deprecated
 * since 5.1, yet it is what front ends understand as "not run".
 */
export function executeAbortedReply(executionCount: number): object {
  return { status: 'aborted', execution_count: executionCount };
}

function readUserExpressions(value: unknown): Record<string, string> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw badField('user_expressions', 'an object', value);
  }
  for (const [name, expression] of Object.entries(value)) {
    if (typeof expression !== 'string') {
      throw badField(`user_expressions.${name}`, 'a string', expression);
    }
  }
  return value as Record<string, string>;
}
