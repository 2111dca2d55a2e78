// Where a login that needs a password meets a cell that can ask for it.
import { createDeferred, type Deferred } from '../base/index.js';
import type { InputRequester } from '../jupyter/index.js';
import type { AskSecret } from './configuration.js';
import { BridgeError } from './errors.js';

interface Question {
  readonly prompt: string;
  readonly answer: Deferred<string>;
}

/** Questions wait until a cell comes that can be asked; a cell that allows no input fails them. */
export class SecretDesk {
  readonly #questions: Question[] = [];
  #input: InputRequester | undefined;

  /** For the login. @throws {BridgeError} `BRIDGE_INPUT_UNAVAILABLE` when the cell that waits allows no input. */
  readonly ask: AskSecret = (prompt) => {
    const question: Question = { prompt, answer: createDeferred() };
    this.#questions.push(question);
    void this.#serve();
    return question.answer.promise;
  };

  /** Lends a cell's way to ask, until the returned function is called. */
  lend(input: InputRequester): () => void {
    this.#input = input;
    void this.#serve();
    return () => {
      if (this.#input === input) this.#input = undefined;
    };
  }

  /** Nobody will answer any more. */
  close(): void {
    for (const { answer } of this.#questions.splice(0)) {
      answer.reject(new DOMException('The kernel ends.', 'AbortError'));
    }
  }

  async #serve(): Promise<void> {
    const input = this.#input;
    if (input === undefined) return;
    for (let question = this.#questions.shift(); question; question = this.#questions.shift()) {
      try {
        if (!input.allowed) {
          throw new BridgeError(
            'BRIDGE_INPUT_UNAVAILABLE',
            'The server wants a password, and this front end cannot be asked for one.',
          );
        }
        question.answer.resolve(await input.requestInput(question.prompt, { password: true }));
      } catch (error) {
        question.answer.reject(error);
      }
    }
  }
}
