// One HTTP request and its answer on a pooled connection. Knows how far it came; knows nothing of R Server.
import { Readable } from 'node:stream';
import type { Dispatcher, Pool } from 'undici';
// The pool alone: the whole package takes three times as long to load, which a person would wait for at the first cell.
import PoolClass from 'undici/lib/dispatcher/pool.js';
import { connectToServer, proxyAuthorization, tlsOptions } from './connector.js';
import type { ResolvedOptions } from './options.js';

/** Header names in lower case to values. */
export type AnswerHeaders = Readonly<Record<string, string | string[] | undefined>>;

/** What goes out. */
export interface ExchangeRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Encoded, with the query. */
  readonly path: string;
  /** Names and values in turn. */
  readonly headers: readonly string[];
  readonly body: string | Buffer | Readable | undefined;
  /** Time from the start of sending to the end of the answer; 0 means no limit. Milliseconds. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
  /** Called at an interim answer 102. */
  readonly onInterim?: (() => void) | undefined;
}

/** An answer that has arrived in whole. */
export interface Answer {
  readonly statusCode: number;
  readonly headers: AnswerHeaders;
  readonly body: Buffer;
}

/** An answer whose body is still arriving. */
export interface StreamedAnswer {
  readonly statusCode: number;
  readonly headers: AnswerHeaders;
  readonly body: Readable;
}

/** How far a request came: nothing has left this machine, it may have left, the answer has begun. */
export type ExchangeProgress = 'unsent' | 'sent' | 'answering';

/** An exchange that did not end well, with how far it came. The cause is the network's own error. */
export class ExchangeError extends Error {
  readonly progress: ExchangeProgress;
  readonly isTimeout: boolean;

  constructor(cause: unknown, progress: ExchangeProgress, isTimeout: boolean) {
    super('exchange failed', { cause });
    this.progress = progress;
    this.isTimeout = isTimeout;
  }
}

/** Sends requests over connections that are kept. */
export interface Exchanger {
  /** @throws {ExchangeError} and the signal's reason when it is aborted. */
  exchange(request: ExchangeRequest): Promise<Answer>;
  /** As `exchange`, but settles when the headers are there. Errors of the body are {@link ExchangeError}s of its stream. */
  stream(request: ExchangeRequest): Promise<StreamedAnswer>;
  close(): Promise<void>;
  destroy(): Promise<void>;
}

const PROCESSING = 102;

/** Idle connections are given up after this time where the server names none. Kestrel keeps them for 130 s. */
const KEEP_ALIVE_MS = 30_000;

/** Makes an {@link Exchanger} for a server. Nothing is connected before the first request. */
export function createExchanger(options: ResolvedOptions): Exchanger {
  const { pool, pathPrefix, extraHeaders } = openPool(options);
  const dispatch = <Result>(request: ExchangeRequest, handler: AnswerHandler<Result>): void => {
    handler.listen();
    if (handler.isSettled) return;
    pool.dispatch(
      {
        method: request.method,
        path: pathPrefix + request.path,
        headers:
          extraHeaders.length === 0
            ? (request.headers as string[])
            : [...request.headers, ...extraHeaders],
        body: request.body ?? null,
        // Time limits are kept here, by phase; those of the pool would only see gaps between bytes.
        headersTimeout: 0,
        bodyTimeout: 0,
      },
      handler,
    );
  };
  return {
    exchange: (request) =>
      new Promise((resolve, reject) => {
        dispatch(request, new WholeAnswerHandler(request, resolve, reject));
      }),
    stream: (request) =>
      new Promise((resolve, reject) => {
        dispatch(request, new StreamedAnswerHandler(request, resolve, reject));
      }),
    close: () => pool.close(),
    destroy: () => pool.destroy(),
  };
}

interface OpenedPool {
  readonly pool: Pool;
  readonly pathPrefix: string;
  readonly extraHeaders: readonly string[];
}

function openPool(options: ResolvedOptions): OpenedPool {
  const { origin, proxy, timeouts } = options;
  const common: Pool.Options = {
    keepAliveTimeout: KEEP_ALIVE_MS,
    // The server's own word counts, whatever it says.
    keepAliveMaxTimeout: 600_000,
    pipelining: 1,
  };
  const direct = { timeout: timeouts.connectTimeoutMs, ...tlsOptions(options) };
  if (proxy === undefined) {
    return {
      pool: new PoolClass(origin, { ...common, connect: direct }),
      pathPrefix: '',
      extraHeaders: [],
    };
  }
  if (origin.protocol === 'http:') {
    // As browsers and curl do: no tunnel, the proxy gets the whole URL.
    const authorization = proxyAuthorization(proxy);
    return {
      pool: new PoolClass(new URL(proxy.origin), { ...common, connect: direct }),
      pathPrefix: origin.origin,
      extraHeaders: [
        'host',
        origin.host,
        ...(authorization === undefined ? [] : ['proxy-authorization', authorization]),
      ],
    };
  }
  const connect: Exclude<Pool.Options['connect'], undefined> = (_target, callback) => {
    connectToServer(options).then(
      (socket) => {
        callback(null, socket);
      },
      (error: unknown) => {
        callback(error as Error, null);
      },
    );
  };
  return { pool: new PoolClass(origin, { ...common, connect }), pathPrefix: '', extraHeaders: [] };
}

