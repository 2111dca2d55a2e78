// What a request says of a service, checked: names, definitions of inputs and outputs, files.
import type { ParameterDefinition, PatchWebServiceRequest } from '../../api/index.js';
import type { RuntimeType } from '../../runtimes/index.js';
import { ApiError } from '../errors.js';

const MAX_NAME_LENGTH = 128;
const NAME = /^[\p{L}\p{N}][\p{L}\p{N}._-]*$/u;
const PYTHON_NAME = /^[\p{L}_][\p{L}\p{N}_]*$/u;

/**
 * A name or version which can be a segment of a path and of a file name on every system.
 *
 * @throws {ApiError} `API_BAD_SERVICE_NAME`.
 */
export function checkServiceName(what: 'name' | 'version', text: string): string {
  if (isServiceName(text)) return text;
  throw new ApiError(
    'API_BAD_SERVICE_NAME',
    `${JSON.stringify(text)} is no ${what} of a service: letters, digits, '.', '_' and '-', a letter or digit first, at most ${MAX_NAME_LENGTH}.`,
  );
}

/** Whether a service can have this name or version. */
export function isServiceName(text: string): boolean {
  return text.length <= MAX_NAME_LENGTH && NAME.test(text);
}

/** What a request gives of a service; absent fields are undefined. */
export interface ServiceDescription {
  readonly code?: string;
  readonly initCode?: string;
  readonly description?: string;
  readonly operationId?: string;
  readonly inputs?: readonly ParameterDefinition[];
  readonly outputs?: readonly ParameterDefinition[];
  readonly outputFileNames?: readonly string[];
}

/**
 * The description of a request whose shape has been checked.
 *
 * @throws {ApiError} `API_BAD_REQUEST`.
 */
export function describeService(
  request: PatchWebServiceRequest,
  runtimeType: RuntimeType,
): ServiceDescription {
  const { code, initCode, description, operationId, outputFileNames } = request;
  const { inputParameterDefinitions: inputs, outputParameterDefinitions: outputs } = request;
  for (const [field, text] of Object.entries({ code, initCode, description, operationId })) {
    if (text?.includes('\0') === true) throw badRequest(`${field} has a NUL character.`);
  }
  return {
    ...(code !== undefined && { code }),
    ...(initCode !== undefined && { initCode }),
    ...(description !== undefined && { description }),
    ...(operationId !== undefined && { operationId }),
    ...(inputs && { inputs: checkDefinitions('input', inputs, runtimeType) }),
    ...(outputs && { outputs: checkDefinitions('output', outputs, runtimeType) }),
    ...(outputFileNames && { outputFileNames: outputFileNames.map(checkOutputFileName) }),
  };
}

function checkDefinitions(
  what: 'input' | 'output',
  definitions: readonly ParameterDefinition[],
  runtimeType: RuntimeType,
): readonly ParameterDefinition[] {
  const names = new Set<string>();
  return definitions.map(({ name, type }) => {
    const isName = runtimeType === 'R' ? name !== '' : PYTHON_NAME.test(name);
    if (!isName || (name + type).includes('\0')) {
      throw badRequest(
        `${JSON.stringify(name)} is no name of an ${what}: it becomes a variable of ${runtimeType}.`,
      );
    }
    if (names.has(name)) throw badRequest(`The ${what} ${name} is declared twice.`);
    names.add(name);
    return { name, type };
  });
}

function checkOutputFileName(name: string): string {
  const parts = name.split('/');
  const isInside = parts.every((part) => part !== '' && part !== '.' && part !== '..');
  if (isInside && !/[\\\0]/.test(name)) return name;
  throw badRequest(`${JSON.stringify(name)} is no name of a file in the working directory.`);
}

const badRequest = (message: string): ApiError => new ApiError('API_BAD_REQUEST', message);
