// Reads one named pipe as fast as it fills, and no faster than its reader can take it.
import { Socket, type ConnectOpts, type SocketConstructorOpts } from 'node:net';
import { performance } from 'node:perf_hooks';

const READ_BYTES = 65_536;
/** Small pieces that come closer together than this are gathered; far below what a person can see. */
const GATHER_MS = 2;
/** Larger pieces are read on at once: the pipe must not run full. */
const GATHER_BELOW_BYTES = 8_192;

/** How a pipe is read. */
export interface PipeReaderOptions {
  /** The reading end, not blocking; the reader closes it. */
  readonly fd: number;
  /**
   * Takes the next bytes, which are valid only during the call.
   *
   * @returns Whether pieces like this one may be gathered: of many in a row the next are taken in one go,
   *   {@link GATHER_MS} later.
   */
  readonly onChunk: (chunk: Buffer) => boolean;
}

export class PipeReader {
  readonly #socket: Socket;
  readonly #options: PipeReaderOptions;
  readonly ended: Promise<void>;
  #lastReadMs = 0;
  #gatherTimer: NodeJS.Timeout | undefined;
  #isPaused = false;

  constructor(options: PipeReaderOptions) {
    this.#options = options;
    const buffer = Buffer.allocUnsafeSlow(READ_BYTES);
    const socketOptions: SocketConstructorOpts & ConnectOpts = {
      fd: options.fd,
      readable: true,
      writable: false,
      onread: { buffer, callback: (size) => this.#take(buffer.subarray(0, size)) },
    };
    this.#socket = new Socket(socketOptions);
    this.ended = new Promise((resolve) => {
      this.#socket.once('close', () => {
        clearTimeout(this.#gatherTimer);
        resolve();
      });
    });
    this.#socket.on('error', () => this.#socket.destroy()); // a broken pipe ends like a closed one
    this.#socket.resume();
  }

  /** Reads no more until {@link resume}. What has been handed out already stays so. */
  pause(): void {
    this.#isPaused = true;
    this.#endGathering();
    this.#socket.pause();
  }

  resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    this.#socket.resume();
  }

  /** Reads on at once if it was gathering: somebody waits for what is in the pipe. */
  hurry(): void {
    if (this.#gatherTimer === undefined) return;
    this.#endGathering();
    if (!this.#isPaused) this.#socket.resume();
  }

  destroy(): void {
    this.#endGathering();
    this.#socket.destroy();
  }

  /** Returns false to stop the reading. */
  #take(chunk: Buffer): boolean {
    const mayWait = this.#options.onChunk(chunk);
    if (this.#isPaused) return false;
    if (!mayWait) return true;
    const now = performance.now();
    const isBurst = now - this.#lastReadMs < GATHER_MS && chunk.length < GATHER_BELOW_BYTES;
    this.#lastReadMs = now;
    if (!isBurst) return true;
    this.#gatherTimer = setTimeout(() => {
      this.#gatherTimer = undefined;
      this.#lastReadMs = performance.now();
      this.#socket.resume();
    }, GATHER_MS);
    return false;
  }

  #endGathering(): void {
    clearTimeout(this.#gatherTimer);
    this.#gatherTimer = undefined;
  }
}
