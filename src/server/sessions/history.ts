// What was run in a session, oldest first.

/** Keeps sources up to a total length; the oldest go first. */
export class History {
  readonly #maxLength: number;
  #sources: string[] = [];
  #length = 0;

  /** @param maxLength - Of all sources together, in UTF-16 code units. */
  constructor(maxLength: number) {
    this.#maxLength = maxLength;
  }

  /** @param source - Empty for what nobody typed; it is left out. */
  add(source: string): void {
    if (source === '') return;
    this.#sources.push(source);
    this.#length += source.length;
    if (this.#length <= this.#maxLength) return;
    let dropCount = 0;
    while (this.#length > this.#maxLength && dropCount < this.#sources.length - 1) {
      this.#length -= this.#sources[dropCount]?.length ?? 0;
      dropCount += 1;
    }
    this.#sources = this.#sources.slice(dropCount);
  }

  list(): readonly string[] {
    return this.#sources;
  }
}
