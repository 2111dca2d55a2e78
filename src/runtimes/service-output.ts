// What one call prints: everything in its pipe up to the marker which the copy writes behind it.
import { readSync } from 'node:fs';
import { createDeferred, settlesWithin, type Deferred } from '../base/index.js';
import { PipeReader } from './pipe-reader.js';

/** More than this is not kept: a program that never stops printing must not take the server's memory. */
export const OUTPUT_LIMIT_BYTES = 16 * 1024 * 1024;

/**
 * The pipe is read when the call has ended, with one system call; from here on also while it runs, so that a program
 * which prints more than the pipe holds can go on.
 */
const READ_AFTER_MS = 10;
const READ_BYTES = 8_192;

/** Collects the text of a call. Pure: it is given bytes. */
export class OutputText {
  readonly #marker: Buffer;
  #chunks: Buffer[] = [];
  #size = 0;
  /** The last bytes, which may be the beginning of the marker. */
  #tail = Buffer.alloc(0);
  isComplete = false;

  /** @param marker - Bytes that no program prints by chance. */
  constructor(marker: Buffer) {
    this.#marker = marker;
  }

  /** @param chunk - The next bytes; copied. What comes behind the marker is nobody's. */
  push(chunk: Buffer): void {
    if (this.isComplete) return;
    const bytes = Buffer.concat([this.#tail, chunk]);
    const end = bytes.indexOf(this.#marker);
    this.isComplete = end !== -1;
    const split = this.isComplete ? end : Math.max(0, bytes.length - this.#marker.length + 1);
    this.#keep(bytes.subarray(0, split));
    this.#tail = this.isComplete ? Buffer.alloc(0) : bytes.subarray(split);
  }

  toString(): string {
    if (this.#size === 0 && this.#tail.length === 0) return '';
    const text = Buffer.concat([...this.#chunks, this.#tail]).toString('utf8');
    return this.#size < OUTPUT_LIMIT_BYTES
      ? text
      : `${text}\n(the output is cut here: it is longer than ${OUTPUT_LIMIT_BYTES} bytes)\n`;
  }

  #keep(bytes: Buffer): void {
    const room = OUTPUT_LIMIT_BYTES - this.#size;
    if (bytes.length === 0 || room <= 0) return;
    const kept = bytes.subarray(0, room);
    this.#chunks.push(kept);
    this.#size += kept.length;
  }
}

/** The output pipe of a copy. */
export class ServiceOutput {
  readonly #fd: number;
  readonly #marker: Buffer;
  readonly #buffer = Buffer.allocUnsafeSlow(READ_BYTES);
  readonly #reader: PipeReader;
  #text: OutputText;
  #complete: Deferred<undefined> | undefined;
  #readTimer: NodeJS.Timeout | undefined;
  #isReading = false;

  /** @param fd - The reading end, not blocking; closed by {@link destroy}. */
  constructor(fd: number, marker: Buffer) {
    this.#fd = fd;
    this.#marker = marker;
    this.#text = new OutputText(marker);
    this.#reader = new PipeReader({
      fd,
      onChunk: (chunk) => {
        this.#onChunk(chunk);
        return false;
      },
    });
    this.#reader.pause();
  }

  /** A call begins. */
  begin(): void {
    this.#text = new OutputText(this.#marker);
    this.#readTimer = setTimeout(() => {
      this.#read();
    }, READ_AFTER_MS);
  }

  /** The text of the call, which has ended; a marker that is lost is not waited for longer than `lostMarkerMs`. */
  async take(lostMarkerMs: number): Promise<string> {
    clearTimeout(this.#readTimer);
    if (!this.#isReading) this.#readNow();
    if (!this.#text.isComplete) {
      this.#complete = createDeferred<undefined>();
      this.#read();
      await settlesWithin(this.#complete.promise, lostMarkerMs);
    }
    if (this.#isReading) this.#reader.pause();
    this.#isReading = false;
    return this.#text.toString();
  }

  destroy(): void {
    clearTimeout(this.#readTimer);
    this.#reader.destroy();
    this.#complete?.resolve(undefined);
  }

  #read(): void {
    this.#isReading = true;
    this.#reader.resume();
  }

  #readNow(): void {
    try {
      while (!this.#text.isComplete) {
        const size = readSync(this.#fd, this.#buffer);
        if (size === 0) return;
        this.#text.push(this.#buffer.subarray(0, size));
      }
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
    }
  }

  #onChunk(chunk: Buffer): void {
    this.#text.push(chunk);
    if (this.#text.isComplete) this.#complete?.resolve(undefined);
  }
}
