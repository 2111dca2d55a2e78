// Snapshots of a worker. A copy of its process writes the workspace into a pipe, so that the session can go on at once;
// the server's folders stay closed to both.
import { randomUUID } from 'node:crypto';
import { closeSync, constants, createWriteStream, openSync } from 'node:fs';
import { copyFile, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { Socket } from 'node:net';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { createDeferred } from '../base/index.js';
import { canAccess } from './environment.js';
import { errorCodeOf, RUNTIME_ERROR_CODES, RuntimeProcessError } from './errors.js';
import { REQUEST, type Frame } from './framing.js';
import { giveTo } from './isolation/guarded-folder.js';
import type { Language } from './language.js';
import { makePipes, throughPipe } from './named-pipes.js';
import type { SnapshotWriting } from './runtime.js';
import { listParts, PARTS_SUFFIX, SNAPSHOT_FILES, SNAPSHOT_PACKAGES } from './snapshot-layout.js';
import type { WorkingDirectory } from './working-directory.js';

const { O_NONBLOCK, O_RDONLY, COPYFILE_FICLONE } = constants;
/** Up to this size it is quicker to copy a file for a worker that cannot open it than to feed it through a pipe. */
const MAX_COPIED_BYTES = 8 * 1024 ** 2;
/** What the writer says when it is through. */
const WRITTEN = 'ok';

export interface WorkerSnapshotsOptions {
  readonly language: Language;
  /** A folder of the server's for what the worker gets and leaves. */
  readonly home: string;
  /** The OS user of the worker; undefined: the server's own. */
  readonly owner: number | undefined;
  readonly directory: WorkingDirectory;
  /** @throws {RuntimeProcessError} of the worker's answer when it has failed. */
  readonly request: (kind: number, text: string, bytes: Uint8Array) => Promise<Frame>;
}

export class WorkerSnapshots {
  readonly #options: WorkerSnapshotsOptions;
  readonly #saving = new Set<Promise<void>>();

  constructor(options: WorkerSnapshotsOptions) {
    this.#options = options;
  }

  /** Settles when none is being written. */
  async finished(): Promise<void> {
    await Promise.allSettled(this.#saving);
  }

  /** As `Runtime.saveSnapshot()`. */
  async save(directory: string, writing: SnapshotWriting = {}): Promise<void> {
    const saving = this.#withTransferFile('pipe', (pipe) =>
      this.#withTransferFile('outcome', (outcome) =>
        this.#save(directory, { keep: keepInFile, ...writing }, pipe, outcome),
      ),
    );
    this.#saving.add(saving);
    try {
      await saving;
    } finally {
      this.#saving.delete(saving);
    }
  }

  /** As `Runtime.loadSnapshot()`. */
  async load(directory: string): Promise<void> {
    const { language, directory: work } = this.#options;
    const packages = await readFile(path.join(directory, SNAPSHOT_PACKAGES), 'utf8').then(
      (text) => JSON.parse(text) as string[],
      () => [],
    );
    const workspace = await this.#findWorkspace(directory);
    // Files first: objects may refer to them when they are read.
    const files = path.join(directory, SNAPSHOT_FILES);
    const hasFiles = await canAccess(files);
    if (hasFiles) await work.copyFrom(files);
    await this.#loadWorkspace(workspace, language.encodeNames(packages));
    if (hasFiles && language.reopensFiles) await work.copyFrom(files);
  }

  async #save(
    directory: string,
    { keep, onTaken }: SnapshotWriting & Required<Pick<SnapshotWriting, 'keep'>>,
    pipe: string,
    outcome: string,
  ): Promise<void> {
    const { language, owner, request } = this.#options;
    await makePipes([pipe, outcome], owner);
    const fds = [pipe, outcome].map((file) => openSync(file, O_RDONLY | O_NONBLOCK));
    const [workspaceFd = -1, outcomeFd = -1] = fds;
    const { bytes } = await request(REQUEST.saveWorkspace, pipe, Buffer.from(outcome)).catch(
      (error: unknown) => {
        for (const fd of fds) closeSync(fd);
        throw error;
      },
    );
    const writer = new Writer(outcomeFd);
    const [kept, copied] = await Promise.allSettled([
      keep(workspaceFd, path.join(directory, language.workspaceFileName)),
      this.#keepFiles(directory, bytes, async () => {
        await writer.begun;
        onTaken?.();
      }),
    ]);
    if (copied.status === 'rejected') throw copied.reason;
    if (kept.status === 'rejected') throw kept.reason;
    assertWritten(await writer.ended);
  }

  async #keepFiles(
    directory: string,
    packages: Buffer,
    onTaken: () => Promise<void>,
  ): Promise<void> {
    const { language, directory: work } = this.#options;
    const names = packages.length === 0 ? [] : language.decodeNames(packages);
    await writeFile(path.join(directory, SNAPSHOT_PACKAGES), JSON.stringify(names));
    const copy = await work.beginCopyTo(path.join(directory, SNAPSHOT_FILES));
    try {
      await onTaken();
    } finally {
      await copy.finish();
    }
  }

  /** The workspace as the names of files in a folder. */
  async #findWorkspace(directory: string): Promise<{ folder: string; files: readonly string[] }> {
    const { workspaceFileName, runtimeType } = this.#options.language;
    const file = path.join(directory, workspaceFileName);
    if (await canAccess(file)) return { folder: directory, files: [workspaceFileName] };
    const files = await listParts(file).catch(() => []);
    if (files.length > 0) return { folder: file + PARTS_SUFFIX, files };
    throw new RuntimeProcessError(
      'RUNTIME_SNAPSHOT_BAD',
      `The snapshot holds no ${runtimeType} workspace.`,
      { hint: RUNTIME_ERROR_CODES.RUNTIME_SNAPSHOT_BAD.remedy },
    );
  }

  /** The folders of the server are closed to a worker with an OS user of its own. */
  async #loadWorkspace(
    { folder, files }: { readonly folder: string; readonly files: readonly string[] },
    packages: Buffer,
  ): Promise<void> {
    const { owner, request } = this.#options;
    const only = files.length === 1 ? path.join(folder, files[0] ?? '') : undefined;
    if (only !== undefined && owner === undefined) {
      await request(REQUEST.loadWorkspace, only, packages);
      return;
    }
    await this.#withTransferFile('workspace', async (file) => {
      if (only !== undefined && (await stat(only)).size <= MAX_COPIED_BYTES) {
        await copyFile(only, file, COPYFILE_FICLONE);
        await giveTo(owner, file);
        await request(REQUEST.loadWorkspace, file, packages);
      } else {
        await makePipes([file], owner);
        await throughPipe(file, folder, files, () =>
          request(REQUEST.loadWorkspace, file, packages),
        );
      }
    });
  }

  async #withTransferFile<T>(what: string, use: (file: string) => Promise<T>): Promise<T> {
    const file = path.join(this.#options.home, `${what}-${randomUUID()}`);
    try {
      return await use(file);
    } finally {
      await rm(file, { force: true });
    }
  }
}

