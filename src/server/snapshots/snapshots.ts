// Snapshots: a row in the store and a folder under `snapshots/`. A snapshot exists when its row exists, and then its
// content is complete and on the disk; the order of the steps below keeps that true through crashes.
import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { RuntimeType } from '../../runtimes/index.js';
import { ApiError } from '../errors.js';
import type { SnapshotRecord, SnapshotStore } from '../store/snapshots.js';
import { flush, flushFolder, listFolder } from './folder.js';
import { tryLock, type LivenessLock } from './liveness-lock.js';
import { measureZip, openZip } from './zip.js';

/** Holds a folder for each live server: what it is writing, and its claims. */
const WORK_FOLDER = '.work';
const LOCK_SUFFIX = '.lock';
/** Marks a folder that has its final place but not yet its row. */
const CLAIM_SUFFIX = '.claim';
const LOCK_ATTEMPTS = 5;

export interface SnapshotsOptions {
  /** Shared by all servers of the data directory. */
  readonly directory: string;
  readonly store: SnapshotStore;
  /** Unix milliseconds. */
  readonly now: () => number;
}

export interface NewSnapshot {
  readonly owner: string;
  readonly name?: string | undefined;
  readonly runtimeType: RuntimeType;
  /** Writes the content into an empty folder. */
  readonly write: (folder: string) => Promise<void>;
}

/** Opens the snapshots of a data directory and removes what crashed servers left behind. */
export async function openSnapshots(options: SnapshotsOptions): Promise<Snapshots> {
  const workRoot = path.join(options.directory, WORK_FOLDER);
  await mkdir(workRoot, { recursive: true, mode: 0o700 });
  const { workFolder, lock } = await claimWorkFolder(workRoot);
  await removeLeftovers(options, workRoot);
  return new Snapshots(options, workFolder, lock);
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

/** The snapshots of one data directory. */
export class Snapshots {
  readonly #options: SnapshotsOptions;
  readonly #workFolder: string;
  readonly #lock: LivenessLock;

  constructor(options: SnapshotsOptions, workFolder: string, lock: LivenessLock) {
    this.#options = options;
    this.#workFolder = workFolder;
    this.#lock = lock;
  }

  /** Keeps what `write` writes; settles when it is on the disk. */
  async save(snapshot: NewSnapshot): Promise<SnapshotRecord> {
    const { store, directory } = this.#options;
    const id = randomUUID();
    const unfinished = path.join(this.#workFolder, id);
    const finished = path.join(directory, id);
    const claim = unfinished + CLAIM_SUFFIX;
    try {
      await mkdir(unfinished, { mode: 0o700 });
      await snapshot.write(unfinished);
      const contentSize = measureZip(await listFolder(unfinished));
      await flushFolder(unfinished);
      await writeFile(claim, '');
      await rename(unfinished, finished);
      await flush(directory);
      const record = {
        id,
        name: snapshot.name ?? `snapshot-${id.slice(0, 8)}`,
        owner: snapshot.owner,
        runtimeType: snapshot.runtimeType,
        createdAtMs: this.#options.now(),
        contentSize,
      };
      await store.insert(record);
      return record;
    } catch (error) {
      await rm(unfinished, { recursive: true, force: true });
      await rm(finished, { recursive: true, force: true });
      throw error;
    } finally {
      await rm(claim, { force: true });
    }
  }

  /** Oldest first. */
  async list(owner: string): Promise<readonly SnapshotRecord[]> {
    return this.#options.store.list(owner);
  }

  /** @throws {ApiError} `API_SNAPSHOT_NOT_FOUND`, also for another user's. */
  async get(id: string, owner: string): Promise<SnapshotRecord> {
    const record = await this.#options.store.find(id, owner);
    if (record === undefined) throw snapshotNotFound(id);
    return record;
  }

  /** Absolute path of the content. */
  folderOf(snapshot: SnapshotRecord): string {
    return path.join(this.#options.directory, snapshot.id);
  }

  /** The content as a zip file, and its length in bytes. */
  async openZip(
    snapshot: SnapshotRecord,
  ): Promise<{ readonly stream: NodeJS.ReadableStream; readonly size: number }> {
    const folder = this.folderOf(snapshot);
    return openZip(folder, await listFolder(folder));
  }

  /** @throws {ApiError} `API_SNAPSHOT_NOT_FOUND`, also for another user's. */
  async delete(id: string, owner: string): Promise<void> {
    // The row first: a crash in between leaves content without a row, which the next start removes.
    if (!(await this.#options.store.delete(id, owner))) throw snapshotNotFound(id);
    await rm(path.join(this.#options.directory, id), { recursive: true, force: true });
  }

  async close(): Promise<void> {
    await rm(this.#workFolder, { recursive: true, force: true });
    this.#lock.release();
    await rm(this.#workFolder + LOCK_SUFFIX, { force: true });
  }
}

function snapshotNotFound(id: string): ApiError {
  return new ApiError('API_SNAPSHOT_NOT_FOUND', `There is no snapshot ${id}.`);
}

async function removeLeftovers(options: SnapshotsOptions, workRoot: string): Promise<void> {
  const { directory, store } = options;
  // This order matters while other servers save: a folder is listed first; then either its claim is still there, or
  // its row is there already.
  const folders = (await readdir(directory)).filter((name) => name !== WORK_FOLDER);
  const claimed = await removeDeadWork(workRoot);
  const known = await store.listIds();
  for (const folder of folders) {
    if (known.has(folder) || claimed.has(folder)) continue;
    await rm(path.join(directory, folder), { recursive: true, force: true });
  }
}

/** Removes the work of servers that are gone; returns the snapshot ids which live servers claim. */
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
