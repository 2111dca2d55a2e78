// Questions to the person at the front end: asked on stdin, answered by input_reply, given up on interrupt.
import { raceAbort } from '../base/index.js';
import { InputUnavailableError } from './errors.js';
import type { InputRequester } from './interpreter.js';
import type { IncomingMessage } from './protocol/message.js';
import { readInputReply } from './protocol/input.js';

/** Sends an `input_request` to the front end that sent the execute request; returns the message's id. */
export type SendInputRequest = (prompt: string, password: boolean) => string;

type Answer = (line: string | undefined) => void;

/** Keeps the open questions of a kernel and gives the answers to those who asked. */
export class InputDesk {
  /** By the id of the `input_request`, in the order they were asked. */
  readonly #questions = new Map<string, Answer>();

  /** What one cell asks with. `signal` is the cell's: aborted, it ends the wait. */
  requester(allowed: boolean, send: SendInputRequest, signal: AbortSignal): InputRequester {
    return {
      allowed,
      requestInput: (prompt, options) =>
        allowed ? this.#ask(prompt, options?.password ?? false, send, signal) : refuse(prompt),
    };
  }

  /**
   * Takes an `input_reply`. One that answers no open question is ignored. A reply without a parent (as
   * jupyter console sends) answers the question that has been open longest.
   *
   * @returns Whether somebody was waiting for it.
   */
  answer(reply: IncomingMessage): boolean {
    const id = reply.parentHeader.msg_id ?? this.#questions.keys().next().value;
    const question = id === undefined ? undefined : this.#questions.get(id);
    question?.(readInputReply(reply.content));
    return question !== undefined;
  }

  /** Drops the questions of a cell that has ended without waiting for the answers. */
  forgetAll(): void {
    this.#questions.clear();
  }

  async #ask(
    prompt: string,
    password: boolean,
    send: SendInputRequest,
    signal: AbortSignal,
  ): Promise<string> {
    signal.throwIfAborted();
    const id = send(prompt, password);
    const answered = new Promise<string | undefined>((resolve) => {
      this.#questions.set(id, resolve);
    });
    try {
      const line = await raceAbort(answered, signal);
      if (line !== undefined) return line;
      throw new InputUnavailableError('The front end gave no answer to a request for input.');
    } finally {
      this.#questions.delete(id);
    }
  }
}

function refuse(prompt: string): Promise<never> {
  return Promise.reject(
    new InputUnavailableError(
      `Input was asked for ("${prompt}"), but this front end allows none.`,
      {
        hint: 'Run the notebook where somebody can answer: not in a batch run.',
      },
    ),
  );
}
