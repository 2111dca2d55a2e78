// A watcher at the other end of a WebSocket: bounded memory, and no session waits for a dead one.
import type { Duplex } from 'node:stream';
import { WebSocket } from 'ws';
import type { Logger } from '../../base/index.js';
import { toJsonFrame, type EventFrame } from './event-frame.js';
import type { Watcher } from './watchers.js';

const SESSION_OVER = 1000;
/** So long the client may take to answer the close; ws itself would wait 30 s. */
const CLOSE_TIMEOUT_MS = 1000;

/** Bounds of one event socket. */
export interface EventSocketLimits {
  /** Past so many unsent bytes the session's program waits; it goes on at a quarter of it. */
  readonly maxBufferedBytes: number;
  /** A watcher which the program had to wait for so long is dropped. */
  readonly stallTimeoutMs: number;
  /** A watcher that does not answer a ping within this time is dropped. */
  readonly pingIntervalMs: number;
}

export const DEFAULT_EVENT_SOCKET_LIMITS: EventSocketLimits = {
  maxBufferedBytes: 1024 * 1024,
  stallTimeoutMs: 30_000,
  pingIntervalMs: 30_000,
};

/** Whom an event socket leads to. */
export interface EventSocketClient {
  /** Takes frames of bytes, not JSON only. */
  readonly takesBytes: boolean;
}

/** Sends frames to one WebSocket. */
export class EventSocket implements Watcher {
  readonly #socket: WebSocket;
  readonly #connection: Duplex;
  readonly #client: EventSocketClient;
  readonly #limits: EventSocketLimits;
  readonly #logger: Logger;
  #isCorked = false;
  #isAlive = true;
  #drain: { readonly promise: Promise<void>; readonly resolve: () => void } | undefined;

  /** @param connection - The stream below the WebSocket, for sending several frames in one packet. */
  constructor(
    socket: WebSocket,
    connection: Duplex,
    client: EventSocketClient,
    limits: EventSocketLimits,
    logger: Logger,
  ) {
    this.#socket = socket;
    this.#connection = connection;
    this.#client = client;
    this.#limits = limits;
    this.#logger = logger;
    const pings = setInterval(() => {
      this.#ping();
    }, limits.pingIntervalMs).unref();
    socket.on('pong', () => {
      this.#isAlive = true;
    });
    socket.on('error', (error) => {
      logger.debug({ error: error.message }, 'an event socket failed');
    });
    socket.on('close', () => {
      clearInterval(pings);
      this.#drain?.resolve();
    });
  }

  send(frame: EventFrame): void | Promise<void> {
    if (this.#socket.readyState !== WebSocket.OPEN) return undefined;
    this.#cork();
    const { takesBytes } = this.#client;
    this.#socket.send(takesBytes ? frame : toJsonFrame(frame), this.#handleSent);
    if (this.#socket.bufferedAmount <= this.#limits.maxBufferedBytes) return undefined;
    this.flush();
    return (this.#drain ??= this.#startDrain()).promise;
  }

  flush(): void {
    if (!this.#isCorked) return;
    this.#isCorked = false;
    this.#connection.uncork();
  }

  close(): void {
    this.flush();
    this.#socket.close(SESSION_OVER, 'The session is over.');
    const cutOff = setTimeout(() => {
      this.#socket.terminate();
    }, CLOSE_TIMEOUT_MS).unref();
    this.#socket.once('close', () => {
      clearTimeout(cutOff);
    });
  }

  /** Frames of one turn of the event loop go out together. */
  #cork(): void {
    if (this.#isCorked) return;
    this.#isCorked = true;
    this.#connection.cork();
    process.nextTick(() => {
      this.flush();
    });
  }

  readonly #handleSent = (): void => {
    if (this.#drain === undefined) return;
    if (this.#socket.bufferedAmount <= this.#limits.maxBufferedBytes / 4) this.#drain.resolve();
  };

  #startDrain(): { readonly promise: Promise<void>; readonly resolve: () => void } {
    let settle!: () => void;
    const promise = new Promise<void>((resolve) => {
      settle = resolve;
    });
    const timer = setTimeout(() => {
      this.#logger.warn(
        { bufferedBytes: this.#socket.bufferedAmount },
        'an event socket was dropped: its client does not read',
      );
      this.#socket.terminate();
    }, this.#limits.stallTimeoutMs).unref();
    return {
      promise,
      resolve: () => {
        clearTimeout(timer);
        this.#drain = undefined;
        settle();
      },
    };
  }

  #ping(): void {
    if (!this.#isAlive) {
      this.#socket.terminate();
      return;
    }
    this.#isAlive = false;
    this.#socket.ping();
  }
}
