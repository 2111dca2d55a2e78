// Opens what published services need, in order, and ends it in order.
import path from 'node:path';
import { silentLogger } from '../base/index.js';
import { openBatches, type Batches } from './batch/batches.js';
import type { ServerLimits, ServerOptions } from './options.js';
import { LoadedServices } from './services/loaded-services.js';
import { openServices, type Services } from './services/services.js';
import type { ChunkStore } from './snapshots/chunk-store.js';
import type { Store } from './store/store.js';

const SERVICES_FOLDER = 'services';
const BATCHES_FOLDER = 'batches';

/** Published services, those of them that are loaded, and batches of calls. */
export interface WebServices {
  readonly services: Services;
  readonly loadedServices: LoadedServices;
  readonly batches: Batches;
}

export interface WebServicesOptions {
  readonly options: ServerOptions;
  readonly limits: ServerLimits;
  readonly store: Store;
  readonly chunks: ChunkStore;
  /** Unix milliseconds. */
  readonly now: () => number;
  /** Called when an item of a batch has ended. */
  readonly onActivity: () => void;
}

/** Opens the services of a data directory, loads those with a pool, and goes on with batches that were cut off. */
export async function openWebServices(parts: WebServicesOptions): Promise<WebServices> {
  const { options, limits, store, chunks, now, onActivity } = parts;
  const { dataDirectory, runtimes, logger = silentLogger } = options;
  const services = await openServices({
    directory: path.join(dataDirectory, SERVICES_FOLDER),
    store: store.services,
    chunks,
    logger,
    now,
    unload: (service) => loadedServices.unload(service),
  });
  const loadedServices = new LoadedServices({
    runtimes,
    folderOf: (service) => services.folderOf(service),
    limits,
    logger,
    now,
  });
  for (const service of await services.list()) {
    if (service.pool !== undefined) loadedServices.warm(service);
  }
  const batches = await openBatches({
    directory: path.join(dataDirectory, BATCHES_FOLDER),
    store: store.batches,
    services,
    loaded: loadedServices,
    limits,
    logger,
    now,
    onActivity,
  });
  return { services, loadedServices, batches };
}

/** Ends calls and batches; requests that wait for them are answered. */
export async function stopWebServices({ batches, loadedServices }: WebServices): Promise<void> {
  await batches.close();
  await loadedServices.close();
}
