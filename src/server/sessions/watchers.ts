// Those who follow a session's events: each event goes to all of them, and the slowest sets the pace.
import type { SessionEvent } from '../../api/index.js';
import { encodeEvent, type EventFrame } from './event-frame.js';

/** One follower of a session. */
export interface Watcher {
  /** Takes one frame; a promise means: wait with the next one until it settles. It never rejects. */
  send(frame: EventFrame): void | Promise<void>;
  /** Sends now what it may have held back to send in one piece. */
  flush(): void;
  /** The session is over. */
  close(): void;
}

/** The followers of one session. */
export class Watchers {
  readonly #watchers = new Set<Watcher>();

  get count(): number {
    return this.#watchers.size;
  }

  add(watcher: Watcher): void {
    this.#watchers.add(watcher);
  }

  remove(watcher: Watcher): void {
    this.#watchers.delete(watcher);
  }

  /** Sends an event to all; a promise means that at least one of them asks to wait. */
  send(event: SessionEvent): void | Promise<void> {
    if (this.#watchers.size > 0) return this.sendFrame(encodeEvent(event));
  }

  /** As {@link send}. */
  sendFrame(frame: EventFrame): void | Promise<void> {
    let waits: Promise<void>[] | undefined;
    for (const watcher of this.#watchers) {
      const wait = watcher.send(frame);
      if (wait !== undefined) (waits ??= []).push(wait);
    }
    return waits === undefined ? undefined : Promise.all(waits).then(() => undefined);
  }

  flush(): void {
    for (const watcher of this.#watchers) watcher.flush();
  }

  close(): void {
    for (const watcher of this.#watchers) watcher.close();
    this.#watchers.clear();
  }
}
