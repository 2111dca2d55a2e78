// The latest content of each display with an id that a kept cell has shown: any later cell may change it.
import type { Display } from '../../jupyter/index.js';
import { UnnamedFile } from './unnamed-file.js';

interface Changing {
  /** How many kept outputs show it. */
  uses: number;
  version: number;
  /** Its JSON, as long as it is in memory. */
  json: string | undefined;
  /** Where it is in the file; absent: nowhere, there was no place. */
  place: { readonly start: number; readonly end: number } | undefined;
}

/** All contents in memory together; those that have not changed for the longest time go to a file. UTF-16 units. */
const MAX_MEMORY = 4 * 2 ** 20;
const MAX_FILE_BYTES = 256 * 2 ** 20;
/** More ids than these are not followed. */
const MAX_COUNT = 10_000;

/** Content by display id. */
export class ChangingDisplays {
  readonly #file = new UnnamedFile();
  /** The one that changed last is the last. */
  readonly #byId = new Map<string, Changing>();
  readonly #inMemory = new Map<string, Changing>();
  #memory = 0;
  #reads = 0;

  /** A kept output shows it. @returns Whether it is followed. */
  use(id: string, display: Display): boolean {
    const known = this.#byId.get(id);
    if (known === undefined && this.#byId.size >= MAX_COUNT) return false;
    const changing = known ?? { uses: 0, version: 0, json: undefined, place: undefined };
    this.#byId.set(id, changing);
    changing.uses += 1;
    this.#set(id, changing, display);
    return true;
  }

  /** @returns Whether a kept output shows it. */
  update(id: string, display: Display): boolean {
    const changing = this.#byId.get(id);
    if (changing === undefined) return false;
    this.#set(id, changing, display);
    return true;
  }

  /** A kept output that showed it is gone. */
  release(id: string): void {
    const changing = this.#byId.get(id);
    if (changing === undefined) return;
    changing.uses -= 1;
    if (changing.uses > 0) return;
    this.#forgetJson(id, changing);
    this.#byId.delete(id);
    this.#closeUnused();
  }

  /** Counts its changes; `undefined` where it is not known. */
  versionOf(id: string): number | undefined {
    return this.#byId.get(id)?.version;
  }

  /** @returns Its JSON, or `undefined` when it could not be kept. */
  async read(id: string): Promise<string | undefined> {
    const changing = this.#byId.get(id);
    if (changing === undefined || changing.json !== undefined) return changing?.json;
    if (changing.place === undefined) return undefined;
    const { start, end } = changing.place;
    const chunks: Buffer[] = [];
    this.#reads += 1;
    try {
      for await (const chunk of this.#file.read(start, end) ?? []) chunks.push(chunk as Buffer);
    } finally {
      this.#reads -= 1;
      this.#closeUnused();
    }
    return Buffer.concat(chunks).toString();
  }

  close(): void {
    this.#byId.clear();
    this.#inMemory.clear();
    this.#memory = 0;
    this.#file.close();
  }

  #set(id: string, changing: Changing, { data, metadata }: Display): void {
    this.#forgetJson(id, changing);
    changing.version += 1;
    changing.place = undefined;
    changing.json = JSON.stringify({ data, metadata });
    this.#memory += changing.json.length;
    this.#inMemory.set(id, changing);
    for (const [oldId, old] of this.#inMemory) {
      if (this.#memory <= MAX_MEMORY) break;
      this.#store(oldId, old);
    }
  }

  #store(id: string, changing: Changing): void {
    const content = Buffer.from(changing.json ?? '');
    if (this.#file.bytes === 0) this.#file.begin();
    const start = this.#file.bytes;
    if (start + content.length <= MAX_FILE_BYTES && this.#file.add(content)) {
      changing.place = { start, end: this.#file.bytes };
    }
    this.#forgetJson(id, changing);
  }

  #closeUnused(): void {
    if (this.#byId.size === 0 && this.#reads === 0) this.#file.close();
  }

  #forgetJson(id: string, changing: Changing): void {
    this.#memory -= changing.json?.length ?? 0;
    changing.json = undefined;
    this.#inMemory.delete(id);
  }
}
