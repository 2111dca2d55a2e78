// How long the executions of each user may run in a day, counted in the memory of this server.
import { ApiError } from '../errors.js';

const DAY_MS = 24 * 3_600_000;

interface Account {
  /** The day begins with the first execution. */
  readonly startedAtMs: number;
  usedMs: number;
}

/** The running time that users have left. */
export class UserTime {
  readonly #limitMs: number;
  readonly #now: () => number;
  readonly #accounts = new Map<string, Account>();

  /**
   * @param limitMs - For one user and day; `Infinity` counts nothing.
   * @param now - Unix milliseconds.
   */
  constructor(limitMs: number, now: () => number) {
    this.#limitMs = limitMs;
    this.#now = now;
  }

  /**
   * What a user has left.
   *
   * @throws {ApiError} `API_USER_TIME` when it is nothing.
   */
  leftMs(owner: string): number {
    if (this.#limitMs === Infinity) return Infinity;
    const { startedAtMs, usedMs } = this.#accountOf(owner);
    if (usedMs < this.#limitMs) return this.#limitMs - usedMs;
    const retryAfterSeconds = Math.ceil((startedAtMs + DAY_MS - this.#now()) / 1000);
    throw new ApiError(
      'API_USER_TIME',
      `The executions of ${owner} have run for ${Math.round(this.#limitMs / 1000)} s, which is the limit of a day. Try again in ${retryAfterSeconds} s.`,
      { retryAfterSeconds },
    );
  }

  /** Takes from what a user has. */
  use(owner: string, usedMs: number): void {
    if (this.#limitMs !== Infinity) this.#accountOf(owner).usedMs += usedMs;
  }

  #accountOf(owner: string): Account {
    const nowMs = this.#now();
    const known = this.#accounts.get(owner);
    if (known !== undefined && nowMs < known.startedAtMs + DAY_MS) return known;
    for (const [name, { startedAtMs }] of this.#accounts) {
      if (nowMs >= startedAtMs + DAY_MS) this.#accounts.delete(name);
    }
    const account = { startedAtMs: nowMs, usedMs: 0 };
    this.#accounts.set(owner, account);
    return account;
  }
}
