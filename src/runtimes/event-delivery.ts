// Hands the events of a process to whoever runs code in it, one after the other, at the receiver's own pace.
import type { RuntimeEvent } from './runtime.js';

/** Takes one event; a promise means: nothing more before it settles. */
export type EventReceiver = (event: RuntimeEvent) => void | Promise<void>;

/** What background programs may print while nobody receives, before nothing more is read from them. */
const IDLE_CHARACTERS = 1_048_576;

/**
 * A queue with back pressure.
 *
 * Without a receiver events wait for the next one: text that a background program prints between two executions is
 * not lost.
 */
export class EventDelivery {
  readonly #flow: { readonly pause: () => void; readonly resume: () => void };
  #queue: RuntimeEvent[] = [];
  #queuedCharacters = 0;
  #receiver: EventReceiver | undefined;
  #failure: Error | undefined;
  /** Pending while the receiver takes an event. */
  #taking: Promise<void> | undefined;

  /** @param flow - Stops and restarts the reading of the process. */
  constructor(flow: { readonly pause: () => void; readonly resume: () => void }) {
    this.#flow = flow;
  }

  push(event: RuntimeEvent): void {
    this.#queue.push(event);
    if (this.#receiver !== undefined) {
      this.#deliver();
      return;
    }
    this.#queuedCharacters += lengthOf(event);
    if (this.#queuedCharacters > IDLE_CHARACTERS) this.#flow.pause();
  }

  /** From now on events go to this receiver, first those that wait. */
  attach(receiver: EventReceiver): void {
    this.#receiver = receiver;
    this.#failure = undefined;
    this.#deliver();
  }

  /**
   * Waits until the receiver has taken everything.
   *
   * @throws What the receiver threw first; it got no more events after that.
   */
  async taken(): Promise<void> {
    while (this.#taking !== undefined) await this.#taking;
    if (this.#failure !== undefined) throw this.#failure;
  }

  detach(): void {
    this.#receiver = undefined;
  }

  /** Drops what waits. */
  clear(): void {
    this.#queue = [];
    this.#queuedCharacters = 0;
    this.#flow.resume();
  }

  #deliver(): void {
    if (this.#taking !== undefined) return;
    for (let event = this.#queue.shift(); event !== undefined; event = this.#queue.shift()) {
      const taking = this.#give(event);
      if (taking === undefined) continue;
      this.#flow.pause();
      this.#taking = taking.then(() => {
        this.#taking = undefined;
        this.#deliver();
      });
      return;
    }
    this.#queuedCharacters = 0;
    this.#flow.resume();
  }

  /** A promise only when the receiver wants to be waited for; it never rejects. */
  #give(event: RuntimeEvent): Promise<void> | undefined {
    if (this.#receiver === undefined || this.#failure !== undefined) return undefined;
    try {
      return this.#receiver(event)?.catch((error: unknown) => {
        this.#failure ??= asError(error);
      });
    } catch (error) {
      this.#failure ??= asError(error);
      return undefined;
    }
  }
}

function lengthOf(event: RuntimeEvent): number {
  switch (event.type) {
    case 'stream':
      return event.text.length;
    case 'data':
      return event.data.length;
    case 'input_request':
      return event.prompt.length;
  }
}

const asError = (error: unknown): Error =>
  error instanceof Error ? error : new Error(String(error));
