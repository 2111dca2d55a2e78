// Reads what a cell has shown from its beginning, and goes on where it was when there is more.
import type { RecordItem, RecordPage } from './record-page.js';

/** One reader's place in a page. */
export class RecordReader {
  readonly page: RecordPage;
  /** The next item, and how much of its text has been read. */
  #index = 0;
  #offset = 0;
  /** A place between two items of the file, and the number of the item behind it. */
  #fileAt = 0;
  #fileIndex = 0;

  constructor(page: RecordPage) {
    this.page = page;
  }

  /** What has come since the last call; text that was read in part goes on where it ended. */
  async *more(): AsyncGenerator<RecordItem> {
    // What is in memory goes to the file while this waits for whoever takes the items.
    while (this.#fileIndex < this.page.storedCount) {
      const before = this.#fileIndex;
      yield* this.#readFile();
      // The kernel ends, and its files are closed.
      if (this.#fileIndex === before) return;
    }
    for (const item of this.#takeMemory()) yield item;
  }

  async *#readFile(): AsyncGenerator<RecordItem> {
    for await (const { item, bytes } of this.page.stored(this.#fileAt, this.page.storedBytes)) {
      const index = this.#fileIndex;
      this.#fileAt += bytes;
      this.#fileIndex += 1;
      if (index < this.#index) continue;
      const text = item.text.slice(this.#offset);
      this.#index = index + 1;
      this.#offset = 0;
      if (text !== '') yield { ...item, text };
    }
  }

  #takeMemory(): readonly RecordItem[] {
    const { items, storedCount } = this.page;
    const taken: RecordItem[] = [];
    for (const { kind, text } of items.slice(this.#index - storedCount)) {
      if (text.length > this.#offset) taken.push({ kind, text: text.slice(this.#offset) });
      this.#index += 1;
      this.#offset = 0;
    }
    const last = items.at(-1);
    if (last?.kind === 'stdout' || last?.kind === 'stderr') {
      this.#index -= 1;
      this.#offset = last.text.length;
    }
    return taken;
  }
}
