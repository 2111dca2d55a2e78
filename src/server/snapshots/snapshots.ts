// Snapshots: a row in the store and a folder under `snapshots/`.
import path from 'node:path';
import { SNAPSHOT_FILES, type RuntimeType, type SnapshotWriting } from '../../runtimes/index.js';
import { ApiError } from '../errors.js';
import type { SnapshotRecord, SnapshotStore } from '../store/snapshots.js';
import type { ChunkStore } from './chunk-store.js';
import { openContentFolders, type ContentFolders } from './content-folders.js';
import { listContent, writeChunkNames } from './content.js';
import { measureZip, openZip } from './zip.js';

export interface SnapshotsOptions {
  /** Shared by all servers of the data directory. */
  readonly directory: string;
  readonly store: SnapshotStore;
  /** Has equal content of snapshots share its place on the disk; default: each has its own. */
  readonly chunks?: ChunkStore | undefined;
  /** Unix milliseconds. */
  readonly now: () => number;
}

export interface NewSnapshot {
  readonly owner: string;
  readonly name?: string | undefined;
  readonly runtimeType: RuntimeType;
  /** Writes the content into an empty folder. */
  readonly write: (folder: string, keep: SnapshotWriting['keep']) => Promise<void>;
}

/** Opens the snapshots of a data directory and removes what crashed servers left behind. */
export async function openSnapshots(options: SnapshotsOptions): Promise<Snapshots> {
  const { directory, store, chunks } = options;
  const folders = await openContentFolders({ directory, chunks, listIds: () => store.listIds() });
  return new Snapshots(options, folders);
}

/** The snapshots of one data directory. */
export class Snapshots {
  readonly #options: SnapshotsOptions;
  readonly #folders: ContentFolders;

  constructor(options: SnapshotsOptions, folders: ContentFolders) {
    this.#options = options;
    this.#folders = folders;
  }

  /** Keeps what `write` writes; settles when it is on the disk. */
  async save(snapshot: NewSnapshot): Promise<SnapshotRecord> {
    const { store, now } = this.#options;
    return this.#folders.save({
      write: async (folder) => {
        await this.#write(snapshot, folder);
        return measureZip(await listContent(folder));
      },
      commit: async (id, contentSize) => {
        const record: SnapshotRecord = {
          id,
          name: snapshot.name ?? `snapshot-${id.slice(0, 8)}`,
          owner: snapshot.owner,
          runtimeType: snapshot.runtimeType,
          createdAtMs: now(),
          contentSize,
        };
        await store.insert(record);
        return record;
      },
    });
  }

  async #write(snapshot: NewSnapshot, folder: string): Promise<void> {
    const { chunks } = this.#options;
    if (chunks === undefined) {
      await snapshot.write(folder, undefined);
      return;
    }
    const names: string[] = [];
    await snapshot.write(folder, async (fd, file) => {
      names.push(...(await chunks.keepStream(fd, file)));
    });
    const files = path.join(folder, SNAPSHOT_FILES);
    names.push(...(await chunks.keepFiles(files)));
    await writeChunkNames(folder, names);
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
    return this.#folders.folderOf(snapshot.id);
  }

  /** The content as a zip file, and its length in bytes. */
  async openZip(
    snapshot: SnapshotRecord,
  ): Promise<{ readonly stream: NodeJS.ReadableStream; readonly size: number }> {
    const folder = this.folderOf(snapshot);
    return openZip(folder, await listContent(folder));
  }

  /** @throws {ApiError} `API_SNAPSHOT_NOT_FOUND`, also for another user's. */
  async delete(id: string, owner: string): Promise<void> {
    // The row first: a crash in between leaves content without a row, which the next start removes.
    if (!(await this.#options.store.delete(id, owner))) throw snapshotNotFound(id);
    await this.#folders.remove(id);
  }

  async close(): Promise<void> {
    await this.#folders.close();
  }
}

function snapshotNotFound(id: string): ApiError {
  return new ApiError('API_SNAPSHOT_NOT_FOUND', `There is no snapshot ${id}.`);
}
