// Sessions: create, list, run code, look at output and history, cancel, close, and their snapshots.
// Not through the index: the kernel would load the whole OpenAPI document before its first cell.
import {
  CONSOLE_OUTPUT_BY_EVENTS,
  CONSOLE_OUTPUT_HEADER,
  EXECUTION_ID_HEADER,
  INPUT_BY_EVENTS,
  INPUT_HEADER,
  MAX_STREAMED_EXECUTION_LENGTH,
  TAKEN_BY_INTERIM,
  TAKEN_HEADER,
} from '../api/extensions.js';
import type { CreateSessionRequest, ExecuteRequest, SessionRuntimeType } from '../api/index.js';
import { asList, asText, asTexts, isRecord, normaliseLineEnds } from './answers.js';
import type { Call } from './call.js';
import type { EventStream } from './event-stream.js';
import type { HttpClient } from './http.js';
import type { CallOptions } from './options.js';
import { pathOf } from './paths.js';

/** One session of the user. */
export interface SessionInfo {
  readonly id: string;
  readonly name: string;
  readonly owner: string;
  /** `R` where the server does not say, as 9.0.1. */
  readonly runtimeType: SessionRuntimeType;
}

/** A value by name, in the encoding of `docs/data-types.md`. */
export interface NamedValue {
  readonly name: string;
  readonly value: unknown;
}

/** What to run. */
export interface Execution {
  readonly code: string;
  readonly inputParameters?: readonly NamedValue[] | undefined;
  readonly outputParameters?: readonly string[] | undefined;
  /** What the person typed, for the history; sent only where the server offers it. */
  readonly source?: string | undefined;
}

/** How to run it. */
export interface ExecuteOptions extends CallOptions {
  /** A UUID which the events of this execution carry; sent only where the server offers events. */
  readonly executionId?: string | undefined;
  /** Leaves `consoleOutput` empty, because all text is read from the event stream. */
  readonly consoleByEvents?: boolean | undefined;
  /** Lets the code ask for input, which the caller answers on the event stream; sent only where the server offers `stdin`. */
  readonly inputByEvents?: boolean | undefined;
  /**
   * The event stream of the session: with `executionId`, `consoleByEvents` and no time limit it carries the execution
   * itself, where the server offers `executions`. The answer then comes after all events.
   */
  readonly stream?: EventStream | undefined;
  /** Instead of `executeTimeoutMs`; 0 means no limit. */
  readonly timeoutMs?: number | undefined;
}

/** How an execution ended. A failing program is `success: false`, never a throw. */
export interface ExecutionResult {
  readonly success: boolean;
  readonly errorMessage: string;
  readonly outputParameters: readonly NamedValue[];
  /** With plain line ends. */
  readonly consoleOutput: string;
  /** Names of files in the working directory. */
  readonly changedFiles: readonly string[];
}

/** Calls under `/sessions`. */
export class SessionsClient {
  readonly #http: HttpClient;

  constructor(http: HttpClient) {
    this.#http = http;
  }

  /**
   * Creates a session, empty or with the content of a snapshot.
   *
   * @returns The id of the session.
   * @throws {ClientError} `CLIENT_STATUS` 404 for an unknown snapshot, 503 when the server is full.
   */
  async create(request: CreateSessionRequest = {}, options: CallOptions = {}): Promise<string> {
    const call: Call = {
      operation: 'create a session',
      method: 'POST',
      path: '/sessions',
      body: JSON.stringify(request),
      retriesBusy: true,
      signal: options.signal,
    };
    const value = await this.#http.sendForJson(call);
    const id = isRecord(value) ? asText(value['sessionId'] ?? value['id']) : asText(value);
    if (id === '') throw this.#http.unexpected(call, 'the id of the session');
    return id;
  }

