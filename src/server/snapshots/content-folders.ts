// Folders of content, each with a row in the store: snapshots, services, batches. Content exists when its row exists, and
// then it is complete and on the disk; the order of the steps below keeps that true through crashes.
import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { v7 as newId } from 'uuid';
import { settlesWithin } from '../../base/index.js';
import type { ChunkStore } from './chunk-store.js';
import { readChunkNames } from './content.js';
import { flush, flushFolder } from './folder.js';
import { tryLock, type LivenessLock } from './liveness-lock.js';

/** Holds a folder for each live server: what it is writing, and its claims. */
const WORK_FOLDER = '.work';
const LOCK_SUFFIX = '.lock';
/** Marks a folder that has its final place but not yet its row. */
const CLAIM_SUFFIX = '.claim';
const LOCK_ATTEMPTS = 5;
/** What is still being saved so long after the sessions have ended is given up. */
const SAVING_PATIENCE_MS = 60_000;

export interface ContentFoldersOptions {
  /** Shared by all servers of the data directory. */
  readonly directory: string;
  /** The ids that rows name. */
  readonly listIds: () => Promise<ReadonlySet<string>>;
  /** What the content shares its place on the disk with; default nothing. */
  readonly chunks?: ChunkStore | undefined;
}

/** Opens the content of a data directory and removes what crashed servers left behind. */
export async function openContentFolders(options: ContentFoldersOptions): Promise<ContentFolders> {
  const workRoot = path.join(options.directory, WORK_FOLDER);
  await mkdir(workRoot, { recursive: true, mode: 0o700 });
  const { workFolder, lock } = await claimWorkFolder(workRoot);
  await removeLeftovers(options, workRoot);
  return new ContentFolders(options, workFolder, lock);
}

/** How a folder of content is written and made known. */
export interface NewContent<Facts, Row> {
  /** Writes the content into an empty folder; what it returns goes to `commit`. */
  readonly write: (folder: string) => Promise<Facts>;
  /** Writes the row; the content is in its final place and on the disk. */
  readonly commit: (id: string, facts: Facts) => Promise<Row>;
}

/** The folders of one kind of content. */
export class ContentFolders {
  readonly #directory: string;
  readonly #chunks: ChunkStore | undefined;
  readonly #workFolder: string;
  readonly #lock: LivenessLock;
  readonly #saving = new Set<Promise<unknown>>();

  constructor(
    { directory, chunks }: ContentFoldersOptions,
    workFolder: string,
    lock: LivenessLock,
  ) {
    this.#directory = directory;
    this.#chunks = chunks;
    this.#workFolder = workFolder;
    this.#lock = lock;
  }

  /**
   * Keeps what `write` writes under a new id; settles when it is on the disk and `commit` is through.
   *
   * @returns What `commit` returns.
   */
  async save<Facts, Row>(content: NewContent<Facts, Row>): Promise<Row> {
    const saving = this.#save(content);
    this.#saving.add(saving);
    try {
      return await saving;
    } finally {
      this.#saving.delete(saving);
    }
  }

  async #save<Facts, Row>({ write, commit }: NewContent<Facts, Row>): Promise<Row> {
    const id = newId();
    const unfinished = path.join(this.#workFolder, id);
    const finished = this.folderOf(id);
    const claim = unfinished + CLAIM_SUFFIX;
    try {
      await mkdir(unfinished, { mode: 0o700 });
      const facts = await write(unfinished);
      await flushFolder(unfinished);
      await writeFile(claim, '');
      await rename(unfinished, finished);
      await flush(this.#directory);
      return await commit(id, facts);
    } catch (error) {
      await rm(unfinished, { recursive: true, force: true });
      await rm(finished, { recursive: true, force: true });
      throw error;
    } finally {
      await rm(claim, { force: true });
    }
  }

  /** Absolute path of the content. */
  folderOf(id: string): string {
    return path.join(this.#directory, id);
  }

  /** Removes content whose row is gone. A crash before leaves it to the next start. */
  async remove(id: string): Promise<void> {
    const folder = this.folderOf(id);
    const chunkNames = await readChunkNames(folder);
    await rm(folder, { recursive: true, force: true });
    await this.#chunks?.release(chunkNames);
  }

  /** Waits for what is being saved: it is on its way to the disk, and somebody may wait for it. */
  async close(): Promise<void> {
    await settlesWithin(Promise.allSettled(this.#saving), SAVING_PATIENCE_MS);
    await rm(this.#workFolder, { recursive: true, force: true });
    this.#lock.release();
    await rm(this.#workFolder + LOCK_SUFFIX, { force: true });
  }
}

async function claimWorkFolder(
  workRoot: string,
): Promise<{ readonly workFolder: string; readonly lock: LivenessLock }> {
  for (let attempt = 1; attempt <= LOCK_ATTEMPTS; attempt += 1) {
    const workFolder = path.join(workRoot, randomUUID());
    const lock = tryLock(workFolder + LOCK_SUFFIX);
    // Another server that starts may have taken the new file for a dead server's and removed it.
    if (lock !== undefined && existsSync(workFolder + LOCK_SUFFIX)) {
      await mkdir(workFolder, { mode: 0o700 });
      return { workFolder, lock };
    }
    lock?.release();
  }
  throw new Error(`The file system of ${workRoot} does not lock files.`);
}

async function removeLeftovers(
  { directory, listIds }: ContentFoldersOptions,
  workRoot: string,
): Promise<void> {
  // This order matters while other servers save: a folder is listed first; then either its claim is still there, or
  // its row is there already.
  const folders = (await readdir(directory)).filter((name) => name !== WORK_FOLDER);
  const claimed = await removeDeadWork(workRoot);
  const known = await listIds();
  for (const folder of folders) {
    if (known.has(folder) || claimed.has(folder)) continue;
    await rm(path.join(directory, folder), { recursive: true, force: true });
  }
}

/** Removes the work of servers that are gone; returns the ids which live servers claim. */
async function removeDeadWork(workRoot: string): Promise<ReadonlySet<string>> {
  const claimed = new Set<string>();
  for (const name of await readdir(workRoot)) {
    if (!name.endsWith(LOCK_SUFFIX)) continue;
    const lockFile = path.join(workRoot, name);
    const workFolder = lockFile.slice(0, -LOCK_SUFFIX.length);
    const lock = tryLock(lockFile);
    if (lock === undefined) {
      // The folder of a server that is just starting may not be there yet.
      for (const file of existsSync(workFolder) ? await readdir(workFolder) : []) {
        if (file.endsWith(CLAIM_SUFFIX)) claimed.add(file.slice(0, -CLAIM_SUFFIX.length));
      }
    } else {
      await rm(workFolder, { recursive: true, force: true });
      await rm(lockFile, { force: true }); // while it is locked: see claimWorkFolder
      lock.release();
    }
  }
  return claimed;
}
