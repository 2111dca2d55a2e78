// What a cell has shown since it last cleared its output, in order: the newest of it in memory, the rest in a file.
import { UnnamedFile } from './unnamed-file.js';

const KINDS = ['stdout', 'stderr', 'display', 'changing'] as const;

/** One output. */
export interface RecordItem {
  /** `changing`: a display that can be changed, by its id. */
  readonly kind: (typeof KINDS)[number];
  /** What was printed; the JSON of a display without id; or the id of a display. */
  readonly text: string;
}

/** More than this goes to the file. UTF-16 units. */
const MAX_MEMORY = 64 * 1024;
/** What an item takes beside its text. */
const ITEM_SIZE = 100;
/** In the file: a byte for the kind, four for the length of the text in bytes, the text. */
const HEAD_BYTES = 5;

/** Outputs in order: first those in the file, behind them those in memory. */
export class RecordPage {
  readonly #file = new UnnamedFile();
  readonly #mayStore: (bytes: number) => boolean;
  #items: { readonly kind: RecordItem['kind']; text: string }[] = [];
  #size = 0;
  #storedCount = 0;
  #isCut = false;

  /** @param mayStore - Whether so many bytes more may go to the file. */
  constructor(mayStore: (bytes: number) => boolean) {
    this.#mayStore = mayStore;
  }

  /** Nothing was shown. */
  get isEmpty(): boolean {
    return this.#storedCount === 0 && this.#items.length === 0;
  }

  /** What came last is missing: there was no place for it. */
  get isCut(): boolean {
    return this.#isCut;
  }

  /** Bytes in the file. */
  get storedBytes(): number {
    return this.#file.bytes;
  }

  /** Items in the file. */
  get storedCount(): number {
    return this.#storedCount;
  }

  /** Those behind the ones in the file. The last one grows as long as the cell prints on. */
  get items(): readonly RecordItem[] {
    return this.#items;
  }

  add(kind: RecordItem['kind'], text: string): void {
    if (this.#isCut) return;
    const last = this.#items.at(-1);
    if (last?.kind === kind && (kind === 'stdout' || kind === 'stderr')) {
      last.text += text;
    } else {
      this.#items.push({ kind, text });
      this.#size += ITEM_SIZE;
    }
    this.#size += text.length;
    if (this.#size > MAX_MEMORY) this.#store();
  }

  /** The items of a stretch of the file, which begins and ends between two of them, with their bytes there. */
  async *stored(
    start: number,
    end: number,
  ): AsyncGenerator<{ readonly item: RecordItem; readonly bytes: number }> {
    let chunks: Buffer[] = [];
    let length = 0;
    let wanted = HEAD_BYTES;
    for await (const chunk of this.#file.read(start, end) ?? []) {
      chunks.push(chunk as Buffer);
      length += (chunk as Buffer).length;
      if (length < wanted) continue;
      let rest = Buffer.concat(chunks);
      while (rest.length >= (wanted = frameLength(rest))) {
        yield { item: readFrame(rest.subarray(0, wanted)), bytes: wanted };
        rest = rest.subarray(wanted);
      }
      chunks = [rest];
      length = rest.length;
    }
  }

  close(): void {
    this.#items = [];
    this.#file.close();
  }

  #store(): void {
    const frames = Buffer.concat(this.#items.flatMap(frameOf));
    if (this.#storedCount === 0) this.#file.begin();
    if (!this.#mayStore(frames.length) || !this.#file.add(frames)) {
      this.#isCut = true;
      return;
    }
    this.#storedCount += this.#items.length;
    this.#items = [];
    this.#size = 0;
  }
}

function frameOf({ kind, text }: RecordItem): readonly Buffer[] {
  const content = Buffer.from(text);
  const head = Buffer.alloc(HEAD_BYTES);
  head.writeUInt8(KINDS.indexOf(kind));
  head.writeUInt32LE(content.length, 1);
  return [head, content];
}

/** Of the frame with which the bytes begin, as far as they tell it. */
function frameLength(bytes: Buffer): number {
  return bytes.length < HEAD_BYTES ? HEAD_BYTES : HEAD_BYTES + bytes.readUInt32LE(1);
}

function readFrame(frame: Buffer): RecordItem {
  return { kind: KINDS[frame.readUInt8()] ?? 'stdout', text: frame.toString('utf8', HEAD_BYTES) };
}
