// The connection of a kernel to its server: made in the background, taken up again, dropped; and whom a login may ask.
import type { InputRequester } from '../jupyter/index.js';
import type { Configuration, Connect, Connection } from './configuration.js';
import { connectingTo, type SessionActivity } from './progress/session-activity.js';
import { SecretDesk } from './secret-desk.js';

/** One connection at a time. */
export class SessionConnection {
  readonly #connect: Connect;
  readonly #activity: SessionActivity;
  readonly #secrets = new SecretDesk();
  /** Ends connecting at once when the kernel shuts down. */
  readonly #leaving = new AbortController();
  #current: Connection | undefined;
  #connecting: Promise<Connection> | undefined;

  constructor(connect: Connect, activity: SessionActivity) {
    this.#connect = connect;
    this.#activity = activity;
  }

  /** The connection when it is there. */
  get current(): Connection | undefined {
    return this.#current;
  }

  /** Lets a login ask the person at a cell for as long as the work lasts. */
  async asking<T>(input: InputRequester, work: () => Promise<T>): Promise<T> {
    const takeBack = this.#secrets.lend(input);
    try {
      return await work();
    } finally {
      takeBack();
    }
  }

  /** The connection, made when there is none; those who wait share one attempt. */
  obtain(configuration: Configuration): Promise<Connection> {
    if (this.#current !== undefined) return Promise.resolve(this.#current);
    this.#connecting ??= this.#obtainAnew(configuration);
    return this.#connecting;
  }

  /** Another connection beside the one there is. */
  open(configuration: Configuration, signal: AbortSignal): Promise<Connection> {
    const connecting = this.#connect(configuration, this.#secrets.ask, signal);
    return this.#activity.during(connectingTo(configuration.settings.url), connecting);
  }

  /** @returns The one before, which is still open. */
  replace(connection: Connection): Connection | undefined {
    const before = this.#current;
    this.#current = connection;
    return before;
  }

  /** Ends the connection; the next one that is wanted is made anew. */
  async drop(): Promise<void> {
    const connection = this.#current;
    this.#current = undefined;
    await connection?.client.destroy();
  }

  /** The kernel ends: nobody is asked any more, and an attempt under way fails. What is there stays. */
  leave(): void {
    this.#leaving.abort();
    this.#secrets.close();
  }

  async #obtainAnew(configuration: Configuration): Promise<Connection> {
    try {
      this.#current = await this.open(configuration, this.#leaving.signal);
      return this.#current;
    } finally {
      this.#connecting = undefined;
    }
  }
}