/** What both ways of taking an answer share: the time limit, the signal, and how far the request came. */
abstract class AnswerHandler<Result> implements Dispatcher.DispatchHandler {
  isSettled = false;
  protected readonly request: ExchangeRequest;
  protected readonly resolve: (result: Result) => void;
  protected readonly reject: (error: unknown) => void;
  protected progress: ExchangeProgress = 'unsent';
  protected controller: Dispatcher.DispatchController | undefined;
  #timer: NodeJS.Timeout | undefined;
  readonly #onAbort = (): void => {
    this.stop(this.request.signal?.reason);
  };

  constructor(
    request: ExchangeRequest,
    resolve: (result: Result) => void,
    reject: (error: unknown) => void,
  ) {
    this.request = request;
    this.resolve = resolve;
    this.reject = reject;
  }

  /** Heeds the signal; afterwards it may be settled. */
  listen(): void {
    const { signal } = this.request;
    if (signal === undefined) return;
    if (signal.aborted) this.#onAbort();
    else signal.addEventListener('abort', this.#onAbort, { once: true });
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    if (this.isSettled) {
      controller.abort(new Error('cancelled'));
      return;
    }
    this.controller = controller;
    this.progress = 'sent';
    const { timeoutMs } = this.request;
    if (timeoutMs > 0) {
      this.#timer = setTimeout(() => {
        this.stop(new ExchangeError(undefined, this.progress, true));
      }, timeoutMs);
    }
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.fail(new ExchangeError(error, this.progress, false));
  }

  protected abstract fail(error: unknown): void;

  protected release(): void {
    this.isSettled = true;
    clearTimeout(this.#timer);
    this.request.signal?.removeEventListener('abort', this.#onAbort);
  }

  /** Ends it from this side. */
  protected stop(reason: unknown): void {
    this.fail(reason);
    this.controller?.abort(new Error('cancelled'));
    if (this.controller === undefined && this.request.body instanceof Readable)
      this.request.body.destroy();
  }
}

class WholeAnswerHandler extends AnswerHandler<Answer> {
  readonly #chunks: Buffer[] = [];
  #statusCode = 0;
  #headers: AnswerHeaders = {};

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    statusCode: number,
    headers: AnswerHeaders,
  ): void {
    if (statusCode < 200) {
      if (statusCode === PROCESSING) this.request.onInterim?.();
      return;
    }
    this.progress = 'answering';
    this.#statusCode = statusCode;
    this.#headers = headers;
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#chunks.push(chunk);
  }

  onResponseEnd(): void {
    if (this.isSettled) return;
    this.release();
    const [only] = this.#chunks;
    const body =
      this.#chunks.length === 1 && only !== undefined ? only : Buffer.concat(this.#chunks);
    this.resolve({ statusCode: this.#statusCode, headers: this.#headers, body });
  }

  protected override fail(error: unknown): void {
    if (this.isSettled) return;
    this.release();
    this.reject(error);
  }
}

class StreamedAnswerHandler extends AnswerHandler<StreamedAnswer> {
  #body: Readable | undefined;

  onResponseStart(
    controller: Dispatcher.DispatchController,
    statusCode: number,
    headers: AnswerHeaders,
  ): void {
    if (statusCode < 200) return;
    this.progress = 'answering';
    this.#body = new Readable({
      read: () => {
        controller.resume();
      },
      destroy: (error, done) => {
        // The reader gave up before the end.
        if (!this.isSettled) {
          this.release();
          controller.abort(new Error('cancelled'));
        }
        done(error);
      },
    });
    this.resolve({ statusCode, headers, body: this.#body });
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#body?.push(chunk) === false) controller.pause();
  }

  onResponseEnd(): void {
    if (this.isSettled) return;
    this.release();
    this.#body?.push(null);
  }

  protected override fail(error: unknown): void {
    if (this.isSettled) return;
    this.release();
    if (this.#body === undefined) this.reject(error);
    else this.#body.destroy(error as Error);
  }
}
