// Takes the agent's messages out of console text, for a server which has no other channel.
import { parseAgentMessage, type AgentMessage } from './agent.js';

/** The character (record separator) that opens and closes a message in console text. */
const SEPARATOR = '\u001e';

/** A piece of console output, in the order in which it was written. */
export type ConsoleItem =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'message'; readonly message: AgentMessage }
  /** Marked as a message, yet none: cut short by an interrupt, or mangled on the way. For the log. */
  | { readonly type: 'garbled'; readonly text: string };

/**
 * Splits growing console text into what the program printed and the messages of our agent.
 *
 * A message is `U+001E nonce ":" JSON U+001E`. Anything else, lone separators included, is the user's text.
 * A piece that may be the beginning of a message is held back until the rest arrives.
 *
 * ```ts
 * const splitter = new ConsoleSplitter(nonce);
 * for (const chunk of chunks) items.push(...splitter.push(chunk));
 * items.push(...splitter.finish());
 * ```
 */
export class ConsoleSplitter {
  readonly #opening: string;
  /** Text not yet handed out: the possible beginning of an opening mark. */
  #held = '';
  /** The JSON so far, when inside a message: an array, since a plot comes in many chunks. */
  #message: string[] | undefined;

  /** @param nonce - The one given to the agent's `installCode`. */
  constructor(nonce: string) {
    this.#opening = `${SEPARATOR}${nonce}:`;
  }

  /**
   * Takes the text that is new since the last call.
   *
   * @returns What can be said by now; text pieces are never empty and never adjacent within one call.
   */
  push(chunk: string): ConsoleItem[] {
    const items: ConsoleItem[] = [];
    let rest = chunk;
    while (rest !== '') {
      rest =
        this.#message === undefined ? this.#takeText(rest, items) : this.#takeMessage(rest, items);
    }
    return items;
  }

  /** Hands out what was held back when the console text has ended; the splitter can then be used anew. */
  finish(): ConsoleItem[] {
    const items: ConsoleItem[] = [];
    if (this.#message !== undefined) {
      items.push({ type: 'garbled', text: this.#message.join('') });
    }
    addText(items, this.#held);
    this.#held = '';
    this.#message = undefined;
    return items;
  }

  /** Outside a message: text up to the next opening mark. Returns what follows that mark. */
  #takeText(chunk: string, items: ConsoleItem[]): string {
    const text = this.#held + chunk;
    this.#held = '';
    const at = text.indexOf(this.#opening);
    if (at >= 0) {
      addText(items, text.slice(0, at));
      this.#message = [];
      return text.slice(at + this.#opening.length);
    }
    const last = text.lastIndexOf(SEPARATOR);
    const isPartial = last >= 0 && this.#opening.startsWith(text.slice(last));
    addText(items, isPartial ? text.slice(0, last) : text);
    if (isPartial) this.#held = text.slice(last);
    return '';
  }

  /** Inside a message: everything up to the closing separator. Returns what follows it. */
  #takeMessage(chunk: string, items: ConsoleItem[]): string {
    const end = chunk.indexOf(SEPARATOR);
    this.#message?.push(end < 0 ? chunk : chunk.slice(0, end));
    if (end < 0) return '';
    const json = this.#message?.join('') ?? '';
    this.#message = undefined;
    const message = parseAgentMessage(json);
    items.push(
      message === undefined ? { type: 'garbled', text: json } : { type: 'message', message },
    );
    return chunk.slice(end + 1);
  }
}

function addText(items: ConsoleItem[], text: string): void {
  const last = items.at(-1);
  if (last?.type === 'text') items[items.length - 1] = { type: 'text', text: last.text + text };
  else if (text !== '') items.push({ type: 'text', text });
}
