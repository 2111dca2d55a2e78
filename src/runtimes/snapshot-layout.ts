// What lies where in the folder of a snapshot.
import { readdir } from 'node:fs/promises';

/** Folder of the files of the working directory. */
export const SNAPSHOT_FILES = 'files';

/** R packages that were attached when a snapshot was made; empty for Python, which keeps its imports itself. */
export const SNAPSHOT_PACKAGES = 'packages.json';

/** A file may be kept as a folder of this ending: its parts, which have numbers for names and make up the file in order. */
export const PARTS_SUFFIX = '.parts';

/** Names of the parts of a file in their order. @throws Error of the system: `ENOENT` when it has none. */
export async function listParts(file: string): Promise<string[]> {
  const names = await readdir(file + PARTS_SUFFIX);
  return names.sort((a, b) => Number(a) - Number(b));
}
