// The one writer of IOPub. What a slow reader has not taken fills little memory, as programs are asked to wait; nothing is
// lost to it. One that does not read at all holds the others up once, for a short time.
import { createDeferred, type Deferred } from '../../base/index.js';
import { SendQueue, type Frames } from './send-queue.js';

/** What is needed of an XPUB socket with `noDrop` and a send timeout of 0. */
export interface PublishSocket {
  /** Messages that a reader may be behind before `send` fails; 0: any number. */
  sendHighWaterMark: number;
  /** Rejects with the code `EAGAIN` when a reader is that far behind. */
  send(frames: Frames): Promise<void>;
}

export interface PublishQueueOptions {
  readonly socket: PublishSocket;
  /** Told of each message that was lost; the next ones are still tried. */
  readonly onFailure: (error: Error) => void;
  /** Told when a reader does not read. */
  readonly onStuck: () => void;
}

/** With so much waiting, programs are asked to wait; they go on at a quarter of it. */
const MAX_WAITING_BYTES = 4 * 1024 * 1024;
/** A socket does not tell when a full reader has room again. */
const FIRST_RETRY_MS = 1;
const MAX_RETRY_MS = 16;
/** When a reader has not taken a single message for so long, what it has not read is kept in memory, whatever its size. */
const STUCK_MS = 5_000;
/** The same when the kernel ends. */
const CLOSING_STUCK_MS = 300;

/** Sends one message after the other. The first goes out before {@link PublishQueue.push} returns. */
export class PublishQueue {
  readonly #options: PublishQueueOptions;
  readonly #queue: SendQueue;
  #waitingBytes = 0;
  #taken: Deferred<undefined> | undefined;
  #stuckMs = STUCK_MS;

  constructor(options: PublishQueueOptions) {
    this.#options = options;
    this.#queue = new SendQueue((frames) => this.#send(frames), options.onFailure);
  }

  push(frames: Frames): void {
    this.#waitingBytes += sizeOf(frames);
    this.#queue.push(frames);
  }

  /** Pending while readers are far behind: what can wait should. */
  taken(): Promise<void> | undefined {
    if (this.#taken === undefined && this.#waitingBytes > MAX_WAITING_BYTES) {
      this.#taken = createDeferred();
    }
    return this.#taken?.promise;
  }

  /** Sends what waits, within a bounded time. */
  async close(): Promise<void> {
    this.#stuckMs = CLOSING_STUCK_MS;
    await this.#queue.whenEmpty();
  }

  async #send(frames: Frames): Promise<void> {
    const { socket, onStuck } = this.#options;
    let waitedMs = 0;
    let retryMs = FIRST_RETRY_MS;
    try {
      while (!(await this.#hasRoomFor(frames))) {
        if (waitedMs >= this.#stuckMs && socket.sendHighWaterMark > 0) {
          onStuck();
          socket.sendHighWaterMark = 0;
        }
        await new Promise((resolve) => setTimeout(resolve, retryMs));
        waitedMs += retryMs;
        retryMs = Math.min(retryMs * 2, MAX_RETRY_MS);
      }
    } finally {
      this.#waitingBytes -= sizeOf(frames);
      if (this.#waitingBytes <= MAX_WAITING_BYTES / 4) this.#release();
    }
  }

  #release(): void {
    this.#taken?.resolve(undefined);
    this.#taken = undefined;
  }

  /** Sends it, if all readers have room for it; otherwise none gets it. */
  async #hasRoomFor(frames: Frames): Promise<boolean> {
    try {
      await this.#options.socket.send(frames);
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
      return false;
    }
  }
}

function sizeOf(frames: Frames): number {
  let bytes = 0;
  for (const frame of frames) bytes += frame.length;
  return bytes;
}
