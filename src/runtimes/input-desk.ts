// The requests for input of one worker: who may still be answered, and what its answers look like on the pipe.
import { RuntimeProcessError } from './errors.js';
import { encodeFrame, INPUT_REPLY, type Frame } from './framing.js';
import type { InputAnswer, RuntimeEvent } from './runtime.js';

const NO_EXECUTION = 'Input was asked for by code that goes on after the end of its execution.';

/** Keeps the open requests of a worker. A program has more than one when its threads ask. */
export class InputDesk {
  readonly #send: (frame: Buffer) => void;
  readonly #open = new Set<number>();
  #state: 'closed' | 'open' | 'interrupted' = 'closed';

  /** @param send - Writes a frame to the worker's pipe of answers. */
  constructor(send: (frame: Buffer) => void) {
    this.#send = send;
  }

  /** An execution begins. */
  open(): void {
    this.#state = 'open';
  }

  /** The execution has ended; threads that still wait are told. */
  close(): void {
    this.#state = 'closed';
    this.#replyToAll(INPUT_REPLY.unavailable, NO_EXECUTION);
  }

  /** Ends what waits, and what will ask until the execution ends. */
  interrupt(): void {
    if (this.#state === 'closed') return;
    this.#state = 'interrupted';
    this.#replyToAll(INPUT_REPLY.interrupted);
  }

  /** @returns The event for whoever runs the code; nothing when the program has its answer already. */
  take(frame: Frame): RuntimeEvent | undefined {
    const [number, isPassword] = decodeInputRequest(frame.bytes);
    this.#open.add(number);
    if (this.#state === 'closed') this.#reply(number, INPUT_REPLY.unavailable, NO_EXECUTION);
    if (this.#state === 'interrupted') this.#reply(number, INPUT_REPLY.interrupted);
    if (this.#state !== 'open') return undefined;
    return { type: 'input_request', inputId: String(number), prompt: frame.text, isPassword };
  }

  answer(inputId: string, answer: InputAnswer): void {
    const number = Number(inputId);
    switch (answer.status) {
      case 'ok':
        // No text of R can hold a NUL.
        this.#reply(number, INPUT_REPLY.line, answer.text.replaceAll('\0', ''));
        return;
      case 'end':
        this.#reply(number, INPUT_REPLY.end);
        return;
      case 'unavailable':
        this.#reply(number, INPUT_REPLY.unavailable, answer.reason);
    }
  }

  #replyToAll(kind: number, text = ''): void {
    for (const number of this.#open) this.#reply(number, kind, text);
  }

  #reply(number: number, kind: number, text = ''): void {
    if (!this.#open.delete(number)) return;
    const bytes = Buffer.alloc(4);
    bytes.writeInt32LE(number);
    this.#send(encodeFrame(kind, text, bytes));
  }
}

/** The bytes of a request: two little-endian 32 bit integers, its number and whether it asks for a password. */
function decodeInputRequest(bytes: Buffer): readonly [number: number, isPassword: boolean] {
  if (bytes.length !== 8) {
    throw new RuntimeProcessError('RUNTIME_GARBLED', 'A request for input has no number.');
  }
  return [bytes.readInt32LE(0), bytes.readInt32LE(4) !== 0];
}
