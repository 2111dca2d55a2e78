// As much of PNG as tells whether two pictures are alike: their size, and how much is drawn on them.
import { inflateSync } from 'node:zlib';

/** Size in pixels, and the share of pixels (0 to 1) that differ from the first one. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly ink: number;
}

const SIGNATURE_BYTES = 8;
const SAMPLES: Readonly<Record<number, number>> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };

/**
 * Reads a picture that is not interlaced, as R and matplotlib write them.
 *
 * @throws Error for other files.
 * @see https://www.w3.org/TR/png-3/
 */
export function readPicture(file: Buffer): Picture {
  const chunks = readChunks(file);
  const header = chunks.find(({ type }) => type === 'IHDR')?.data;
  if (header === undefined || header[12] !== 0) throw new Error('no PNG, or an interlaced one');
  const width = header.readUInt32BE(0);
  const height = header.readUInt32BE(4);
  const samples = SAMPLES[header.readUInt8(9)] ?? 0;
  const bitsPerPixel = header.readUInt8(8) * samples;
  const packed = chunks.filter(({ type }) => type === 'IDAT').map(({ data }) => data);
  const rows = unfilter(inflateSync(Buffer.concat(packed)), bitsPerPixel, width, height);
  return { width, height, ink: shareDrawn(rows, Math.max(1, bitsPerPixel >> 3)) };
}

function readChunks(file: Buffer): readonly { readonly type: string; readonly data: Buffer }[] {
  const chunks = [];
  for (let at = SIGNATURE_BYTES; at + 12 <= file.length;) {
    const length = file.readUInt32BE(at);
    const type = file.toString('latin1', at + 4, at + 8);
    chunks.push({ type, data: file.subarray(at + 8, at + 8 + length) });
    at += 12 + length;
  }
  return chunks;
}

/** Each row is stored as the difference to a guess from its neighbours; gives the bytes themselves. */
function unfilter(stored: Buffer, bitsPerPixel: number, width: number, height: number): Buffer {
  const step = Math.max(1, bitsPerPixel >> 3);
  const rowBytes = Math.ceil((bitsPerPixel * width) / 8);
  const rows = Buffer.alloc(rowBytes * height);
  for (let row = 0; row < height; row += 1) {
    const from = row * (rowBytes + 1);
    const to = row * rowBytes;
    const filter = stored[from] ?? 0;
    for (let at = 0; at < rowBytes; at += 1) {
      const left = at < step ? 0 : (rows[to + at - step] ?? 0);
      const above = row === 0 ? 0 : (rows[to + at - rowBytes] ?? 0);
      const corner = at < step || row === 0 ? 0 : (rows[to + at - rowBytes - step] ?? 0);
      const guess = guessed(filter, left, above, corner);
      rows[to + at] = ((stored[from + 1 + at] ?? 0) + guess) & 0xff;
    }
  }
  return rows;
}

function guessed(filter: number, left: number, above: number, corner: number): number {
  if (filter === 1) return left;
  if (filter === 2) return above;
  if (filter === 3) return (left + above) >> 1;
  return filter === 4 ? nearestOf(left, above, corner) : 0;
}

/** The predictor of Paeth: of the three neighbours the one nearest to left + above - corner. */
function nearestOf(left: number, above: number, corner: number): number {
  const toLeft = Math.abs(above - corner);
  const toAbove = Math.abs(left - corner);
  const toCorner = Math.abs(left + above - 2 * corner);
  if (toLeft <= toAbove && toLeft <= toCorner) return left;
  return toAbove <= toCorner ? above : corner;
}

function shareDrawn(rows: Buffer, step: number): number {
  let drawn = 0;
  for (let at = 0; at + step <= rows.length; at += step) {
    for (let byte = 0; byte < step; byte += 1) {
      if (rows[at + byte] === rows[byte]) continue;
      drawn += 1;
      break;
    }
  }
  return (drawn * step) / rows.length;
}
