// The event stream of a session: what it prints while it runs, and executions with their answers. A connection that breaks
// while something is on its way is made again, and goes on where it was.
import { setTimeout as sleep } from 'node:timers/promises';
// Not through the index: the kernel would load the whole OpenAPI document before its first cell.
import { MAX_INPUT_LENGTH } from '../api/extensions.js';
import type { ExecuteMessage, InputMessage, ResumeMessage, SessionEvent } from '../api/index.js';
import { createDeferred, type Deferred } from '../base/index.js';
import { asText } from './answers.js';
import { isClientError } from './errors.js';
import type { EventSocket, Frame } from './event-socket.js';
import { ExchangeError, type Answer } from './exchange.js';

/** One execution on the stream. */
export interface StreamedExecution {
  /** A UUID. */
  readonly executionId: string;
  /** Lets the code ask for input. */
  readonly input: boolean;
  /** JSON, as `POST /sessions/{id}/execute` takes it. */
  readonly body: string;
}

/** An open stream of events. */
export interface EventStream {
  /** Hands over each event in order; those that came before the first listener come first. */
  onEvent(listener: (event: SessionEvent) => void): void;
  /**
   * Takes and answers an `input_request`. On a stream that has ended it is lost: a new stream shows the request again.
   * A text of more than a million characters is refused in the person's place.
   */
  send(message: InputMessage): void;
  /** Whether it can carry anything. */
  readonly isOpen: boolean;
  /**
   * Runs code in the session; the answer comes after the events. Only where the server offers `executions`.
   *
   * @param authorization - Value of the header of that name.
   * @throws {ExchangeError} when the stream ends before the answer.
   */
  execute(execution: StreamedExecution, authorization: string): Promise<Answer>;
  /** Takes no more from the server, which lets the program wait, until `resume`; what has arrived still comes. */
  pause(): void;
  resume(): void;
  /** Settles when the stream has ended, however that came; never rejects. */
  readonly closed: Promise<void>;
  /** Ends the stream; twice is harmless. */
  close(): void;
}

/** Opens one more connection to the same session; throws what the client throws. */
export type OpenSocket = (signal?: AbortSignal) => Promise<EventSocket>;

/** Waits before the tries to connect again. */
const RECONNECT_PAUSES_MS = [0, 100, 300, 600, 1000] as const;

/** An execution without its answer. */
interface PendingExecution {
  readonly answer: Deferred<Answer>;
  /** As it was sent. */
  readonly frame: string;
  /** Frames of it that have come, requests for input apart. */
  count: number;
  /** The server has been asked to send what is missing, and has not said yet that it does. */
  isResuming: boolean;
}

/** A stream that outlives its connection while executions wait for their answers. */
export class ResumingEventStream implements EventStream {
  readonly closed: Promise<void>;
  readonly #reopen: OpenSocket;
  readonly #over = createDeferred<undefined>();
  readonly #abandoned = new AbortController();
  readonly #listeners: ((event: SessionEvent) => void)[] = [];
  #early: SessionEvent[] = [];
  /** By the ids of executions. */
  readonly #pending = new Map<string, PendingExecution>();
  #socket: EventSocket;
  #isPaused = false;

  constructor(socket: EventSocket, reopen: OpenSocket) {
    this.#socket = socket;
    this.#reopen = reopen;
    this.closed = this.#over.promise;
    this.#attach(socket);
  }

  get isOpen(): boolean {
    return this.#socket.isOpen;
  }

  onEvent(listener: (event: SessionEvent) => void): void {
    this.#listeners.push(listener);
    const early = this.#early;
    this.#early = [];
    for (const event of early) listener(event);
  }

  send(message: InputMessage): void {
    this.#socket.send(JSON.stringify(withinLimit(message)));
  }

