// Decides when a server that nobody uses leaves by itself.

/** What is watched, and how. */
export interface IdleWatchOptions {
  /** Whether sessions exist. */
  readonly hasSessions: () => boolean;
  /** Time of the last use, Unix milliseconds. */
  readonly lastActivityAtMs: () => number;
  /** Whether nobody can find the server any more, because its record is gone or is another one's. */
  readonly isForgotten: () => boolean;
  readonly idleTimeoutMs: number;
  /** Called once. */
  readonly onIdle: () => void;
  /** Unix milliseconds; default `Date.now`. */
  readonly now?: () => number;
}

/** How often at most a forgotten server is noticed. Milliseconds. */
const LOOK_INTERVAL_MS = 60_000;
/** While sessions exist there is no due time to wait for; but never look more often than this. */
const SHORTEST_WAIT_MS = 50;

/** @returns Stops watching; may be called twice. */
export function watchIdle(options: IdleWatchOptions): () => void {
  const now = options.now ?? Date.now;
  let timer: NodeJS.Timeout | undefined;
  const look = (): void => {
    const isUnused = !options.hasSessions();
    const dueInMs = options.lastActivityAtMs() + options.idleTimeoutMs - now();
    if (isUnused && (dueInMs <= 0 || options.isForgotten())) {
      options.onIdle();
      return;
    }
    const waitMs = isUnused ? dueInMs : options.idleTimeoutMs;
    timer = setTimeout(look, Math.min(Math.max(waitMs, SHORTEST_WAIT_MS), LOOK_INTERVAL_MS));
    timer.unref();
  };
  timer = setTimeout(look, Math.min(options.idleTimeoutMs, LOOK_INTERVAL_MS));
  timer.unref();
  return () => {
    clearTimeout(timer);
  };
}
