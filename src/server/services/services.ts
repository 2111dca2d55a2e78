// The published services: a row in the store each, and a folder under `services/` with their own copy of a snapshot.
import { randomUUID } from 'node:crypto';
import type { Logger } from '../../base/index.js';
import type { RuntimeType } from '../../runtimes/index.js';
import { ApiError } from '../errors.js';
import type { ChunkStore } from '../snapshots/chunk-store.js';
import { openContentFolders, type ContentFolders } from '../snapshots/content-folders.js';
import type { ServicePool, ServiceRecord, ServiceStore } from '../store/services.js';
import { isServiceName, type ServiceDescription } from './description.js';

/** A service that another server of the data directory has changed is noticed after so long. */
const CACHE_MS = 1000;
const MAX_CACHED = 1000;

export interface ServicesOptions {
  /** Shared by all servers of the data directory. */
  readonly directory: string;
  readonly store: ServiceStore;
  /** What the copies of snapshots share their place on the disk with. */
  readonly chunks?: ChunkStore | undefined;
  readonly logger: Logger;
  /** Unix milliseconds. */
  readonly now: () => number;
  /** Ends what was loaded of a revision that is out of date; settles when nothing of it runs any more. */
  readonly unload: (service: ServiceRecord) => Promise<void>;
}

/** Where the content of a service comes from. */
export interface NewContentOfService {
  readonly runtimeType: RuntimeType;
  readonly snapshotId?: string | undefined;
  /** Writes it into an empty folder. */
  readonly write: (folder: string) => Promise<void>;
}

/** A service to be published. */
export interface NewService {
  readonly name: string;
  /** Undefined: one is made up. */
  readonly version: string | undefined;
  readonly publishedBy: string;
  readonly kind: ServiceRecord['kind'];
  readonly runtimeType: RuntimeType;
  readonly description: ServiceDescription;
  readonly content: NewContentOfService | undefined;
}

/** What changes of a service. */
export interface ServiceChange {
  readonly runtimeType?: RuntimeType;
  readonly description?: ServiceDescription;
  /** `none` takes the content away; absent leaves it as it is. */
  readonly content?: NewContentOfService | 'none';
  /** `none` takes the pool away; absent leaves it as it is. */
  readonly pool?: ServicePool | 'none';
}

/** Opens the services of a data directory and removes what crashed servers left behind. */
export async function openServices(options: ServicesOptions): Promise<Services> {
  const { directory, store, chunks } = options;
  const folders = await openContentFolders({
    directory,
    chunks,
    listIds: () => store.listContentIds(),
  });
  return new Services(options, folders);
}

interface Cached {
  readonly service: ServiceRecord;
  readonly readAtMs: number;
}

/** The services of one data directory. */
export class Services {
  readonly #options: ServicesOptions;
  readonly #folders: ContentFolders;
  readonly #cache = new Map<string, Cached>();
  /** Counts our own changes: what was read before one is not kept. */
  #changeCount = 0;

  constructor(options: ServicesOptions, folders: ContentFolders) {
    this.#options = options;
    this.#folders = folders;
  }

  /** Oldest first; of one name when that is given. */
  async list(name?: string): Promise<readonly ServiceRecord[]> {
    if (name !== undefined && !isServiceName(name)) return [];
    return this.#options.store.list(name);
  }

