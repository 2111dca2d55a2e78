// Calling a published service: its Swagger file, one call, and batches of calls.
import type { SwaggerJsonResponse } from '../api/index.js';
import {
  asList,
  asNumber,
  asText,
  asTexts,
  isRecord,
  normaliseLineEnds,
  tryParseJson,
} from './answers.js';
import type { Call } from './call.js';
import type { HttpClient } from './http.js';
import type { CallOptions } from './options.js';
import { pathOf, queryOf } from './paths.js';

/** Inputs by name, in the encoding of `docs/data-types.md`. */
export type ServiceInputs = Readonly<Record<string, unknown>>;

/** What a service answered. A failing program is `success: false`, never a throw. */
export interface ConsumeResult {
  readonly success: boolean;
  readonly errorMessage: string;
  readonly outputParameters: Readonly<Record<string, unknown>>;
  /** Files by name; `null` for one that the code did not make. */
  readonly outputFiles: Readonly<Record<string, Buffer | null>>;
  /** With plain line ends. */
  readonly consoleOutput: string;
  readonly changedFiles: readonly string[];
}

/** How far a batch is. Servers differ in capitals; here they are always as written. */
export type BatchState = 'pending' | 'inProgress' | 'ready' | 'complete' | 'failed';

/** A batch execution and its results, in the order of its items. */
export interface BatchStatus {
  readonly state: BatchState;
  readonly completedItemCount: number;
  readonly totalItemCount: number;
  readonly results: readonly ConsumeResult[];
}

const BATCH_STATES: readonly BatchState[] = [
  'pending',
  'inProgress',
  'ready',
  'complete',
  'failed',
];

/** Calls under `/api/{name}/{version}`. */
export class WebServiceClient {
  readonly #http: HttpClient;

  constructor(http: HttpClient) {
    this.#http = http;
  }

  /** The Swagger 2.0 document of a service, however the server wraps it. */
  async swagger(
    name: string,
    version: string,
    options: CallOptions = {},
  ): Promise<SwaggerJsonResponse> {
    const call: Call = {
      operation: 'read the Swagger file of the service',
      method: 'GET',
      path: pathOf`/api/${name}/${version}/swagger.json`,
      signal: options.signal,
    };
    const value = await this.#http.sendForJson(call);
    const wrapped = isRecord(value) ? (value['swaggerJson'] ?? value) : value;
    const document = typeof wrapped === 'string' ? tryParseJson(wrapped) : wrapped;
    if (!isRecord(document)) throw this.#http.unexpected(call, 'a Swagger document');
    return document;
  }

  /** Calls a service and waits for its answer; `executeTimeoutMs` applies. */
  async consume(
    name: string,
    version: string,
    inputs: ServiceInputs,
    options: CallOptions = {},
  ): Promise<ConsumeResult> {
    const call: Call = {
      operation: 'run the service',
      method: 'POST',
      path: pathOf`/api/${name}/${version}`,
      body: JSON.stringify(inputs),
      limitName: 'execute',
      signal: options.signal,
    };
    const value = await this.#http.sendForJson(call);
    if (!isRecord(value)) throw this.#http.unexpected(call, 'the result of the service');
    return toConsumeResult(value);
  }

  /**
   * Starts a batch: the service is called once for each item.
   *
   * @param parallelCount - How many items run at once; the server's default is 10.
   * @returns The id of the batch execution.
   */
  async startBatch(
    name: string,
    version: string,
    items: readonly ServiceInputs[],
    options: CallOptions & { readonly parallelCount?: number | undefined } = {},
  ): Promise<string> {
    const call: Call = {
      operation: 'start the batch',
      method: 'POST',
      path:
        pathOf`/api/${name}/${version}/batch` + queryOf({ parallelCount: options.parallelCount }),
      body: JSON.stringify(items),
      limitName: 'transfer',
      signal: options.signal,
    };
    const value = await this.#http.sendForJson(call);
    const id = isRecord(value)
      ? asText(value['batchExecutionId'] ?? value['BatchExecutionId'])
      : asText(value);
    if (id === '') throw this.#http.unexpected(call, 'the id of the batch');
    return id;
  }

