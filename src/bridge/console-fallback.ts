// Reading the console in place of an event stream that broke.
import type { ConsoleDiff } from './console-diff.js';
import type { ConsoleFollower } from './console-follower.js';

export interface ConsoleReading {
  readonly diff: ConsoleDiff;
  readonly follower: ConsoleFollower | undefined;
}

/** Begun at most once a run. */
export class ConsoleFallback {
  readonly #begin: (isFollowing: boolean) => ConsoleReading;
  #reading: ConsoleReading | undefined;
  #isStopped = false;

  constructor(begin: (isFollowing: boolean) => ConsoleReading) {
    this.#begin = begin;
  }

  /** Where the console text stands. */
  get diff(): ConsoleDiff {
    this.#reading ??= this.#begin(false);
    return this.#reading.diff;
  }

  follow(): void {
    if (!this.#isStopped) this.#reading ??= this.#begin(true);
  }

  stop(): void {
    this.#isStopped = true;
    this.#reading?.follower?.stop();
  }
}
