// What the running code asks for: shown to those who watch, answered by the one who takes it, refused when nobody does.
import type { InputMessage, SessionEvent } from '../../api/index.js';
import type { InputAnswer, RuntimeEvent } from '../../runtimes/index.js';
import type { Watcher, Watchers } from './watchers.js';

type InputRequestEvent = Extract<SessionEvent, { readonly type: 'input_request' }>;

const NOT_ALLOWED =
  'Input was asked for, but nobody can be asked here: this run allows no input. Write the value into the code, or pass it as an input of the run.';
const NOBODY_ANSWERS =
  'Input was asked for, but nobody who could answer is connected to the session.';

interface OpenRequest {
  readonly event: InputRequestEvent;
  takenBy: Watcher | undefined;
  /** Runs while nobody has taken it. */
  patience: NodeJS.Timeout | undefined;
}

export interface InputRequestsOptions {
  readonly watchers: Watchers;
  /** Hands an answer to the runtime. */
  readonly answer: (inputId: string, answer: InputAnswer) => void;
  /** How long a request waits for somebody to take it. */
  readonly patienceMs: number;
}

/** The open requests for input of one session. */
export class InputRequests {
  readonly #options: InputRequestsOptions;
  readonly #open = new Map<string, OpenRequest>();

  constructor(options: InputRequestsOptions) {
    this.#options = options;
  }

  /** Takes a request of the running code. @param isAllowed - Whether the execution was sent with someone to ask. */
  ask(
    executionId: string,
    isAllowed: boolean,
    { inputId, prompt, isPassword }: Extract<RuntimeEvent, { readonly type: 'input_request' }>,
  ): void | Promise<void> {
    const { watchers, answer } = this.#options;
    if (!isAllowed) {
      answer(inputId, { status: 'unavailable', reason: NOT_ALLOWED });
      return undefined;
    }
    const event: InputRequestEvent = {
      type: 'input_request',
      executionId,
      inputId,
      prompt,
      password: isPassword,
    };
    const request: OpenRequest = { event, takenBy: undefined, patience: undefined };
    this.#open.set(inputId, request);
    this.#await(request);
    const wait = watchers.send(event);
    // Nothing more will come that could carry it along.
    watchers.flush();
    return wait;
  }

  /** Takes what a watcher sent; a message about nothing that is open is too late and passed over. */
  receive(message: InputMessage, watcher: Watcher): void {
    const request = this.#open.get(message.inputId);
    if (request === undefined) return;
    if (message.type === 'input_taken') {
      request.takenBy = watcher;
      clearTimeout(request.patience);
    } else this.#settle(request, answerOf(message));
  }

  /** A new watcher is shown what is open: it may have lost its connection. */
  addWatcher(watcher: Watcher): void {
    if (this.#open.size === 0) return;
    for (const { event } of this.#open.values()) void watcher.send(JSON.stringify(event));
    watcher.flush();
  }

  /** What it had taken is open for others. */
  removeWatcher(watcher: Watcher): void {
    for (const request of this.#open.values()) {
      if (request.takenBy === watcher) this.#await(request);
    }
  }

  /** The execution is over. */
  clear(): void {
    for (const { patience } of this.#open.values()) clearTimeout(patience);
    this.#open.clear();
  }

  #await(request: OpenRequest): void {
    request.takenBy = undefined;
    request.patience = setTimeout(() => {
      this.#settle(request, { status: 'unavailable', reason: NOBODY_ANSWERS });
    }, this.#options.patienceMs);
  }

  #settle({ event, patience }: OpenRequest, answer: InputAnswer): void {
    clearTimeout(patience);
    this.#open.delete(event.inputId);
    this.#options.answer(event.inputId, answer);
  }
}

function answerOf(reply: Extract<InputMessage, { readonly type: 'input_reply' }>): InputAnswer {
  if ('error' in reply) return { status: 'unavailable', reason: reply.error };
  return reply.value === null ? { status: 'end' } : { status: 'ok', text: reply.value };
}

/** Reads a frame of a client; `undefined` for what is not known here. */
export function parseInputMessage(message: unknown): InputMessage | undefined {
  if (typeof message !== 'object' || message === null) return undefined;
  const { type, inputId, value, error } = message as Record<string, unknown>;
  if (typeof inputId !== 'string') return undefined;
  if (type === 'input_taken') return { type, inputId };
  if (type !== 'input_reply') return undefined;
  if (typeof error === 'string') return { type, inputId, error };
  return typeof value === 'string' || value === null ? { type, inputId, value } : undefined;
}
