// A service whose every call begins with the same state: a warm process makes copies of itself, some of them ahead.
import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import {
  createDeferred,
  isAbortError,
  messageOf,
  TaskQueue,
  type Deferred,
  type Logger,
} from '../base/index.js';
import { exitedError, RuntimeProcessError } from './errors.js';
import { ANSWER, encodeFrame, REQUEST } from './framing.js';
import type { Language } from './language.js';
import { makePipes } from './named-pipes.js';
import type { StartedWorker } from './process-runtime.js';
import type { RuntimeExit } from './runtime.js';
import { COPY_PIPES } from './service-copy.js';
import { abortedError, ServicePlace } from './service-place.js';
import { openToPass } from './worker-folders.js';
import type { ServiceCall, ServiceCallResult, ServiceRuntime } from './service-runtime.js';

/** What a {@link CopyingService} is made from. */
export interface CopyingServiceOptions {
  readonly language: Language;
  /** A worker in which snapshot and initCode have been loaded. */
  readonly started: StartedWorker;
  /** The code of the calls. */
  readonly code: string;
  readonly maxCallCount: number;
  readonly spareCount: number;
  readonly logger: Logger;
}

const COPY_START_TIMEOUT_MS = 60_000;
/** Copies beyond the spare ones are ended after so long without a call. */
const IDLE_COPY_MS = 10_000;
const MARKER_START = 0x1d;

