// Sends API calls: adds the token, keeps the time limits, retries where that is safe, and turns failures into ClientError.
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
// Not through the index: the kernel would load the whole OpenAPI document before its first cell.
import { EXTENSIONS_HEADER, parseExtensions } from '../api/extensions.js';
import type { ExtensionName } from '../api/index.js';
import { isAbortError } from '../base/index.js';
import { isRecord, tryParseJson } from './answers.js';
import { Authenticator } from './auth.js';
import type { Call } from './call.js';
import { ClientError } from './errors.js';
import {
  createExchanger,
  ExchangeError,
  type Answer,
  type AnswerHeaders,
  type Exchanger,
  type ExchangeRequest,
  type StreamedAnswer,
} from './exchange.js';
import { isBriefFailure, toClientError, type FailureContext } from './failures.js';
import type { ResolvedOptions } from './options.js';
import { SecretKeeper } from './secrets.js';
import { lacksRuntime, toStatusError } from './status-errors.js';

/** Waits before the second and third try after the network failed. */
const NETWORK_BACKOFF_MS = [100, 400] as const;

/** Waits before further tries after a 503 that names no time. */
const BUSY_BACKOFF_MS = [500, 1000, 2000] as const;

/** A server that asks for a longer wait is reported as busy instead. */
const MAX_RETRY_AFTER_MS = 10_000;

/** A failing answer is read up to here. */
const MAX_ERROR_BODY_BYTES = 65_536;

/** One try of a call. */
type Exchange<T extends Answer | StreamedAnswer> = (
  request: ExchangeRequest,
  authorization: string | undefined,
) => Promise<T | Answer>;

/** The one way of every call to the server. */
export class HttpClient {
  readonly options: ResolvedOptions;
  readonly auth: Authenticator;
  readonly secrets = new SecretKeeper();
  #extensions: ReadonlySet<ExtensionName> = new Set();
  readonly #exchanger: Exchanger;
  readonly #customHeaders: readonly string[];
  #jsonHeaders: { readonly authorization: string; readonly headers: readonly string[] } | undefined;

  constructor(options: ResolvedOptions) {
    this.options = options;
    this.#exchanger = createExchanger(options);
    this.#customHeaders = Object.entries(options.headers).flat();
    for (const value of Object.values(options.headers)) this.secrets.add(value);
    this.secrets.add(
      options.proxy === undefined ? undefined : decodeURIComponent(options.proxy.password),
    );
    if (options.auth.type === 'password' && typeof options.auth.password === 'string') {
      this.secrets.add(options.auth.password);
    }
    this.auth = new Authenticator(options, this.secrets, (call) => this.send(call));
  }

  /** What the server has said it offers; empty until it has, and with `extensions: 'off'`. */
  get extensions(): ReadonlySet<ExtensionName> {
    return this.#extensions;
  }

