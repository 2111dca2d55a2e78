// One WebSocket of an event stream: frames as values, and a sign of life now and then.
import type WebSocket from 'ws';
import { isRecord, tryParseJson } from './answers.js';

/** What the server or the client sends: a JSON object with a `type`. */
export type Frame = Readonly<Record<string, unknown>>;

/** A silent connection is asked for a sign of life this often, and given up when none comes until the next time. */
const PING_INTERVAL_MS = 30_000;

const NORMAL_CLOSURE = 1000;
const LINE_FEED = 0x0a;

/** One connection. */
export class EventSocket {
  /** What the server was told last: value of the header of that name. */
  authorization: string;
  /** Settles when it has ended, however that came; never rejects. */
  readonly closed: Promise<void>;
  readonly #socket: WebSocket;
  #listener: ((frame: Frame) => void) | undefined;
  #early: Frame[] = [];
  #isAlive = true;
  #isPaused = false;

  constructor(socket: WebSocket, authorization: string) {
    this.#socket = socket;
    this.authorization = authorization;
    socket.on('message', (data: Buffer, isBinary: boolean) => {
      this.#isAlive = true;
      const frame = isBinary ? parseBytes(data) : tryParseJson(data.toString());
      if (!isRecord(frame)) return;
      if (this.#listener === undefined) this.#early.push(frame);
      else this.#listener(frame);
    });
    socket.on('pong', () => {
      this.#isAlive = true;
    });
    // What went wrong is told by `closed`, or by the promise of opening.
    socket.on('error', () => undefined);
    const ping = setInterval(() => {
      this.#checkLife();
    }, PING_INTERVAL_MS);
    ping.unref();
    this.closed = new Promise((resolve) => {
      socket.once('close', () => {
        clearInterval(ping);
        resolve();
      });
    });
  }

  get isOpen(): boolean {
    return this.#socket.readyState === this.#socket.OPEN;
  }

  /** Hands over each frame in order, also those that came before. */
  listen(listener: (frame: Frame) => void): void {
    this.#listener = listener;
    const early = this.#early;
    this.#early = [];
    for (const frame of early) listener(frame);
  }

  /** @param text - A frame as JSON. Lost when the connection has ended. */
  send(text: string): void {
    if (this.isOpen) this.#socket.send(text);
  }

  pause(): void {
    this.#isPaused = true;
    this.#socket.pause();
  }

  resume(): void {
    this.#isPaused = false;
    this.#isAlive = true; // what it has sent meanwhile is not read yet
    this.#socket.resume();
  }

  close(): void {
    this.#socket.close(NORMAL_CLOSURE);
  }

  #checkLife(): void {
    if (!this.isOpen || this.#isPaused) return;
    if (!this.#isAlive) {
      this.#socket.terminate();
      return;
    }
    this.#isAlive = false;
    this.#socket.ping();
  }
}

/** A binary frame: JSON up to the first line feed, and behind it the text. See `STREAM_TEXT_AS_BYTES`. */
function parseBytes(frame: Buffer): unknown {
  const lineEnd = frame.indexOf(LINE_FEED);
  const head = tryParseJson(frame.toString('utf8', 0, lineEnd));
  return isRecord(head) ? { ...head, text: frame.toString('utf8', lineEnd + 1) } : undefined;
}
