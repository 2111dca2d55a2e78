// The sessions that killed kernels of this notebook have left on the server: finds them in the background, has words for
// them once, and keeps the notes by which a later kernel finds the sessions of this one.
import { messageOf, TaskQueue, type Logger } from '../base/index.js';
import type { Language } from './language/languages.js';
import type { RemoteClient, RemoteSessionEntry } from './remote-client.js';

/** That a kernel uses a session. */
export interface SessionNote {
  readonly sessionId: string;
  /** Made by a kernel of this notebook, and therefore closed at the end of the one that uses it. */
  readonly isOwn: boolean;
}

/** The notes of all kernels, kept where they outlive a kernel that is killed. */
export interface SessionNotes {
  /** This kernel uses the session. */
  put(note: SessionNote): Promise<void>;
  /** This kernel has done with the session, and so has every one that was killed. */
  remove(sessionId: string): Promise<void>;
  /** The sessions of this notebook's kernels that ended without a word, apart from those which a kernel uses; the latest first. */
  ofEndedKernels(): Promise<readonly SessionNote[]>;
}

/** What earlier sessions are found with. */
export interface EarlierSessionsOptions {
  readonly language: Language;
  /** Absent: no notes are kept, and nothing is found. */
  readonly sessionNotes?: SessionNotes | undefined;
  /** The cells whose magics are for this session, e.g. `%%python`; absent where all are. */
  readonly cellMagic?: string | undefined;
  readonly logger: Logger;
}

/** A session id is told by its beginning where that is unique. */
const SHORT_ID_LENGTH = 8;

/** The earlier sessions of one notebook and one language. No failure of it is a cell's. */
export class EarlierSessions {
  readonly #options: EarlierSessionsOptions;
  readonly #notes: SessionNotes | undefined;
  /** Notes are written in the order of what they say. */
  readonly #writing = new TaskQueue();
  /** What this kernel has noted. */
  readonly #used = new Set<string>();
  readonly #found = new Map<string, SessionNote>();
  /** Found and not yet told, as they are written in a cell. */
  #untold = new Map<string, string>();
  #looking: Promise<void> | undefined;
  #hasLeft = false;

  constructor(options: EarlierSessionsOptions) {
    this.#options = options;
    this.#notes = options.sessionNotes;
  }

  /** A session is used from now on. */
  use(sessionId: string, isOwn: boolean): void {
    if (this.#hasLeft) return;
    this.#used.add(sessionId);
    this.#untold.delete(sessionId);
    this.#write((notes) => notes.put({ sessionId, isOwn }));
  }

  /** A session is used no longer, or there is none any more. */
  release(sessionId: string): void {
    this.#used.delete(sessionId);
    this.#untold.delete(sessionId);
    this.#found.delete(sessionId);
    this.#write((notes) => notes.remove(sessionId));
  }

  /** Begins to look for earlier sessions on a server; without notes of any the server is not asked. */
  look({ sessions }: RemoteClient, signal: AbortSignal): void {
    if (this.#notes === undefined) return;
    this.#looking = this.#find(this.#notes, () => sessions.list({ signal })).catch(
      (error: unknown) => {
        this.#options.logger.info({ error: messageOf(error) }, 'earlier sessions not found');
      },
    );
  }

  /** Whether a session was made by an earlier kernel of this notebook, which is gone. */
  async isFound(sessionId: string): Promise<boolean> {
    await this.#looking;
    return this.#found.get(sessionId)?.isOwn === true;
  }

  /** What to tell the person, once: the way to sessions that were found. */
  takeWords(): string | undefined {
    if (this.#untold.size === 0) return undefined;
    const ids = [...this.#untold.values()];
    this.#untold.clear();
    return describe(ids, this.#options);
  }

  /** The kernel ends in good order: what it used, and what its person was told of, is not news to the next one. */
  async leave(): Promise<void> {
    this.#hasLeft = true;
    const told = [...this.#found.keys()].filter((id) => !this.#untold.has(id));
    for (const id of [...this.#used, ...told]) this.release(id);
    await this.#writing.run(() => Promise.resolve());
  }

  async #find(
    notes: SessionNotes,
    list: () => Promise<readonly RemoteSessionEntry[]>,
  ): Promise<void> {
    const ended = await notes.ofEndedKernels();
    if (ended.length === 0) return;
    const entries = await list();
    for (const note of ended) {
      const { sessionId } = note;
      if (this.#used.has(sessionId) || this.#found.has(sessionId)) continue;
      if (!entries.some((entry) => this.#fits(entry, sessionId))) continue;
      this.#found.set(sessionId, note);
      this.#untold.set(sessionId, shortened(sessionId, entries));
    }
  }

  #fits({ id, runtimeType }: RemoteSessionEntry, sessionId: string): boolean {
    return id === sessionId && runtimeType === this.#options.language.runtimeType;
  }

  #write(write: (notes: SessionNotes) => Promise<void>): void {
    const notes = this.#notes;
    if (notes === undefined) return;
    this.#writing
      .run(() => write(notes))
      .catch((error: unknown) => {
        this.#options.logger.info({ error: messageOf(error) }, 'sessions in use not noted');
      });
  }
}

function describe(ids: readonly string[], { language, cellMagic }: EarlierSessionsOptions): string {
  const kind = cellMagic === undefined ? '' : `${language.runtimeType} `;
  const where = cellMagic === undefined ? '' : ` in a ${cellMagic} cell`;
  const [first = ''] = ids;
  if (ids.length === 1) {
    return `A ${kind}session of an earlier kernel of this notebook is still there, with its variables: %session attach ${first}${where} takes it up (%session close ${first} ends it).`;
  }
  return `${String(ids.length)} ${kind}sessions of earlier kernels of this notebook are still there, with their variables, the latest first: ${ids.join(', ')}. %session attach ID${where} takes one up (%session close ID ends it).`;
}

function shortened(sessionId: string, entries: readonly RemoteSessionEntry[]): string {
  const short = sessionId.slice(0, SHORT_ID_LENGTH);
  const isUnique =
    entries.filter(({ id, name }) => id.startsWith(short) || name === short).length === 1;
  return isUnique ? short : sessionId;
}
