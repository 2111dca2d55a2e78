// Keeps the output of one cell within a limit: beginning and end are shown, a note says what is left out between them,
// and the full text, as well as what is too large to show, stays to be fetched with %output.
import type { CommMessage, Display, ExecuteOutput, MimeBundle } from '../jupyter/index.js';
import type { KeptOutput } from './kept/kept-output.js';

type StreamName = 'stdout' | 'stderr';

/** How much of the end is shown. UTF-16 units. */
const TAIL_LENGTH = 16 * 1024;

/** Hands outputs on as long as they are within the limit. */
export class OutputLimit implements ExecuteOutput {
  readonly requestId: string;
  readonly #output: ExecuteOutput;
  readonly #maxBytes: number;
  readonly #kept: KeptOutput;
  #bytes = 0;
  /** What has been shown, until it is known whether anything is cut: as bytes, which the garbage collector leaves alone. */
  #head: Buffer[] = [];
  #tail: { readonly name: StreamName; text: string }[] | undefined;
  #tailLength = 0;
  #hiddenBytes = 0;
  #hiddenLines = 0;
  /** Something of this cell is among the parts that are kept. */
  #hasParts = false;
  /** The next output takes the place of all before it. */
  #isClearing = false;

  /** @param maxBytes - Of text in all, and of each rich output. */
  constructor(output: ExecuteOutput, maxBytes: number, kept: KeptOutput) {
    this.requestId = output.requestId;
    this.#output = output;
    this.#maxBytes = maxBytes;
    this.#kept = kept;
  }

