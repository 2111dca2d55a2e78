// Writes requests into a worker's pipe: small ones with one system call, large ones as the worker reads them.
import { closeSync, writeSync } from 'node:fs';
import { Socket } from 'node:net';

export class PipeWriter {
  readonly #fd: number;
  /** Made when a frame did not fit into the pipe at once; owns the descriptor from then on. */
  #socket: Socket | undefined;
  #isClosed = false;

  /** @param fd - The writing end, not blocking; the writer closes it. */
  constructor(fd: number) {
    this.#fd = fd;
  }

  /** Never fails: that the worker is gone is told by its exit. */
  write(bytes: Buffer): void {
    if (this.#isClosed) return;
    const rest = this.#socket === undefined ? bytes.subarray(this.#writeNow(bytes)) : bytes;
    if (rest.length === 0) return;
    this.#socket ??= new Socket({ fd: this.#fd, readable: false, writable: true }).on(
      'error',
      () => {
        this.close();
      },
    );
    this.#socket.write(rest);
  }

  /** The worker reads the end of its input, after what was written. Twice is harmless. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    if (this.#socket === undefined) closeSync(this.#fd);
    else this.#socket.destroySoon();
  }

  #writeNow(bytes: Buffer): number {
    try {
      return writeSync(this.#fd, bytes);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EAGAIN' || code === 'EPIPE') return 0;
      throw error;
    }
  }
}
