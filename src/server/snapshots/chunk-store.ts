// Keeps content of snapshots on the disk, each once, without keeping the server from its work: a thread does it.
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { Worker } from 'node:worker_threads';
import type esbuild from 'esbuild';
import { assetPath, createDeferred, type Deferred } from '../../base/index.js';
import { PARTS_SUFFIX } from '../../runtimes/index.js';
import { MIN_SHARED_BYTES } from './chunker.js';
import { listFolder } from './folder.js';

/** What the thread is asked for. */
export interface ChunkRequest {
  readonly id: number;
  readonly call: ChunkCall;
}

export type ChunkCall =
  | {
      readonly kind: 'stream';
      readonly fd: number;
      readonly file: string;
      readonly partsFolder: string;
    }
  | { readonly kind: 'files'; readonly folder: string }
  | { readonly kind: 'sweep'; readonly names: readonly string[] };

/** What it answers. */
export type ChunkAnswer =
  | { readonly id: number; readonly names: readonly string[] }
  | {
      readonly id: number;
      readonly failure: { readonly message: string; readonly code: string | undefined };
    };

/** The chunks of a data directory. @see chunk-files.ts */
export class ChunkStore {
  readonly #directory: string;
  readonly #pending = new Map<number, Deferred<readonly string[]>>();
  #worker: Worker | undefined;
  #lastId = 0;

  /** @param directory - Shared by all servers of the data directory. */
  constructor(directory: string) {
    this.#directory = directory;
  }

  /**
   * Keeps what comes out of a pipe as a file, or as a folder of its parts; it is on the disk when this settles.
   *
   * @param fd - The reading end, not blocking; it is closed.
   * @returns Names for {@link release}.
   */
  async keepStream(fd: number, file: string): Promise<readonly string[]> {
    return this.#call({ kind: 'stream', fd, file, partsFolder: file + PARTS_SUFFIX });
  }

  /** Has the files below a folder share their place on the disk with equal ones. Returns names for {@link release}. */
  async keepFiles(folder: string): Promise<readonly string[]> {
    return (await hasLargeFile(folder)) ? this.#call({ kind: 'files', folder }) : [];
  }

  /** Frees the place of chunks that no content needs any more. */
  async release(names: readonly string[]): Promise<void> {
    if (names.length > 0) await this.#call({ kind: 'sweep', names });
  }

  /** Ends the thread; the caller has waited for what it does. */
  async close(): Promise<void> {
    await this.#worker?.terminate();
  }

  async #call(call: ChunkCall): Promise<readonly string[]> {
    const worker = (this.#worker ??= this.#start());
    const id = (this.#lastId += 1);
    const answer = createDeferred<readonly string[]>();
    this.#pending.set(id, answer);
    worker.ref();
    worker.postMessage({ id, call } satisfies ChunkRequest);
    try {
      return await answer.promise;
    } finally {
      this.#pending.delete(id);
      if (this.#pending.size === 0) worker.unref();
    }
  }

  #start(): Worker {
    const built = assetPath(import.meta.url, './chunk-worker.js');
    const options = { workerData: { directory: this.#directory } };
    const worker = existsSync(built)
      ? new Worker(built, options)
      : new Worker(programOf(built.replace(/js$/, 'ts')), { ...options, eval: true });
    worker.on('message', (answer: ChunkAnswer) => {
      const pending = this.#pending.get(answer.id);
      if ('names' in answer) pending?.resolve(answer.names);
      else {
        const { message, code } = answer.failure;
        pending?.reject(Object.assign(new Error(message), { code }));
      }
    });
    worker.on('error', (error) => {
      this.#end(error);
    });
    worker.on('exit', () => {
      this.#end(new Error('The thread that keeps snapshots has ended.'));
    });
    return worker;
  }

  #end(error: Error): void {
    this.#worker = undefined;
    for (const pending of this.#pending.values()) pending.reject(error);
  }
}

/** Most snapshots have none, and need no thread for them. */
async function hasLargeFile(folder: string): Promise<boolean> {
  const entries = existsSync(folder) ? await listFolder(folder) : [];
  return entries.some(({ size }) => size >= MIN_SHARED_BYTES);
}

/** In the sources, as tests run them, threads know no TypeScript. */
function programOf(file: string): string {
  const { buildSync } = createRequire(import.meta.url)('esbuild') as typeof esbuild;
  const options = { bundle: true, write: false, platform: 'node', format: 'cjs' } as const;
  return buildSync({ ...options, entryPoints: [file] }).outputFiles[0]?.text ?? '';
}
