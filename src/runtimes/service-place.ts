// A place where copies of a service's process live, one after the other: their pipes, their folders, one call at a time.
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { RuntimeProcessError } from './errors.js';
import { ANSWER } from './framing.js';
import type { Language } from './language.js';
import { giveTo, removeTree } from './isolation/guarded-folder.js';
import { ServiceCopy } from './service-copy.js';
import { ServiceFolder } from './service-folder.js';
import type { ServiceCall, ServiceCallResult } from './service-runtime.js';

/** What a place is made from. */
export interface ServicePlaceOptions {
  readonly language: Language;
  /** Holds the pipes of a copy and nothing else yet. */
  readonly folder: string;
  /** The folder whose content each call finds in its working directory. */
  readonly master: string;
  /** The OS user of the process; undefined: the server's own. */
  readonly owner: number | undefined;
  /** What a copy writes behind the output of a call. */
  readonly endMarker: Buffer;
  /** Has a copy made that opens the pipes in a folder; gives its process id. */
  readonly fork: (folder: string) => Promise<number>;
  readonly startTimeoutMs: number;
}

/** A copy that leaves nothing behind is used so often: what its libraries may lose in memory stays small. */
const MAX_CALLS = 1_000;

export class ServicePlace {
  readonly #options: ServicePlaceOptions;
  readonly #files: ServiceFolder;
  #isMade = false;
  #callCount = 0;
  #copy: ServiceCopy | undefined;

  constructor(options: ServicePlaceOptions) {
    this.#options = options;
    this.#files = new ServiceFolder(
      path.join(options.folder, 'work'),
      options.master,
      options.owner,
    );
  }

  /** Settles when the process of this place is gone. */
  get gone(): Promise<void> {
    return this.#copy?.gone ?? Promise.resolve();
  }

  /**
   * Has a copy made, and waits until it waits for a call.
   *
   * @throws {RuntimeProcessError} `RUNTIME_SPAWN`; what `fork` throws.
   */
  async start(): Promise<void> {
    const { folder, endMarker, fork, startTimeoutMs } = this.#options;
    if (!this.#isMade) await this.#make();
    this.#callCount = 0;
    const copy = (this.#copy = new ServiceCopy(folder, endMarker));
    const timer = setTimeout(() => {
      copy.end();
    }, startTimeoutMs);
    try {
      copy.pid = await fork(folder);
      if (await copy.isReady) return;
      throw new RuntimeProcessError(
        'RUNTIME_SPAWN',
        "A copy of the service's process ended before it was ready.",
      );
    } catch (error) {
      this.end();
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Carries out a call. The copy is not free before {@link recover}. */
  async call(request: Buffer, call: ServiceCall): Promise<ServiceCallResult> {
    const copy = this.#copy;
    if (copy === undefined) throw crashedError();
    this.#callCount += 1;
    const ending = endsWith(copy, call);
    try {
      const answer = await copy.call(request);
      if (answer === undefined) throw ending.reason() ?? crashedError();
      const { kind, text, bytes } = answer.frame;
      const changedFiles = this.#files.changes();
      const artifacts = await this.#files.read(call.artifacts ?? []);
      if (call.filesDirectory !== undefined) {
        await this.#files.moveTo(call.filesDirectory, changedFiles);
      }
      return {
        success: kind === ANSWER.done,
        errorMessage: text,
        consoleOutput: answer.consoleOutput,
        outputParameters: bytes.length === 0 ? [] : this.#options.language.decodeOutputs(bytes),
        changedFiles,
        artifacts,
      };
    } finally {
      ending.cancel();
    }
  }

  /**
   * Makes the place as it was before the call.
   *
   * @returns Whether its copy takes another call; if not, the place can be started again.
   */
  async recover(): Promise<boolean> {
    const isReady = (await this.#copy?.isReady) === true && this.#callCount < MAX_CALLS;
    if (!isReady) this.end();
    const isSameFolder = await this.#files.restore();
    if (isReady && isSameFolder) return true;
    this.end();
    await this.#makeTemporaryFolder();
    return false;
  }

  /** Ends its copy, now. */
  end(): void {
    this.#copy?.end();
    this.#copy = undefined;
  }

  async #make(): Promise<void> {
    await this.#makeTemporaryFolder();
    await this.#files.fill();
    this.#isMade = true;
  }

  async #makeTemporaryFolder(): Promise<void> {
    const temporary = path.join(this.#options.folder, 'tmp');
    removeTree(temporary);
    await mkdir(temporary, { mode: 0o700 });
    await giveTo(this.#options.owner, temporary);
  }
}

/** Ends a copy when the time of its call is over or the caller gives up. */
function endsWith(
  copy: ServiceCopy,
  { signal, timeoutMs }: ServiceCall,
): { readonly reason: () => RuntimeProcessError | undefined; readonly cancel: () => void } {
  let reason: RuntimeProcessError | undefined;
  const end = (error: RuntimeProcessError): void => {
    reason ??= error;
    copy.end();
  };
  const onAbort = (): void => {
    end(abortedError());
  };
  signal?.addEventListener('abort', onAbort, { once: true });
  const timer =
    timeoutMs === undefined
      ? undefined
      : setTimeout(() => {
          end(timeoutError(timeoutMs));
        }, timeoutMs);
  return {
    reason: () => reason,
    cancel: () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
    },
  };
}

export const abortedError = (): RuntimeProcessError =>
  new RuntimeProcessError('RUNTIME_CALL_ABORTED', 'The call of the service was given up.');

export const timeoutError = (timeoutMs: number): RuntimeProcessError =>
  new RuntimeProcessError(
    'RUNTIME_CALL_TIMEOUT',
    `The call of the service ran longer than ${timeoutMs} ms.`,
    { facts: { timeoutMs } },
  );

const crashedError = (): RuntimeProcessError =>
  new RuntimeProcessError(
    'RUNTIME_CALL_CRASHED',
    'The process of the call ended before it had answered.',
  );