  /**
   * Sends a call and waits for its whole answer.
   *
   * @returns An answer with a status of 2xx.
   * @throws {ClientError} any code; the platform's `AbortError` when the signal is aborted.
   */
  async send(call: Call): Promise<Answer> {
    return this.#attempt(
      call,
      (request, authorization = '') =>
        call.exchange?.(authorization) ?? this.#exchanger.exchange(request),
    );
  }

  /** As {@link send}, but the body is a stream; its errors are {@link ClientError}s. */
  async open(call: Call): Promise<StreamedAnswer> {
    const answer = await this.#attempt(call, (request) => this.#openStream(request));
    return { ...answer, body: this.#explainErrors(answer.body, call) };
  }

  /**
   * Sends a call and reads its answer as JSON.
   *
   * @throws {ClientError} also `CLIENT_BAD_RESPONSE`, or `CLIENT_OUTCOME_UNKNOWN` when the answer to an execution is
   *   cut or garbled.
   */
  async sendForJson(call: Call): Promise<unknown> {
    const { body } = await this.send(call);
    const text = body.toString();
    const value = tryParseJson(text);
    if (value === undefined) throw this.#unreadable(call, text);
    return value;
  }

  /** Tells that an answer is JSON but not what the call promises. */
  unexpected(call: Call, expected: string): ClientError {
    return new ClientError(
      'CLIENT_BAD_RESPONSE',
      `What answers at ${this.options.displayUrl} took the request to ${call.operation} but did not send ${expected}.`,
      { facts: { server: this.options.displayUrl, operation: call.operation } },
    );
  }

  async close(): Promise<void> {
    this.auth.close();
    await this.#exchanger.close();
  }

  async destroy(): Promise<void> {
    this.auth.close();
    await this.#exchanger.destroy();
  }

  async #attempt<T extends Answer | StreamedAnswer>(call: Call, exchange: Exchange<T>): Promise<T> {
    let networkTries = 0;
    let busyTries = 0;
    let hasReplacedToken = false;
    for (;;) {
      const authorization = call.needsToken === false ? undefined : await this.#authorization(call);
      const answer = await this.#try(call, authorization, exchange);
      if (answer instanceof ExchangeError) {
        const waitMs = mayResend(call, answer) ? NETWORK_BACKOFF_MS[networkTries++] : undefined;
        if (waitMs === undefined) throw toClientError(answer, this.#context(call), this.options);
        await this.#pause(waitMs, call);
        continue;
      }
      const { statusCode } = answer;
      if (statusCode >= 200 && statusCode < 300) {
        this.#noteExtensions(answer.headers);
        return answer as T;
      }
      if (
        statusCode === 401 &&
        authorization !== undefined &&
        !hasReplacedToken &&
        this.#canReplaceToken(call)
      ) {
        hasReplacedToken = true;
        await this.#abortable(call, this.auth.replace(authorization, call.signal));
        continue;
      }
      if (statusCode === 503 && mayRepeatBusy(call) && !lacksRuntime(answer as Answer)) {
        const waitMs = busyWaitMs(answer.headers, busyTries++, this.options.now());
        if (waitMs !== undefined) {
          await this.#pause(waitMs, call);
          continue;
        }
      }
      throw await toStatusError(
        answer as Answer,
        this.#context(call),
        call,
        this.options,
        this.secrets,
        () => this.#hasSession(call),
      );
    }
  }

  /** One exchange; failures of the network are returned, cancellations thrown. */
  async #try<T extends Answer | StreamedAnswer>(
    call: Call,
    authorization: string | undefined,
    exchange: Exchange<T>,
  ): Promise<T | Answer | ExchangeError> {
    const { logger } = this.options;
    try {
      const request: ExchangeRequest = {
        method: call.method,
        path: this.options.basePath + call.path,
        headers: this.#headers(call, authorization),
        body: call.body,
        timeoutMs: this.#timeoutMs(call),
        signal: call.signal,
        onInterim: call.onInterim,
      };
      const answer = await exchange(request, authorization);
      logger.debug(
        { operation: call.operation, statusCode: answer.statusCode },
        'request answered',
      );
      return answer;
    } catch (error) {
      if (call.signal?.aborted === true) throw this.#cancellation(call, call.signal);
      if (!(error instanceof ExchangeError)) throw error;
      logger.debug({ operation: call.operation, progress: error.progress }, 'request failed');
      return error;
    }
  }

  #headers(call: Call, authorization: string | undefined): readonly string[] {
    const isPlainJson =
      call.contentType === undefined && call.headers === undefined && call.body !== undefined;
    if (isPlainJson && authorization !== undefined) {
      // The same list for every execution of an hour.
      if (this.#jsonHeaders?.authorization !== authorization) {
        this.#jsonHeaders = { authorization, headers: this.#buildHeaders(call, authorization) };
      }
      return this.#jsonHeaders.headers;
    }
    return this.#buildHeaders(call, authorization);
  }

  #buildHeaders(call: Call, authorization: string | undefined): readonly string[] {
    return [
      'accept',
      'application/json, */*;q=0.5',
      ...(call.body === undefined
        ? []
        : ['content-type', call.contentType ?? 'application/json; charset=utf-8']),
      ...(authorization === undefined ? [] : ['authorization', authorization]),
      ...(call.headers ?? []),
      ...this.#customHeaders,
    ];
  }

  #timeoutMs(call: Call): number {
    return call.timeoutMs ?? this.options.timeouts[`${call.limitName ?? 'request'}TimeoutMs`];
  }

  #context(call: Call): FailureContext {
    return {
      operation: call.operation,
      limitName: call.limitName ?? 'request',
      timeoutMs: this.#timeoutMs(call),
      changesState: changesState(call),
      sessionId: call.sessionId,
    };
  }

  async #authorization(call: Call): Promise<string> {
    return this.auth.current() ?? (await this.#abortable(call, this.auth.obtain(call.signal)));
  }

  async #abortable<T>(call: Call, work: Promise<T>): Promise<T> {
    try {
      return await work;
    } catch (error) {
      if (call.signal?.aborted === true) throw this.#cancellation(call, call.signal);
      throw error;
    }
  }

  async #pause(milliseconds: number, call: Call): Promise<void> {
    await this.#abortable(
      call,
      sleep(milliseconds, undefined, call.signal ? { signal: call.signal } : {}),
    );
  }

  /** A limit that the caller set through its signal is a timeout like ours; everything else is a cancellation. */
  #cancellation(call: Call, signal: AbortSignal): unknown {
    const reason: unknown = signal.reason;
    if (isAbortError(reason)) return reason;
    if (reason instanceof Error && reason.name === 'TimeoutError') {
      return new ClientError(
        'CLIENT_TIMEOUT',
        `The request to ${call.operation} was given up: the time the caller allowed was over.`,
        {
          cause: reason,
          facts: { server: this.options.displayUrl, operation: call.operation, phase: 'caller' },
        },
      );
    }
    return new DOMException(`The request to ${call.operation} was cancelled.`, 'AbortError');
  }

  #canReplaceToken(call: Call): boolean {
    return this.auth.isReplaceable && !(call.body instanceof Readable);
  }

  #noteExtensions(headers: AnswerHeaders): void {
    if (this.options.extensions === 'off') return;
    const value = headers[EXTENSIONS_HEADER_LOWER];
    if (value !== undefined) this.#extensions = parseExtensions(String(value));
  }

  async #hasSession(call: Call): Promise<boolean> {
    const sessions = await this.sendForJson({
      operation: 'list the sessions',
      method: 'GET',
      path: '/sessions',
      signal: call.signal,
    });
    return (
      Array.isArray(sessions) &&
      sessions.some((item) => isRecord(item) && item['id'] === call.sessionId)
    );
  }

  async #openStream(request: ExchangeRequest): Promise<StreamedAnswer | Answer> {
    const answer = await this.#exchanger.stream(request);
    if (answer.statusCode >= 200 && answer.statusCode < 300) return answer;
    const chunks: Buffer[] = [];
    let size = 0;
    for await (const chunk of answer.body) {
      chunks.push(chunk as Buffer);
      size += (chunk as Buffer).length;
      if (size > MAX_ERROR_BODY_BYTES) break;
    }
    return { ...answer, body: Buffer.concat(chunks) };
  }

  #explainErrors(body: Readable, call: Call): Readable {
    const explain = (error: unknown): unknown => {
      if (call.signal?.aborted === true) return this.#cancellation(call, call.signal);
      return error instanceof ExchangeError
        ? toClientError(error, this.#context(call), this.options)
        : error;
    };
    async function* chunks(): AsyncGenerator<Buffer> {
      try {
        for await (const chunk of body) yield chunk as Buffer;
      } catch (error) {
        throw explain(error);
      }
    }
    return Readable.from(chunks(), { objectMode: false });
  }

  #unreadable(call: Call, text: string): ClientError {
    const facts = {
      server: this.options.displayUrl,
      operation: call.operation,
      ...(call.sessionId === undefined ? {} : { sessionId: call.sessionId }),
    };
    if (call.limitName === 'execute' && !/<html|<!doctype/i.test(text)) {
      return new ClientError(
        'CLIENT_OUTCOME_UNKNOWN',
        `The answer of the R Server at ${this.options.displayUrl} to the request to ${call.operation} cannot be read; the code has probably run.`,
        { facts },
      );
    }
    return new ClientError(
      'CLIENT_BAD_RESPONSE',
      `What answers at ${this.options.displayUrl} took the request to ${call.operation} but sent no JSON.`,
      { facts },
    );
  }
}

