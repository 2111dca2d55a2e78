// Runs a batch of calls of a service: starts it, watches it with a progress display, ends it when interrupted.
import { randomUUID } from 'node:crypto';
import type { BatchStatus, ServiceInputs } from '../../client/index.js';
import type { Display } from '../../jupyter/index.js';
import { escapeHtml } from '../display/html.js';
import { BridgeError } from '../errors.js';
import type { MagicContext } from '../magics/magic.js';
import { pause } from '../waiting.js';
import { orNotFound } from './find-service.js';
import { orUndo } from './or-undo.js';

/** Between two looks at a batch: quick at first, then less and less often. */
const FIRST_LOOK_MS = 100;
const LONGEST_WAIT_MS = 2000;

/** One batch. */
export interface BatchRequest {
  readonly name: string;
  readonly version: string;
  readonly items: readonly ServiceInputs[];
  /** How many items run at once; the server's default when absent. */
  readonly parallelCount?: number | undefined;
}

/**
 * Runs a batch to its end and forgets it on the server.
 *
 * Where somebody watches, a progress display goes along; batch runs of notebooks have none. An interrupt cancels the
 * batch.
 *
 * @throws {BridgeError} `BRIDGE_SERVICE_NOT_FOUND`, `BRIDGE_SERVICE_FAILED` when the server gave the batch up.
 */
export async function runBatch(request: BatchRequest, context: MagicContext): Promise<BatchStatus> {
  const { name, version, items, parallelCount } = request;
  const { session, cell, signal } = context;
  const { client } = await session.connected(cell);
  const { webService } = client;
  const starting = webService.startBatch(name, version, items, { parallelCount });
  const id = await orUndo(orNotFound(starting, name, version, context), signal, (late) =>
    webService.cancelBatch(name, version, late),
  );
  const progress = context.input.allowed ? new Progress(name, version, context) : undefined;
  try {
    for (let waitMs = FIRST_LOOK_MS; ; waitMs = Math.min(waitMs * 1.5, LONGEST_WAIT_MS)) {
      const status = await webService.batchStatus(name, version, id, { signal });
      if (status.state === 'complete' || status.state === 'failed') {
        requireResults(status, request);
        progress?.finish(items.length);
        return status;
      }
      progress?.tell(status);
      await pause(waitMs, signal);
      signal.throwIfAborted();
    }
  } catch (error) {
    progress?.cancel();
    throw error;
  } finally {
    // Not by the signal of the cell: it is aborted by the interrupt that brings us here.
    await webService.cancelBatch(name, version, id).catch(() => undefined);
  }
}

/** Servers call a batch failed when items failed. */
function requireResults(status: BatchStatus, { name, version, items }: BatchRequest): void {
  if (status.state === 'complete' || status.results.length === items.length) return;
  throw new BridgeError(
    'BRIDGE_SERVICE_FAILED',
    `The batch of ${name} ${version} failed after ${status.completedItemCount.toString()} of ${items.length.toString()} items.`,
  );
}

/** One display that changes; its last state says what became of the batch, without a bar. */
class Progress {
  readonly #title: string;
  readonly #context: Pick<MagicContext, 'show' | 'update'>;
  readonly #displayId = randomUUID();
  #text = '';
  #isShown = false;

  constructor(name: string, version: string, context: Pick<MagicContext, 'show' | 'update'>) {
    this.#title = `Batch of ${name} ${version}`;
    this.#context = context;
  }

  tell({ completedItemCount, totalItemCount }: BatchStatus): void {
    const text = `${completedItemCount.toString()} of ${totalItemCount.toString()} items done`;
    this.#show(
      text,
      `<progress value="${completedItemCount.toString()}" max="${totalItemCount.toString()}"></progress>`,
    );
  }

  /** The results follow. Of a batch that was done at once they say enough. */
  finish(count: number): void {
    if (this.#isShown) this.#show(`${count.toString()} ${count === 1 ? 'item' : 'items'} done`, '');
  }

  cancel(): void {
    this.#show(`${this.#text === '' ? '' : `${this.#text}, `}then cancelled`, '');
  }

  #show(text: string, bar: string): void {
    if (text === this.#text) return;
    this.#text = text;
    const line = `${this.#title}: ${text}`;
    const display: Display & { displayId: string } = {
      data: { 'text/plain': line, 'text/html': `${escapeHtml(line)} ${bar}`.trimEnd() },
      metadata: {},
      displayId: this.#displayId,
    };
    if (this.#isShown) this.#context.update(display);
    else this.#context.show(display);
    this.#isShown = true;
  }
}
