// Reads a file line by line. Node's own reader also ends lines at characters that JSON leaves as they are.
import { createReadStream } from 'node:fs';

const NEWLINE = 0x0a;

/** One line without its end. */
export interface Line {
  /** Where it begins in the file, in bytes. */
  readonly start: number;
  readonly bytes: Buffer;
}

/** All whole lines of a file; what follows the last line end was never finished and is left out. */
export async function* linesOf(file: string): AsyncGenerator<Line> {
  let pieces: Buffer[] = [];
  let start = 0;
  for await (const chunk of createReadStream(file) as AsyncIterable<Buffer>) {
    let from = 0;
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, from)) {
      pieces.push(chunk.subarray(from, end));
      const bytes = pieces.length === 1 ? (pieces[0] as Buffer) : Buffer.concat(pieces);
      yield { start, bytes };
      start += bytes.length + 1;
      pieces = [];
      from = end + 1;
    }
    if (from < chunk.length) pieces.push(chunk.subarray(from));
  }
}