/** What the writer of a workspace says of it. */
class Writer {
  /** Settles when it has begun, and what ends the session no longer ends it; or when it has ended. */
  readonly begun: Promise<void>;
  /** What it said then: see {@link assertWritten}. */
  readonly ended: Promise<string>;

  /** @param fd - The reading end of its pipe. */
  constructor(fd: number) {
    const pipe = new Socket({ fd, readable: true, writable: false });
    const begun = createDeferred<undefined>();
    this.begun = begun.promise;
    pipe.once('data', () => {
      begun.resolve(undefined);
    });
    this.ended = text(pipe)
      .catch(() => '')
      .finally(() => {
        begun.resolve(undefined);
      });
  }
}

/** Of lines: `begun`, then `ok` or an error code and the message. Less, when the writer was ended. */
function assertWritten(outcome: string): void {
  const [, code = '', ...message] = outcome.trimEnd().split('\n');
  if (code === WRITTEN) return;
  if (code === '') {
    throw new RuntimeProcessError(
      'RUNTIME_SNAPSHOT_CUT',
      'The copy of the process that wrote the snapshot ended before it was through.',
      { hint: RUNTIME_ERROR_CODES.RUNTIME_SNAPSHOT_CUT.remedy },
    );
  }
  throw new RuntimeProcessError(errorCodeOf(code), message.join('\n'));
}

async function keepInFile(fd: number, file: string): Promise<void> {
  const pipe = new Socket({ fd, readable: true, writable: false });
  await pipeline(pipe, createWriteStream(file, { mode: 0o600 }));
}
