// How many rows a file holds, as far as that can be seen without reading it as data.
import { createReadStream } from 'node:fs';
import type { Format } from './formats.js';
import { LARGE_BYTES } from './progress.js';

/** The rows of a large text table by its lines: only those files are asked about, and none is read twice without need. */
export async function countRows(
  file: string,
  format: Format,
  bytes: number,
): Promise<number | undefined> {
  if (format !== 'csv' || bytes < LARGE_BYTES) return undefined;
  let lines = 0;
  for await (const chunk of createReadStream(file, { highWaterMark: 1 << 20 })) {
    const block = chunk as Buffer;
    for (let at = block.indexOf(10); at >= 0; at = block.indexOf(10, at + 1)) lines += 1;
  }
  return Math.max(0, lines - 1);
}
