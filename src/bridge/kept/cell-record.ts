// What one cell has shown, for it to be shown again: the cell may still run.
import type { Display } from '../../jupyter/index.js';
import type { ChangingDisplays } from './changing-displays.js';
import { RecordPage } from './record-page.js';

/** What the records of a kernel share. */
export interface RecordShelf {
  readonly displays: ChangingDisplays;
  /** Whether so many bytes more may go to files. */
  readonly mayStore: (bytes: number) => boolean;
  /** Something was shown, or a cell is over. */
  readonly onChange: () => void;
}

/** The record of one cell. */
export class CellRecord {
  readonly executionCount: number;
  /** Of the cell. */
  readonly requestId: string;
  readonly #shelf: RecordShelf;
  #page: RecordPage;
  /** For each time that a display with an id is shown. */
  #displayIds: string[] = [];
  /** Pages that are gone, which somebody may still read. */
  readonly #oldPages: RecordPage[] = [];
  #readers = 0;
  #isOver = false;
  #isDropped = false;

  constructor(executionCount: number, requestId: string, shelf: RecordShelf) {
    this.executionCount = executionCount;
    this.requestId = requestId;
    this.#shelf = shelf;
    this.#page = new RecordPage(shelf.mayStore);
  }

  /** What it shows; another one when the cell has cleared its output. */
  get page(): RecordPage {
    return this.#page;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  get displays(): ChangingDisplays {
    return this.#shelf.displays;
  }

  stream(name: 'stdout' | 'stderr', text: string): void {
    this.#page.add(name, text);
    this.#shelf.onChange();
  }

  display(display: Display): void {
    const { data, metadata, displayId } = display;
    if (displayId !== undefined && this.displays.use(displayId, display)) {
      this.#displayIds.push(displayId);
      this.#page.add('changing', displayId);
    } else {
      this.#page.add('display', JSON.stringify({ data, metadata }));
    }
    this.#shelf.onChange();
  }

  clear(): void {
    if (this.#page.isEmpty) return;
    this.#leavePage();
    this.#page = new RecordPage(this.#shelf.mayStore);
    this.#shelf.onChange();
  }

  end(): void {
    this.#isOver = true;
    this.#shelf.onChange();
  }

  /** Somebody reads it: nothing of it goes away before {@link endRead}. */
  beginRead(): void {
    this.#readers += 1;
  }

  endRead(): void {
    this.#readers -= 1;
    this.#closeOldPages();
    if (this.#isDropped && this.#readers === 0) this.#leavePage();
  }

  /** Nobody finds it any more. */
  drop(): void {
    this.#isDropped = true;
    if (this.#readers === 0) this.#leavePage();
  }

  #leavePage(): void {
    for (const id of this.#displayIds) this.displays.release(id);
    this.#displayIds = [];
    this.#oldPages.push(this.#page);
    this.#closeOldPages();
  }

  #closeOldPages(): void {
    if (this.#readers > 0) return;
    for (const page of this.#oldPages.splice(0)) page.close();
  }
}
