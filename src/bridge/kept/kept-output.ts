// What cells have shown, and what was left out of the last one whose output was cut: its full text, and outputs that were
// too large to show.
import type { Readable } from 'node:stream';
import { CellRecords } from './cell-records.js';
import { UnnamedFile } from './unnamed-file.js';

/** These travel as base64; a file gets their bytes. */
const BINARY_MIME = /^(?:image\/(?!svg)|audio\/|video\/|application\/pdf$)/;

/** One representation of an output that was left out. */
interface KeptPart {
  readonly mime: string;
  readonly start: number;
  readonly end: number;
}

/** The full text of one cell; a new one takes its place. */
export class KeptText {
  readonly #file = new UnnamedFile();

  /** Bytes that are kept. */
  get bytes(): number {
    return this.#file.bytes;
  }

  /** Why the end is missing, if it is. */
  get problem(): string | undefined {
    return this.#file.problem;
  }

  /** Forgets what was kept, and keeps what is added from now on. */
  begin(): void {
    this.#file.begin();
  }

  add(text: string | Buffer): void {
    this.#file.add(typeof text === 'string' ? Buffer.from(text) : text);
  }

  /** @returns All of it, or `undefined` when nothing was kept. */
  read(): Readable | undefined {
    return this.#file.read();
  }

  close(): void {
    this.#file.close();
  }
}

/** The large outputs of one cell, by their numbers from 1; those of a new cell take their place. */
export class KeptParts {
  readonly #file = new UnnamedFile();
  readonly #parts: KeptPart[] = [];

  /** E.g. `image/png`, in the order of the numbers. */
  get mimes(): readonly string[] {
    return this.#parts.map(({ mime }) => mime);
  }

  /** Forgets what was kept, and keeps what is added from now on. */
  begin(): void {
    this.#parts.length = 0;
    this.#file.begin();
  }

  /**
   * @param value - As in a mime bundle.
   * @returns Its number, or why it could not be kept.
   */
  add(mime: string, value: unknown): { readonly number: number } | { readonly problem: string } {
    const start = this.#file.bytes;
    if (!this.#file.add(bytesOf(mime, value))) return { problem: this.#file.problem ?? '' };
    this.#parts.push({ mime, start, end: this.#file.bytes });
    return { number: this.#parts.length };
  }

  /** @returns Its content as a file has it, or `undefined` when there is none of this number. */
  read(number: number): Readable | undefined {
    const part = this.#parts[number - 1];
    return part === undefined ? undefined : this.#file.read(part.start, part.end);
  }

  close(): void {
    this.#parts.length = 0;
    this.#file.close();
  }
}

/** What a kernel keeps of the output of its cells. */
export class KeptOutput {
  readonly cells = new CellRecords();
  readonly text = new KeptText();
  readonly parts = new KeptParts();

  close(): void {
    this.cells.close();
    this.text.close();
    this.parts.close();
  }
}

function bytesOf(mime: string, value: unknown): Buffer {
  if (typeof value !== 'string') return Buffer.from(JSON.stringify(value));
  return Buffer.from(value, BINARY_MIME.test(mime) ? 'base64' : 'utf8');
}