  async execute(
    { executionId, input, body }: StreamedExecution,
    authorization: string,
  ): Promise<Answer> {
    const isKnown = authorization === this.#socket.authorization;
    this.#socket.authorization = authorization;
    const head = JSON.stringify({
      type: 'execute',
      executionId,
      input,
      ...(!isKnown && { authorization }),
    } satisfies Omit<ExecuteMessage, 'body'>);
    // The body is JSON already, and may be long.
    const frame = `${head.slice(0, -1)},"body":${body}}`;
    const answer = createDeferred<Answer>();
    this.#pending.set(executionId, { answer, frame, count: 0, isResuming: false });
    this.#socket.send(frame);
    try {
      return await answer.promise;
    } finally {
      this.#pending.delete(executionId);
    }
  }

  pause(): void {
    this.#isPaused = true;
    this.#socket.pause();
  }

  resume(): void {
    this.#isPaused = false;
    this.#socket.resume();
  }

  close(): void {
    this.#abandoned.abort();
    this.#socket.close();
  }

  #attach(socket: EventSocket): void {
    this.#socket = socket;
    socket.listen((frame) => {
      this.#take(frame);
    });
    void socket.closed.then(() => this.#recover());
  }

  #take(frame: Frame): void {
    const execution = this.#pending.get(asText(frame['executionId']));
    if (execution !== undefined && frame['type'] !== 'input_request') {
      if (frame['type'] === 'resumed') {
        execution.isResuming = false;
        if (frame['state'] === 'unknown') this.#socket.send(execution.frame);
        else if (frame['state'] !== 'complete') this.close(); // the rest is had in another way
        return;
      }
      // Until then the frames are those after a gap; they are sent again.
      if (execution.isResuming) return;
      execution.count += 1;
      if (frame['type'] === 'answer') execution.answer.resolve(toAnswer(frame));
    }
    const event = toSessionEvent(frame);
    if (event === undefined) return;
    if (this.#listeners.length === 0) this.#early.push(event);
    else for (const listener of this.#listeners) listener(event);
  }

  /** The connection has ended: makes another one while something is on its way. */
  async #recover(): Promise<void> {
    const { signal } = this.#abandoned;
    for (const pauseMs of RECONNECT_PAUSES_MS) {
      if (this.#pending.size === 0 || signal.aborted) break;
      try {
        if (pauseMs > 0) await sleep(pauseMs, undefined, { signal });
        this.#goOn(await this.#reopen(signal));
        return;
      } catch (error) {
        // What is refused now will be refused the next time.
        if (!isClientError(error, 'CLIENT_UNREACHABLE')) break;
      }
    }
    for (const { answer } of this.#pending.values()) {
      answer.reject(new ExchangeError(new Error('The event stream ended.'), 'sent', false));
    }
    this.#over.resolve(undefined);
  }

  #goOn(socket: EventSocket): void {
    for (const [executionId, execution] of this.#pending) {
      const { count } = execution;
      execution.isResuming = true;
      socket.send(JSON.stringify({ type: 'resume', executionId, count } satisfies ResumeMessage));
    }
    if (this.#isPaused) socket.pause();
    this.#attach(socket);
  }
}

function withinLimit(message: InputMessage): InputMessage {
  if (!('value' in message) || (message.value?.length ?? 0) <= MAX_INPUT_LENGTH) return message;
  const { type, inputId } = message;
  const error = `The answer is longer than ${MAX_INPUT_LENGTH} characters, the most that can be taken: read a file instead.`;
  return { type, inputId, error };
}

/** The answer as HTTP would have brought it. */
function toAnswer({ statusCode, retryAfter, body }: Frame): Answer {
  return {
    statusCode: typeof statusCode === 'number' ? statusCode : 500,
    headers: typeof retryAfter === 'number' ? { 'retry-after': retryAfter.toString() } : {},
    body: Buffer.from(JSON.stringify(body)),
  };
}

/** An event, or `undefined` for a frame of a kind that is not known here. */
function toSessionEvent(value: Frame): SessionEvent | undefined {
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
