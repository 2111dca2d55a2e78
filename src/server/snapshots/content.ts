// What a folder of content holds for people, and what it holds for the server: parts of files, and the names of the chunks
// that it shares with others.
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { PARTS_SUFFIX } from '../../runtimes/index.js';
import { listFolder, type FolderEntry } from './folder.js';

/** Names of the chunks that the folder has links to. */
const CHUNKS_FILE = 'chunks.json';

/** The files of a snapshot, whole ones in the place of their parts. */
export async function listContent(folder: string): Promise<FolderEntry[]> {
  const whole: FolderEntry[] = [];
  const inParts = new Map<string, FolderEntry[]>();
  for (const entry of await listFolder(folder)) {
    if (entry.name === CHUNKS_FILE) continue;
    const place = path.posix.dirname(entry.name);
    // Files of people lie deeper.
    const isPart = place.endsWith(PARTS_SUFFIX) && !place.includes('/');
    if (!isPart) whole.push(entry);
    else inParts.set(place, [...(inParts.get(place) ?? []), entry]);
  }
  const joined = [...inParts].map(([place, parts]) =>
    join(place.slice(0, -PARTS_SUFFIX.length), parts),
  );
  return [...whole, ...joined].sort((a, b) => (a.name < b.name ? -1 : 1));
}

function join(name: string, parts: readonly FolderEntry[]): FolderEntry {
  const numberOf = (part: FolderEntry): number => Number(path.posix.basename(part.name));
  const inOrder = [...parts].sort((a, b) => numberOf(a) - numberOf(b));
  return {
    name,
    isDirectory: false,
    size: inOrder.reduce((sum, { size }) => sum + size, 0),
    modifiedAt: inOrder.at(-1)?.modifiedAt ?? new Date(0),
    parts: inOrder.map((part) => part.name),
  };
}

/** Writes down which chunks a folder has links to. */
export async function writeChunkNames(folder: string, names: readonly string[]): Promise<void> {
  if (names.length === 0) return;
  await writeFile(path.join(folder, CHUNKS_FILE), JSON.stringify(names), { mode: 0o600 });
}

/** Reads it; none for a folder that shares nothing. */
export async function readChunkNames(folder: string): Promise<readonly string[]> {
  return readFile(path.join(folder, CHUNKS_FILE), 'utf8').then(
    (text) => JSON.parse(text) as string[],
    () => [],
  );
}
