// Copies the working directory of a session that has little time: what is small is copied at once, what is large while the
// session goes on. A large file that changes meanwhile is noticed.
import { constants, copyFile, type FileHandle } from 'node:fs/promises';
import path from 'node:path';
import { RUNTIME_ERROR_CODES, RuntimeProcessError } from './errors.js';
import {
  copyContent,
  copyTree,
  dropPrivileges,
  type CopyOwners,
} from './isolation/guarded-folder.js';

/** Beyond so many bytes, which take some tens of milliseconds, large files are left for later. */
const MAX_BYTES_AT_ONCE = 64 * 1024 ** 2;
const LARGE_BYTES = 4 * 1024 ** 2;
/** Each is held open. */
const MAX_LARGE_FILES = 256;

interface LargeFile {
  readonly file: FileHandle;
  readonly source: string;
  readonly target: string;
  readonly fingerprint: string;
}

/** A copy that has begun. */
export interface BriefCopy {
  /**
   * Copies what is large, and ends.
   * @throws {RuntimeProcessError} `RUNTIME_FILE_CHANGED`.
   */
  finish(): Promise<void>;
}

/** Copies what is small, and looks at what is large; see `copyTree`. */
export async function beginCopy(
  source: string,
  target: string,
  owners: CopyOwners,
): Promise<BriefCopy> {
  const large: LargeFile[] = [];
  let bytes = 0;
  const takeOver = async (file: FileHandle, from: string, to: string): Promise<boolean> => {
    const { size } = await file.stat();
    const isLarge = size >= LARGE_BYTES && bytes + size > MAX_BYTES_AT_ONCE;
    if (!isLarge || large.length === MAX_LARGE_FILES) {
      bytes += size;
      return false;
    }
    if (await isCloned(from, to, file)) await file.close();
    else large.push({ file, source: from, target: to, fingerprint: await fingerprintOf(file) });
    return true;
  };
  try {
    await copyTree(source, target, { ...owners, takeOver });
  } catch (error) {
    for (const { file } of large) await file.close();
    throw error;
  }
  return { finish: () => copyLarge(large) };
}

/** Some file systems copy in no time, however large. */
async function isCloned(source: string, target: string, file: FileHandle): Promise<boolean> {
  try {
    await copyFile(source, target, constants.COPYFILE_FICLONE_FORCE);
  } catch {
    return false;
  }
  await dropPrivileges(target, file);
  return true;
}

async function copyLarge(files: readonly LargeFile[]): Promise<void> {
  try {
    for (const { file, source, target, fingerprint } of files) {
      await copyContent(source, target, file);
      if ((await fingerprintOf(file)) === fingerprint) continue;
      throw new RuntimeProcessError(
        'RUNTIME_FILE_CHANGED',
        `The file '${path.basename(target)}' changed while the snapshot kept it.`,
        { hint: RUNTIME_ERROR_CODES.RUNTIME_FILE_CHANGED.remedy },
      );
    }
  } finally {
    for (const { file } of files) await file.close();
  }
}

async function fingerprintOf(file: FileHandle): Promise<string> {
  const { mtimeNs, size } = await file.stat({ bigint: true });
  return `${mtimeNs} ${size}`;
}