  /** The sessions of the user. */
  async list(options: CallOptions = {}): Promise<SessionInfo[]> {
    const value = await this.#http.sendForJson({
      operation: 'list the sessions',
      method: 'GET',
      path: '/sessions',
      signal: options.signal,
    });
    return asList(value).filter(isRecord).map(toSession);
  }

  /**
   * Runs code and waits for its end. Never sent twice once a byte of it may have left this machine.
   *
   * @throws {ClientError} `CLIENT_OUTCOME_UNKNOWN` when the answer is lost, `CLIENT_SESSION_GONE`, `CLIENT_TIMEOUT`
   *   (phase `execute`), ... The platform's `AbortError` when cancelled: that only stops the waiting, see {@link cancel}.
   */
  async execute(
    id: string,
    execution: Execution,
    options: ExecuteOptions = {},
  ): Promise<ExecutionResult> {
    const body = JSON.stringify(this.#toRequest(execution));
    const call: Call = {
      operation: 'run code',
      method: 'POST',
      path: pathOf`/sessions/${id}/execute`,
      body,
      limitName: 'execute',
      timeoutMs: options.timeoutMs,
      signal: options.signal,
      sessionId: id,
      ...this.#eventHeaders(options),
      ...this.#byStream(body, options),
    };
    this.#http.auth.hold();
    try {
      const value = await this.#http.sendForJson(call);
      if (!isRecord(value)) throw this.#http.unexpected(call, 'the result of an execution');
      return toExecutionResult(value);
    } finally {
      this.#http.auth.release();
    }
  }

  /** Asks the running execution to stop. The server does not promise that it does. */
  async cancel(id: string, options: CallOptions = {}): Promise<void> {
    await this.#http.send({
      operation: 'cancel the running code',
      method: 'POST',
      path: pathOf`/sessions/${id}/cancel`,
      // Asking twice does no harm.
      isIdempotent: true,
      changesState: false,
      sessionId: id,
      signal: options.signal,
    });
  }

  /** Closes a session. */
  async close(id: string, options: CallOptions = {}): Promise<void> {
    await this.#http.send({
      operation: 'close the session',
      method: 'DELETE',
      path: pathOf`/sessions/${id}`,
      sessionId: id,
      signal: options.signal,
    });
  }

  /** Kills a session, also one that does not answer. */
  async closeByForce(id: string, options: CallOptions = {}): Promise<void> {
    await this.#http.send({
      operation: 'close the session by force',
      method: 'DELETE',
      path: pathOf`/sessions/${id}/force`,
      sessionId: id,
      signal: options.signal,
    });
  }

  /**
   * What the current or last execution has printed so far, with plain line ends. A lone carriage return at the very end
   * is left out, because a line feed may be about to follow: later texts of one execution begin with the earlier ones.
   */
  async consoleOutput(id: string, options: CallOptions = {}): Promise<string> {
    const value = await this.#http.sendForJson({
      operation: 'read the console output',
      method: 'GET',
      path: pathOf`/sessions/${id}/console-output`,
      sessionId: id,
      signal: options.signal,
    });
    const text = isRecord(value) ? asText(value['consoleOutput']) : asText(value);
    return normaliseLineEnds(text.endsWith('\r') ? text.slice(0, -1) : text);
  }

  /** The source of each execution, oldest first. */
  async history(id: string, options: CallOptions = {}): Promise<string[]> {
    const value = await this.#http.sendForJson({
      operation: 'read the history',
      method: 'GET',
      path: pathOf`/sessions/${id}/history`,
      sessionId: id,
      signal: options.signal,
    });
    return asTexts(value).map(normaliseLineEnds);
  }

  /**
   * Keeps the workspace and the files of the session.
   *
   * @param options - `onTaken` is called when the state is taken, by servers that tell: executions sent after it do not
   *   change the snapshot.
   * @returns The id of the snapshot.
   */
  async createSnapshot(
    id: string,
    request: { readonly name?: string | undefined } = {},
    options: CallOptions & { readonly onTaken?: () => void } = {},
  ): Promise<string> {
    const asksForTaken = options.onTaken !== undefined && this.#http.extensions.has('snapshots');
    const call: Call = {
      operation: 'create a snapshot',
      method: 'POST',
      path: pathOf`/sessions/${id}/snapshot`,
      body: JSON.stringify(request),
      limitName: 'transfer',
      sessionId: id,
      signal: options.signal,
      ...(asksForTaken && { headers: [TAKEN_HEADER, TAKEN_BY_INTERIM] }),
      onInterim: options.onTaken,
    };
    const value = await this.#http.sendForJson(call);
    const snapshotId = isRecord(value) ? asText(value['snapshotId'] ?? value['id']) : asText(value);
    if (snapshotId === '') throw this.#http.unexpected(call, 'the id of the snapshot');
    return snapshotId;
  }

  /** Merges a snapshot into the session. */
  async loadSnapshot(id: string, snapshotId: string, options: CallOptions = {}): Promise<void> {
    await this.#http.send({
      operation: 'load the snapshot',
      method: 'POST',
      path: pathOf`/sessions/${id}/loadsnapshot/${snapshotId}`,
      limitName: 'transfer',
      sessionId: id,
      namesPart: true,
      signal: options.signal,
    });
  }

  #toRequest(execution: Execution): ExecuteRequest {
    const { code, inputParameters, outputParameters, source } = execution;
    return {
      code,
      ...(inputParameters === undefined ? {} : { inputParameters: [...inputParameters] }),
      ...(outputParameters === undefined ? {} : { outputParameters: [...outputParameters] }),
      ...(source === undefined || !this.#http.extensions.has('source') ? {} : { source }),
    };
  }

  #byStream(
    body: string,
    { stream, executionId, consoleByEvents, inputByEvents, timeoutMs, signal }: ExecuteOptions,
  ): Pick<Call, 'exchange'> {
    const { extensions } = this.#http;
    const isPossible =
      stream !== undefined &&
      extensions.has('executions') &&
      executionId !== undefined &&
      consoleByEvents === true &&
      timeoutMs === 0 &&
      signal === undefined &&
      body.length <= MAX_STREAMED_EXECUTION_LENGTH;
    if (!isPossible) return {};
    const input = inputByEvents === true && extensions.has('stdin');
    return {
      exchange: (authorization) =>
        stream.isOpen ? stream.execute({ executionId, input, body }, authorization) : undefined,
    };
  }

  #eventHeaders(options: ExecuteOptions): { headers?: readonly string[] } {
    if (options.executionId === undefined || !this.#http.extensions.has('events')) return {};
    return {
      headers: [
        EXECUTION_ID_HEADER,
        options.executionId,
        ...(options.consoleByEvents === true
          ? [CONSOLE_OUTPUT_HEADER, CONSOLE_OUTPUT_BY_EVENTS]
          : []),
        ...(options.inputByEvents === true && this.#http.extensions.has('stdin')
          ? [INPUT_HEADER, INPUT_BY_EVENTS]
          : []),
      ],
    };
  }
}

function toSession(value: Record<string, unknown>): SessionInfo {
  return {
    id: asText(value['id']),
    name: asText(value['name']),
    owner: asText(value['owner']),
    runtimeType: value['runtimeType'] === 'Python' ? 'Python' : 'R',
  };
}

function toExecutionResult(value: Record<string, unknown>): ExecutionResult {
  const errorMessage = asText(value['errorMessage']);
  return {
    success: typeof value['success'] === 'boolean' ? value['success'] : errorMessage === '',
    errorMessage: normaliseLineEnds(errorMessage),
    outputParameters: toNamedValues(value['outputParameters']),
    consoleOutput: normaliseLineEnds(asText(value['consoleOutput'])),
    changedFiles: asTexts(value['changedFiles']),
  };
}

/** The list of an execution, or the map of a consumed service. */
function toNamedValues(value: unknown): NamedValue[] {
  if (Array.isArray(value)) {
    return value
      .filter(isRecord)
      .map((item) => ({ name: asText(item['name']), value: item['value'] }));
  }
  return isRecord(value)
    ? Object.entries(value).map(([name, inner]) => ({ name, value: inner }))
    : [];
}
