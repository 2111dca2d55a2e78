// The event stream of a session over a WebSocket: what it prints while it runs. An extension of the embedded server.
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type WebSocket from 'ws';
// Not through the index: the kernel would load the whole OpenAPI document before its first cell.
import { MAX_INPUT_LENGTH } from '../api/extensions.js';
import type { InputMessage, SessionEvent } from '../api/index.js';
import { isAbortError } from '../base/index.js';
import { isRecord, tryParseJson } from './answers.js';
import { connectToServer } from './connector.js';
import { ClientError } from './errors.js';
import { ExchangeError } from './exchange.js';
import { toClientError, type FailureContext } from './failures.js';
import type { HttpClient } from './http.js';
import type { CallOptions } from './options.js';
import { pathOf } from './paths.js';

/** An open stream of events. */
export interface EventStream {
  /** Hands over each event in order; those that came before the first listener come first. */
  onEvent(listener: (event: SessionEvent) => void): void;
  /**
   * Takes and answers an `input_request`. On a stream that has ended it is lost: a new stream shows the request again.
   * A text of more than a million characters is refused in the person's place.
   */
  send(message: InputMessage): void;
  /** Takes no more from the server, which lets the program wait, until `resume`; what has arrived still comes. */
  pause(): void;
  resume(): void;
  /** Settles when the stream has ended, however that came; never rejects. */
  readonly closed: Promise<void>;
  /** Ends the stream; twice is harmless. */
  close(): void;
}

/** A silent connection is asked for a sign of life this often, and given up when none comes until the next time. */
const PING_INTERVAL_MS = 30_000;

const NORMAL_CLOSURE = 1000;

/**
 * Opens the event stream of a session. Nothing of the past is repeated.
 *
 * @throws {ClientError} `CLIENT_SESSION_GONE`, `CLIENT_AUTH`, `CLIENT_STATUS` where the server has no such stream,
 *   `CLIENT_UNREACHABLE`, `CLIENT_TLS`, `CLIENT_TIMEOUT`; the signal's reason.
 */
export async function openEvents(
  http: HttpClient,
  sessionId: string,
  options: CallOptions = {},
): Promise<EventStream> {
  const { signal } = options;
  const authorization = await http.auth.obtain(signal);
  try {
    return await connect(http, sessionId, authorization, signal);
  } catch (error) {
    if (!(error instanceof RefusedUpgrade)) throw error;
    if (error.statusCode !== 401 || !http.auth.isReplaceable) throw error.explanation;
  }
  await http.auth.replace(authorization, signal);
  try {
    return await connect(http, sessionId, await http.auth.obtain(signal), signal);
  } catch (error) {
    throw error instanceof RefusedUpgrade ? error.explanation : error;
  }
}

/** The server answered with a status instead of opening the stream. */
class RefusedUpgrade extends Error {
  readonly statusCode: number;
  readonly explanation: ClientError;

  constructor(statusCode: number, explanation: ClientError) {
    super(explanation.message);
    this.statusCode = statusCode;
    this.explanation = explanation;
  }
}

async function connect(
  http: HttpClient,
  sessionId: string,
  authorization: string,
  signal: AbortSignal | undefined,
): Promise<EventStream> {
  const { options } = http;
  const [{ default: WebSocketClass }, connection] = await Promise.all([
    import('ws'),
    connectSocket(http, sessionId, signal),
  ]);
  const path = options.basePath + pathOf`/sessions/${sessionId}/events`;
  const url = new URL(path, options.origin);
  // The connection is made already, with TLS: to ws it is a plain one.
  url.protocol = 'ws:';
  const socket = new WebSocketClass(url, {
    headers: { ...options.headers, authorization, host: options.origin.host },
    perMessageDeflate: false,
    createConnection: () => connection,
  });
  const stream = new WebSocketEventStream(socket);
  await opened(socket, http, sessionId, signal);
  return stream;
}

async function connectSocket(
  http: HttpClient,
  sessionId: string,
  signal: AbortSignal | undefined,
): Promise<Socket> {
  try {
    return await connectToServer(http.options, signal);
  } catch (error) {
    if (signal?.aborted === true || isAbortError(error)) throw error;
    throw toClientError(
      new ExchangeError(error, 'unsent', false),
      contextOf(http, sessionId),
      http.options,
    );
  }
}

async function opened(
  socket: WebSocket,
  http: HttpClient,
  sessionId: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { options } = http;
  const { requestTimeoutMs } = options.timeouts;
  return new Promise((resolve, reject) => {
    const explain = (cause: unknown, isTimeout: boolean): ClientError =>
      toClientError(
        new ExchangeError(cause, 'sent', isTimeout),
        contextOf(http, sessionId),
        options,
      );
    const settle = (error?: Error): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
      if (error === undefined) {
        resolve();
        return;
      }
      socket.terminate();
      reject(error);
    };
    const onAbort = (): void => {
      settle(signal?.reason as Error);
    };
    // ws has a limit of its own, but it does not hold on a connection that exists already.
    const timer =
      requestTimeoutMs === 0
        ? undefined
        : setTimeout(() => {
            settle(explain(undefined, true));
          }, requestTimeoutMs);
    socket.once('open', () => {
      settle();
    });
    socket.once('unexpected-response', (_request, response: IncomingMessage) => {
      response.destroy();
      settle(refusal(http, sessionId, response.statusCode ?? 0));
    });
    socket.once('error', (error) => {
      settle(explain(error, false));
    });
    if (signal?.aborted === true) onAbort();
    else signal?.addEventListener('abort', onAbort, { once: true });
  });
}

