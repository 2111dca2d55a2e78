// Reads a zip file that a server gave.
import { buffer } from 'node:stream/consumers';
import { fromBufferPromise } from 'yauzl';

/** Names of the entries, and their contents as text. */
export async function unzip(bytes: Buffer): Promise<Readonly<Record<string, string>>> {
  const contents: Record<string, string> = {};
  const zip = await fromBufferPromise(bytes);
  for await (const entry of zip.eachEntry()) {
    contents[entry.fileName] = (await buffer(await zip.openReadStreamPromise(entry))).toString();
  }
  return contents;
}
