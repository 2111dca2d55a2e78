// A store in memory for tests of what stands before it; it can be made to fail.
import type { HistoryStore, StoredLine } from '../../../../src/bridge/history/history-store.js';
import { globExpression } from '../../../../src/bridge/history/glob.js';

export class MemoryStore implements HistoryStore {
  readonly lines: StoredLine[] = [];
  sessionCount: number;
  /** Thrown by every method but `close`. */
  failure: Error | undefined;
  isClosed = false;

  constructor(earlier: readonly StoredLine[] = []) {
    this.lines.push(...earlier);
    this.sessionCount = Math.max(0, ...earlier.map(({ session }) => session));
  }

  beginSession(): number {
    this.#check();
    return ++this.sessionCount;
  }

  lastSession(): number {
    this.#check();
    return this.sessionCount;
  }

  append(lines: readonly StoredLine[]): void {
    this.#check();
    this.lines.push(...lines);
  }

  tail(count: number): readonly StoredLine[] {
    this.#check();
    return this.lines.slice(-count);
  }

  range(session: number, start: number, stop: number): readonly StoredLine[] {
    this.#check();
    return this.lines.filter(
      (each) => each.session === session && each.line >= start && each.line < stop,
    );
  }

  search(pattern: string, count: number, unique: boolean): readonly StoredLine[] {
    this.#check();
    const found = this.lines.filter(({ input }) => globExpression(pattern).test(input));
    const isLast = ({ input }: StoredLine, index: number): boolean =>
      found.findLastIndex((each) => each.input === input) === index;
    return (unique ? found.filter(isLast) : found).slice(-count);
  }

  close(): void {
    this.isClosed = true;
  }

  #check(): void {
    if (this.failure !== undefined) throw this.failure;
  }
}
