// What was sent of one execution, for a client whose connection broke: it goes on where it was.
import type { EventFrame } from './event-frame.js';

/** Frames in UTF-16 code units or bytes; what is older is forgotten. */
const MAX_LENGTH = 4 * 1024 * 1024;
/** The same when the execution is over, until another one is. */
const MAX_ENDED_LENGTH = 256 * 1024;

/** The last frames of an execution. */
export class EventLog {
  /** Whether the client that is to have them has gone. */
  isGone: () => boolean;
  isEnded = false;
  #frames: EventFrame[] = [];
  #forgottenCount = 0;
  #length = 0;

  constructor(isGone: () => boolean) {
    this.isGone = isGone;
  }

  add(frame: EventFrame): void {
    this.#frames.push(frame);
    this.#length += frame.length;
    if (this.#length > MAX_LENGTH) this.#shorten(MAX_LENGTH / 2);
  }

  end(): void {
    this.isEnded = true;
    if (this.#length > MAX_ENDED_LENGTH) this.#shorten(MAX_ENDED_LENGTH);
  }

  /** The frames after the first so many; `undefined` when some of them are forgotten. */
  after(count: number): readonly EventFrame[] | undefined {
    const from = count - this.#forgottenCount;
    return from < 0 ? undefined : this.#frames.slice(from);
  }

  /** In one go, and not for every frame: it costs as much as there is. */
  #shorten(length: number): void {
    let count = 0;
    for (const frame of this.#frames) {
      if (this.#length <= length) break;
      this.#length -= frame.length;
      count += 1;
    }
    this.#frames = this.#frames.slice(count);
    this.#forgottenCount += count;
  }
}
