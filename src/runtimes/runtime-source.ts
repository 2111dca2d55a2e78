// Where the processes of one language come from: copies of a warm parent where the machine can make them, else programs
// that are started one by one.
import { messageOf, TaskQueue, type Logger } from '../base/index.js';
import { RuntimeProcessError } from './errors.js';
import { createProcessRuntime, type ProcessRuntimeOptions } from './process-runtime.js';
import type { Runtime } from './runtime.js';
import { WarmParent } from './warm-parent.js';
import { makePlaces, type WorkerPlace } from './worker-place.js';

/** What a {@link RuntimeSource} is made from. */
export type RuntimeSourceOptions = ProcessRuntimeOptions & {
  readonly logger: Logger;
  /** Whether copies are wanted at all. A process with an OS user of its own is never one: R cannot change its user. */
  readonly copies: boolean;
  /** The first process is a program: a parent and its copy take longer. */
  readonly isAwaited: boolean;
  /** Told when there is a process that may outlive its server. */
  readonly onCopies: () => void;
};

/** Places that are made with one that is needed: each time a program is started for it. */
const SPARE_PLACES = 7;

export class RuntimeSource {
  readonly #options: RuntimeSourceOptions;
  readonly #places: WorkerPlace[] = [];
  /** Makes places: whoever waits behind another one finds those that the first one did not need. */
  readonly #placing = new TaskQueue();
  #copies: boolean;
  #isAwaited: boolean;
  #parent: Promise<WarmParent> | undefined;
  #hasCopied = false;
  #isClosed = false;

  constructor(options: RuntimeSourceOptions) {
    this.#options = options;
    this.#isAwaited = options.isAwaited;
    this.#copies =
      options.copies && options.isolation === undefined && process.platform === 'linux';
  }

  /**
   * @param hurry - Aborted when somebody waits for it: then nothing is done that only makes its first cell faster.
   * @throws {RuntimeProcessError} `RUNTIME_SPAWN`.
   */
  async start(hurry: AbortSignal): Promise<Runtime> {
    const { rehearsal } = this.#options.language;
    const isCopied = this.#copies && !this.#isAwaited;
    this.#isAwaited = false;
    const copy = isCopied ? await this.#copy(hurry) : undefined;
    if (copy !== undefined) return rehearse(copy, rehearsal.session, hurry);
    const runtime = await createProcessRuntime(this.#options);
    return rehearse(runtime, [...rehearsal.parent, ...rehearsal.session], hurry);
  }

  /** Whether any of its processes was a copy. */
  get hasCopied(): boolean {
    return this.#hasCopied;
  }

  /** Ends the parent; processes that were handed out are their owners'. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#parent?.then(
      (parent) => parent.close(),
      () => undefined,
    );
  }

  async #copy(hurry: AbortSignal): Promise<Runtime | undefined> {
    const parent = await this.#livingParent();
    try {
      await parent.rehearse(hurry);
      const copy = await parent.fork();
      this.#hasCopied = true;
      this.#options.onCopies();
      return copy;
    } catch (error) {
      const { logger, language } = this.#options;
      const { runtimeType } = language;
      logger.warn({ runtimeType, error: messageOf(error) }, 'a process could not be copied');
      if (parent.isAlive && !this.#hasCopied) await this.#giveUp(parent);
      return undefined;
    }
  }

  /** It never could be copied: there is no use in keeping it. */
  async #giveUp(parent: WarmParent): Promise<void> {
    this.#copies = false;
    this.#parent = undefined;
    await parent.close();
  }

  /** The parent; a new one when it has died. */
  async #livingParent(): Promise<WarmParent> {
    const starting = (this.#parent ??= this.#startParent());
    const parent = await starting.catch((error: unknown) => {
      if (this.#parent === starting) this.#parent = undefined;
      throw error;
    });
    if (parent.isAlive) return parent;
    if (this.#parent === starting) this.#parent = undefined;
    return this.#livingParent();
  }

  async #startParent(): Promise<WarmParent> {
    if (this.#isClosed) throw new RuntimeProcessError('RUNTIME_EXITED', 'The runtimes are closed.');
    return WarmParent.start({ ...this.#options, takePlace: () => this.#takePlace() });
  }

  #takePlace(): Promise<WorkerPlace> {
    return this.#placing.run(async () => {
      const place = this.#places.pop();
      if (place !== undefined) return place;
      const [first, ...others] = await makePlaces(this.#options.workRoot, SPARE_PLACES);
      this.#places.push(...others);
      return first;
    });
  }
}

/** Runs code that the first cells find done, until somebody waits. */
async function rehearse(
  runtime: Runtime,
  codes: readonly string[],
  hurry: AbortSignal,
): Promise<Runtime> {
  for (const code of codes) {
    if (hurry.aborted) break;
    await runtime.execute({ code, inputParameters: [], outputParameters: [] }, () => undefined);
  }
  return runtime;
}
