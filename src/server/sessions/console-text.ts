// The text which one execution has printed so far.

const LIMIT_NOTE = '\n[The console text of this execution is longer than the server keeps.]\n';

/** Text is kept as bytes from this length on. UTF-16 units. */
const LONG_TEXT_LENGTH = 32_768;
const BLOCK_BYTES = 65_536;
/** The most bytes of one character. */
const CHARACTER_BYTES = 4;

interface Block {
  readonly bytes: Buffer;
  size: number;
}

/**
 * Memory that is used again: strings that live long, and new memory for each text, keep the garbage collector busier than
 * all else that is done with the text.
 */
const freeBlocks: Buffer[] = [];
const MAX_FREE_BLOCKS = 256;
const encoder = new TextEncoder();

/**
 * Grows while the execution runs. Past the limit the rest is left out, not the beginning: clients that poll show what
 * is new since the last time, so the text may only ever grow at its end. Event streams carry everything.
 */
export class ConsoleText {
  readonly #maxLength: number;
  #length = 0;
  /** The text but its end, in UTF-8. */
  #blocks: Block[] = [];
  #end = '';
  #isFull = false;

  /** @param maxLength - In UTF-16 code units. */
  constructor(maxLength: number) {
    this.#maxLength = maxLength;
  }

  append(text: string): void {
    if (this.#isFull) return;
    const room = this.#maxLength - this.#length;
    this.#isFull = text.length > room;
    this.#end += this.#isFull ? text.slice(0, room) + LIMIT_NOTE : text;
    this.#length += text.length;
    if (this.#end.length < LONG_TEXT_LENGTH) return;
    this.#store(this.#end);
    this.#end = '';
  }

  toString(): string {
    const parts = this.#blocks.map(({ bytes, size }) => bytes.subarray(0, size));
    return Buffer.concat(parts).toString() + this.#end;
  }

  /** Nobody asks for the text any more. */
  release(): void {
    for (const { bytes } of this.#blocks) {
      if (freeBlocks.length < MAX_FREE_BLOCKS) freeBlocks.push(bytes);
    }
    this.#blocks = [];
    this.#end = '';
  }

  #store(text: string): void {
    for (let rest = text; rest !== '';) {
      const block = this.#blockWithRoom();
      const { read, written } = encoder.encodeInto(rest, block.bytes.subarray(block.size));
      block.size += written;
      rest = rest.slice(read);
    }
  }

  #blockWithRoom(): Block {
    const last = this.#blocks.at(-1);
    if (last !== undefined && BLOCK_BYTES - last.size >= CHARACTER_BYTES) return last;
    const block = { bytes: freeBlocks.pop() ?? Buffer.allocUnsafeSlow(BLOCK_BYTES), size: 0 };
    this.#blocks.push(block);
    return block;
  }
}