const EXTENSIONS_HEADER_LOWER = EXTENSIONS_HEADER.toLowerCase();

function changesState(call: Call): boolean {
  return call.changesState ?? (call.method !== 'GET' && call.method !== 'DELETE');
}

/** Never what may have been carried out, and never a stream that is half read. */
function mayResend(call: Call, error: ExchangeError): boolean {
  if (!isBriefFailure(error) || call.body instanceof Readable) return false;
  return error.progress === 'unsent' || (call.isIdempotent ?? call.method === 'GET');
}

function mayRepeatBusy(call: Call): boolean {
  return call.retriesBusy ?? call.method === 'GET';
}

/** How long to wait after a 503; `undefined` to give up. */
function busyWaitMs(headers: AnswerHeaders, tries: number, nowMs: number): number | undefined {
  const backoffMs = BUSY_BACKOFF_MS[tries];
  if (backoffMs === undefined) return undefined;
  const wishMs = parseRetryAfter(headers['retry-after'], nowMs);
  if (wishMs === undefined) return backoffMs;
  return wishMs <= MAX_RETRY_AFTER_MS ? wishMs : undefined;
}

/**
 * Reads `Retry-After`: seconds or a date.
 *
 * @returns Milliseconds from now; `undefined` when there is nothing to read.
 */
export function parseRetryAfter(
  value: string | string[] | undefined,
  nowMs: number,
): number | undefined {
  if (typeof value !== 'string') return undefined;
  if (/^\d+$/.test(value.trim())) return Number(value) * 1000;
  const date = Date.parse(value);
  return Number.isNaN(date) ? undefined : Math.max(date - nowMs, 0);
}
