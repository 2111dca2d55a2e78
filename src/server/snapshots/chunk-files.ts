// Content on the disk, each once: `chunks/` has every chunk and every larger file under its hash, snapshots have hard links
// to them. So the count of links says whether one is still needed, and a snapshot's folder holds all that it consists of.
// Runs in a thread of its own, and waits for the disk where that is simplest.
import { createHash } from 'node:crypto';
import {
  closeSync,
  fsync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  rmdirSync,
  statSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { Socket, type ConnectOpts, type SocketConstructorOpts } from 'node:net';
import path from 'node:path';
import { promisify } from 'node:util';
import { Chunker, MIN_SHARED_BYTES } from './chunker.js';

const READ_BYTES = 64 * 1024;
const HASH_BYTES = 1024 ** 2;
/** Chunks on their way to the disk while the next ones are read. */
const MAX_FLUSHING = 2;
const PRIVATE = 0o600;

const flushFd = promisify(fsync);

export class ChunkFiles {
  readonly #directory: string;

  /** @param directory - Of the chunks; made when it is not there. What crashes have left in it goes. */
  constructor(directory: string) {
    this.#directory = directory;
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    this.sweep();
  }

  /**
   * Keeps what comes out of a pipe: as a file when that is one chunk, else as a folder of parts.
   *
   * @param fd - The reading end, not blocking; it is closed.
   * @param partsFolder - The folder that there is in the place of `file` then.
   * @returns The names of the chunks.
   */
  async keepStream(fd: number, file: string, partsFolder: string): Promise<string[]> {
    const parts = new Parts(file, partsFolder);
    const flushing = new Flushing();
    const names = new Set<string>();
    const keep = (chunk: Buffer): void => {
      names.add(this.#keepChunk(chunk, parts.next(), flushing));
    };
    const chunker = new Chunker();
    try {
      await readPipe(fd, (bytes) => {
        for (const chunk of chunker.push(bytes)) keep(chunk);
        return flushing.room();
      });
      const rest = chunker.end();
      if (rest !== undefined) keep(rest);
    } finally {
      await flushing.done();
    }
    parts.end();
    names.delete('');
    return [...names];
  }

  /** Makes the files below a folder links, as far as they are worth it. Returns the names of their chunks. */
  async keepFiles(folder: string): Promise<string[]> {
    const names = new Set<string>();
    for (const file of largeFilesIn(folder)) names.add(await this.#keepFile(file));
    names.delete('');
    return [...names];
  }

  /** Removes chunks that no snapshot links to any more: of these names, or all. */
  sweep(names: readonly string[] = readdirSync(this.#directory)): void {
    for (const name of names) {
      const file = path.join(this.#directory, name);
      // Whoever is about to link to it finds it gone, and writes it again.
      if (statSync(file, { throwIfNoEntry: false })?.nlink === 1) unlinkIfThere(file);
    }
  }

  /** Returns the name of the chunk; empty when it is shared with nobody. */
  #keepChunk(bytes: Buffer, target: string, flushing: Flushing): string {
    const isShared = bytes.length >= MIN_SHARED_BYTES;
    const name = isShared ? createHash('sha256').update(bytes).digest('hex') : '';
    if (isShared && this.#link(name, target, bytes.length)) return name;
    const fd = openSync(target, 'wx', PRIVATE);
    for (let at = 0; at < bytes.length;) at += writeSync(fd, bytes, at);
    flushing.add(async () => {
      await flushFd(fd).finally(() => {
        closeSync(fd);
      });
      // Not before it is on the disk: after a crash others would take it for what its name says.
      if (isShared) this.#publish(name, target);
    });
    return name;
  }

  async #keepFile(file: string): Promise<string> {
    const fd = openSync(file, 'r');
    try {
      const { size, mode } = statSync(file);
      // Links share the mode, too.
      const name = `${hashOf(fd)}-${(mode & 0o777).toString(8)}`;
      const staged = `${file}.linked`;
      if (this.#link(name, staged, size)) renameSync(staged, file);
      else {
        await flushFd(fd);
        this.#publish(name, file);
      }
      return name;
    } finally {
      closeSync(fd);
    }
  }

  /** Whether the chunk was there already, and is the target now. */
  #link(name: string, target: string, size: number): boolean {
    const chunk = path.join(this.#directory, name);
    const status = statSync(chunk, { throwIfNoEntry: false });
    if (status === undefined) return false;
    if (status.size !== size) {
      unlinkIfThere(chunk); // damaged: the next one takes its name
      return false;
    }
    return isLinked(chunk, target);
  }

  /** Lets others link to it. Where the file system has no links, or no more of them, each snapshot keeps its own. */
  #publish(name: string, file: string): void {
    isLinked(file, path.join(this.#directory, name));
  }
}

/** The parts of a file that is written, or the file itself if there is only one. */
class Parts {
  readonly #file: string;
  readonly #folder: string;
  #count = 0;

  constructor(file: string, folder: string) {
    this.#file = file;
    this.#folder = folder;
  }

  next(): string {
    if (this.#count === 0) mkdirSync(this.#folder, { mode: 0o700 });
    this.#count += 1;
    return path.join(this.#folder, String(this.#count));
  }

  end(): void {
    if (this.#count > 1) return;
    if (this.#count === 0) {
      closeSync(openSync(this.#file, 'wx', PRIVATE));
      return;
    }
    renameSync(path.join(this.#folder, '1'), this.#file);
    rmdirSync(this.#folder);
  }
}

/** What is on its way to the disk: a few at a time, each followed by what must wait for it. */
class Flushing {
  readonly #running = new Set<Promise<void>>();
  #failure: unknown;

  add(flush: () => Promise<void>): void {
    const running = flush()
      .catch((error: unknown) => {
        this.#failure ??= error;
      })
      .finally(() => this.#running.delete(running));
    this.#running.add(running);
  }

  /** Settles when there is room for another one; undefined: there is. */
  room(): Promise<void> | undefined {
    if (this.#failure !== undefined) return this.done();
    return this.#running.size > MAX_FLUSHING ? Promise.race(this.#running) : undefined;
  }

  /** @throws The first failure. */
  async done(): Promise<void> {
    await Promise.all(this.#running);
    if (this.#failure !== undefined) throw this.#failure as Error;
  }
}

/**
 * Reads a pipe to its end.
 *
 * @param take - Takes bytes, which are valid during the call; nothing more is read until what it returns has settled.
 */
function readPipe(fd: number, take: (bytes: Buffer) => Promise<void> | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (error: unknown): void => {
      socket.destroy();
      reject(error instanceof Error ? error : new Error(String(error)));
    };
    const buffer = Buffer.allocUnsafeSlow(READ_BYTES);
    const options: SocketConstructorOpts & ConnectOpts = {
      fd,
      readable: true,
      writable: false,
      onread: {
        buffer,
        callback: (size) => {
          try {
            const pause = take(buffer.subarray(0, size));
            if (pause === undefined) return true;
            pause.then(() => socket.resume(), fail);
          } catch (error) {
            fail(error);
          }
          return false;
        },
      },
    };
    const socket = new Socket(options);
    socket.once('end', resolve);
    socket.once('error', reject);
    socket.resume();
  });
}

function hashOf(fd: number): string {
  const hash = createHash('sha256');
  const buffer = Buffer.allocUnsafe(HASH_BYTES);
  for (let size = readSync(fd, buffer); size > 0; size = readSync(fd, buffer)) {
    hash.update(buffer.subarray(0, size));
  }
  return hash.digest('hex');
}

function* largeFilesIn(folder: string): Generator<string> {
  if (lstatSync(folder, { throwIfNoEntry: false }) === undefined) return;
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const file = path.join(folder, entry.name);
    if (entry.isDirectory()) yield* largeFilesIn(file);
    else if (entry.isFile() && statSync(file).size >= MIN_SHARED_BYTES) yield file;
  }
}

/** False when it cannot be, or is there already. */
function isLinked(existing: string, link: string): boolean {
  try {
    linkSync(existing, link);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOSPC' || code === 'EIO' || code === 'EACCES') throw error;
    return false;
  }
}

function unlinkIfThere(file: string): void {
  try {
    unlinkSync(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}
