// The one writer of a socket: a second send while one waits would throw.
/** One multipart message as the socket takes it. */
export type Frames = (Buffer | string)[];

/** Sends one message after the other. The first goes out before {@link SendQueue.push} returns. */
export class SendQueue {
  readonly #send: (frames: Frames) => Promise<void>;
  readonly #onFailure: (error: Error) => void;
  #waiting: Frames[] = [];
  #draining: Promise<void> | undefined;

  /** @param onFailure - Told of each message that was lost; the next ones are still tried. */
  constructor(send: (frames: Frames) => Promise<void>, onFailure: (error: Error) => void) {
    this.#send = send;
    this.#onFailure = onFailure;
  }

  push(frames: Frames): void {
    this.#waiting.push(frames);
    this.#draining ??= this.#drain();
  }

  /** Resolves when everything pushed so far has been handed to the socket. */
  async whenEmpty(): Promise<void> {
    await this.#draining;
  }

  async #drain(): Promise<void> {
    while (this.#waiting.length > 0) {
      // A fresh array per round: shifting a long one would cost its length for every message.
      const round = this.#waiting;
      this.#waiting = [];
      for (const frames of round) {
        try {
          await this.#send(frames);
        } catch (error) {
          this.#onFailure(error instanceof Error ? error : new Error(String(error)));
        }
      }
    }
    this.#draining = undefined;
  }
}
