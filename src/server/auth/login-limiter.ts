// Slows down those who guess passwords: counts failed logins by user and by address, in the memory of this server.
import { createHash } from 'node:crypto';
import { isIPv6 } from 'node:net';
import type { RateLimiterMemory } from 'rate-limiter-flexible';
import { TaskQueue } from '../../base/index.js';
import { ApiError } from '../errors.js';

export interface LoginLimits {
  /** Failed logins of one user name, known or not, after which it has to wait; default 10. */
  readonly maxLoginFailures: number;
  /** Failed logins from one address, whatever the names; default 100. */
  readonly maxAddressLoginFailures: number;
  /** Failures are forgotten after so long; default 15 minutes. */
  readonly loginWindowMs: number;
}

/** Who tries. */
export interface LoginAttempt {
  readonly username: string;
  readonly address: string;
}

interface Counters {
  readonly accounts: RateLimiterMemory;
  readonly addresses: RateLimiterMemory;
}

/** Lets logins through until too many have failed. */
export class LoginLimiter {
  readonly #limits: LoginLimits;
  /** One login of a name at a time: many at once cannot slip through between looking and counting. */
  readonly #queues = new Map<string, TaskQueue>();
  /** Made at the first failure, which most servers wait for a long time. */
  #counters: Promise<Counters> | undefined;

  constructor(limits: LoginLimits) {
    this.#limits = limits;
  }

  /**
   * Checks a login, unless too many have failed.
   *
   * @param check - Throws `API_CREDENTIALS` for a failed login; what else it throws is not counted.
   * @throws {ApiError} `API_TOO_MANY_ATTEMPTS`; and what `check` throws.
   */
  async attempt<T>({ username, address }: LoginAttempt, check: () => Promise<T>): Promise<T> {
    const account = createHash('sha256').update(username).digest('base64url');
    const network = networkOf(address);
    const queue = this.#queues.get(account) ?? new TaskQueue();
    this.#queues.set(account, queue);
    try {
      return await queue.run(() => this.#attempt(account, network, check));
    } finally {
      if (queue.runningCount === 0) this.#queues.delete(account);
    }
  }

  async #attempt<T>(account: string, network: string, check: () => Promise<T>): Promise<T> {
    await this.#assertAllowed(account, network);
    try {
      const result = await check();
      await (await this.#counters)?.accounts.delete(account);
      return result;
    } catch (error) {
      if (error instanceof ApiError && error.code === 'API_CREDENTIALS') {
        const { accounts, addresses } = await (this.#counters ??= this.#makeCounters());
        await Promise.all([accounts.penalty(account), addresses.penalty(network)]);
      }
      throw error;
    }
  }

  async #assertAllowed(account: string, network: string): Promise<void> {
    const counters = await this.#counters;
    if (counters === undefined) return;
    const { maxLoginFailures, maxAddressLoginFailures } = this.#limits;
    const [byAccount, byAddress] = await Promise.all([
      counters.accounts.get(account),
      counters.addresses.get(network),
    ]);
    const waitMs = Math.max(
      (byAccount?.consumedPoints ?? 0) >= maxLoginFailures ? (byAccount?.msBeforeNext ?? 0) : 0,
      (byAddress?.consumedPoints ?? 0) >= maxAddressLoginFailures
        ? (byAddress?.msBeforeNext ?? 0)
        : 0,
    );
    if (waitMs <= 0) return;
    const retryAfterSeconds = Math.ceil(waitMs / 1000);
    throw new ApiError(
      'API_TOO_MANY_ATTEMPTS',
      `Too many logins have failed. Try again in ${retryAfterSeconds} s.`,
      { retryAfterSeconds },
    );
  }

  async #makeCounters(): Promise<Counters> {
    const { RateLimiterMemory: Counter } = await import('rate-limiter-flexible');
    const duration = this.#limits.loginWindowMs / 1000;
    const { maxLoginFailures, maxAddressLoginFailures } = this.#limits;
    return {
      accounts: new Counter({ points: maxLoginFailures, duration }),
      addresses: new Counter({ points: maxAddressLoginFailures, duration }),
    };
  }
}

/** Who has one IPv6 address has 2^64 of them: those count as one. */
export function networkOf(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped !== undefined) return mapped;
  if (!isIPv6(address)) return address;
  const [head = '', tail = ''] = (address.split('%', 1)[0] ?? '').split('::');
  const groupsOf = (text: string): string[] => (text === '' ? [] : text.split(':'));
  const [before, after] = [groupsOf(head), groupsOf(tail)];
  const zeros = new Array<string>(Math.max(0, 8 - before.length - after.length)).fill('0');
  return [...before, ...zeros, ...after]
    .slice(0, 4)
    .map((group) => group.replace(/^0+(?=.)/, '').toLowerCase())
    .join(':');
}
