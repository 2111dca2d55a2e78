// What is in a snapshot's folder, and making sure that it is on the disk.
import { lstat, open, readdir } from 'node:fs/promises';
import path from 'node:path';

/** One file or empty folder of a snapshot. */
export interface FolderEntry {
  /** Path from the folder, with `/` between the names. */
  readonly name: string;
  readonly isDirectory: boolean;
  /** Bytes; 0 for a folder. */
  readonly size: number;
  readonly modifiedAt: Date;
  /** Files, in the same way, that make up its content; absent: the file itself. */
  readonly parts?: readonly string[];
}

/** All files and empty folders below a folder, by name. Links and devices are left out: they could lead elsewhere. */
export async function listFolder(folder: string, prefix = ''): Promise<FolderEntry[]> {
  const entries: FolderEntry[] = [];
  for (const child of (await readdir(folder)).sort()) {
    const file = path.join(folder, child);
    const stats = await lstat(file);
    const name = prefix + child;
    if (stats.isFile()) {
      entries.push({ name, isDirectory: false, size: stats.size, modifiedAt: stats.mtime });
    } else if (stats.isDirectory()) {
      const inside = await listFolder(file, `${name}/`);
      entries.push(...inside);
      if (inside.length === 0) {
        entries.push({ name, isDirectory: true, size: 0, modifiedAt: stats.mtime });
      }
    }
  }
  return entries;
}

/** Flushes every file and folder below a folder, and the folder itself, to the disk. */
export async function flushFolder(folder: string): Promise<void> {
  for (const child of await readdir(folder, { withFileTypes: true })) {
    const file = path.join(folder, child.name);
    if (child.isDirectory()) await flushFolder(file);
    else if (child.isFile()) await flush(file);
  }
  await flush(folder);
}

/** Flushes one file, or the names in one folder, to the disk. */
export async function flush(file: string): Promise<void> {
  // Windows can neither open a folder nor flush a file that is open for reading; the server's runtimes are not for it.
  const handle = await open(file, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
