// What a slow cell is doing, in one line: it waits for a session, for its turn, or it runs.
import { formatDuration } from '../display/durations.js';

/** What a cell does beside running code, noted by whoever does it. */
export interface CellWork {
  /** The magic that runs, without percent sign. */
  magic: string | undefined;
}

/** A session as far as a waiting cell is concerned. */
export interface WaitedSession {
  /** What is being done to have it; nothing when it is there. */
  readonly activity: string | undefined;
  readonly live: { readonly isQueued: boolean } | undefined;
}

/** Code that runs so long is worth a word. */
const RUNNING_MS = 2000;

/** Tells how a cell is getting on. */
export class CellProgress {
  readonly work: CellWork = { magic: undefined };
  readonly #sessions: () => readonly (WaitedSession | undefined)[];
  /** When the cell last waited for a session: until then it did not run. */
  #waitedMs = 0;

  /** @param sessions - Those which the cell may use. */
  constructor(sessions: () => readonly (WaitedSession | undefined)[]) {
    this.#sessions = sessions;
  }

  /** The line, or nothing as long as there is nothing to say. */
  describe(elapsedMs: number): string | undefined {
    const sessions = this.#sessions();
    const activity = sessions.find((session) => session?.activity !== undefined)?.activity;
    if (activity !== undefined) {
      this.#waitedMs = elapsedMs;
      return `${activity}…`;
    }
    if (elapsedMs < RUNNING_MS) return undefined;
    if (sessions.some((session) => session?.live?.isQueued === true)) {
      return `Queued behind another execution, ${wholeSeconds(elapsedMs)}`;
    }
    const { magic } = this.work;
    const what = magic === undefined ? '' : ` %${magic}`;
    return `Running${what} ${wholeSeconds(elapsedMs - this.#waitedMs)}`;
  }
}

function wholeSeconds(ms: number): string {
  return formatDuration(Math.max(1, Math.round(ms / 1000)) * 1000, 0);
}
