// Ends the sessions of a kernel on the server, and keeps those that were made here and left until it can.
import { messageOf, type Logger } from '../base/index.js';
import type { LiveSession } from './live-session.js';
import type { RemoteClient } from './remote-client.js';
import { isSessionGone } from './session-failures.js';

/** Closes sessions; one of somebody else is only left. */
export class SessionCloser {
  /** Sessions we made and no longer use, which are closed when the kernel ends. */
  readonly #left = new Map<string, LiveSession>();
  readonly #onRelease: (id: string) => void;
  readonly #logger: Logger;

  /** @param onRelease - Called with the id of a session that is ended, or left because it is somebody else's. */
  constructor(onRelease: (id: string) => void, logger: Logger) {
    this.#onRelease = onRelease;
    this.#logger = logger;
  }

  get left(): readonly LiveSession[] {
    return [...this.#left.values()];
  }

  /** Whether we made it and left it. */
  hasLeft(id: string): boolean {
    return this.#left.has(id);
  }

  /** It is used again. */
  takeUp(id: string): void {
    this.#left.delete(id);
  }

  /** Keeps a session that is not used any more until the kernel ends. */
  leave(live: LiveSession): void {
    live.detach();
    if (live.isOwn) this.#left.set(live.id, live);
    else this.#onRelease(live.id);
  }

  /**
   * Ends a session of ours that is not used any more, by force when code runs in it; one of somebody else is only left.
   *
   * @returns Whether it was ended; when that failed it is tried again at the end of the kernel.
   */
  async discard(live: LiveSession): Promise<boolean> {
    try {
      if (live.isOwn) await this.close(live, { force: !live.isIdle });
      else this.leave(live);
      return live.isOwn;
    } catch (error) {
      this.#logger.warn({ error: messageOf(error) }, 'old session not closed');
      this.leave(live);
      return false;
    }
  }

  /** The server on which they are will be out of reach: the last attempt. */
  async discardLeft(): Promise<void> {
    await Promise.all(this.left.map((live) => this.discard(live)));
    this.#left.clear();
  }

  /** Ends a session on the server and stops listening to it. A session that is gone already is no failure. */
  async close(live: LiveSession, options: { readonly force: boolean }): Promise<void> {
    await this.closeById(live.id, live.client, options);
    live.detach();
  }

  /** Ends any session of the person's, as {@link close} does. */
  async closeById(
    id: string,
    { sessions }: RemoteClient,
    options: { readonly force: boolean },
  ): Promise<void> {
    try {
      await (options.force ? sessions.closeByForce(id) : sessions.close(id));
    } catch (error) {
      if (!isSessionGone(error)) throw error;
    }
    this.#left.get(id)?.detach();
    this.#left.delete(id);
    this.#onRelease(id);
  }

  /** At the end of the kernel: a failure is only logged. */
  async closeWithin(
    ms: number,
    live: LiveSession,
    { sessions }: RemoteClient = live.client,
  ): Promise<void> {
    const options = { signal: AbortSignal.timeout(ms) };
    try {
      await (live.isIdle
        ? sessions.close(live.id, options)
        : sessions.closeByForce(live.id, options));
    } catch (error) {
      this.#logger.warn({ error: messageOf(error), sessionId: live.id }, 'session not closed');
    }
  }
}
