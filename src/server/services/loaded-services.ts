// Which services are loaded: processes that keep a service's state warm, opened at its first call and ended when nobody
// has called it for a while, when others need the room, or when it has changed.
import { delay, messageOf, raceAbort, type Logger } from '../../base/index.js';
import {
  RuntimeProcessError,
  type RuntimeFactory,
  type ServiceCall,
  type ServiceCallResult,
  type ServiceRuntime,
} from '../../runtimes/index.js';
import { ApiError } from '../errors.js';
import { scorerOf } from '../realtime/model.js';
import type { ServiceRecord } from '../store/services.js';
import { valueTypeOf } from './parameter-types.js';

/** Revisions that are out of date and must not be loaded again by a call that began before the change. */
const MAX_OUTDATED = 1000;
const MAX_CHECK_INTERVAL_MS = 30_000;
/** Calls that are still under way so long after the server began to close are cut off. */
const CLOSE_GRACE_MS = 1000;

export interface LoadedServicesOptions {
  readonly runtimes: RuntimeFactory;
  /** Absolute path of a service's content. */
  readonly folderOf: (service: ServiceRecord) => string | undefined;
  readonly limits: {
    /** A service that nobody has called for so long is unloaded. */
    readonly serviceUnusedMs: number;
    /** Services that are loaded at a time, beside those with a pool of their own. */
    readonly maxLoadedServices: number;
  };
  readonly logger: Logger;
  /** Unix milliseconds. */
  readonly now: () => number;
}

interface LoadedService {
  readonly service: ServiceRecord;
  readonly opening: Promise<ServiceRuntime>;
  isOpen: boolean;
  activeCount: number;
  usedAtMs: number;
}

/** The warm services of this server. */
export class LoadedServices {
  readonly #options: LoadedServicesOptions;
  /** The one that was called longest ago comes first. */
  readonly #loaded = new Map<string, LoadedService>();
  readonly #closing = new Set<Promise<void>>();
  readonly #outdated = new Set<string>();
  readonly #unusedCheck: NodeJS.Timeout;
  #isClosed = false;

