// A snapshot's folder as a zip file, stored and not deflated: its size is known before a byte of it is made.
import { createReadStream } from 'node:fs';
import path from 'node:path';
import { Readable } from 'node:stream';
import { ZipFile } from 'yazl';
import type { FolderEntry } from './folder.js';

const STORED = { compress: false, mode: 0o100644 };
const STORED_DIRECTORY = { mode: 0o040755 };

/** Bytes that {@link openZip} will give for these entries. */
export function measureZip(entries: readonly FolderEntry[]): number {
  // The streams are never opened: yazl knows the size once it has all names and lengths.
  const { size } = buildZip(entries, () => undefined);
  return size;
}

/**
 * The zip file of a folder.
 *
 * @param entries - Of `listContent(folder)`. When a file has changed its length since, the stream fails.
 * @returns The stream and its exact length in bytes.
 */
export function openZip(
  folder: string,
  entries: readonly FolderEntry[],
): { readonly stream: NodeJS.ReadableStream; readonly size: number } {
  const { zip, size } = buildZip(entries, (entry, give) => {
    const stream = readFiles((entry.parts ?? [entry.name]).map((name) => path.join(folder, name)));
    stream.on('error', (error) => zip.emit('error', error));
    give(null, stream);
  });
  const output = zip.outputStream as NodeJS.ReadableStream & { destroy(error: Error): void };
  zip.on('error', (error: Error) => {
    output.destroy(error);
  });
  return { stream: output, size };
}

function readFiles(files: readonly string[]): NodeJS.ReadableStream {
  const [only] = files;
  if (files.length === 1 && only !== undefined) return createReadStream(only);
  return Readable.from(contentOf(files), { objectMode: false });
}

async function* contentOf(files: readonly string[]): AsyncGenerator<Buffer> {
  for (const file of files) yield* createReadStream(file) as AsyncIterable<Buffer>;
}

type GiveStream = (error: unknown, stream: NodeJS.ReadableStream) => void;

function buildZip(
  entries: readonly FolderEntry[],
  openEntry: (entry: FolderEntry, give: GiveStream) => void,
): { readonly zip: ZipFile; readonly size: number } {
  const zip = new ZipFile();
  for (const entry of entries) {
    const name = zipName(entry.name);
    const mtime = entry.modifiedAt;
    if (entry.isDirectory) {
      zip.addEmptyDirectory(name, { ...STORED_DIRECTORY, mtime });
    } else {
      zip.addReadStreamLazy(name, { ...STORED, mtime, size: entry.size }, (give) => {
        openEntry(entry, give);
      });
    }
  }
  let size = -1;
  // @types/yazl leaves out the callback's argument. It comes before end() returns when all lengths are known.
  const takeSize = (total?: number): void => {
    size = total ?? -1;
  };
  zip.end({ forceZip64Format: false, comment: '' }, takeSize);
  return { zip, size };
}

/** Zip knows `/` only; a backslash, fine in a file name on Linux, would become a folder on the reader's machine. */
function zipName(name: string): string {
  return name.replaceAll('\\', '_');
}
