// How often a session has run which code: what its history must show, so that a lost answer can be told from a lost cell.
import { countRuns } from './lost-answer.js';
import type { RemoteExecuteRequest } from './remote-client.js';

/** Counts the executions of one session as its history on the server does. */
export class RunCounts {
  /** By the text that the history shows. */
  readonly #byText = new Map<string, number>();
  #entryCount = 0;

  /** How many entries the history holds, those without text not counted. */
  get entryCount(): number {
    return this.#entryCount;
  }

  /** How often the history holds a text. */
  of(text: string): number {
    return this.#byText.get(text) ?? 0;
  }

  /** One more execution. */
  add(body: RemoteExecuteRequest): void {
    const text = recordedTextOf(body);
    this.#byText.set(text, this.of(text) + 1);
    if (text !== '') this.#entryCount += 1;
  }

  /** Takes over the history of a session that is not new. */
  learn(history: readonly string[]): void {
    this.#entryCount = history.filter((text) => text !== '').length;
    for (const text of new Set(history)) this.#byText.set(text, countRuns(history, text));
  }
}

/** What the server's history shows for an execution. */
export function recordedTextOf(body: RemoteExecuteRequest): string {
  return body.source ?? body.code;
}
