// The output of one cell on its way to IOPub: text is merged where that costs no time, order is kept.
import type { CommMessage, Display, ExecuteOutput } from './interpreter.js';
import { clearOutputContent, displayContent } from './protocol/display.js';
import { executeResultContent } from './protocol/execute.js';
import { streamContent } from './protocol/stream.js';
import { StreamText } from './stream-text.js';
import { encodeStreamContent } from './wire/stream-content.js';

/** Publishes one IOPub message of the cell. */
export type PublishOutput = (type: string, content: object) => void;

/** What the outputs of a cell go through. */
export interface CellOutputOptions {
  /** See {@link ExecuteOutput}. */
  readonly requestId: string;
  readonly publish: PublishOutput;
  readonly publishComm: (message: CommMessage) => void;
  /** See {@link ExecuteOutput}. */
  readonly taken: () => Promise<void> | undefined;
  /** Nothing but comm messages is published. */
  readonly silent: boolean;
  readonly executionCount: number;
}

type StreamName = 'stdout' | 'stderr';

/** Text is handed over at this length even when the event loop's turn goes on. UTF-16 units. */
const MAX_MERGED_LENGTH = 1 << 18;
/** How long the beginning of a line waits for its rest: a program may write a line in several pieces. Milliseconds. */
const LINE_END_MS = 3;

/**
 * The first lines go out at once. What follows them in the same turn of the event loop is merged into one message per
 * stretch of the same stream, so that a loop of prints does not cost a message a line. Messages hold whole lines where
 * the rest of a line comes soon.
 */
export class CellOutput implements ExecuteOutput {
  readonly requestId: string;
  readonly #publish: PublishOutput;
  readonly #publishComm: (message: CommMessage) => void;
  readonly #taken: () => Promise<void> | undefined;
  readonly #executionCount: number;
  #isEnded: boolean;
  /** Set while texts are being merged. */
  #turn: NodeJS.Immediate | undefined;
  #name: StreamName = 'stdout';
  /** What is merged but not published. */
  readonly #text = new StreamText();
  /** Length of the beginning of a line, in front of it, that waits for its rest. */
  #tailLength = 0;
  #tailTimer: NodeJS.Timeout | undefined;

  constructor(options: CellOutputOptions) {
    this.requestId = options.requestId;
    this.#publish = options.publish;
    this.#publishComm = options.publishComm;
    this.#taken = options.taken;
    this.#executionCount = options.executionCount;
    this.#isEnded = options.silent;
  }

  stream(name: StreamName, text: string): void {
    if (this.#isEnded || text === '') return;
    if (name !== this.#name) this.flush();
    this.#name = name;
    this.#text.add(text);
    const isFull = this.#text.length >= MAX_MERGED_LENGTH;
    if (isFull || this.#turn === undefined) this.#publishLines();
    if (this.#text.length >= MAX_MERGED_LENGTH) this.flush();
    this.#turn ??= setImmediate(this.#endTurn);
  }

  display(display: Display): void {
    this.#publishInOrder('display_data', displayContent(display));
  }

  updateDisplay(display: Display & { readonly displayId: string }): void {
    this.#publishInOrder('update_display_data', displayContent(display));
  }

  result(display: Display): void {
    this.#publishInOrder('execute_result', executeResultContent(display, this.#executionCount));
  }

  clear(wait: boolean): void {
    this.#publishInOrder('clear_output', clearOutputContent(wait));
  }

  comm(message: CommMessage): void {
    this.flush();
    this.#publishComm(message);
  }

  taken(): Promise<void> | undefined {
    return this.#taken();
  }

  /** Publishes the merged text, if any. */
  flush(): void {
    this.#publishText(this.#text.take());
  }

  /** Publishes what is left; everything that comes later is dropped. */
  end(): void {
    this.flush();
    this.#isEnded = true;
    clearImmediate(this.#turn);
  }

  #publishInOrder(type: string, content: object): void {
    if (this.#isEnded) return;
    this.flush();
    this.#publish(type, content);
  }

  /** Publishes the merged text up to the end of its last line; the beginning of a line waits. */
  #publishLines(): void {
    const lines = this.#text.takeLines();
    if (lines.length > 0 || this.#text.length === 0) this.#publishText(lines);
    this.#tailLength = this.#text.length;
    if (this.#tailLength === 0) return;
    this.#tailTimer ??= setTimeout(() => {
      this.flush();
    }, LINE_END_MS);
  }

  /** Publishes pieces of text, if any, in one message; what waits has then waited for less than a line. */
  #publishText(pieces: readonly string[]): void {
    clearTimeout(this.#tailTimer);
    this.#tailTimer = undefined;
    this.#tailLength = 0;
    const [text] = pieces;
    if (text === undefined) return;
    const name = this.#name;
    const content =
      pieces.length === 1 ? streamContent(name, text) : encodeStreamContent(name, pieces);
    this.#publish('stream', content);
  }

  /** Merging goes on as long as there was something to merge. */
  readonly #endTurn = (): void => {
    this.#turn = undefined;
    if (this.#text.length === this.#tailLength) return;
    this.#publishLines();
    this.#turn = setImmediate(this.#endTurn);
  };
}
