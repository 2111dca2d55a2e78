// A temporary file without a name: it goes with the kernel, however that ends.
import { randomUUID } from 'node:crypto';
import { closeSync, openSync, read, unlinkSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import { promisify } from 'node:util';
import { messageOf } from '../../base/index.js';

/** More than this is not kept, so that a loop that prints for ever does not fill the disk. Bytes. */
const MAX_BYTES = 4 * 2 ** 30;
const CHUNK_BYTES = 256 * 1024;

/** What is added stays until it is emptied or closed; a failure is kept as a reason, and nothing is added after it. */
export class UnnamedFile {
  #file: number | undefined;
  #bytes = 0;
  #problem: string | undefined;

  /** Bytes that are in it. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Why the end is missing, if it is. */
  get problem(): string | undefined {
    return this.#problem;
  }

  /** Begins anew with nothing in it. */
  begin(): void {
    this.close();
    try {
      const name = path.join(tmpdir(), `rserver-kernel-${randomUUID()}`);
      this.#file = openSync(name, 'wx+', 0o600);
      unlinkSync(name);
    } catch (error) {
      this.#problem = messageOf(error);
    }
  }

  /**
   * Written at once: what waits for the disk in memory could outgrow it.
   *
   * @returns Whether all of it is there.
   */
  add(bytes: Buffer): boolean {
    if (this.#file === undefined || this.#problem !== undefined) return false;
    if (this.#bytes >= MAX_BYTES) {
      this.#problem = 'more than 4 GiB';
      return false;
    }
    try {
      let written = 0;
      while (written < bytes.length) written += writeSync(this.#file, bytes, written);
      this.#bytes += bytes.length;
      return true;
    } catch (error) {
      this.#problem = messageOf(error);
      return false;
    }
  }

  /**
   * @param start - Of the first byte. @param end - Behind the last byte.
   * @returns `undefined` when there is nothing.
   */
  read(start = 0, end = this.#bytes): Readable | undefined {
    if (this.#file === undefined || end <= start) return undefined;
    return Readable.from(chunksOf(this.#file, start, end), { objectMode: false });
  }

  close(): void {
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
    this.#bytes = 0;
    this.#problem = undefined;
  }
}

const readChunk = promisify(read);

/** Not `createReadStream`: that closes the file when it is left before its end. */
async function* chunksOf(file: number, start: number, end: number): AsyncGenerator<Buffer> {
  for (let at = start; at < end;) {
    const chunk = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, end - at));
    const { bytesRead } = await readChunk(file, chunk, 0, chunk.length, at);
    if (bytesRead === 0) return;
    at += bytesRead;
    yield chunk.subarray(0, bytesRead);
  }
}
