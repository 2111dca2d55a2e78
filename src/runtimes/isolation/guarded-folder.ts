// Work of the server in folders which a session can change meanwhile, as it runs with an OS user of its own. A name in such
// a folder may be a link to anything, and may become one between two looks at it; and the server may open everything.
// So folders are held open and names looked up in what is held, links to folders are not followed, and a file counts when it
// belongs to the session.
import { randomUUID } from 'node:crypto';
import {
  closeSync,
  constants,
  fchownSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  rmdirSync,
  unlinkSync,
} from 'node:fs';
import {
  chmod,
  chown,
  copyFile,
  open,
  readdir,
  rename,
  rm,
  type FileHandle,
} from 'node:fs/promises';
import path from 'node:path';

const { O_DIRECTORY, O_NOFOLLOW, O_NONBLOCK, O_RDONLY, COPYFILE_FICLONE } = constants;
/** Opens nothing, but finds: a device or pipe is not touched. Node has no word for it. */
const O_PATH = 0o10000000;
/** Every level is held open. */
const MAX_DEPTH = 100;
const PERMISSIONS = 0o777;

/** Begins the names of files that are not there in full yet; nobody else's may. */
export const STAGED_PREFIX = '.rserver-upload-';

/** A folder that is held open. */
export interface HeldFolder {
  /** Leads to the same folder, whatever becomes of its name, until it is closed. */
  readonly path: string;
  close(): void;
}

/**
 * Holds a folder.
 *
 * @param owner - The OS user of the session; undefined: the server's own, and then there is nothing to guard against.
 * @throws Error of the system: `ENOTDIR`, `ELOOP` for a link.
 */
export function holdFolder(folder: string, owner: number | undefined): HeldFolder {
  if (owner === undefined) return { path: folder, close: () => undefined };
  const fd = openSync(folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  return {
    path: `/proc/self/fd/${fd}`,
    close: () => {
      closeSync(fd);
    },
  };
}

/** Opens a file of the session for reading, through links too; undefined when there is none of its own. */
export async function openFileOf(
  file: string,
  owner: number | undefined,
): Promise<FileHandle | undefined> {
  const place = await openOrNot(file, owner === undefined ? O_RDONLY | O_NONBLOCK : O_PATH);
  if (place === undefined) return undefined;
  let isTaken = false;
  try {
    const status = await place.stat();
    if (!status.isFile()) return undefined;
    if (owner === undefined) {
      isTaken = true;
      return place;
    }
    return status.uid === owner ? await open(`/proc/self/fd/${place.fd}`, 'r') : undefined;
  } finally {
    if (!isTaken) await place.close();
  }
}

const openOrNot = (file: string, flags: number): Promise<FileHandle | undefined> =>
  open(file, flags).catch(() => undefined);

/** Makes a file or folder of the server's a session's; nothing when these are the same. */
export async function giveTo(
  owner: number | undefined,
  ...files: readonly string[]
): Promise<void> {
  if (owner === undefined) return;
  for (const file of files) await chown(file, owner, owner);
}

/** Whose the two sides of a copy are; absent: the server's. */
export interface CopyOwners {
  readonly from?: number | undefined;
  readonly to?: number | undefined;
  /** A folder of the server's, on the file system of the target; needed where the target is a session's. */
  readonly staging?: string | undefined;
  /** Is offered each file that is open, with a path to its content: true when it copies, and closes, the file itself. */
  readonly takeOver?: (file: FileHandle, source: string, target: string) => Promise<boolean>;
}

/**
 * Copies a folder with what is in it into a new or existing one, where files of the same name are replaced. Links to files
 * are followed, so that the content travels; pipes, sockets and links to folders stay behind.
 */
export async function copyTree(
  source: string,
  target: string,
  owners: CopyOwners = {},
  depth = 0,
): Promise<void> {
  if (depth > MAX_DEPTH) throw new Error(`Folders are nested deeper than ${MAX_DEPTH}.`);
  const from = holdFolder(source, owners.from);
  try {
    const to = makeFolder(target, owners.to);
    try {
      for (const entry of await readdir(from.path, { withFileTypes: true })) {
        const [source, target] = [path.join(from.path, entry.name), path.join(to.path, entry.name)];
        if (entry.isDirectory()) await copyTree(source, target, owners, depth + 1);
        else if (!entry.name.startsWith(STAGED_PREFIX)) await copyFileOf(source, target, owners);
      }
    } finally {
      to.close();
    }
  } finally {
    from.close();
  }
}

/** Copies a file between folders that are held; nothing when it is no file of its side. */
export async function copyFileOf(
  source: string,
  target: string,
  owners: CopyOwners,
): Promise<void> {
  const file = await openFileOf(source, owners.from);
  if (file === undefined) return;
  let isTakenOver = false;
  try {
    const content = owners.from === undefined ? source : `/proc/self/fd/${file.fd}`;
    isTakenOver = (await owners.takeOver?.(file, content, target)) === true;
    if (isTakenOver) return;
    if (owners.to === undefined) await copyContent(content, target, file);
    else {
      await putFile(target, owners.to, owners.staging ?? '', (staged) =>
        copyContent(content, staged, file),
      );
    }
  } finally {
    if (!isTakenOver) await file.close();
  }
}

/** @param source - Leads to the content of `file`. */
export async function copyContent(source: string, target: string, file: FileHandle): Promise<void> {
  await copyFile(source, target, COPYFILE_FICLONE);
  await dropPrivileges(target, file);
}

/** A program with the rights of its owner must not become one with those of the server. */
export async function dropPrivileges(copy: string, file: FileHandle): Promise<void> {
  const { mode } = await file.stat();
  if ((mode & 0o7000) !== 0) await chmod(copy, mode & PERMISSIONS);
}

/**
 * Puts a file into a session's folder when its content is there in full.
 *
 * @param target - In a folder that is held, or that the session cannot replace.
 * @param staging - As in {@link CopyOwners}.
 */
export async function putFile(
  target: string,
  owner: number | undefined,
  staging: string,
  write: (staged: string) => Promise<void>,
): Promise<void> {
  const staged = path.join(staging, `${STAGED_PREFIX}${randomUUID()}`);
  try {
    await write(staged);
    await giveTo(owner, staged);
    await rename(staged, target);
  } catch (error) {
    await rm(staged, { force: true });
    throw error;
  }
}

/** A new or existing folder, held; a link that has its name gives way. */
function makeFolder(folder: string, owner: number | undefined): HeldFolder {
  if (owner === undefined) mkdirSync(folder, { recursive: true, mode: 0o700 });
  else if (lstatSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true) {
    unlinkIfThere(folder);
    mkdirSync(folder, { mode: 0o700 });
  }
  const held = holdFolder(folder, owner);
  if (owner !== undefined) {
    const fd = openSync(`${held.path}/.`, O_RDONLY | O_DIRECTORY);
    fchownSync(fd, owner, owner);
    closeSync(fd);
  }
  return held;
}

function unlinkIfThere(file: string): void {
  try {
    unlinkSync(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}

/** Removes a file, a link or a folder with what is in it; nothing when it is not there. */
export function removeTree(file: string): void {
  const status = lstatSync(file, { throwIfNoEntry: false });
  if (status === undefined) return;
  if (!status.isDirectory()) {
    unlinkIfThere(file);
    return;
  }
  const folder = holdFolder(file, status.uid);
  try {
    for (const name of readdirSync(folder.path)) removeTree(`${folder.path}/${name}`);
  } finally {
    folder.close();
  }
  rmdirSync(file);
}