export class CopyingService implements ServiceRuntime {
  readonly exited: Promise<RuntimeExit>;
  readonly #options: CopyingServiceOptions;
  readonly #endMarker = Buffer.concat([
    Buffer.of(MARKER_START),
    Buffer.from(randomBytes(8).toString('hex')),
  ]);
  readonly #calls: TaskQueue;
  /** The process makes one copy at a time. */
  readonly #forks = new TaskQueue();
  readonly #places: Set<ServicePlace>;
  /** With a copy that waits for a call; the last one called is the first to be called again. */
  readonly #ready: ServicePlace[] = [];
  /** Without a copy. */
  readonly #empty: ServicePlace[];
  readonly #waiting: Deferred<ServicePlace>[] = [];
  #startingCount = 0;
  #trimTimer: NodeJS.Timeout | undefined;
  #isClosed = false;
  #exit: RuntimeExit | undefined;
  #closing: Promise<void> | undefined;

  private constructor(options: CopyingServiceOptions, folders: readonly string[]) {
    this.#options = options;
    this.#empty = folders.map((folder) => this.#newPlace(folder)).reverse();
    this.#places = new Set(this.#empty);
    this.#calls = new TaskQueue(options.maxCallCount);
    this.exited = options.started.worker.exited;
    void this.exited.then((exit) => {
      this.#onExit(exit);
    });
  }

  /**
   * Makes a worker into a service; from then on it is nothing else.
   *
   * @throws {RuntimeProcessError} `RUNTIME_SERVICE_INIT`, `RUNTIME_SPAWN`, `RUNTIME_EXITED`.
   */
  static async open(options: CopyingServiceOptions): Promise<CopyingService> {
    const { started, maxCallCount, spareCount } = options;
    const folders = Array.from({ length: maxCallCount + spareCount }, (_, i) =>
      path.join(started.folders.home, `copy-${i + 1}`),
    );
    const { owner } = started.folders;
    for (const folder of folders) await mkdir(folder, { mode: 0o700 });
    if (owner !== undefined) await openToPass(...folders);
    // All at once: starting a program takes longer than what it does here.
    await makePipes(
      folders.flatMap((folder) => COPY_PIPES.map((name) => path.join(folder, name))),
      owner,
    );
    const service = new CopyingService(options, folders);
    const { kind, bytes } = await started.worker.request(
      encodeFrame(REQUEST.prepareCopies, options.code, service.#endMarker),
    );
    if (kind !== ANSWER.done) {
      throw new RuntimeProcessError('RUNTIME_SERVICE_INIT', bytes.toString());
    }
    service.#release(await service.#takePlace(undefined));
    return service;
  }

  async call(call: ServiceCall): Promise<ServiceCallResult> {
    this.#assertOpen();
    const { language } = this.#options;
    let request: Buffer;
    try {
      request = encodeFrame(REQUEST.execute, '', language.encodeParameters({ code: '', ...call }));
    } catch (error) {
      if (error instanceof TypeError) return failedCall(error.message);
      throw error;
    }
    try {
      return await this.#calls.run(() => this.#run(request, call), call.signal);
    } catch (error) {
      if (isAbortError(error) || (call.signal?.aborted === true && error === call.signal.reason)) {
        throw abortedError();
      }
      throw error;
    }
  }

  close(): Promise<void> {
    this.#isClosed = true;
    this.#closing ??= this.#calls.whenIdle().then(() => this.#end());
    return this.#closing;
  }

  destroy(): void {
    this.#isClosed = true;
    for (const place of this.#places) place.end();
    this.#options.started.runtime.destroy();
    void this.close();
  }

  async #end(): Promise<void> {
    clearTimeout(this.#trimTimer);
    for (const place of this.#places) place.end();
    await this.#forks.whenIdle();
    await this.#options.started.runtime.close();
  }

  async #run(request: Buffer, call: ServiceCall): Promise<ServiceCallResult> {
    const place = await this.#takePlace(call.signal);
    try {
      return await place.call(request, call);
    } finally {
      void this.#recover(place);
    }
  }

  /** A place with a copy that waits for a call. */
  async #takePlace(signal: AbortSignal | undefined): Promise<ServicePlace> {
    signal?.throwIfAborted();
    const ready = this.#ready.pop();
    if (ready !== undefined) {
      this.#fill();
      return ready;
    }
    if (this.#exit !== undefined) throw this.#exitedError();
    const waiting = createDeferred<ServicePlace>();
    const onAbort = (): void => {
      this.#waiting.splice(this.#waiting.indexOf(waiting), 1);
      waiting.reject(abortedError());
    };
    this.#waiting.push(waiting);
    signal?.addEventListener('abort', onAbort, { once: true });
    this.#fill();
    return waiting.promise.finally(() => {
      signal?.removeEventListener('abort', onAbort);
    });
  }

  /** Hands a place with a waiting copy to the next call, or keeps it ready. */
  #release(place: ServicePlace): void {
    const waiting = this.#waiting.shift();
    if (waiting !== undefined) {
      waiting.resolve(place);
      return;
    }
    this.#ready.push(place);
    if (this.#ready.length > this.#options.spareCount) this.#trimLater();
  }

  async #recover(place: ServicePlace): Promise<void> {
    try {
      if (await place.recover()) this.#release(place);
      else this.#empty.push(place);
    } catch (error) {
      this.#options.logger.warn({ error: messageOf(error) }, "a call's folder is given up");
      place.end();
      this.#places.delete(place);
      if (this.#places.size === 0) this.destroy(); // its owner opens another one
    }
    this.#fill();
  }

  /** Has as many copies made as calls wait and spare ones are missing. */
  #fill(): void {
    const { maxCallCount, spareCount } = this.#options;
    while (this.#exit === undefined && this.#closing === undefined) {
      const wanted = this.#waiting.length + Math.min(spareCount, maxCallCount);
      if (this.#ready.length + this.#startingCount >= wanted) return;
      const place = this.#empty.pop();
      if (place === undefined) return;
      void this.#start(place);
    }
  }

  async #start(place: ServicePlace): Promise<void> {
    this.#startingCount += 1;
    try {
      await this.#forks.run(() => place.start());
      void place.gone.then(() => {
        this.#onGone(place);
      });
      this.#startingCount -= 1;
      this.#release(place);
    } catch (error) {
      this.#startingCount -= 1;
      this.#empty.push(place);
      this.#options.logger.warn({ error: messageOf(error) }, 'a service could not be copied');
      // Whoever waits is told; the next call tries again.
      this.#waiting.shift()?.reject(error);
    }
  }

  #newPlace(folder: string): ServicePlace {
    const { language, started } = this.#options;
    return new ServicePlace({
      language,
      folder,
      master: started.folders.work,
      owner: started.folders.owner,
      endMarker: this.#endMarker,
      fork: (folderOfCopy) => this.#fork(folderOfCopy),
      startTimeoutMs: COPY_START_TIMEOUT_MS,
    });
  }

  async #fork(folder: string): Promise<number> {
    const { language, started } = this.#options;
    const { kind, text, bytes } = await started.worker.request(encodeFrame(REQUEST.fork, folder));
    if (kind === ANSWER.done) return Number(language.decodeNames(bytes)[0]);
    throw new RuntimeProcessError('RUNTIME_SPAWN', text || bytes.toString());
  }

  /** A copy that waited for a call has died. */
  #onGone(place: ServicePlace): void {
    const at = this.#ready.indexOf(place);
    if (at === -1) return;
    this.#ready.splice(at, 1);
    void this.#recover(place);
  }

  #trimLater(): void {
    if (this.#trimTimer !== undefined) return;
    this.#trimTimer = setTimeout(() => {
      this.#trimTimer = undefined;
      const { spareCount } = this.#options;
      const superfluous = this.#ready.splice(0, Math.max(0, this.#ready.length - spareCount));
      for (const place of superfluous) {
        place.end();
        void this.#recover(place);
      }
    }, IDLE_COPY_MS);
    this.#trimTimer.unref();
  }

  #onExit(exit: RuntimeExit): void {
    this.#exit = exit;
    for (const place of this.#ready.splice(0)) place.end();
    for (const waiting of this.#waiting.splice(0)) waiting.reject(this.#exitedError());
    void this.close();
  }

  #assertOpen(): void {
    if (this.#isClosed || this.#exit !== undefined) throw this.#exitedError();
  }

  #exitedError(): RuntimeProcessError {
    return exitedError(this.#options.language.runtimeType, this.#exit);
  }
}

const failedCall = (errorMessage: string): ServiceCallResult => ({
  success: false,
  errorMessage,
  consoleOutput: '',
  outputParameters: [],
  changedFiles: [],
  artifacts: [],
});
