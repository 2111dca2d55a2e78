// Notes which session on a server a kernel uses, one file for each: they outlive a kernel that is killed, and tell the
// next kernel of its notebook that the session is still there.
import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import path from 'node:path';
import type { SessionNote, SessionNotes } from '../bridge/index.js';
import { isProcessAlive } from './server-records.js';

/** Servers close what nobody uses, sooner or later. */
const KEPT_MS = 30 * 24 * 3600 * 1000;

interface FiledNote extends SessionNote {
  /** Path of the kernel's notebook. */
  readonly notebook?: string;
  /** A home folder may be shared by several machines. */
  readonly host: string;
  readonly pid: number;
  /** When the process began, in the words of the system: process ids are given out anew. */
  readonly beginning?: string;
}

interface FoundNote extends FiledNote {
  readonly file: string;
  readonly notedAtMs: number;
  /** `unknown`: on another machine. */
  readonly kernel: 'here' | 'alive' | 'ended' | 'unknown';
}

/** The notes in a folder, as one kernel sees them. */
export class FileSessionNotes implements SessionNotes {
  readonly #directory: string;
  readonly #notebook: string | undefined;

  /** @param notebook - Path of this kernel's notebook; without one nothing is found, and what is noted only keeps others away. */
  constructor(directory: string, notebook: string | undefined) {
    this.#directory = directory;
    this.#notebook = notebook;
  }

  async put({ sessionId, isOwn }: SessionNote): Promise<void> {
    const note: FiledNote = {
      sessionId,
      isOwn,
      ...(this.#notebook !== undefined && { notebook: this.#notebook }),
      host: hostname(),
      pid: process.pid,
      ...withBeginning(await beginningOf(process.pid)),
    };
    await mkdir(this.#directory, { recursive: true, mode: 0o700 });
    const file = path.join(this.#directory, fileName(sessionId, process.pid));
    // In one step: who reads it sees all of it, or nothing.
    await writeFile(`${file}.new`, JSON.stringify(note), { mode: 0o600 });
    await rename(`${file}.new`, file);
  }

  async remove(sessionId: string): Promise<void> {
    const notes = await this.#read();
    const done = notes.filter(
      (note) => note.sessionId === sessionId && (note.kernel === 'here' || note.kernel === 'ended'),
    );
    await Promise.all(done.map(({ file }) => rm(file, { force: true })));
  }

  async ofEndedKernels(): Promise<readonly SessionNote[]> {
    if (this.#notebook === undefined) return [];
    const notes = await this.#read();
    const used = new Set(
      notes.filter(({ kernel }) => kernel !== 'ended').map((note) => note.sessionId),
    );
    return notes
      .filter(({ kernel, notebook }) => kernel === 'ended' && notebook === this.#notebook)
      .filter(({ sessionId }) => !used.has(sessionId))
      .sort((a, b) => b.notedAtMs - a.notedAtMs);
  }

  async #read(): Promise<readonly FoundNote[]> {
    const names = await readdir(this.#directory).catch(() => []); // nobody has noted anything yet
    const notes = await Promise.all(
      names.map((name) => readNote(path.join(this.#directory, name))),
    );
    return notes.filter((note) => note !== undefined);
  }
}

/** @returns Nothing for a note that is half written, was removed meanwhile, or is removed here because it is old. */
async function readNote(file: string): Promise<FoundNote | undefined> {
  try {
    const { mtimeMs: notedAtMs } = await stat(file);
    const note = file.endsWith('.json') ? parseNote(await readFile(file, 'utf8')) : undefined;
    const kernel = note === undefined ? undefined : await kernelOf(note);
    if (Date.now() - notedAtMs > KEPT_MS && kernel !== 'here' && kernel !== 'alive') {
      await rm(file, { force: true });
      return undefined;
    }
    return note && kernel && { ...note, file, notedAtMs, kernel };
  } catch {
    return undefined;
  }
}

function parseNote(text: string): FiledNote | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isFiledNote(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isFiledNote(value: unknown): value is FiledNote {
  if (typeof value !== 'object' || value === null) return false;
  const note = value as Partial<Record<keyof FiledNote, unknown>>;
  return (
    typeof note.sessionId === 'string' &&
    typeof note.host === 'string' &&
    typeof note.pid === 'number'
  );
}

async function kernelOf({ host, pid, beginning }: FiledNote): Promise<FoundNote['kernel']> {
  if (host !== hostname()) return 'unknown';
  if (!isProcessAlive(pid) || (await beginningOf(pid)) !== beginning) return 'ended';
  return pid === process.pid ? 'here' : 'alive';
}
/**
 * When a process began, in a form that is good for comparing only; nothing where the system has no simple way to tell.
 * @see proc(5), `/proc/pid/stat`, field 22 `starttime`
 */
export async function beginningOf(pid: number): Promise<string | undefined> {
  if (process.platform !== 'linux') return undefined;
  try {
    const [boot, status] = await Promise.all([
      readFile('/proc/sys/kernel/random/boot_id', 'utf8'),
      readFile(`/proc/${String(pid)}/stat`, 'utf8'),
    ]);
    // The second field is the name of the program, in parentheses, and may hold anything.
    const fields = status.slice(status.lastIndexOf(')') + 2).split(' ');
    return `${boot.trim()} ${fields[19] ?? ''}`;
  } catch {
    return undefined;
  }
}

function withBeginning(beginning: string | undefined): { readonly beginning?: string } {
  return beginning === undefined ? {} : { beginning };
}

function fileName(sessionId: string, pid: number): string {
  const hash = createHash('sha256').update(sessionId).digest('hex').slice(0, 16);
  return `${hash}-${String(pid)}.json`;
}
