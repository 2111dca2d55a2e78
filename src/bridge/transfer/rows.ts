// How many rows a file holds, as far as that can be seen without reading it as data.
import { createReadStream } from 'node:fs';
import type { Format } from './formats.js';
import { LARGE_BYTES } from './progress.js';

/**
 * The rows of a large table: of a text by its lines, of a parquet file by what stands at its end. Small files are not
 * asked about, so nobody looks at their rows.
 *
 * @returns Nothing for other formats, and for a file that is not what its extension says.
 */
export async function countRows(
  file: string,
  format: Format,
  bytes: number,
): Promise<number | undefined> {
  if (bytes < LARGE_BYTES) return undefined;
  if (format === 'csv') return countLines(file);
  return format === 'parquet' ? readRowCount(file) : undefined;
}

/** Without the line of names. */
async function countLines(file: string): Promise<number> {
  let lines = 0;
  for await (const chunk of createReadStream(file, { highWaterMark: 1 << 20 })) {
    const block = chunk as Buffer;
    for (let at = block.indexOf(10); at >= 0; at = block.indexOf(10, at + 1)) lines += 1;
  }
  return Math.max(0, lines - 1);
}

async function readRowCount(file: string): Promise<number | undefined> {
  const { asyncBufferFromFile, parquetMetadataAsync } = await import('hyparquet');
  try {
    const { num_rows: count } = await parquetMetadataAsync(await asyncBufferFromFile(file));
    return Number(count);
  } catch {
    return undefined; // the session that reads it says what is wrong with it
  }
}
