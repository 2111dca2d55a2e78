// The text which one execution has printed so far.

const LIMIT_NOTE = '\n[The console text of this execution is longer than the server keeps.]\n';

/**
 * Grows while the execution runs. Past the limit the rest is left out, not the beginning: clients that poll show what
 * is new since the last time, so the text may only ever grow at its end. Event streams carry everything.
 */
export class ConsoleText {
  readonly #maxLength: number;
  #text = '';
  #isFull = false;

  /** @param maxLength - In UTF-16 code units. */
  constructor(maxLength: number) {
    this.#maxLength = maxLength;
  }

  append(text: string): void {
    if (this.#isFull) return;
    if (this.#text.length + text.length <= this.#maxLength) {
      this.#text += text;
      return;
    }
    this.#isFull = true;
    this.#text += text.slice(0, this.#maxLength - this.#text.length) + LIMIT_NOTE;
  }

  toString(): string {
    return this.#text;
  }
}
