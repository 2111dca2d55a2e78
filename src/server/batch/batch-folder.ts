// What lies in the folder of a batch: the inputs of all items, the results so far, the files that items made.
import { open, readFile, type FileHandle } from 'node:fs/promises';
import path from 'node:path';
import { linesOf } from './lines.js';

/** One line of JSON for each item. */
const INPUTS_FILE = 'inputs.jsonl';
/** Lines `<index> <JSON>` in the order in which items end. */
const RESULTS_FILE = 'results.jsonl';
const FILES_FOLDER = 'files';
const SPACE = 0x20;
const WRITE_BYTES = 256 * 1024;

/** The inputs of one item, as the client sent them. */
export type BatchItem = Readonly<Record<string, unknown>>;

/** Folder of the files that items made. */
export function filesFolderOf(folder: string): string {
  return path.join(folder, FILES_FOLDER);
}

/** Folder of the files that one item made; it is there only when the item made some. */
export function itemFolderOf(folder: string, index: number): string {
  return path.join(filesFolderOf(folder), String(index));
}

/** Writes the inputs of a new batch, and the empty file of its results. */
export async function writeItems(folder: string, items: readonly BatchItem[]): Promise<void> {
  const handle = await open(path.join(folder, INPUTS_FILE), 'wx', 0o600);
  try {
    let text = '';
    for (const item of items) {
      text += `${JSON.stringify(item)}\n`;
      if (text.length < WRITE_BYTES) continue;
      await handle.appendFile(text);
      text = '';
    }
    await handle.appendFile(text);
  } finally {
    await handle.close();
  }
  await (await open(path.join(folder, RESULTS_FILE), 'wx', 0o600)).close();
}

/** The inputs of a batch, one item after the other. */
export async function* readItems(
  folder: string,
): AsyncGenerator<{ readonly index: number; readonly item: BatchItem }> {
  let index = 0;
  for await (const { bytes } of linesOf(path.join(folder, INPUTS_FILE))) {
    yield { index, item: JSON.parse(bytes.toString()) as BatchItem };
    index += 1;
  }
}

interface Place {
  readonly start: number;
  readonly length: number;
}

/** The results of a batch: on the disk, with an index of where each one lies. */
export class BatchResults {
  readonly #handle: FileHandle;
  readonly #places: (Place | undefined)[];
  #end: number;
  #count = 0;
  #writing: Promise<void> = Promise.resolve();

  private constructor(handle: FileHandle, places: (Place | undefined)[]) {
    this.#handle = handle;
    this.#places = places;
    this.#end = 0;
  }

  /** @param mode - `write` drops what a killed server left of a line, and allows {@link append}. */
  static async open(
    folder: string,
    itemCount: number,
    mode: 'read' | 'write',
  ): Promise<BatchResults> {
    const file = path.join(folder, RESULTS_FILE);
    const handle = await open(file, mode === 'read' ? 'r' : 'r+');
    const results = new BatchResults(handle, new Array<Place | undefined>(itemCount));
    try {
      for await (const { start, bytes } of linesOf(file)) results.#take(start, bytes);
      if (mode === 'write') await handle.truncate(results.#end);
      return results;
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  /** The results as they are now, to be read and closed apart from these. */
  async copy(folder: string): Promise<BatchResults> {
    const handle = await open(path.join(folder, RESULTS_FILE), 'r');
    const copy = new BatchResults(handle, [...this.#places]);
    copy.#count = copy.#places.filter((place) => place !== undefined).length;
    return copy;
  }

  /** Items that have a result. */
  get count(): number {
    return this.#count;
  }

  has(index: number): boolean {
    return this.#places[index] !== undefined;
  }

  /** Adds the result of an item that has none. */
  async append(index: number, result: unknown): Promise<void> {
    const line = Buffer.from(`${index} ${JSON.stringify(result)}\n`);
    const write = this.#writing.then(async () => {
      const start = this.#end;
      await this.#handle.write(line, 0, line.length, start);
      this.#take(start, line.subarray(0, -1));
    });
    this.#writing = write.catch(() => undefined); // whoever appends gets the error
    await write;
  }

  /** The results so far as JSON texts, in the order of the items. */
  async *read(): AsyncGenerator<Buffer> {
    const places = this.#places.filter((place) => place !== undefined);
    for (const { start, length } of places) {
      const bytes = Buffer.allocUnsafe(length);
      await this.#handle.read(bytes, 0, length, start);
      yield bytes;
    }
  }

  /** Settles when everything is on the disk. */
  async flush(): Promise<void> {
    await this.#writing;
    await this.#handle.sync();
  }

  async close(): Promise<void> {
    await this.#writing;
    await this.#handle.close();
  }

  #take(start: number, line: Buffer): void {
    const space = line.indexOf(SPACE);
    const index = Number(line.subarray(0, space).toString());
    if (this.#places[index] === undefined) this.#count += 1;
    this.#places[index] = { start: start + space + 1, length: line.length - space - 1 };
    this.#end = start + line.length + 1;
  }
}

/** The bytes of a file that an item made; undefined when there is no such file. */
export async function readItemFile(
  folder: string,
  index: number,
  name: string,
): Promise<Buffer | undefined> {
  const root = itemFolderOf(folder, index);
  const file = path.resolve(root, name);
  if (!file.startsWith(root + path.sep)) return undefined;
  try {
    return await readFile(file);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'EISDIR' || code === 'ENOTDIR') return undefined;
    throw error;
  }
}