function refusal(http: HttpClient, sessionId: string, statusCode: number): RefusedUpgrade {
  const server = http.options.displayUrl;
  const facts = { server, operation: 'open the event stream', statusCode, sessionId };
  const [code, message] =
    statusCode === 401
      ? ([
          'CLIENT_AUTH',
          `The R Server at ${server} refused to open the event stream (401).`,
        ] as const)
      : statusCode === 404 || statusCode === 410
        ? ([
            'CLIENT_SESSION_GONE',
            `The R Server at ${server} no longer has the session ${sessionId} (${statusCode}).`,
          ] as const)
        : ([
            'CLIENT_STATUS',
            `The R Server at ${server} answered ${statusCode} to the request to open the event stream.`,
          ] as const);
  return new RefusedUpgrade(statusCode, new ClientError(code, message, { facts }));
}

function contextOf(http: HttpClient, sessionId: string): FailureContext {
  return {
    operation: 'open the event stream',
    limitName: 'request',
    timeoutMs: http.options.timeouts.requestTimeoutMs,
    changesState: false,
    sessionId,
  };
}

class WebSocketEventStream implements EventStream {
  readonly closed: Promise<void>;
  readonly #socket: WebSocket;
  readonly #listeners: ((event: SessionEvent) => void)[] = [];
  readonly #early: SessionEvent[] = [];
  #isAlive = true;
  #isPaused = false;

  constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.on('message', (data: Buffer) => {
      this.#isAlive = true;
      this.#receive(data);
    });
    socket.on('pong', () => {
      this.#isAlive = true;
    });
    // What went wrong is told by `closed`, or by the promise of opening.
    socket.on('error', () => undefined);
    const ping = setInterval(() => {
      this.#checkLife();
    }, PING_INTERVAL_MS);
    ping.unref();
    this.closed = new Promise((resolve) => {
      socket.once('close', () => {
        clearInterval(ping);
        resolve();
      });
    });
  }

  onEvent(listener: (event: SessionEvent) => void): void {
    this.#listeners.push(listener);
    for (const event of this.#early.splice(0)) listener(event);
  }

  send(message: InputMessage): void {
    if (this.#socket.readyState === this.#socket.OPEN) {
      this.#socket.send(JSON.stringify(withinLimit(message)));
    }
  }

  pause(): void {
    this.#isPaused = true;
    this.#socket.pause();
  }

  resume(): void {
    this.#isPaused = false;
    this.#isAlive = true; // what it has sent meanwhile is not read yet
    this.#socket.resume();
  }

  close(): void {
    this.#socket.close(NORMAL_CLOSURE);
  }

  #receive(data: Buffer): void {
    const event = toSessionEvent(tryParseJson(data.toString()));
    if (event === undefined) return;
    if (this.#listeners.length === 0) this.#early.push(event);
    else for (const listener of this.#listeners) listener(event);
  }

  #checkLife(): void {
    if (this.#socket.readyState !== this.#socket.OPEN || this.#isPaused) return;
    if (!this.#isAlive) {
      this.#socket.terminate();
      return;
    }
    this.#isAlive = false;
    this.#socket.ping();
  }
}

function withinLimit(message: InputMessage): InputMessage {
  if (!('value' in message) || (message.value?.length ?? 0) <= MAX_INPUT_LENGTH) return message;
  const { type, inputId } = message;
  const error = `The answer is longer than ${MAX_INPUT_LENGTH} characters, the most that can be taken: read a file instead.`;
  return { type, inputId, error };
}

/** An event, or `undefined` for a frame of a kind that is not known here. */
function toSessionEvent(value: unknown): SessionEvent | undefined {
  if (!isRecord(value)) return undefined;
  const { type, executionId, name, text, data, inputId, prompt, password } = value;
  if (typeof executionId !== 'string') return undefined;
  if (type === 'stream' && typeof text === 'string' && (name === 'stdout' || name === 'stderr')) {
    return { type, executionId, name, text };
  }
  if (type === 'data' && typeof data === 'string') return { type, executionId, data };
  if (type === 'input_request' && typeof inputId === 'string' && typeof prompt === 'string') {
    return { type, executionId, inputId, prompt, password: password === true };
  }
  const isMark = type === 'queued' || type === 'started' || type === 'finished';
  return isMark ? { type, executionId } : undefined;
}
