// One line that tells what a slow cell waits for, for as long as the cell itself has shown nothing. It is taken away
// before anything else is shown, and when the cell ends: neither the notebook nor the screen keeps it.
import { randomUUID } from 'node:crypto';
import type { CommMessage, Display, ExecuteOutput, InputRequester } from '../../jupyter/index.js';

/** How a line that changes is shown: as an output of a notebook's cell, or as a line of a terminal. */
export type ProgressStyle = 'notebook' | 'console';

/** What a line is made with. */
export interface ProgressLineOptions {
  readonly output: ExecuteOutput;
  readonly style: ProgressStyle;
  /** What to show after so many milliseconds; nothing when it is too early to say a word. */
  readonly describe: (elapsedMs: number) => string | undefined;
}

/** A cell that is done by then costs a timer, and nothing more. */
const FIRST_MS = 500;
const SECOND_MS = 1000;
/** A line that has been there so long changes less often. */
const SLOW_AFTER_MS = 60_000;
const SLOW_MS = 5000;
/** A longer line would break in two, and its first part would stay. */
const MAX_CONSOLE_WIDTH = 79;
/** To the first column; clears the line. */
const ERASE_LINE = '\r\u001b[K';

/**
 * The outputs of a cell on their way to the front end, with a line in front of the first of them.
 *
 * `clear_output` is the one way to take an output of a cell away that leaves nothing in the saved notebook, and it takes
 * all outputs of the cell: so the line is there only as long as nothing else is, comm messages included, which may tell
 * a widget to catch the outputs of the cell.
 */
export class ProgressLine implements ExecuteOutput {
  readonly requestId: string;
  readonly #output: ExecuteOutput;
  readonly #style: ProgressStyle;
  readonly #describe: (elapsedMs: number) => string | undefined;
  readonly #beganAt = performance.now();
  #timer: NodeJS.Timeout | undefined;
  #displayId: string | undefined;
  /** What stands there now. */
  #shown: string | undefined;

  constructor({ output, style, describe }: ProgressLineOptions) {
    this.requestId = output.requestId;
    this.#output = output;
    this.#style = style;
    this.#describe = describe;
    this.#timer = setTimeout(this.#tick, FIRST_MS);
  }

  /** The person as the code of the cell sees them: who is asked something needs no line any more. */
  before(input: InputRequester): InputRequester {
    return {
      allowed: input.allowed,
      requestInput: (prompt, options) => {
        this.end();
        return input.requestInput(prompt, options);
      },
    };
  }

  stream(name: 'stdout' | 'stderr', text: string): void {
    if (text === '') return;
    this.#makeWay();
    this.#output.stream(name, text);
  }

  display(display: Display): void {
    this.#makeWay();
    this.#output.display(display);
  }

  updateDisplay(display: Display & { readonly displayId: string }): void {
    // It may show in another cell: then nothing takes the place of the line.
    this.end();
    this.#output.updateDisplay(display);
  }

  result(display: Display): void {
    this.#makeWay();
    this.#output.result(display);
  }

  clear(wait: boolean): void {
    this.end();
    this.#output.clear(wait);
  }

  comm(message: CommMessage): void {
    this.end();
    this.#output.comm(message);
  }

  taken(): Promise<void> | undefined {
    return this.#output.taken();
  }

  /** Takes the line away for good. Twice is harmless. */
  end(): void {
    this.#remove(false);
  }

  /** For an output of the cell, which takes the place of the line without a flicker. */
  #makeWay(): void {
    if (this.#timer !== undefined) this.#remove(true);
  }

  #remove(isFollowed: boolean): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#shown === undefined) return;
    this.#shown = undefined;
    if (this.#style === 'notebook') this.#output.clear(isFollowed);
    else this.#output.stream('stdout', ERASE_LINE);
  }

  readonly #tick = (): void => {
    const elapsedMs = performance.now() - this.#beganAt;
    const text = this.#describe(elapsedMs);
    if (text !== undefined && text !== this.#shown) this.#show(text);
    this.#timer = setTimeout(this.#tick, nextMs(elapsedMs));
  };

  #show(text: string): void {
    const isFirst = this.#shown === undefined;
    this.#shown = text;
    if (this.#style === 'console') {
      this.#output.stream('stdout', ERASE_LINE + text.slice(0, MAX_CONSOLE_WIDTH));
      return;
    }
    this.#displayId ??= randomUUID();
    const display = { ...lineDisplay(text), displayId: this.#displayId };
    if (isFirst) this.#output.display(display);
    else this.#output.updateDisplay(display);
  }
}

/** Half seconds at first, then on the second, so that no number is left out. */
function nextMs(elapsedMs: number): number {
  if (elapsedMs < 2 * SECOND_MS - FIRST_MS / 2) return FIRST_MS;
  const stepMs = elapsedMs < SLOW_AFTER_MS ? SECOND_MS : SLOW_MS;
  return stepMs - (Math.round(elapsedMs) % stepMs);
}

function lineDisplay(text: string): Display {
  const escaped = text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
  return {
    data: { 'text/plain': text, 'text/html': `<span style="opacity: 0.6">${escaped}</span>` },
    metadata: {},
  };
}
