// One batch while it runs: takes the items that have no result yet, some at a time, and keeps their results.
import { setMaxListeners } from 'node:events';
import { mkdir, rm, rmdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { delay } from '../../base/index.js';
import { RuntimeProcessError } from '../../runtimes/index.js';
import { ApiError } from '../errors.js';
import { consume, failedResult, type ConsumeResult } from '../services/consume.js';
import { inputsOf } from '../services/inputs.js';
import type { LoadedServices } from '../services/loaded-services.js';
import type { Services } from '../services/services.js';
import type { BatchRecord } from '../store/batch-executions.js';
import { itemFolderOf, readItems, type BatchItem, type BatchResults } from './batch-folder.js';

/** Waits before an item is tried again when the server is too busy for it. */
const RETRY_DELAYS_MS = [200, 400, 800, 1600, 3200];

export interface BatchRunOptions {
  readonly batch: BatchRecord;
  readonly folder: string;
  readonly results: BatchResults;
  readonly services: Services;
  readonly loaded: LoadedServices;
  readonly timeoutMs: number;
  /** Ends the run; what is under way is given up. */
  readonly signal: AbortSignal;
  /** Called after each item. */
  readonly onItem: () => void;
}

/**
 * Runs what is left of a batch; settles when every item has a result.
 *
 * @throws What ends the batch before: the signal's reason, or a fault of the server that does not pass.
 */
export async function runBatch(options: BatchRunOptions): Promise<void> {
  const { batch, folder, results, signal } = options;
  const active = new Set<Promise<void>>();
  /** Aborted by the first item that fails: its error is the reason. */
  const stop = new AbortController();
  const isStopped = AbortSignal.any([signal, stop.signal]);
  setMaxListeners(0, isStopped); // every item that runs listens
  try {
    for await (const { index, item } of readItems(folder)) {
      if (results.has(index)) continue;
      while (active.size >= batch.parallelCount) await Promise.race(active);
      if (isStopped.aborted) break;
      const running = runItem({ ...options, signal: isStopped }, index, item)
        .catch((error: unknown) => {
          stop.abort(error);
        })
        .finally(() => active.delete(running));
      active.add(running);
    }
  } catch (error) {
    stop.abort(error);
  } finally {
    await Promise.all(active);
  }
  isStopped.throwIfAborted();
}

async function runItem(options: BatchRunOptions, index: number, item: BatchItem): Promise<void> {
  const itemFolder = itemFolderOf(options.folder, index);
  const result = await resultOf(options, index, item, itemFolder);
  await keepArtifacts(itemFolder, result);
  await removeEmpty(itemFolder);
  await options.results.append(index, result);
  options.onItem();
}

/** The answer of one item. A busy server is asked again. */
async function resultOf(
  { batch, services, loaded, timeoutMs, signal }: BatchRunOptions,
  index: number,
  item: BatchItem,
  itemFolder: string,
): Promise<ConsumeResult> {
  for (let attempt = 0; ; attempt += 1) {
    const service = await services.get(batch.serviceName, batch.serviceVersion);
    try {
      const inputs = inputsOf(service, item, `Item ${index}: `);
      await makeEmpty(itemFolder);
      return await consume(service, inputs, {
        loaded,
        timeoutMs,
        signal,
        filesDirectory: itemFolder,
      });
    } catch (error) {
      signal.throwIfAborted();
      // The service has changed since the batch was started.
      if (hasCode(error, ['API_BAD_INPUTS'])) return failedResult(service, error.message);
      const delayMs = RETRY_DELAYS_MS[attempt];
      if (delayMs === undefined || !hasCode(error, PASSING)) throw error;
      await delay(delayMs, signal);
    }
  }
}

const PASSING = ['RUNTIME_POOL_FULL', 'API_RUNTIME_UNAVAILABLE', 'API_CONFLICT'];

function hasCode(error: unknown, codes: readonly string[]): error is ApiError {
  return (
    (error instanceof ApiError || error instanceof RuntimeProcessError) &&
    codes.includes(error.code)
  );
}

/** Files of the snapshot that are asked for lie beside those which the item made. */
async function keepArtifacts(itemFolder: string, { outputFiles }: ConsumeResult): Promise<void> {
  for (const [name, content] of Object.entries(outputFiles)) {
    if (content === null) continue;
    const file = path.join(itemFolder, name);
    await mkdir(path.dirname(file), { recursive: true, mode: 0o700 });
    await writeFile(file, content, 'base64');
  }
}

async function makeEmpty(folder: string): Promise<void> {
  try {
    await mkdir(folder, { mode: 0o700 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    await rm(folder, { recursive: true, force: true }); // of a run that was cut off
    await mkdir(folder, { mode: 0o700 });
  }
}

async function removeEmpty(folder: string): Promise<void> {
  try {
    await rmdir(folder);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'ENOTEMPTY' && code !== 'EEXIST' && code !== 'ENOENT') throw error;
  }
}
