// Carries the questions of remote code to the person at the front end, and the answers back.
import type { InputMessage, SessionEvent } from '../api/index.js';
import { AppError, isAbortError, messageOf } from '../base/index.js';
import type { InputRequester } from '../jupyter/index.js';

type InputRequestEvent = Extract<SessionEvent, { readonly type: 'input_request' }>;

/** What front ends send for the key that ends input. @see jupyter_console, `handle_input_request` */
const END_OF_INPUT = '\u0004';

/** The questions of one run. One that comes again, after the connection broke, is not asked again. */
export class InputRelay {
  readonly #input: InputRequester;
  readonly #replies = new Map<string, Promise<InputMessage | undefined>>();

  constructor(input: InputRequester) {
    this.#input = input;
  }

  /** @param send - Sends a message on the stream on which the question came. */
  async take(request: InputRequestEvent, send: (message: InputMessage) => void): Promise<void> {
    const { inputId } = request;
    send({ type: 'input_taken', inputId });
    let reply = this.#replies.get(inputId);
    if (reply === undefined) {
      reply = this.#ask(request);
      this.#replies.set(inputId, reply);
    }
    const answer = await reply;
    if (answer !== undefined) send(answer);
  }

  /** Nothing when the cell was interrupted: the server is asked to stop the code anyhow. */
  async #ask(request: InputRequestEvent): Promise<InputMessage | undefined> {
    const { inputId, prompt, password } = request;
    const type = 'input_reply';
    try {
      const value = await this.#input.requestInput(prompt, { password });
      return { type, inputId, value: value === END_OF_INPUT ? null : value };
    } catch (error) {
      if (isAbortError(error)) return undefined;
      const hint = error instanceof AppError ? error.hint : undefined;
      return { type, inputId, error: [messageOf(error), hint].filter(Boolean).join(' ') };
    }
  }
}
