// The content of a `stream` message straight from pieces of its text to bytes.
import { encodeJson } from './frames.js';

/** As `encodeJson` of `streamContent` of the joined pieces, without joining them. No piece ends within a character. */
export function encodeStreamContent(name: 'stdout' | 'stderr', pieces: readonly string[]): Buffer {
  const texts = pieces.map((piece) => encodeJson(piece));
  const start = `{"name":"${name}","text":"`;
  const end = '"}';
  let size = start.length + end.length;
  for (const text of texts) size += Buffer.byteLength(text) - 2; // without its quotes
  const bytes = Buffer.allocUnsafe(size);
  let at = bytes.write(start);
  for (const text of texts) at += bytes.write(text.slice(1, -1), at);
  bytes.write(end, at);
  return bytes;
}