  stream(name: StreamName, text: string): void {
    if (this.#isClearing) this.#reset();
    if (this.#tail !== undefined) {
      this.#hide(name, text);
      return;
    }
    const bytes = Buffer.from(text);
    if (this.#bytes + bytes.length <= this.#maxBytes) {
      this.#bytes += bytes.length;
      this.#head.push(bytes);
      this.#output.stream(name, text);
      return;
    }
    const shown = beginningOf(text, this.#maxBytes - this.#bytes, this.#bytes > 0);
    this.#head.push(Buffer.from(shown));
    this.#output.stream(name, shown);
    this.#beginTail();
    this.#hide(name, text.slice(shown.length));
  }

  display(display: Display): void {
    if (this.#isClearing) this.#reset();
    this.#output.display(this.#withinLimit(display));
  }

  updateDisplay(display: Display & { readonly displayId: string }): void {
    this.#output.updateDisplay({ ...this.#withinLimit(display), displayId: display.displayId });
  }

  result(display: Display): void {
    if (this.#isClearing) this.#reset();
    this.#output.result(this.#withinLimit(display));
  }

  clear(wait: boolean): void {
    if (wait) this.#isClearing = true;
    else this.#reset();
    this.#output.clear(wait);
  }

  comm(message: CommMessage): void {
    this.#output.comm(message);
  }

  taken(): Promise<void> | undefined {
    return this.#output.taken();
  }

  /** The cell is over: shows the end of what was left out. */
  end(): void {
    if (this.#tail === undefined) return;
    const end = this.#tail.map(({ text }) => text).join('');
    const leftOut = this.#hiddenBytes - Buffer.byteLength(end);
    const lines = this.#hiddenLines - linesOf(end);
    if (leftOut > 0) this.#output.stream('stderr', this.#noteOf(leftOut, lines));
    for (const { name, text } of this.#tail) this.#output.stream(name, text);
    this.#tail = [];
  }

  /** What was shown is gone from the screen: the cell begins anew. */
  #reset(): void {
    this.#isClearing = false;
    this.#bytes = 0;
    this.#head = [];
    this.#tail = undefined;
    this.#tailLength = 0;
    this.#hiddenBytes = 0;
    this.#hiddenLines = 0;
    this.#hasParts = false;
  }

  #beginTail(): void {
    const { text: kept } = this.#kept;
    kept.begin();
    for (const bytes of this.#head) kept.add(bytes);
    this.#head = [];
    this.#tail = [];
    this.#output.stream(
      'stderr',
      `\n[This cell has printed ${sizeOf(this.#maxBytes)}: the end of its text is shown when it is done.]\n`,
    );
  }

  #hide(name: StreamName, text: string): void {
    this.#kept.text.add(text);
    this.#hiddenBytes += Buffer.byteLength(text);
    this.#hiddenLines += linesOf(text);
    const tail = (this.#tail ??= []);
    const last = tail.at(-1);
    if (last?.name === name) last.text = (last.text + text).slice(-2 * TAIL_LENGTH);
    else tail.push({ name, text: text.slice(-2 * TAIL_LENGTH) });
    this.#tailLength = tail.reduce((length, part) => length + part.text.length, 0);
    while (this.#tailLength > TAIL_LENGTH) this.#shorten(tail);
  }

  /** Takes the oldest text from the tail; what is left begins with a line where it can. */
  #shorten(tail: { readonly name: StreamName; text: string }[]): void {
    const [first] = tail;
    const excess = this.#tailLength - TAIL_LENGTH;
    if (first === undefined || first.text.length <= excess) {
      this.#tailLength -= first?.text.length ?? this.#tailLength;
      tail.shift();
      return;
    }
    const lineEnd = first.text.indexOf('\n', excess - 1);
    const cut = lineEnd === -1 ? wholeCharacter(first.text, excess) : lineEnd + 1;
    first.text = first.text.slice(cut);
    this.#tailLength -= cut;
  }

  #noteOf(leftOut: number, lines: number): string {
    const { bytes, problem } = this.#kept.text;
    const fetch =
      problem === undefined
        ? '%output FILE writes all of the text to a file'
        : `%output FILE writes the first ${sizeOf(bytes)}; more could not be kept: ${problem}`;
    return `\n[${sizeOf(leftOut)} of text (${leftOut.toString()} bytes, ${lines.toString()} lines) left out here. ${fetch}; the limit is the setting output_limit_bytes.]\n`;
  }

  /** Without representations that are too large, which would make a notebook that nobody can open. */
  #withinLimit(display: Display): Display {
    const sizes = Object.entries(display.data).map(([mime, value]) => ({
      mime,
      size: lengthOf(value),
    }));
    const large = sizes.filter(({ size }) => size > this.#maxBytes);
    if (large.length === 0) return display;
    const left = large.map(
      ({ mime, size }) => `${mime}, ${sizeOf(size)}: ${this.#keep(mime, display.data[mime])}`,
    );
    const note = `[Output left out: ${left.join('; ')}. The limit is the setting output_limit_bytes.]`;
    const isLarge = (mime: string): boolean => large.some((one) => one.mime === mime);
    const kept = Object.entries(display.data).filter(([mime]) => !isLarge(mime));
    const text = display.data['text/plain'];
    const plain = typeof text === 'string' && !isLarge('text/plain') ? `${text}\n${note}` : note;
    const data: MimeBundle = { ...Object.fromEntries(kept), 'text/plain': plain };
    return { ...display, data };
  }

  /** @returns How to get it. */
  #keep(mime: string, value: unknown): string {
    if (!this.#hasParts) this.#kept.parts.begin();
    this.#hasParts = true;
    const kept = this.#kept.parts.add(mime, value);
    return 'number' in kept
      ? `%output FILE --part ${kept.number.toString()} writes it to a file`
      : `it could not be kept: ${kept.problem}`;
  }
}

function linesOf(text: string): number {
  let lines = 0;
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) lines += 1;
  return lines;
}

/**
 * At most so many bytes, up to the end of a line where there is one.
 *
 * @param hasMore - Text stands before it: then no part of a line is taken.
 */
function beginningOf(text: string, maxBytes: number, hasMore: boolean): string {
  const part = Buffer.from(text)
    .subarray(0, maxBytes)
    .toString()
    .replace(/\uFFFD$/, '');
  const lineEnd = part.lastIndexOf('\n');
  if (lineEnd === -1 && hasMore) return '';
  return lineEnd === -1 ? part : part.slice(0, lineEnd + 1);
}

/** An index that does not part the two halves of a character. */
function wholeCharacter(text: string, index: number): number {
  return /[\uDC00-\uDFFF]/.test(text.charAt(index)) ? index + 1 : index;
}

function lengthOf(value: unknown): number {
  return typeof value === 'string' ? value.length : JSON.stringify(value).length;
}

function sizeOf(bytes: number): string {
  if (bytes < 1024) return `${bytes.toString()} bytes`;
  if (bytes < 2 ** 20) return `${(bytes / 1024).toFixed(1)} KiB`;
  return `${(bytes / 2 ** 20).toFixed(1)} MiB`;
}