  /** @throws {ApiError} `API_SERVICE_NOT_FOUND`. */
  async get(name: string, version: string): Promise<ServiceRecord> {
    const key = keyOf({ name, version });
    const cached = this.#cache.get(key);
    if (cached !== undefined && this.#options.now() - cached.readAtMs < CACHE_MS) {
      return cached.service;
    }
    const changeCount = this.#changeCount;
    // Databases differ in what they say to names that nothing can have.
    const canExist = isServiceName(name) && isServiceName(version);
    const service = canExist ? await this.#options.store.find(name, version) : undefined;
    if (service === undefined) throw serviceNotFound(name, version);
    if (changeCount === this.#changeCount) {
      if (this.#cache.size >= MAX_CACHED) this.#cache.clear();
      this.#cache.set(key, { service, readAtMs: this.#options.now() });
    }
    return service;
  }

  /** Absolute path of the content; undefined for a service without any. */
  folderOf({ contentId }: ServiceRecord): string | undefined {
    return contentId === undefined ? undefined : this.#folders.folderOf(contentId);
  }

  /** @throws {ApiError} `API_SERVICE_EXISTS`. */
  async assertAbsent(name: string, version: string): Promise<void> {
    const service = await this.#options.store.find(name, version);
    if (service !== undefined) throw serviceExists(service);
  }

  /** Settles when the service is on the disk. @throws {ApiError} `API_SERVICE_EXISTS`. */
  async publish(service: NewService): Promise<ServiceRecord> {
    const { description, content } = service;
    return this.#withContent(content, async (contentId) => {
      const record: ServiceRecord = {
        name: service.name,
        version: service.version ?? randomUUID(),
        revision: randomUUID(),
        publishedBy: service.publishedBy,
        createdAtMs: this.#options.now(),
        kind: service.kind,
        runtimeType: service.runtimeType,
        snapshotId: content?.snapshotId,
        contentId,
        code: description.code ?? '',
        initCode: description.initCode ?? '',
        description: description.description ?? '',
        operationId: description.operationId ?? '',
        inputs: description.inputs ?? [],
        outputs: description.outputs ?? [],
        outputFileNames: description.outputFileNames ?? [],
        pool: undefined,
      };
      if (!(await this.#options.store.insert(record))) {
        throw serviceExists(record);
      }
      this.#forget(record);
      return record;
    });
  }

  /**
   * Changes a service as it was read; settles when the change is on the disk.
   *
   * @throws {ApiError} `API_CONFLICT` when another change came first.
   */
  async change(service: ServiceRecord, change: ServiceChange): Promise<ServiceRecord> {
    const { content, pool } = change;
    const newContent = content === 'none' ? undefined : content;
    const changed = await this.#withContent(newContent, async (contentId) => {
      const record: ServiceRecord = {
        ...service,
        ...change.description,
        runtimeType: change.runtimeType ?? service.runtimeType,
        revision: randomUUID(),
        ...(content !== undefined && { contentId, snapshotId: newContent?.snapshotId }),
        ...(pool !== undefined && { pool: pool === 'none' ? undefined : pool }),
      };
      if (!(await this.#options.store.replace(service.revision, record))) {
        throw conflict(service);
      }
      return record;
    });
    this.#forget(service);
    this.#retire(service, changed.contentId);
    return changed;
  }

  /** @throws {ApiError} `API_CONFLICT` when a change came first. */
  async delete(service: ServiceRecord): Promise<void> {
    // The row first: a crash in between leaves content without a row, which the next start removes.
    if (!(await this.#options.store.delete(service.revision))) {
      throw conflict(service);
    }
    this.#forget(service);
    this.#retire(service, undefined);
  }

  async close(): Promise<void> {
    await this.#folders.close();
  }

  async #withContent(
    content: NewContentOfService | undefined,
    commit: (contentId: string | undefined) => Promise<ServiceRecord>,
  ): Promise<ServiceRecord> {
    if (content === undefined) return commit(undefined);
    return this.#folders.save({ write: content.write, commit });
  }

  #forget(service: ServiceRecord): void {
    this.#changeCount += 1;
    this.#cache.delete(keyOf(service));
  }

  /** Ends what runs of an old revision, then removes its content; calls under way come to their end first. */
  #retire(old: ServiceRecord, keptContentId: string | undefined): void {
    const { contentId } = old;
    this.#options
      .unload(old)
      .then(async () => {
        if (contentId !== undefined && contentId !== keptContentId) {
          await this.#folders.remove(contentId);
        }
      })
      .catch((error: unknown) => {
        this.#options.logger.error({ err: error }, 'an old service could not be removed');
      });
  }
}

function keyOf({ name, version }: Pick<ServiceRecord, 'name' | 'version'>): string {
  return `${name}/${version}`;
}

function serviceExists({ name, version }: ServiceRecord): ApiError {
  return new ApiError(
    'API_SERVICE_EXISTS',
    `Service ${name} ${version} is published already; PATCH changes it.`,
  );
}

function conflict({ name, version }: ServiceRecord): ApiError {
  return new ApiError(
    'API_CONFLICT',
    `Service ${name} ${version} was changed or deleted at the same time.`,
  );
}

function serviceNotFound(name: string, version: string): ApiError {
  return new ApiError('API_SERVICE_NOT_FOUND', `There is no service ${name} ${version}.`);
}
