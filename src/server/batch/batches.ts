// Batches of calls: a row in the store and a folder under `batches/` each. One that a crash cuts off is finished by the
// next server that sees it; items whose results were not on the disk run again.
import { mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { messageOf, type Logger } from '../../base/index.js';
import { ApiError } from '../errors.js';
import type { LoadedServices } from '../services/loaded-services.js';
import type { Caller } from '../services/permissions.js';
import type { Services } from '../services/services.js';
import { openContentFolders, type ContentFolders } from '../snapshots/content-folders.js';
import { tryLock } from '../snapshots/liveness-lock.js';
import type { BatchRecord, BatchStore } from '../store/batch-executions.js';
import type { ServiceRecord } from '../store/services.js';
import { BatchResults, filesFolderOf, writeItems, type BatchItem } from './batch-folder.js';
import { runBatch } from './batch-run.js';

/** Held by the server that runs the batch. */
const LOCK_FILE = 'run.lock';
const UUID = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/;
/** How often batches of servers that are gone, deleted and old ones are looked for. */
const LOOK_INTERVAL_MS = 10_000;

export interface BatchesOptions {
  /** Shared by all servers of the data directory. */
  readonly directory: string;
  readonly store: BatchStore;
  readonly services: Services;
  readonly loaded: LoadedServices;
  readonly limits: {
    readonly serviceCallMs: number;
    readonly maxBatchParallelCount: number;
    readonly batchKeptMs: number;
  };
  readonly logger: Logger;
  /** Unix milliseconds. */
  readonly now: () => number;
  /** Called when an item has ended. */
  readonly onActivity: () => void;
}

export interface NewBatch {
  readonly service: ServiceRecord;
  readonly owner: string;
  readonly items: readonly BatchItem[];
  readonly parallelCount: number;
}

interface Run {
  readonly results: BatchResults;
  readonly stop: AbortController;
  readonly ended: Promise<void>;
}

/** Opens the batches of a data directory and goes on with those that a crash cut off. */
export async function openBatches(options: BatchesOptions): Promise<Batches> {
  const { directory, store } = options;
  const folders = await openContentFolders({ directory, listIds: () => store.listIds() });
  const batches = new Batches(options, folders);
  await batches.look();
  return batches;
}

/** The batches of one data directory. */
export class Batches {
  readonly #options: BatchesOptions;
  readonly #folders: ContentFolders;
  readonly #runs = new Map<string, Run>();
  readonly #looking: NodeJS.Timeout;
  #isClosed = false;

  constructor(options: BatchesOptions, folders: ContentFolders) {
    this.#options = options;
    this.#folders = folders;
    this.#looking = setInterval(() => {
      this.look().catch((error: unknown) => {
        options.logger.warn({ error: messageOf(error) }, 'the batches could not be looked over');
      });
    }, LOOK_INTERVAL_MS).unref();
  }

  /** Batches that run in this server. */
  get runningCount(): number {
    return this.#runs.size;
  }

  /** Begins a batch whose items have been checked; settles when it is on the disk. */
  async start({ service, owner, items, parallelCount }: NewBatch): Promise<BatchRecord> {
    const { store, limits, now } = this.#options;
    const batch = await this.#folders.save({
      write: async (folder) => {
        await writeItems(folder, items);
        await mkdir(filesFolderOf(folder), { mode: 0o700 });
      },
      commit: async (id) => {
        const record: BatchRecord = {
          id,
          serviceName: service.name,
          serviceVersion: service.version,
          owner,
          createdAtMs: now(),
          itemCount: items.length,
          parallelCount: Math.min(parallelCount, limits.maxBatchParallelCount),
          state: 'pending',
        };
        await store.insert(record);
        return record;
      },
    });
    await this.#run(batch);
    return batch;
  }

  /** The batches of a service that the caller started; all of them for an owner of the server. Oldest first. */
  async list(service: ServiceRecord, caller: Caller): Promise<readonly BatchRecord[]> {
    const batches = await this.#options.store.listOfService(service.name, service.version);
    return batches.filter((batch) => isOf(batch, caller));
  }

  /** @throws {ApiError} `API_EXECUTION_NOT_FOUND`, also for another user's. */
  async get(service: ServiceRecord, id: string, caller: Caller): Promise<BatchRecord> {
    const batch = UUID.test(id) ? await this.#options.store.find(id) : undefined;
    const isOfService =
      batch?.serviceName === service.name && batch.serviceVersion === service.version;
    if (batch !== undefined && isOfService && isOf(batch, caller)) return batch;
    throw new ApiError(
      'API_EXECUTION_NOT_FOUND',
      `Service ${service.name} ${service.version} has no batch execution ${id}.`,
    );
  }

  /** The results of a batch as they are now; the caller closes them. */
  async openResults(batch: BatchRecord): Promise<BatchResults> {
    const folder = this.folderOf(batch);
    const run = this.#runs.get(batch.id);
    return run === undefined
      ? BatchResults.open(folder, batch.itemCount, 'read')
      : run.results.copy(folder);
  }

  /** Absolute path of the folder of a batch. */
  folderOf(batch: BatchRecord): string {
    return this.#folders.folderOf(batch.id);
  }

  /** Stops a batch and forgets it. */
  async delete({ id }: BatchRecord): Promise<void> {
    await this.#stop(id);
    // The row first: a crash in between leaves a folder without a row, which the next start removes.
    await this.#options.store.delete(id);
    await this.#folders.remove(id);
  }

  /** Stops and forgets all batches of a service that is deleted. */
  async deleteOfService({ name, version }: ServiceRecord): Promise<void> {
    const batches = await this.#options.store.listOfService(name, version);
    await Promise.all(batches.map((batch) => this.delete(batch)));
  }

  /** Goes on with batches that nobody runs any more, stops those that were deleted elsewhere, forgets old ones. */
  async look(): Promise<void> {
    const { store, limits, now } = this.#options;
    const unfinished = await store.listUnfinished();
    for (const batch of unfinished) await this.#resume(batch);
    const known = await store.listIds();
    for (const id of this.#runs.keys()) if (!known.has(id)) await this.#stop(id);
    if (limits.batchKeptMs === 0) return;
    for (const id of await store.listFinishedBefore(now() - limits.batchKeptMs)) {
      await store.delete(id);
      await this.#folders.remove(id);
    }
  }

  /** Stops everything; the next server goes on. */
  async close(): Promise<void> {
    this.#isClosed = true;
    clearInterval(this.#looking);
    await Promise.all([...this.#runs.keys()].map((id) => this.#stop(id)));
    await this.#folders.close();
  }

  async #resume(batch: BatchRecord): Promise<void> {
    try {
      await this.#run(batch);
    } catch (error) {
      this.#options.logger.warn({ batchId: batch.id, error: messageOf(error) }, 'a batch is lost');
      await this.#options.store.setState(batch.id, 'failed');
    }
  }

  async #stop(id: string): Promise<void> {
    const run = this.#runs.get(id);
    run?.stop.abort();
    await run?.ended;
  }

  /** Runs a batch, unless it runs already, here or in another server. */
  async #run(batch: BatchRecord): Promise<void> {
    if (this.#isClosed || this.#runs.has(batch.id)) return;
    const folder = this.folderOf(batch);
    const lockFile = path.join(folder, LOCK_FILE);
    const lock = tryLock(lockFile);
    if (lock === undefined) return;
    let results: BatchResults;
    try {
      results = await BatchResults.open(folder, batch.itemCount, 'write');
    } catch (error) {
      lock.release();
      throw error;
    }
    const stop = new AbortController();
    const ended = this.#work(batch, results, stop.signal).finally(async () => {
      this.#runs.delete(batch.id);
      await results.close();
      await rm(lockFile, { force: true }); // while it is locked: nobody can have taken it
      lock.release();
    });
    this.#runs.set(batch.id, { results, stop, ended });
  }

  /** Never rejects. */
  async #work(batch: BatchRecord, results: BatchResults, signal: AbortSignal): Promise<void> {
    const { store, services, loaded, limits, logger, onActivity } = this.#options;
    try {
      await store.setState(batch.id, 'inProgress');
      await runBatch({
        batch,
        folder: this.folderOf(batch),
        results,
        services,
        loaded,
        timeoutMs: limits.serviceCallMs,
        signal,
        onItem: onActivity,
      });
      await results.flush();
      await store.setState(batch.id, 'complete');
    } catch (error) {
      if (signal.aborted || this.#isClosed) return;
      logger.warn({ batchId: batch.id, error: messageOf(error) }, 'a batch failed');
      await store.setState(batch.id, 'failed').catch((failure: unknown) => {
        logger.error({ err: failure }, 'the state of a batch could not be kept');
      });
    }
  }
}

const isOf = (batch: BatchRecord, { owner, role }: Caller): boolean =>
  role === 'Owner' || batch.owner === owner;
