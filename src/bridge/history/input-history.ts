// What the person ran: in this kernel, and in earlier ones where inputs are kept.
import { messageOf, type Logger } from '../../base/index.js';
import type { ExecuteRequest, HistoryEntry, HistoryRequest } from '../../jupyter/index.js';
import { globExpression } from './glob.js';
import { isBusy, type HistoryStore, type StoredLine } from './history-store.js';
import { withoutSecrets } from './without-secrets.js';

/** Which input: its number, and the subshell it ran in. */
export type InputKey = Pick<ExecuteRequest, 'executionCount' | 'subshellId'>;

/** The part of the history that is kept. */
export interface KeptHistory {
  /** Called when something is to be stored or looked up for the first time; again when another kernel was in the way. */
  readonly open: () => Promise<HistoryStore>;
  readonly logger: Logger;
}

/** So much of the history is lost at most when the kernel is killed. */
const STORE_AFTER_MS = 250;

/** The inputs of one shell of this kernel: a session of the history. */
interface Session {
  /** Given by the store when the session is begun there. */
  number: number | undefined;
  readonly lines: Map<number, { readonly input: string; output: string | null }>;
}

type Selection = Extract<HistoryRequest, { accessType: 'tail' | 'search' }>;

/**
 * Inputs by their numbers, with the text of their values. Inputs are kept, values live as long as the kernel. A store
 * that fails is given up, with one line in the log: the history then is that of this kernel.
 */
export class InputHistory {
  readonly #kept: KeptHistory | undefined;
  #store: HistoryStore | undefined;
  #opening: Promise<void> | undefined;
  #isGivenUp = false;
  /** By subshell; the main shell under the empty id. */
  readonly #sessions = new Map<string, Session>();
  /** All inputs in the order they came. */
  readonly #all: { readonly session: Session; readonly line: number; readonly input: string }[] =
    [];
  /** How many of them the store has. */
  #storedCount = 0;
  #storeTimer: NodeJS.Timeout | undefined;

  /** @param kept - Absent: nothing outlives the kernel. */
  constructor(kept?: KeptHistory) {
    this.#kept = kept;
  }

  /** Notes an input. Storing is for {@link InputHistory.storeSoon}. */
  add({ executionCount: line, subshellId }: InputKey, code: string): void {
    const input = withoutSecrets(code);
    const session = this.#session(subshellId);
    session.lines.set(line, { input, output: null });
    this.#all.push({ session, line, input });
  }

  /** The text of the value of an input. */
  setOutput({ executionCount, subshellId }: InputKey, output: string): void {
    const entry = this.#session(subshellId).lines.get(executionCount);
    if (entry !== undefined) entry.output = output;
  }

  /** The last inputs of this kernel, oldest first. */
  tail(count: number): readonly { readonly line: number; readonly input: string }[] {
    const lines = count <= 0 ? [] : this.#all.slice(-count);
    return lines.map(({ line, input }) => ({ line, input }));
  }

  /** Stores the inputs a little later, all of that time together: storing holds the event loop up. */
  storeSoon(): void {
    this.#storeTimer ??= setTimeout(() => void this.store(), STORE_AFTER_MS);
  }

