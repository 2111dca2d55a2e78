// Cuts a stream of bytes into chunks at places which depend on the bytes around them only: after an insertion the cuts,
// and so the chunks behind it, are the same again. This is the gear hash of FastCDC, with one mask.
// @see https://www.usenix.org/conference/atc16/technical-sessions/presentation/xia

/** Sizes of chunks in bytes. */
export interface ChunkLimits {
  readonly minBytes: number;
  readonly maxBytes: number;
  /** The hash is zero in these bits at a cut: each bit more doubles the mean length behind `minBytes`. */
  readonly mask: number;
}

/** 1 to 8 MiB, 3 in the mean. */
export const DEFAULT_CHUNK_LIMITS: ChunkLimits = {
  minBytes: 1024 ** 2,
  maxBytes: 8 * 1024 ** 2,
  mask: 0xfffff800,
};

/** Content that is smaller is not shared: finding out would cost more than its place. */
export const MIN_SHARED_BYTES = 64 * 1024;

/** A byte has left the hash after so many others. */
const WINDOW_BYTES = 32;
/** What each byte adds: numbers that look random. Others would make other cuts, and so forget what is on the disk. */
const GEAR = gearTable();

/** Takes bytes, gives chunks; memory for one chunk. */
export class Chunker {
  readonly #limits: ChunkLimits;
  readonly #buffer: Buffer;
  /** Bytes of the chunk so far. */
  #length = 0;
  /** Bytes of them that the hash has seen. */
  #seen: number;
  #hash = 0;

  constructor(limits: ChunkLimits = DEFAULT_CHUNK_LIMITS) {
    this.#limits = limits;
    this.#buffer = Buffer.allocUnsafeSlow(limits.maxBytes);
    this.#seen = this.#firstSeen();
  }

  /** Takes bytes and gives the chunks that are full; each is valid until the next one is asked for. */
  *push(bytes: Uint8Array): Generator<Buffer> {
    let taken = 0;
    while (taken < bytes.length) {
      const room = this.#buffer.length - this.#length;
      const piece = bytes.subarray(taken, taken + room);
      this.#buffer.set(piece, this.#length);
      this.#length += piece.length;
      taken += piece.length;
      for (let end = this.#findCut(); end !== -1; end = this.#findCut()) {
        yield this.#buffer.subarray(0, end);
        this.#buffer.copyWithin(0, end, this.#length);
        this.#begin(this.#length - end);
      }
    }
  }

  /** What is left at the end; undefined when there is nothing. */
  end(): Buffer | undefined {
    return this.#length === 0 ? undefined : this.#buffer.subarray(0, this.#length);
  }

  #begin(length: number): void {
    this.#length = length;
    this.#seen = this.#firstSeen();
    this.#hash = 0;
  }

  #firstSeen(): number {
    return Math.max(0, this.#limits.minBytes - WINDOW_BYTES);
  }

  /** Length of the chunk, or -1 when it goes on. */
  #findCut(): number {
    const { minBytes, maxBytes, mask } = this.#limits;
    const bytes = this.#buffer;
    const length = this.#length;
    let hash = this.#hash;
    let at = this.#seen;
    for (const end = Math.min(length, minBytes - 1); at < end; at += 1) {
      hash = ((hash << 1) + (GEAR[bytes[at] as number] as number)) | 0;
    }
    for (; at < length; at += 1) {
      hash = ((hash << 1) + (GEAR[bytes[at] as number] as number)) | 0;
      if ((hash & mask) === 0) return at + 1;
    }
    this.#hash = hash;
    this.#seen = at;
    return length === maxBytes ? length : -1;
  }
}

function gearTable(): Int32Array {
  let state = 0x9e3779b9;
  return Int32Array.from({ length: 256 }, () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state;
  });
}
