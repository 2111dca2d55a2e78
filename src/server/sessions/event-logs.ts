// The logs of a session's executions: those under way, and that of the last one that ended.
import { EventLog } from './event-log.js';

/** More than can pass while a client connects again. */
const MAX_KNOWN = 1024;

/** By the ids of executions. Executions that are answered by HTTP have none. */
export class EventLogs {
  readonly #logs = new Map<string, EventLog>();
  /** Ids of all executions that arrived lately, oldest first. */
  readonly #known = new Set<string>();

  /** @param isGone - Whether the client that is to have the frames has gone. */
  begin(executionId: string, isGone: () => boolean): void {
    this.#logs.set(executionId, new EventLog(isGone));
    this.#known.add(executionId);
    const [oldest] = this.#known;
    if (this.#known.size > MAX_KNOWN && oldest !== undefined) this.#known.delete(oldest);
  }

  /** Whether an execution has arrived, at least if that was not long ago. */
  isKnown(executionId: string): boolean {
    return this.#known.has(executionId);
  }

  get(executionId: string): EventLog | undefined {
    return this.#logs.get(executionId);
  }

  /** The execution is over; the one that ended before it is forgotten. */
  end(executionId: string): void {
    for (const [id, log] of this.#logs) if (log.isEnded) this.#logs.delete(id);
    this.#logs.get(executionId)?.end();
  }
}