  /** Stores what is not stored yet. Never rejects. */
  async store(): Promise<void> {
    clearTimeout(this.#storeTimer);
    this.#storeTimer = undefined;
    await this.#open();
    this.#useStore((store) => {
      const lines = this.#all.slice(this.#storedCount).map(({ session, line, input }) => {
        session.number ??= store.beginSession();
        return { session: session.number, line, input };
      });
      if (lines.length > 0) store.append(lines);
      this.#storedCount += lines.length;
    });
  }

  /**
   * Answers a request of a front end. `raw` makes no difference: there is no other form of an input than what was
   * typed. Session 0 is that of the shell which asks, negative numbers count back from it, as in IPython.
   *
   * @see https://jupyter-client.readthedocs.io/en/stable/messaging.html#history
   */
  async answer(request: HistoryRequest): Promise<readonly HistoryEntry[]> {
    await this.store();
    const lines = request.accessType === 'range' ? this.#range(request) : this.#select(request);
    return lines.map(({ session, line, input }) => [
      session,
      line,
      request.output ? [input, this.#outputOf(session, line)] : input,
    ]);
  }

  /** The inputs of all kernels that match a glob pattern, oldest first, each text once. */
  async search(pattern: string, count: number): Promise<readonly StoredLine[]> {
    await this.store();
    const options = { output: false, raw: true } as const;
    return this.#select({ ...options, accessType: 'search', pattern, count, unique: true });
  }

  /** Stores the last inputs and closes the store. May be called twice. */
  async close(): Promise<void> {
    clearTimeout(this.#storeTimer);
    if (this.#storedCount < this.#all.length) await this.store();
    this.#isGivenUp = true;
    this.#store?.close();
    this.#store = undefined;
  }

  #range({
    session,
    start,
    stop,
    subshellId,
  }: Extract<HistoryRequest, { accessType: 'range' }>): readonly StoredLine[] {
    const own = this.#session(subshellId);
    const wanted = session > 0 ? session : this.#numberOf(own) + session;
    const lines = [...this.#sessions.values()].find((each) => this.#numberOf(each) === wanted);
    if (lines === undefined) {
      return this.#useStore((store) => store.range(wanted, start, stop)) ?? [];
    }
    return [...lines.lines]
      .filter(([line]) => line >= start && line < stop)
      .map(([line, { input }]) => ({ session: wanted, line, input }));
  }

  #select(request: Selection): readonly StoredLine[] {
    const count = request.count ?? Number.MAX_SAFE_INTEGER;
    if (count <= 0) return [];
    const stored = this.#useStore((store) =>
      request.accessType === 'tail'
        ? store.tail(count)
        : store.search(request.pattern, count, request.unique),
    );
    // What a busy store has not taken yet, or everything where there is none.
    const own = this.#all.slice(stored === undefined ? 0 : this.#storedCount);
    const more = matching(
      own.map(({ session, ...line }) => ({ session: this.#numberOf(session), ...line })),
      request,
    );
    if (more.length === 0) return stored ?? [];
    const both = [...(stored ?? []), ...more];
    const isUnique = request.accessType === 'search' && request.unique;
    return (isUnique ? lastOfEach(both) : both).slice(-count);
  }

  #session(subshellId = ''): Session {
    let session = this.#sessions.get(subshellId);
    if (session === undefined) {
      session = { number: undefined, lines: new Map() };
      this.#sessions.set(subshellId, session);
    }
    return session;
  }

  /** One that has not begun will have the next number; without a store they are counted from 1. */
  #numberOf(session: Session): number {
    return (
      session.number ??
      this.#useStore((store) => store.lastSession() + 1) ??
      [...this.#sessions.values()].indexOf(session) + 1
    );
  }

  #outputOf(session: number, line: number): string | null {
    const own = [...this.#sessions.values()].find((each) => this.#numberOf(each) === session);
    return own?.lines.get(line)?.output ?? null;
  }

  async #open(): Promise<void> {
    if (this.#kept === undefined || this.#isGivenUp) return;
    this.#opening ??= this.#kept.open().then(
      (store) => {
        this.#store = store;
      },
      (error: unknown) => {
        if (isBusy(error)) this.#opening = undefined;
        else this.#giveUp(error);
      },
    );
    await this.#opening;
  }

  /** @returns Nothing when there is no store, or it failed. */
  #useStore<T>(use: (store: HistoryStore) => T): T | undefined {
    const store = this.#store;
    if (store === undefined) return undefined;
    try {
      return use(store);
    } catch (error) {
      if (!isBusy(error)) this.#giveUp(error);
      return undefined;
    }
  }

  #giveUp(error: unknown): void {
    this.#isGivenUp = true;
    this.#store = undefined;
    this.#kept?.logger.warn(
      { error },
      `Inputs are not kept beyond this kernel: ${messageOf(error)}`,
    );
  }
}

function matching(lines: readonly StoredLine[], request: Selection): readonly StoredLine[] {
  const count = request.count ?? Number.MAX_SAFE_INTEGER;
  if (request.accessType === 'tail') return lines.slice(-count);
  const expression = globExpression(request.pattern);
  const found = lines.filter(({ input }) => expression.test(input));
  return (request.unique ? lastOfEach(found) : found).slice(-count);
}

function lastOfEach(lines: readonly StoredLine[]): readonly StoredLine[] {
  const byInput = new Map<string, StoredLine>();
  for (const line of lines) {
    byInput.delete(line.input);
    byInput.set(line.input, line);
  }
  return [...byInput.values()];
}
