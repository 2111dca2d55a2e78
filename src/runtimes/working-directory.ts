// The flat working directory of a runtime: its files for the API, and which of them an execution changed.
import { createWriteStream, readdirSync, statSync } from 'node:fs';
import { copyFile, constants, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { RuntimeProcessError } from './errors.js';

/** What tells one content of a file from another: time in nanoseconds and size. */
type Fingerprint = string;

export class WorkingDirectory {
  readonly path: string;
  /** Files as of the last look. */
  #known: ReadonlyMap<string, Fingerprint> = new Map();
  #uploadCount = 0;

  /** @param directory - An existing, private folder. */
  constructor(directory: string) {
    this.path = directory;
  }

  /**
   * Names of files that were made or changed since the last look, sorted. Synchronous and cheap: one system call when
   * the folder is empty, one more per file, since it stands between every run and its answer.
   */
  takeChanges(): string[] {
    const current = this.#look();
    const known = this.#known;
    this.#known = current;
    if (current.size === 0) return [];
    return [...current.keys()].filter((name) => current.get(name) !== known.get(name)).sort();
  }

  async list(): Promise<string[]> {
    const entries = await readdir(this.path, { withFileTypes: true });
    return entries
      .filter((entry) => entry.isFile() && !isUpload(entry.name))
      .map((entry) => entry.name)
      .sort();
  }

  /** @throws {RuntimeProcessError} `RUNTIME_FILE_NOT_FOUND`, `RUNTIME_FILE_NAME_BAD`. */
  async read(name: string): Promise<NodeJS.ReadableStream> {
    const file = this.#pathOf(name);
    const handle = await open(file, 'r').catch((error: unknown) => {
      throw notFound(name, error);
    });
    if ((await handle.stat()).isFile()) return handle.createReadStream();
    await handle.close();
    throw notFound(name);
  }

  /** Replaces a file of that name only when the content has come in full. */
  async write(name: string, content: NodeJS.ReadableStream): Promise<void> {
    const file = this.#pathOf(name);
    this.#uploadCount += 1;
    const temporary = path.join(this.path, `${UPLOAD_PREFIX}${this.#uploadCount}`);
    try {
      await pipeline(content, createWriteStream(temporary, { mode: 0o600 }));
      await rename(temporary, file);
    } catch (error) {
      await rm(temporary, { force: true });
      throw error;
    }
    this.#remember(name);
  }

  /** @throws {RuntimeProcessError} `RUNTIME_FILE_NOT_FOUND`, `RUNTIME_FILE_NAME_BAD`. */
  async delete(name: string): Promise<void> {
    const file = this.#pathOf(name);
    const isFile = await stat(file).then(
      (status) => status.isFile(),
      () => false,
    );
    if (!isFile) throw notFound(name);
    await rm(file);
  }

  /** Copies everything, with subfolders, into a new folder. Pipes, sockets and links to folders stay behind. */
  async copyTo(target: string): Promise<void> {
    await copyFolder(this.path, target);
  }

  /** Copies a folder into this one; files of the same name are replaced. */
  async copyFrom(source: string): Promise<void> {
    await copyFolder(source, this.path);
    this.#known = this.#look();
  }

  #look(): ReadonlyMap<string, Fingerprint> {
    const names = readdirSync(this.path);
    const files = new Map<string, Fingerprint>();
    for (const name of names) {
      const status = statSync(path.join(this.path, name), { bigint: true, throwIfNoEntry: false });
      if (status?.isFile() !== true || isUpload(name)) continue;
      files.set(name, `${status.mtimeNs} ${status.size}`);
    }
    return files;
  }

  /** A file that came from the server is no change by an execution. */
  #remember(name: string): void {
    const fingerprint = this.#look().get(name);
    if (fingerprint !== undefined) this.#known = new Map(this.#known).set(name, fingerprint);
  }

  #pathOf(name: string): string {
    const isPlain =
      name !== '' && name !== '.' && name !== '..' && !/[/\0]/.test(name) && !isUpload(name);
    if (!isPlain) {
      throw new RuntimeProcessError(
        'RUNTIME_FILE_NAME_BAD',
        `${JSON.stringify(name)} is no plain file name.`,
        {
          hint: 'The working directory is flat: use a name without folders.',
        },
      );
    }
    return path.join(this.path, name);
  }
}

const UPLOAD_PREFIX = '.rserver-upload-';
const isUpload = (name: string): boolean => name.startsWith(UPLOAD_PREFIX);

const notFound = (name: string, cause?: unknown): RuntimeProcessError =>
  new RuntimeProcessError(
    'RUNTIME_FILE_NOT_FOUND',
    `The working directory has no file '${name}'.`,
    { cause },
  );

async function copyFolder(source: string, target: string): Promise<void> {
  await mkdir(target, { recursive: true, mode: 0o700 });
  for (const entry of await readdir(source, { withFileTypes: true })) {
    const from = path.join(source, entry.name);
    const to = path.join(target, entry.name);
    if (entry.isDirectory()) await copyFolder(from, to);
    else if (!isUpload(entry.name) && (await isRegular(from)))
      await copyFile(from, to, constants.COPYFILE_FICLONE);
  }
}

/** Follows links, so that the content travels and not the link. */
const isRegular = (file: string): Promise<boolean> =>
  stat(file).then(
    (status) => status.isFile(),
    () => false,
  );
