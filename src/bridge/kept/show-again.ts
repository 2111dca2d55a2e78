// Shows what a cell has shown as an output of another cell, and follows it as long as it runs.
import { randomUUID } from 'node:crypto';
import { raceAbort } from '../../base/index.js';
import type { Display, ExecuteOutput } from '../../jupyter/index.js';
import { BridgeError } from '../errors.js';
import type { CellRecord } from './cell-record.js';
import type { CellRecords } from './cell-records.js';
import type { RecordItem } from './record-page.js';
import { RecordReader } from './record-reader.js';

/** Where it is shown. */
export type AgainOutput = Pick<
  ExecuteOutput,
  'requestId' | 'stream' | 'display' | 'updateDisplay' | 'clear' | 'taken'
>;

/**
 * Shows it. Values are shown as displays: they are not those of the cell that shows them. Displays with ids get other
 * ones, so that nothing else on the page changes.
 *
 * @param executionCount - Of the cell; absent: the last one other than that which shows it.
 * @throws {BridgeError} `BRIDGE_OUTPUT_NOT_KEPT`.
 * @throws `signal.reason` when it is aborted.
 */
export async function showAgain(
  records: CellRecords,
  executionCount: number | undefined,
  output: AgainOutput,
  signal: AbortSignal,
): Promise<void> {
  const record = records.find(executionCount, output.requestId);
  if (record === undefined) throw notKept(records, executionCount);
  record.beginRead();
  try {
    const copy = new Copy(record, output, signal);
    for (;;) {
      const change = records.nextChange();
      const { isOver } = record;
      await copy.bringUpToDate();
      if (isOver) {
        copy.end();
        return;
      }
      await raceAbort(change, signal);
    }
  } finally {
    record.endRead();
  }
}

function notKept(
  { executionCounts }: CellRecords,
  executionCount: number | undefined,
): BridgeError {
  const kept = executionCounts.map((count) => `[${count.toString()}]`).join(', ');
  const message =
    executionCount === undefined || kept === ''
      ? 'No output of another cell is kept.'
      : `The output of the cell [${executionCount.toString()}] is not kept; that of ${kept} is.`;
  return new BridgeError('BRIDGE_OUTPUT_NOT_KEPT', message);
}

class Copy {
  readonly #record: CellRecord;
  readonly #output: AgainOutput;
  readonly #signal: AbortSignal;
  #reader: RecordReader;
  /** By the id at the cell: the id here, and which content is shown. */
  readonly #displays = new Map<string, { readonly displayId: string; version: number }>();

  constructor(record: CellRecord, output: AgainOutput, signal: AbortSignal) {
    this.#record = record;
    this.#output = output;
    this.#signal = signal;
    this.#reader = new RecordReader(record.page);
  }

  async bringUpToDate(): Promise<void> {
    do {
      if (!this.#isCurrent()) this.#turnPage();
      for await (const item of this.#reader.more()) {
        await this.#show(item);
        await this.#output.taken();
        this.#signal.throwIfAborted();
        if (!this.#isCurrent()) break;
      }
    } while (!this.#isCurrent());
    for (const [id, shown] of this.#displays) await this.#update(id, shown);
  }

  end(): void {
    const { isCut, isEmpty } = this.#reader.page;
    const number = this.#record.executionCount.toString();
    if (isEmpty) this.#output.stream('stdout', `The cell [${number}] has shown nothing.\n`);
    if (isCut) this.#output.stream('stderr', '\n[What this cell showed next was not kept.]\n');
  }

  #isCurrent(): boolean {
    return this.#reader.page === this.#record.page;
  }

  /** The cell has cleared its output; where it has shown something new, that takes the place of the old. */
  #turnPage(): void {
    const { page } = this.#record;
    this.#output.clear(!page.isEmpty);
    this.#reader = new RecordReader(page);
    this.#displays.clear();
  }

  async #show({ kind, text }: RecordItem): Promise<void> {
    if (kind === 'changing') await this.#showChanging(text);
    else if (kind === 'display') this.#output.display(JSON.parse(text) as Display);
    else this.#output.stream(kind, text);
  }

  async #showChanging(id: string): Promise<void> {
    const { displays } = this.#record;
    const shown = this.#displays.get(id) ?? { displayId: randomUUID(), version: 0 };
    shown.version = displays.versionOf(id) ?? 0;
    this.#displays.set(id, shown);
    this.#output.display({ ...contentOf(await displays.read(id)), displayId: shown.displayId });
  }

  async #update(id: string, shown: { readonly displayId: string; version: number }): Promise<void> {
    const { displays } = this.#record;
    const version = displays.versionOf(id);
    if (version === undefined || version === shown.version) return;
    shown.version = version;
    const content = contentOf(await displays.read(id));
    this.#output.updateDisplay({ ...content, displayId: shown.displayId });
  }
}

function contentOf(json: string | undefined): Display {
  if (json !== undefined) return JSON.parse(json) as Display;
  return { data: { 'text/plain': '[This output was not kept.]' }, metadata: {} };
}
