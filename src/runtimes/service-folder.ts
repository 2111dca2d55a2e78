// The working directory of one call: the service's files as they were, put back after each call that touched them.
import { lstatSync, readdirSync } from 'node:fs';
import { chmod, constants, copyFile, mkdir, rename, rm, unlink } from 'node:fs/promises';
import path from 'node:path';
import {
  copyFileOf,
  copyTree,
  holdFolder,
  openFileOf,
  removeTree,
  type HeldFolder,
} from './isolation/guarded-folder.js';
import type { ServiceArtifact } from './service-runtime.js';

/** What tells one content of a file from another, and a file from a folder. */
type Fingerprint = string;

const FOLDER = 'folder';
const NO_ENTRIES: ReadonlyMap<string, Fingerprint> = new Map();

export class ServiceFolder {
  readonly path: string;
  readonly #master: string;
  readonly #owner: number | undefined;
  /** Of all files and folders by their path relative to this folder, as they were given to the call. */
  #given = NO_ENTRIES;
  #identity = 0n;

  /**
   * @param directory - Does not exist yet.
   * @param master - The folder that each call begins with a copy of; it must not change any more.
   * @param owner - The OS user of the calls; undefined: the server's own.
   */
  constructor(directory: string, master: string, owner?: number) {
    this.path = directory;
    this.#owner = owner;
    this.#master = master;
  }

  /** The first copy. Copies and not links: a call may write into its files, and as root into any file. */
  async fill(): Promise<void> {
    const owner = this.#owner;
    const staging = path.dirname(this.path);
    await copyTree(this.#master, this.path, { from: owner, to: owner, staging });
    this.#remember();
  }

  /**
   * Files that the call made or changed, by their path relative to the folder, sorted. Synchronous and cheap: it stands
   * between every call and its answer.
   */
  changes(): string[] {
    const current = this.#look();
    if (current.size === 0) return [];
    return [...current.keys()]
      .filter((name) => current.get(name) !== FOLDER && current.get(name) !== this.#given.get(name))
      .sort();
  }

  /** Names that are no files of this folder are left out. */
  async read(names: readonly string[]): Promise<ServiceArtifact[]> {
    const artifacts: ServiceArtifact[] = [];
    for (const name of names) {
      const file = path.resolve(this.path, name);
      if (!file.startsWith(this.path + path.sep)) continue;
      const content = await this.#readFile(path.relative(this.path, file));
      if (content !== undefined) artifacts.push({ name, content });
    }
    return artifacts;
  }

  /** Moves files away, under their names. */
  async moveTo(target: string, names: readonly string[]): Promise<void> {
    for (const name of names) {
      const to = path.join(target, name);
      await mkdir(path.dirname(to), { recursive: true, mode: 0o700 });
      await this.#moveFile(name, to);
    }
  }

  /**
   * Makes everything as it was given.
   *
   * @returns Whether it was the same folder all along, so that a process whose working directory it is may stay.
   */
  async restore(): Promise<boolean> {
    const current = this.#look();
    const isSame = this.#identity === identityOf(this.path);
    if (isSame && isEqual(current, this.#given)) return true;
    if (this.#owner !== undefined) {
      removeTree(this.path);
      await this.fill();
      return false;
    }
    const stale = [...current.keys()].filter((name) => current.get(name) !== this.#given.get(name));
    await chmod(this.path, 0o700).catch(() => undefined);
    for (const name of isSame ? stale : ['.']) {
      await rm(path.join(this.path, name), { recursive: true, force: true, maxRetries: 3 });
    }
    await mkdir(this.path, { recursive: true, mode: 0o700 });
    const left = this.#look();
    for (const [name, fingerprint] of this.#given) {
      if (left.has(name)) continue;
      const to = path.join(this.path, name);
      if (fingerprint === FOLDER) await mkdir(to, { recursive: true, mode: 0o700 });
      else await copyFile(path.join(this.#master, name), to, constants.COPYFILE_FICLONE);
    }
    this.#remember();
    return isSame;
  }

  async #readFile(name: string): Promise<Buffer | undefined> {
    const folder = this.#hold(path.dirname(name));
    if (folder === undefined) return undefined;
    try {
      const file = path.join(folder.path, path.basename(name));
      if (lstatSync(file, { throwIfNoEntry: false })?.isFile() !== true) return undefined;
      const handle = await openFileOf(file, this.#owner);
      if (handle === undefined) return undefined;
      try {
        return await handle.readFile();
      } finally {
        await handle.close();
      }
    } finally {
      folder.close();
    }
  }

  async #moveFile(name: string, to: string): Promise<void> {
    if (this.#owner === undefined) {
      await moveFile(path.join(this.path, name), to);
      return;
    }
    const folder = this.#hold(path.dirname(name));
    if (folder === undefined) return;
    try {
      const file = path.join(folder.path, path.basename(name));
      await copyFileOf(file, to, { from: this.#owner });
      await unlink(file);
    } finally {
      folder.close();
    }
  }

  /** A folder by its path relative to this one; undefined when one on the way is none. */
  #hold(folder: string): HeldFolder | undefined {
    const names = folder.split(path.sep).filter((name) => name !== '.');
    let held = tryToHold(this.path, this.#owner);
    for (const name of names) {
      if (held === undefined) return undefined;
      const next = tryToHold(path.join(held.path, name), this.#owner);
      held.close();
      held = next;
    }
    return held;
  }

  #remember(): void {
    this.#given = this.#look();
    this.#identity = identityOf(this.path);
  }

  #look(): ReadonlyMap<string, Fingerprint> {
    const entries = new Map<string, Fingerprint>();
    lookInto(this.path, '', this.#owner, entries);
    return entries;
  }
}

function lookInto(
  directory: string,
  prefix: string,
  owner: number | undefined,
  entries: Map<string, Fingerprint>,
): void {
  const folder = tryToHold(directory, owner);
  if (folder === undefined) return;
  try {
    for (const entry of namesIn(folder.path)) {
      const name = `${prefix}${entry}`;
      const file = path.join(folder.path, entry);
      const status = lstatSync(file, { bigint: true, throwIfNoEntry: false });
      if (status === undefined) continue;
      if (status.isDirectory()) {
        entries.set(name, FOLDER);
        lookInto(file, `${name}/`, owner, entries);
      } else {
        // Unlike the time of the last change, the time of the last change of status cannot be set back.
        entries.set(name, `${status.ino} ${status.ctimeNs} ${status.size}`);
      }
    }
  } finally {
    folder.close();
  }
}

/** Undefined for what is no folder any more. */
function tryToHold(folder: string, owner: number | undefined): HeldFolder | undefined {
  try {
    return holdFolder(folder, owner);
  } catch {
    return undefined;
  }
}

/** Empty for a folder that the call has removed or locked. */
function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

const identityOf = (folder: string): bigint =>
  lstatSync(folder, { bigint: true, throwIfNoEntry: false })?.ino ?? 0n;

const isEqual = (
  one: ReadonlyMap<string, Fingerprint>,
  other: ReadonlyMap<string, Fingerprint>,
): boolean =>
  one.size === other.size && [...one].every(([name, print]) => other.get(name) === print);

/** Across file systems too. */
async function moveFile(from: string, to: string): Promise<void> {
  try {
    await rename(from, to);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EXDEV') throw error;
    await copyFile(from, to);
    await rm(from);
  }
}