  /** Ids of the batch executions of a service. */
  async listBatches(name: string, version: string, options: CallOptions = {}): Promise<string[]> {
    const value = await this.#http.sendForJson({
      operation: 'list the batches',
      method: 'GET',
      path: pathOf`/api/${name}/${version}/batch`,
      signal: options.signal,
    });
    return asTexts(value);
  }

  /** How far a batch is. @param options - `showPartialResults`: bring finished items before all are done. */
  async batchStatus(
    name: string,
    version: string,
    executionId: string,
    options: CallOptions & { readonly showPartialResults?: boolean | undefined } = {},
  ): Promise<BatchStatus> {
    const { showPartialResults } = options;
    const call: Call = {
      operation: 'look at the batch',
      method: 'GET',
      // Both spellings: the documents have one, the maker's own Python package the other.
      path:
        pathOf`/api/${name}/${version}/batch/${executionId}` +
        queryOf({ showPartialResults, showPartialResult: showPartialResults }),
      limitName: 'transfer',
      signal: options.signal,
    };
    const value = await this.#http.sendForJson(call);
    if (!isRecord(value)) throw this.#http.unexpected(call, 'the state of the batch');
    const results = asList(value['batchExecutionResults']).filter(isRecord).map(toConsumeResult);
    return {
      state: toBatchState(value['state']),
      completedItemCount: asNumber(value['completedItemCount']) ?? results.length,
      totalItemCount: asNumber(value['totalItemCount']) ?? results.length,
      results,
    };
  }

  /** Stops a batch and forgets it. */
  async cancelBatch(
    name: string,
    version: string,
    executionId: string,
    options: CallOptions = {},
  ): Promise<void> {
    await this.#http.send({
      operation: 'cancel the batch',
      method: 'DELETE',
      path: pathOf`/api/${name}/${version}/batch/${executionId}`,
      signal: options.signal,
    });
  }

  /** Names of the files which one item made. @param index - From 0. */
  async batchFiles(
    name: string,
    version: string,
    executionId: string,
    index: number,
    options: CallOptions = {},
  ): Promise<string[]> {
    const value = await this.#http.sendForJson({
      operation: 'list the files of the batch',
      method: 'GET',
      path: pathOf`/api/${name}/${version}/batch/${executionId}/${index}/files`,
      signal: options.signal,
    });
    return asTexts(value);
  }

  /** A file which one item made. @param index - From 0. */
  async batchFile(
    name: string,
    version: string,
    executionId: string,
    index: number,
    fileName: string,
    options: CallOptions = {},
  ): Promise<Buffer> {
    const answer = await this.#http.send({
      operation: `download the file ${fileName} of the batch`,
      method: 'GET',
      path: pathOf`/api/${name}/${version}/batch/${executionId}/${index}/files/${fileName}`,
      limitName: 'transfer',
      signal: options.signal,
    });
    return answer.body;
  }
}

function toConsumeResult(value: Record<string, unknown>): ConsumeResult {
  const errorMessage = asText(value['errorMessage']);
  return {
    success: typeof value['success'] === 'boolean' ? value['success'] : errorMessage === '',
    errorMessage: normaliseLineEnds(errorMessage),
    outputParameters: isRecord(value['outputParameters']) ? value['outputParameters'] : {},
    outputFiles: toOutputFiles(value['outputFiles']),
    consoleOutput: normaliseLineEnds(asText(value['consoleOutput'])),
    changedFiles: asTexts(value['changedFiles']),
  };
}

function toOutputFiles(value: unknown): Record<string, Buffer | null> {
  if (!isRecord(value)) return {};
  return Object.fromEntries(
    Object.entries(value).map(([name, content]) => [
      name,
      typeof content === 'string' ? Buffer.from(content, 'base64') : null,
    ]),
  );
}

function toBatchState(value: unknown): BatchState {
  const state = asText(value).toLowerCase();
  return BATCH_STATES.find((known) => known.toLowerCase() === state) ?? 'pending';
}
