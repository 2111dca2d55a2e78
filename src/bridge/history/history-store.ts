// Where inputs are kept beyond the life of a kernel. SQLite is behind it in sqlite-history.ts.

/** One input. Sessions are numbered over all kernels of a language; lines are execution counts. */
export interface StoredLine {
  readonly session: number;
  readonly line: number;
  readonly input: string;
}

/** Inputs of all kernels, in the order they were stored. Methods are synchronous, and throw when the store fails. */
export interface HistoryStore {
  /** The number for a new session: higher than all before. */
  beginSession(): number;
  /** The highest number of a session so far; 0 when there is none. */
  lastSession(): number;
  append(lines: readonly StoredLine[]): void;
  /** The last inputs, oldest first. */
  tail(count: number): readonly StoredLine[];
  /** Inputs of a session from line `start` up to, not including, `stop`. */
  range(session: number, start: number, stop: number): readonly StoredLine[];
  /** The last inputs that match a glob pattern, oldest first; `unique` keeps the last of those with the same text. */
  search(pattern: string, count: number, unique: boolean): readonly StoredLine[];
  close(): void;
}

/** Whether another kernel has the store for itself right now: trying again later helps. */
export function isBusy(error: unknown): boolean {
  return error instanceof Error && 'code' in error && String(error.code).startsWith('SQLITE_BUSY');
}
