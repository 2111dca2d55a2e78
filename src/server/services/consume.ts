// One call of a service, from checked inputs to the answer of the API.
import type { WebServiceResult } from '../../api/index.js';
import {
  RuntimeProcessError,
  type InputValue,
  type ServiceCallResult,
} from '../../runtimes/index.js';
import { ApiError } from '../errors.js';
import type { ServiceRecord } from '../store/services.js';
import { outputsOf } from './inputs.js';
import type { LoadedServices } from './loaded-services.js';

/** What the code of a service does to itself: an answer, as a failing program is. */
const FAULTS_OF_PROGRAM: ReadonlySet<string> = new Set([
  'RUNTIME_SERVICE_INIT',
  'RUNTIME_CALL_CRASHED',
  'RUNTIME_CALL_TIMEOUT',
]);

/** An answer with all its fields. */
export type ConsumeResult = Required<WebServiceResult>;

export interface ConsumeOptions {
  readonly loaded: LoadedServices;
  /** A call that runs longer is ended. */
  readonly timeoutMs: number;
  /** The client has gone. */
  readonly signal?: AbortSignal;
  /** An empty folder for the files that the call makes. */
  readonly filesDirectory?: string;
}

/**
 * Calls a service. A program that fails, ends its process or runs too long is an answer.
 *
 * @throws {RuntimeProcessError} `RUNTIME_CALL_ABORTED`, and when the service cannot be loaded.
 * @throws {ApiError} `API_RUNTIME_UNAVAILABLE` when its process ends again and again, `API_SHUTTING_DOWN`.
 */
export async function consume(
  service: ServiceRecord,
  inputParameters: readonly InputValue[],
  { loaded, timeoutMs, signal, filesDirectory }: ConsumeOptions,
): Promise<ConsumeResult> {
  try {
    const result = await loaded.call(service, {
      inputParameters,
      outputParameters: service.outputs.map(({ name }) => name),
      artifacts: service.outputFileNames,
      timeoutMs,
      ...(signal && { signal }),
      ...(filesDirectory !== undefined && { filesDirectory }),
    });
    return answerOf(service, result);
  } catch (error) {
    if (!(error instanceof RuntimeProcessError)) throw error;
    if (FAULTS_OF_PROGRAM.has(error.code)) return failedResult(service, error.message);
    if (error.code !== 'RUNTIME_EXITED') throw error;
    throw new ApiError(
      'API_RUNTIME_UNAVAILABLE',
      `The process of service ${service.name} ${service.version} has ended.`,
      { cause: error },
    );
  }
}

/** The answer of a call that could not come to its end. */
export function failedResult(service: ServiceRecord, errorMessage: string): ConsumeResult {
  return {
    success: false,
    errorMessage,
    outputParameters: {},
    outputFiles: Object.fromEntries(service.outputFileNames.map((name) => [name, null])),
    consoleOutput: '',
    changedFiles: [],
  };
}

function answerOf(service: ServiceRecord, result: ServiceCallResult): ConsumeResult {
  const contents = new Map(result.artifacts.map(({ name, content }) => [name, content]));
  return {
    success: result.success,
    errorMessage: result.errorMessage,
    outputParameters: outputsOf(service, result.outputParameters),
    outputFiles: Object.fromEntries(
      service.outputFileNames.map((name) => [name, contents.get(name)?.toString('base64') ?? null]),
    ),
    consoleOutput: result.consoleOutput,
    changedFiles: [...result.changedFiles],
  };
}
