// The body of an `execute` call, from HTTP or from an event stream, as a session takes it.
import type { ExecuteRequest } from '../../api/index.js';
import { ApiError } from '../errors.js';
import type { SessionExecution } from './session.js';

/** What a body does not say. */
export type ExecutionCircumstances = Pick<
  SessionExecution,
  'executionId' | 'isConsoleByEvents' | 'isInputByEvents' | 'isAnsweredByEvents' | 'isAbandoned'
>;

/** @param body - In the form of the contract. */
export function executionOf(
  body: ExecuteRequest,
  circumstances: ExecutionCircumstances,
): SessionExecution {
  const { code, source, inputParameters, outputParameters } = body;
  return {
    ...circumstances,
    code,
    source: source ?? code,
    // An absent value is null: clients that leave null properties out mean that.
    inputParameters: (inputParameters ?? []).map(({ name, value }) => ({
      name,
      value: value ?? null,
    })),
    outputParameters: outputParameters ?? [],
  };
}

/**
 * A body in the form of the contract: the schema's checks, for a body that no route has checked. Null is absent.
 *
 * @throws {ApiError} `API_BAD_REQUEST`.
 */
export function checkExecuteRequest(body: unknown): ExecuteRequest {
  const { code, source, inputParameters, outputParameters } = body as Record<string, unknown>;
  require(typeof code === 'string', '"code" must be a text');
  require(isAbsent(source) || typeof source === 'string', '"source" must be a text');
  require(isAbsent(inputParameters) ||
    (Array.isArray(inputParameters) &&
      inputParameters.every(isNamedValue)), '"inputParameters" must be a list of {name, value}');
  require(isAbsent(outputParameters) ||
    (Array.isArray(outputParameters) &&
      outputParameters.every(
        (name) => typeof name === 'string',
      )), '"outputParameters" must be a list of names');
  return body as ExecuteRequest;
}

function require(isRight: boolean, rule: string): void {
  if (!isRight)
    throw new ApiError('API_BAD_REQUEST', `The body of the execution is not right: ${rule}.`);
}

function isAbsent(value: unknown): value is null | undefined {
  return value === null || value === undefined;
}

function isNamedValue(value: unknown): boolean {
  return (
    typeof value === 'object' && value !== null && 'name' in value && typeof value.name === 'string'
  );
}
