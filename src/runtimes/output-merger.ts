// Puts the text of stdout and stderr and the data of the emit hook into the order in which the program made them.
// The worker writes markers into both streams (r/protocol.R says how); here they are taken out again. Pure.
import { StringDecoder } from 'node:string_decoder';
import type { RuntimeEvent } from './runtime.js';

export type StreamName = 'stdout' | 'stderr';

const MARKER_START = 0x1d;
const DIGITS = 8;

interface StreamState {
  readonly decoder: StringDecoder;
  /** The beginning of a marker whose rest has not come yet. */
  carry: Buffer;
  /** The number of the last marker seen: text belongs behind it. */
  seen: number;
}

const newStream = (): StreamState => ({
  decoder: new StringDecoder('utf8'),
  carry: Buffer.alloc(0),
  seen: 0,
});

/**
 * Merges one process's output.
 *
 * Text is passed on at once as long as its stream is not ahead of the other one; text behind a marker waits until the
 * other stream has come to the same marker, and text behind a `d` marker also for what stands at it.
 */
export class OutputMerger {
  readonly #onEvent: (event: RuntimeEvent) => void;
  readonly #onEnd: () => void;
  readonly #prefix: Buffer;
  readonly #markerBytes: number;
  readonly #streams = { stdout: newStream(), stderr: newStream() };
  /** Letters of markers that are seen in one stream at least but not passed, oldest first. */
  readonly #letters = new Map<number, string>();
  #passed = 0;
  #held: { readonly behind: number; readonly name: StreamName; readonly text: string }[] = [];
  /** What stands at the coming `d` markers. */
  #placed: (RuntimeEvent | undefined)[] = [];
  /** What stands at the coming `e` marker. */
  #last: RuntimeEvent[] = [];
  /** The `e` marker of the execution has been passed. */
  #isEnded = false;

  /**
   * @param nonce - Hex digits that only this server and its worker know.
   * @param onEvent - Takes the events in order.
   * @param onEnd - An `e` marker was passed: everything that an execution wrote has been given to `onEvent`.
   */
  constructor(nonce: string, onEvent: (event: RuntimeEvent) => void, onEnd: () => void) {
    this.#prefix = Buffer.concat([Buffer.from([MARKER_START]), Buffer.from(nonce)]);
    this.#markerBytes = this.#prefix.length + 1 + DIGITS;
    this.#onEvent = onEvent;
    this.#onEnd = onEnd;
  }

  /** The next bytes of a stream; they are not kept. @returns Whether there was text among them. */
  write(name: StreamName, chunk: Buffer): boolean {
    const stream = this.#streams[name];
    const bytes = stream.carry.length === 0 ? chunk : Buffer.concat([stream.carry, chunk]);
    stream.carry = Buffer.alloc(0);
    let textStart = 0;
    let scanFrom = 0;
    let hasText = false;
    for (;;) {
      const at = bytes.indexOf(MARKER_START, scanFrom);
      if (at === -1) break;
      if (!this.#isPrefixAt(bytes, at)) {
        scanFrom = at + 1;
        continue;
      }
      if (at > textStart) hasText = true;
      this.#text(name, bytes.subarray(textStart, at));
      if (bytes.length - at < this.#markerBytes) {
        stream.carry = Buffer.from(bytes.subarray(at));
        return hasText;
      }
      textStart = scanFrom = at + this.#markerBytes;
      const letterAt = at + this.#prefix.length;
      const letter = bytes.toString('latin1', letterAt, letterAt + 1);
      const number = Number.parseInt(bytes.toString('latin1', letterAt + 1, textStart), 16);
      this.#marker(stream, letter, number);
    }
    this.#text(name, bytes.subarray(textStart));
    return hasText || textStart < bytes.length;
  }

  /** What stands at the next `d` marker that has nothing yet: data of the emit hook, a request for input, or nothing. */
  place(event: RuntimeEvent | undefined): void {
    this.#placed.push(event);
    this.#advance();
  }

  /** Passes everything that is held, in the best order known: for when markers cannot come any more. */
  flush(): void {
    for (const stream of Object.values(this.#streams)) {
      stream.seen = Math.max(this.#passed, this.#streams.stdout.seen, this.#streams.stderr.seen);
    }
    this.#advance();
    for (const name of ['stdout', 'stderr'] as const) {
      const stream = this.#streams[name];
      this.#passText(name, stream.decoder.write(stream.carry) + stream.decoder.end());
      stream.carry = Buffer.alloc(0);
    }
    for (const event of this.#placed.splice(0)) if (event !== undefined) this.#onEvent(event);
    for (const { name, text } of this.#held.splice(0)) this.#passText(name, text);
    this.#passLast();
  }

  /** An execution begins. */
  begin(): void {
    this.#isEnded = false;
  }

  /** What stands at the end of the execution. */
  placeLast(event: RuntimeEvent): void {
    if (this.#isEnded) this.#onEvent(event);
    else this.#last.push(event);
  }

  #isPrefixAt(bytes: Buffer, at: number): boolean {
    const length = Math.min(this.#prefix.length, bytes.length - at);
    return this.#prefix.compare(bytes, at, at + length, 0, length) === 0;
  }

  #text(name: StreamName, bytes: Buffer): void {
    if (bytes.length === 0) return;
    const stream = this.#streams[name];
    const text = stream.decoder.write(bytes);
    if (stream.seen <= this.#passed) this.#passText(name, text);
    else if (text !== '') this.#held.push({ behind: stream.seen, name, text });
  }

  #passText(name: StreamName, text: string): void {
    if (text !== '') this.#onEvent({ type: 'stream', name, text });
  }

  #marker(stream: StreamState, letter: string, number: number): void {
    if (number > this.#passed) this.#letters.set(number, letter);
    stream.seen = number;
    this.#advance();
  }

  /** Passes every marker which both streams have reached, and then what was held behind it. */
  #advance(): void {
    const reached = Math.min(this.#streams.stdout.seen, this.#streams.stderr.seen);
    // A map keeps the order of insertion, and each stream has its markers in rising order.
    for (const [number, letter] of this.#letters) {
      if (number > reached) return;
      if (letter === 'd') {
        if (this.#placed.length === 0) return;
        const event = this.#placed.shift();
        this.#letters.delete(number);
        this.#passed = number;
        if (event !== undefined) this.#onEvent(event);
      } else {
        this.#letters.delete(number);
        this.#passed = number;
        if (letter === 'e') this.#end();
      }
      this.#passHeld();
    }
  }

  #end(): void {
    this.#passLast();
    this.#isEnded = true;
    this.#onEnd();
  }

  #passLast(): void {
    for (const event of this.#last.splice(0)) this.#onEvent(event);
  }

  #passHeld(): void {
    if (this.#held.length === 0) return;
    const free = this.#held.filter(({ behind }) => behind <= this.#passed);
    if (free.length === 0) return;
    this.#held = this.#held.filter(({ behind }) => behind > this.#passed);
    for (const { name, text } of free) this.#passText(name, text);
  }
}
