// Lets one piece of work at a time use a session's runtime; the others wait in the order they came.

interface Waiting {
  readonly start: () => void;
  readonly reject: (reason: Error) => void;
  readonly isAbandoned: () => boolean;
}

const never = (): boolean => false;

/** A queue of one worker. */
export class ExecutionQueue {
  readonly #waiting: Waiting[] = [];
  #isBusy = false;
  #closedWith: Error | undefined;

  get isBusy(): boolean {
    return this.#isBusy;
  }

  /**
   * Runs work when everything that came before it is done.
   *
   * @param isAbandoned - Asked when its turn has come: true drops the work unstarted, with an `AbortError`.
   * @throws Error what the work throws, or what {@link close} was given.
   */
  async run<T>(work: () => Promise<T>, isAbandoned: () => boolean = never): Promise<T> {
    if (this.#closedWith !== undefined) throw this.#closedWith;
    if (this.#isBusy) {
      await new Promise<void>((resolve, reject) => {
        this.#waiting.push({ start: resolve, reject, isAbandoned });
      });
    }
    this.#isBusy = true;
    try {
      return await work();
    } finally {
      this.#next();
    }
  }

  /** Refuses all work that has not begun, now and later. What runs goes on. */
  close(reason: Error): void {
    this.#closedWith ??= reason;
    for (const { reject } of this.#waiting.splice(0)) reject(reason);
  }

  #next(): void {
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
      if (!next.isAbandoned()) {
        next.start(); // the queue stays busy until that work is done
        return;
      }
      next.reject(new DOMException('The request was given up before its turn.', 'AbortError'));
    }
    this.#isBusy = false;
  }
}