  constructor(options: LoadedServicesOptions) {
    this.#options = options;
    const intervalMs = Math.min(options.limits.serviceUnusedMs, MAX_CHECK_INTERVAL_MS);
    this.#unusedCheck = setInterval(() => {
      this.#unloadUnused();
    }, intervalMs).unref();
  }

  /** Services that are loaded or being loaded. */
  get count(): number {
    return this.#loaded.size;
  }

  /**
   * Makes one call, after loading the service where that is needed.
   *
   * @throws {RuntimeProcessError} As `ServiceRuntime.call` and `RuntimeFactory.openService`.
   * @throws {ApiError} `API_CONFLICT` when the service was read before a change of it, `API_SHUTTING_DOWN`.
   */
  async call(service: ServiceRecord, call: ServiceCall): Promise<ServiceCallResult> {
    for (let attempt = 1; ; attempt += 1) {
      const loaded = this.#load(service);
      loaded.activeCount += 1;
      try {
        const runtime = await (call.signal === undefined
          ? loaded.opening
          : raceAbort(loaded.opening, call.signal));
        return await runtime.call(call);
      } catch (error) {
        // The warm process ended before the call began: a call that runs has a copy of its own.
        if (this.#isClosed) throw shuttingDown(error);
        if (!isExited(error) || attempt > 1) throw error;
        this.#forget(loaded);
      } finally {
        loaded.activeCount -= 1;
        loaded.usedAtMs = this.#options.now();
      }
    }
  }

  /** Loads a service that has a pool of its own, so that its first call finds it warm. */
  warm(service: ServiceRecord): void {
    this.#load(service).opening.catch((error: unknown) => {
      const { name, version } = service;
      const facts = { name, version, error: messageOf(error) };
      this.#options.logger.warn(facts, 'a service could not be loaded');
    });
  }

  /** Whether this revision of the service can take a call at once. */
  isReady({ name, version, revision }: ServiceRecord): boolean {
    const loaded = this.#loaded.get(keyOf({ name, version }));
    return loaded?.isOpen === true && loaded.service.revision === revision;
  }

  /** Ends what is loaded of a revision that is out of date; settles when its last call has ended. */
  async unload(service: ServiceRecord): Promise<void> {
    this.#outdated.add(service.revision);
    for (const oldest of this.#outdated) {
      if (this.#outdated.size <= MAX_OUTDATED) break;
      this.#outdated.delete(oldest);
    }
    const loaded = this.#loaded.get(keyOf(service));
    if (loaded?.service.revision === service.revision) this.#retire(loaded);
    await Promise.all(this.#closing);
  }

  /** Ends everything; calls under way get a moment. */
  async close(): Promise<void> {
    this.#isClosed = true;
    clearInterval(this.#unusedCheck);
    const loaded = [...this.#loaded.values()];
    for (const entry of loaded) this.#retire(entry);
    const grace = new AbortController();
    const closed = Promise.all(this.#closing);
    await Promise.race([
      closed,
      delay(CLOSE_GRACE_MS, grace.signal).catch(() => undefined), // aborted below
    ]);
    grace.abort();
    for (const { opening } of loaded) {
      opening.then((runtime) => {
        runtime.destroy();
      }, ignore);
    }
    await closed;
  }

  /** The loaded service, of this revision. */
  #load(service: ServiceRecord): LoadedService {
    if (this.#isClosed) throw shuttingDown();
    if (this.#outdated.has(service.revision)) throw outdated(service);
    const key = keyOf(service);
    const present = this.#loaded.get(key);
    if (present?.service.revision === service.revision) {
      this.#loaded.delete(key);
      this.#loaded.set(key, present);
      return present;
    }
    if (present !== undefined) this.#retire(present);
    const loaded: LoadedService = {
      service,
      opening: this.#open(service),
      isOpen: false,
      activeCount: 0,
      usedAtMs: this.#options.now(),
    };
    this.#loaded.set(key, loaded);
    this.#watch(loaded);
    this.#makeRoom(loaded);
    return loaded;
  }

  async #open(service: ServiceRecord): Promise<ServiceRuntime> {
    const { runtimeType, kind, pool } = service;
    const { code, initCode } = kind === 'realtime' ? scorerOf(runtimeType) : service;
    const snapshotDirectory = this.#options.folderOf(service);
    return this.#options.runtimes.openService(
      {
        runtimeType,
        ...(snapshotDirectory !== undefined && { snapshotDirectory }),
        packages: packagesOf(service),
        initCode,
        code,
        isolation: kind === 'realtime' ? 'resident' : 'copy',
      },
      pool === undefined
        ? {}
        : { maxCallCount: Math.max(pool.maxSize, 1), spareCount: pool.initialSize },
    );
  }

  #watch(loaded: LoadedService): void {
    loaded.opening.then(
      (runtime) => {
        loaded.isOpen = true;
        void runtime.exited.then(() => {
          this.#forget(loaded);
        });
      },
      () => {
        this.#forget(loaded); // whoever waits for it has the error; the next call tries again
      },
    );
  }

  #forget(loaded: LoadedService): void {
    const key = keyOf(loaded.service);
    if (this.#loaded.get(key) === loaded) this.#loaded.delete(key);
    loaded.isOpen = false;
  }

  #retire(loaded: LoadedService): void {
    this.#forget(loaded);
    const closing = loaded.opening
      .then((runtime) => runtime.close(), ignore)
      .finally(() => this.#closing.delete(closing));
    this.#closing.add(closing);
  }

  #makeRoom(newest: LoadedService): void {
    const others = this.#withoutPool().filter((loaded) => loaded !== newest);
    const excess = others.length + 1 - this.#options.limits.maxLoadedServices;
    const idle = others.filter((loaded) => loaded.activeCount === 0);
    for (const loaded of idle.slice(0, Math.max(excess, 0))) this.#retire(loaded);
  }

  #unloadUnused(): void {
    const latestMs = this.#options.now() - this.#options.limits.serviceUnusedMs;
    for (const loaded of this.#withoutPool()) {
      if (loaded.activeCount === 0 && loaded.usedAtMs <= latestMs) this.#retire(loaded);
    }
  }

  #withoutPool(): LoadedService[] {
    return [...this.#loaded.values()].filter(({ service }) => service.pool === undefined);
  }
}

function outdated({ name, version }: ServiceRecord): ApiError {
  return new ApiError('API_CONFLICT', `Service ${name} ${version} was changed before the call.`);
}

/** What inputs of the declared types become objects of. @see docs/data-types.md */
function packagesOf({ kind, runtimeType, inputs }: ServiceRecord): readonly string[] {
  if (kind === 'realtime' || runtimeType === 'R') return [];
  const types = new Set(inputs.map(({ type }) => valueTypeOf(type)));
  return [
    ...(types.has('matrix') ? ['numpy'] : []),
    ...(types.has('data.frame') ? ['pandas'] : []),
  ];
}

function shuttingDown(cause?: unknown): ApiError {
  return new ApiError('API_SHUTTING_DOWN', 'The server is shutting down.', { cause });
}

const ignore = (): undefined => undefined;

const isExited = (error: unknown): boolean =>
  error instanceof RuntimeProcessError && error.code === 'RUNTIME_EXITED';

function keyOf({ name, version }: Pick<ServiceRecord, 'name' | 'version'>): string {
  return `${name}/${version}`;
}
