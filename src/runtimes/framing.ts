// What travels between the server and a worker (r/protocol.R, python/rserver_runtime/channel.py). Pure: bytes in, frames out.
import { RuntimeProcessError } from './errors.js';

/** What the server asks of a worker. */
export const REQUEST = {
  execute: 1,
  listObjects: 2,
  getObject: 3,
  setObject: 4,
  deleteObject: 5,
  saveWorkspace: 6,
  loadWorkspace: 7,
  /** The first frame: its text is the nonce of the markers, its bytes are `parent` where copies are to be made. */
  start: 8,
  /** Of a service: what was loaded is what every call begins with; the text is the code of the calls. */
  prepareCopies: 9,
  /** Of a service: makes a copy of the process that serves the pipes in the folder named by the text. */
  fork: 10,
  /** Of a warm parent: makes a copy, the worker of a session, which opens the pipes in the folder named by the text. */
  forkSession: 11,
  /** Of a warm parent: waits for the copy whose process the text names, which has ended. Gives its status as of wait(2). */
  awaitCopy: 12,
  /** Of a warm parent: what has been loaded is what copies begin with; makes it cheap to copy. */
  settle: 13,
} as const;

/** What a worker answers. */
export const ANSWER = {
  /** Ready; the text is the version of the language. */
  hello: 1,
  /** Text that user code gave to the emit hook. */
  data: 2,
  /** The request is done; the bytes are what it returns. */
  done: 3,
  /** It failed. Of an execution: the text is the error message. Else: text is an error code, bytes the message. */
  failed: 4,
  /** A request for input: the text is the prompt, the bytes are its number and whether it asks for a password. */
  input: 5,
  /** Of a copy: it waits for a call. The text of the first one is `leader` when it leads a process group. */
  ready: 6,
  /** Of a copy: its call may have left something behind; it takes no other. */
  spent: 7,
  /** As `data`, with its place at the end of the execution whose answer follows. */
  lastData: 8,
} as const;

/** What travels on the pipe of answers to requests for input; the bytes are the number of the request. */
export const INPUT_REPLY = {
  /** The text is what was typed. */
  line: 1,
  /** The end of input. */
  end: 2,
  /** Nobody can answer; the text says why. */
  unavailable: 3,
  /** The execution is being interrupted. */
  interrupted: 4,
} as const;

/** One message: a kind, UTF-8 text, and bytes. */
export interface Frame {
  readonly kind: number;
  readonly text: string;
  readonly bytes: Buffer;
}

/** Three little-endian 32 bit integers: kind, length of the text in bytes, length of the bytes. */
const HEADER_BYTES = 12;
const LARGEST_ANSWER = Math.max(...Object.values(ANSWER));
const NO_BYTES = Buffer.alloc(0);

/** One frame as it goes over the pipe. */
export function encodeFrame(kind: number, text: string, bytes: Uint8Array = NO_BYTES): Buffer {
  const textBytes = Buffer.byteLength(text);
  const frame = Buffer.allocUnsafe(HEADER_BYTES + textBytes + bytes.length);
  frame.writeInt32LE(kind, 0);
  frame.writeInt32LE(textBytes, 4);
  frame.writeInt32LE(bytes.length, 8);
  frame.write(text, HEADER_BYTES);
  frame.set(bytes, HEADER_BYTES + textBytes);
  return frame;
}

/** Puts the chunks of a pipe together to frames. */
export class FrameReader {
  #chunks: Buffer[] = [];
  #size = 0;
  /** Bytes needed before the next look; saves joining the chunks of a large frame again and again. */
  #needed = HEADER_BYTES;

  /**
   * @param chunk - The next bytes; copied, so that the caller may use its buffer again.
   * @returns The frames that are now complete, often none.
   * @throws {RuntimeProcessError} `RUNTIME_GARBLED` when the bytes cannot be a worker's answer.
   */
  push(chunk: Uint8Array): Frame[] {
    this.#chunks.push(Buffer.from(chunk));
    this.#size += chunk.length;
    if (this.#size < this.#needed) return [];

    const frames: Frame[] = [];
    let rest =
      this.#chunks.length === 1 ? (this.#chunks[0] ?? NO_BYTES) : Buffer.concat(this.#chunks);
    for (;;) {
      this.#needed = HEADER_BYTES;
      if (rest.length < HEADER_BYTES) break;
      const kind = rest.readInt32LE(0);
      const textEnd = HEADER_BYTES + rest.readInt32LE(4);
      const end = textEnd + rest.readInt32LE(8);
      if (kind < 1 || kind > LARGEST_ANSWER || textEnd < HEADER_BYTES || end < textEnd) {
        throw new RuntimeProcessError(
          'RUNTIME_GARBLED',
          'The language process sent something that is no answer of its worker.',
          { facts: { firstBytes: rest.subarray(0, HEADER_BYTES).toString('hex') } },
        );
      }
      this.#needed = end;
      if (rest.length < end) break;
      frames.push({
        kind,
        text: rest.toString('utf8', HEADER_BYTES, textEnd),
        bytes: rest.subarray(textEnd, end),
      });
      rest = rest.subarray(end);
    }
    this.#chunks = rest.length === 0 ? [] : [rest];
    this.#size = rest.length;
    return frames;
  }
}
