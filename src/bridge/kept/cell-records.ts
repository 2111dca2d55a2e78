// What the last cells of a kernel have shown.
import { createDeferred, type Deferred } from '../../base/index.js';
import type { Display } from '../../jupyter/index.js';
import { CellRecord, type RecordShelf } from './cell-record.js';
import { ChangingDisplays } from './changing-displays.js';

const MAX_COUNT = 20;
/** Of the files of all cells together. */
const MAX_FILE_BYTES = 256 * 2 ** 20;

/** The records, oldest first. */
export class CellRecords {
  readonly #maxFileBytes: number;
  readonly #displays = new ChangingDisplays();
  readonly #records: CellRecord[] = [];
  #change: Deferred<undefined> | undefined;
  readonly #shelf: RecordShelf = {
    displays: this.#displays,
    mayStore: (bytes) => this.#makePlace(bytes),
    onChange: () => {
      this.#change?.resolve(undefined);
      this.#change = undefined;
    },
  };

  constructor(maxFileBytes = MAX_FILE_BYTES) {
    this.#maxFileBytes = maxFileBytes;
  }

  /** The numbers of the cells. */
  get executionCounts(): readonly number[] {
    return this.#records.map(({ executionCount }) => executionCount);
  }

  /** A cell begins. */
  begin(executionCount: number, requestId: string): CellRecord {
    const record = new CellRecord(executionCount, requestId, this.#shelf);
    this.#records.push(record);
    if (this.#records.length > MAX_COUNT) this.#records.shift()?.drop();
    return record;
  }

  /**
   * Finds a cell.
   *
   * @param executionCount - Absent: the last one.
   * @param exceptId - The request of the cell that asks.
   */
  find(executionCount: number | undefined, exceptId: string): CellRecord | undefined {
    return this.#records.findLast(
      (record) =>
        record.requestId !== exceptId &&
        (executionCount === undefined || record.executionCount === executionCount),
    );
  }

  /** Any cell changes what a cell has shown. */
  update(display: Display & { readonly displayId: string }): void {
    if (this.#displays.update(display.displayId, display)) this.#shelf.onChange();
  }

  /** Resolves when something in any of them changes. */
  nextChange(): Promise<undefined> {
    this.#change ??= createDeferred();
    return this.#change.promise;
  }

  close(): void {
    for (const record of this.#records.splice(0)) record.drop();
    this.#displays.close();
  }

  /** The oldest cells make place for the one that runs. */
  #makePlace(bytes: number): boolean {
    const stored = (): number =>
      this.#records.reduce((sum, { page }) => sum + page.storedBytes, bytes);
    while (stored() > this.#maxFileBytes && this.#records.length > 1) this.#records.shift()?.drop();
    return stored() <= this.#maxFileBytes;
  }
}
