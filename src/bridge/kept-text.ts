// The full text of the last cell whose output was cut, in a temporary file that has no name: it goes with the kernel.
import {
  closeSync,
  createReadStream,
  mkdtempSync,
  openSync,
  rmSync,
  writeSync,
  type ReadStream,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { messageOf } from '../base/index.js';

/** More than this is not kept, so that a loop that prints for ever does not fill the disk. Bytes. */
const MAX_KEPT_BYTES = 4 * 2 ** 30;

/** The full text of one cell; a new one takes its place. */
export class KeptText {
  #file: number | undefined;
  #bytes = 0;
  #problem: string | undefined;

  /** Bytes that are kept. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Why the end is missing, if it is. */
  get problem(): string | undefined {
    return this.#problem;
  }

  /** Forgets what was kept, and keeps what is added from now on. */
  begin(): void {
    this.close();
    try {
      const folder = mkdtempSync(path.join(tmpdir(), 'rserver-kernel-'));
      try {
        this.#file = openSync(path.join(folder, 'text'), 'wx+', 0o600);
      } finally {
        rmSync(folder, { recursive: true });
      }
    } catch (error) {
      this.#problem = messageOf(error);
    }
  }

  /** Written at once: text that waits for the disk in memory could outgrow it. */
  add(text: string): void {
    if (this.#file === undefined || this.#problem !== undefined) return;
    if (this.#bytes >= MAX_KEPT_BYTES) {
      this.#problem = 'more than 4 GiB';
      return;
    }
    try {
      const bytes = Buffer.from(text);
      let written = 0;
      while (written < bytes.length) written += writeSync(this.#file, bytes, written);
      this.#bytes += bytes.length;
    } catch (error) {
      this.#problem = messageOf(error);
    }
  }

  /** @returns All of it, or `undefined` when nothing was kept. */
  read(): ReadStream | undefined {
    if (this.#file === undefined || this.#bytes === 0) return undefined;
    const range = { start: 0, end: this.#bytes - 1 };
    return createReadStream('', { fd: this.#file, autoClose: false, ...range });
  }

  /** Forgets what was kept. */
  close(): void {
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
    this.#bytes = 0;
    this.#problem = undefined;
  }
}
