// The flat working directory of a runtime: its files for the API, and which of them an execution changed.
import { createWriteStream, lstatSync, readdirSync, statSync } from 'node:fs';
import { lstat, readdir, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { beginCopy, type BriefCopy } from './brief-copy.js';
import { RuntimeProcessError } from './errors.js';
import { copyTree, openFileOf, putFile, STAGED_PREFIX } from './isolation/guarded-folder.js';

/** Of a folder that another OS user than the server's works in. */
export interface ForeignFolder {
  readonly owner: number;
  /** A folder of the server's on the same file system. */
  readonly staging: string;
}

/** What tells one content of a file from another: time in nanoseconds and size. */
type Fingerprint = string;

export class WorkingDirectory {
  readonly path: string;
  /** Files as of the last look. */
  #known: ReadonlyMap<string, Fingerprint> = new Map();
  readonly #foreign: ForeignFolder | undefined;

  /**
   * @param directory - An existing, private folder.
   * @param foreign - Where it belongs to another OS user.
   */
  constructor(directory: string, foreign?: ForeignFolder) {
    this.path = directory;
    this.#foreign = foreign;
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
    const handle = await openFileOf(file, this.#foreign?.owner);
    if (handle === undefined) throw notFound(name);
    return handle.createReadStream();
  }

  /** Replaces a file of that name only when the content has come in full. */
  async write(name: string, content: NodeJS.ReadableStream): Promise<void> {
    const file = this.#pathOf(name);
    const { owner, staging } = this.#foreign ?? { owner: undefined, staging: this.path };
    await putFile(file, owner, staging, (staged) =>
      pipeline(content, createWriteStream(staged, { mode: 0o600, flags: 'wx' })),
    );
    this.#remember(name);
  }

  /** @throws {RuntimeProcessError} `RUNTIME_FILE_NOT_FOUND`, `RUNTIME_FILE_NAME_BAD`. */
  async delete(name: string): Promise<void> {
    const file = this.#pathOf(name);
    const look = this.#foreign === undefined ? stat : lstat;
    const isFile = await look(file).then(
      (status) => status.isFile(),
      () => false,
    );
    if (!isFile) throw notFound(name);
    await rm(file);
  }

  /**
   * Copies everything, with subfolders, into a new folder; what is large later, see `beginCopy()`. Pipes, sockets and
   * links to folders stay behind.
   */
  async beginCopyTo(target: string): Promise<BriefCopy> {
    return beginCopy(this.path, target, { from: this.#foreign?.owner });
  }

  /** Copies a folder into this one; files of the same name are replaced. */
  async copyFrom(source: string): Promise<void> {
    await copyTree(source, this.path, {
      to: this.#foreign?.owner,
      staging: this.#foreign?.staging,
    });
    this.#known = this.#look();
  }

  #look(): ReadonlyMap<string, Fingerprint> {
    const names = readdirSync(this.path);
    const look = this.#foreign === undefined ? statSync : lstatSync;
    const files = new Map<string, Fingerprint>();
    for (const name of names) {
      const status = look(path.join(this.path, name), { bigint: true, throwIfNoEntry: false });
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

const isUpload = (name: string): boolean => name.startsWith(STAGED_PREFIX);

const notFound = (name: string, cause?: unknown): RuntimeProcessError =>
  new RuntimeProcessError(
    'RUNTIME_FILE_NOT_FOUND',
    `The working directory has no file '${name}'.`,
    { cause },
  );
