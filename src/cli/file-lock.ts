// A lock between processes: a file that only one of them can make, and that a dead one's successor may break.
import { randomBytes } from 'node:crypto';
import { linkSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { isProcessAlive } from './server-records.js';

/** Held until `release`; a second release does nothing. */
export interface FileLock {
  release(): void;
}

/**
 * Takes the lock, or returns undefined when a living process holds it.
 *
 * @param staleAfterMs - A holder older than this is taken for hung, whatever its process does.
 */
export function tryLock(file: string, staleAfterMs: number): FileLock | undefined {
  const content = `${process.pid} ${randomBytes(8).toString('hex')}`;
  for (let attempt = 0; attempt < 2; attempt++) {
    if (create(file, content)) {
      return {
        release: () => {
          if (readOr(file) === content) rmSync(file, { force: true });
        },
      };
    }
    const seen = readOr(file);
    if (seen !== undefined && !isStale(file, seen, staleAfterMs)) return undefined;
    if (seen !== undefined) breakLock(file, seen);
  }
  return undefined;
}

function create(file: string, content: string): boolean {
  try {
    writeFileSync(file, content, { flag: 'wx', mode: 0o600 });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** An empty file is one that is being written: it counts as held, until it is too old. */
function isStale(file: string, content: string, staleAfterMs: number): boolean {
  const pid = Number(content.split(' ', 1)[0]);
  if (pid > 0 && !isProcessAlive(pid)) return true;
  try {
    return Date.now() - statSync(file).mtimeMs > staleAfterMs;
  } catch {
    return false; // released in between
  }
}

/**
 * Moves a stale lock aside. Whoever finds that it moved another one (two processes broke it at once) puts that back.
 */
function breakLock(file: string, seen: string): void {
  const aside = `${file}.${randomBytes(6).toString('hex')}`;
  try {
    renameSync(file, aside);
    if (readFileSync(aside, 'utf8') !== seen) linkSync(aside, file);
  } catch {
    // someone else was faster; the next attempt to create it decides
  } finally {
    rmSync(aside, { force: true });
  }
}

function readOr(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined; // released in between
  }
}
