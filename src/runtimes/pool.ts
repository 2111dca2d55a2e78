// Processes of each language, some of them started ahead so that a session begins at once.
import { chmodSync, mkdirSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { randomUUID } from 'node:crypto';
import { delay, messageOf, silentLogger, type Logger } from '../base/index.js';
import { RuntimeProcessError } from './errors.js';
import { removeTree } from './isolation/guarded-folder.js';
import type { Isolation } from './isolation/isolation.js';
import type { ProcessLimits } from './isolation/process-limits.js';
import type { Language } from './language.js';
import { createProcessRuntime } from './process-runtime.js';
import { pythonLanguage, type PythonLanguageOptions } from './python-language.js';
import { rLanguage, type RLanguageOptions } from './r-language.js';
import type { Runtime, RuntimeType } from './runtime.js';
import type { RuntimeFactory, RuntimePoolStatus } from './runtime-factory.js';
import { ServiceShelf } from './service-shelf.js';

/** How many processes of a language there are. */
export interface PoolSizes {
  /** Processes kept ready beyond those in use. Default 1. */
  readonly warmCount?: number;
  /** Most processes in use at a time. Default 80, as R Server has it. */
  readonly maxPoolSize?: number;
}

/** What the pool is made from. */
export interface RuntimePoolOptions {
  readonly r?: RLanguageOptions & PoolSizes;
  readonly python?: PythonLanguageOptions & PoolSizes;
  /** Which language is made ready before the other. Default R. */
  readonly firstType?: RuntimeType;
  /** Folder for the private folders of the processes; made when it is missing. */
  readonly workRoot: string;
  /** The environment of the processes; names beginning with `RSERVER_` are left out. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly logger?: Logger;
  /** Gives every process an OS user of its own; closed with the pool, and its folder is used in the place of `workRoot`. */
  readonly isolation?: Isolation | undefined;
  /** What each process may use; default no limits. */
  readonly limits?: ProcessLimits | undefined;
}

/** A factory that keeps processes warm. */
export interface RuntimePool extends RuntimeFactory {
  /** Settles when as many processes are warm as are wanted, or could not be started; never rejects. */
  warm(): Promise<void>;
}

/** So long after a process was handed out its successor is started: the first cell should not share the processors. */
const REFILL_DELAY_MS = 1_000;

/**
 * A pool of R and Python processes. It begins to warm them at once; a language that is not installed is noticed when
 * somebody asks for it.
 */
export function createRuntimePool(options: RuntimePoolOptions): RuntimePool {
  const logger = options.logger ?? silentLogger;
  const { env, isolation, limits } = options;
  const workRoot = claimWorkRoot(isolation?.workRoot ?? options.workRoot, isolation !== undefined);
  const common = { workRoot, env, logger, isolation, limits };
  const languages = { R: rLanguage(options.r), Python: pythonLanguage(options.python) };
  const services = new ServiceShelf({ languages, ...common });
  const shelfOf = (language: Language, sizes: PoolSizes = {}): Shelf =>
    new Shelf({
      runtimeType: language.runtimeType,
      start: () => createProcessRuntime({ language, ...common }),
      rehearsal: language.rehearsal,
      warmCount: sizes.warmCount ?? 1,
      maxPoolSize: sizes.maxPoolSize ?? 80,
      logger,
    });
  const shelves: Record<RuntimeType, Shelf> = {
    R: shelfOf(languages.R, options.r),
    Python: shelfOf(languages.Python, options.python),
  };
  const [first, second] =
    options.firstType === 'Python' ? [shelves.Python, shelves.R] : [shelves.R, shelves.Python];
  // The second language waits while somebody's first cell runs in the first.
  const warmed = first.fill().then(async (isTaken) => {
    if (isTaken) await delay(REFILL_DELAY_MS);
    await second.fill();
  });
  let closing: Promise<void> | undefined;
  return {
    acquire: (runtimeType) => shelves[runtimeType].acquire(),
    openService: (image, serviceOptions) => services.open(image, serviceOptions),
    status: () => [shelves.R.status(), shelves.Python.status()],
    warm: () => warmed,
    close: () =>
      (closing ??= Promise.all([shelves.R.close(), shelves.Python.close(), services.close()]).then(
        () => {
          removeTree(workRoot);
          isolation?.close();
        },
      )),
  };
}

interface ShelfOptions {
  readonly runtimeType: RuntimeType;
  readonly start: () => Promise<Runtime>;
  readonly rehearsal: readonly string[];
  readonly warmCount: number;
  readonly maxPoolSize: number;
  readonly logger: Logger;
}

/** The processes of one language. */
class Shelf {
  readonly #options: ShelfOptions;
  readonly #warm: Runtime[] = [];
  readonly #active = new Set<Runtime>();
  /** Starts under way for the shelf; a caller in need takes one over. */
  readonly #starting: Promise<Runtime>[] = [];
  /** Every start under way, taken over or not. */
  readonly #pending = new Set<Promise<Runtime>>();
  /** Callers that wait for a process of their own: they count as active. */
  #waitingCount = 0;
  #refillTimer: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(options: ShelfOptions) {
    this.#options = options;
  }

  /**
   * Starts what is missing on the shelf, one after the other; a failure is logged and ends the filling.
   *
   * @returns Whether it ended because a caller took a process over; a successor is started later.
   */
  async fill(): Promise<boolean> {
    while (!this.#isClosed && this.#warm.length + this.#starting.length < this.#options.warmCount) {
      const starting = this.#startForShelf();
      try {
        const runtime = await starting;
        if (!this.#withdraw(starting)) return true;
        await this.#shelve(runtime);
      } catch (error) {
        if (this.#withdraw(starting)) this.#warn(error);
        return false;
      }
    }
    return false;
  }

  async acquire(): Promise<Runtime> {
    const { runtimeType, maxPoolSize } = this.#options;
    if (this.#isClosed) throw closedError();
    if (this.#active.size + this.#waitingCount >= maxPoolSize) {
      throw new RuntimeProcessError(
        'RUNTIME_POOL_FULL',
        `All ${maxPoolSize} ${runtimeType} processes are in use.`,
        { facts: { maxPoolSize }, hint: 'Close sessions that are no longer needed.' },
      );
    }
    this.#waitingCount += 1;
    try {
      const runtime = this.#warm.shift() ?? (await (this.#starting.shift() ?? this.#start()));
      await this.#assertOpenWith(runtime);
      this.#active.add(runtime);
      void runtime.exited.then(() => this.#active.delete(runtime));
      return runtime;
    } finally {
      this.#waitingCount -= 1;
      this.#refillLater();
    }
  }

  status(): RuntimePoolStatus {
    const { runtimeType, maxPoolSize } = this.#options;
    const activeCount = this.#active.size + this.#waitingCount;
    return {
      runtimeType,
      maxPoolSize,
      activeCount,
      currentPoolSize: activeCount + this.#warm.length,
      canOpen: !this.#isClosed && activeCount < maxPoolSize,
    };
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#refillTimer);
    void this.#starting.splice(0);
    const started = await Promise.allSettled(this.#pending);
    const late = started.flatMap((start) => (start.status === 'fulfilled' ? [start.value] : []));
    await Promise.all(
      [...late, ...this.#warm.splice(0), ...this.#active].map((runtime) => runtime.close()),
    );
  }

  /** A start that a caller may take over: then what is left of the rehearsal is left out. */
  #startForShelf(): Promise<Runtime> {
    const prepare = async (): Promise<Runtime> => {
      const runtime = await this.#options.start();
      for (const code of this.#options.rehearsal) {
        if (!this.#starting.includes(starting)) break;
        await runtime.execute({ code, inputParameters: [], outputParameters: [] }, () => undefined);
      }
      return runtime;
    };
    const starting = this.#track(prepare());
    this.#starting.push(starting);
    return starting;
  }

  #start(): Promise<Runtime> {
    return this.#track(this.#options.start());
  }

  #track(starting: Promise<Runtime>): Promise<Runtime> {
    this.#pending.add(starting);
    const forget = (): void => {
      this.#pending.delete(starting);
    };
    starting.then(forget, forget);
    return starting;
  }

  async #shelve(runtime: Runtime): Promise<void> {
    if (this.#isClosed) {
      await runtime.close();
      return;
    }
    this.#warm.push(runtime);
    void runtime.exited.then(async () => {
      const at = this.#warm.indexOf(runtime);
      if (at === -1) return;
      this.#warm.splice(at, 1);
      await runtime.close();
      this.#warn(new Error('a warm process has ended'));
    });
  }

  /** The pool may have been closed while the process came up. */
  async #assertOpenWith(runtime: Runtime): Promise<void> {
    if (!this.#isClosed) return;
    await runtime.close();
    throw closedError();
  }

  /** Whether a start is still the shelf's own, and not taken over by a caller. */
  #withdraw(starting: Promise<Runtime>): boolean {
    const at = this.#starting.indexOf(starting);
    if (at === -1) return false;
    void this.#starting.splice(at, 1);
    return true;
  }

  #refillLater(): void {
    if (this.#isClosed) return;
    clearTimeout(this.#refillTimer);
    this.#refillTimer = setTimeout(() => void this.fill(), REFILL_DELAY_MS);
    this.#refillTimer.unref();
  }

  #warn(error: unknown): void {
    const { logger, runtimeType } = this.#options;
    logger.warn({ runtimeType, error: messageOf(error) }, 'no process could be kept warm');
  }
}

const closedError = (): RuntimeProcessError =>
  new RuntimeProcessError('RUNTIME_EXITED', 'The runtimes are closed.');

/** A folder of this server under the root, after removing those of servers that are gone. */
function claimWorkRoot(root: string, isForOthers: boolean): string {
  mkdirSync(root, { recursive: true, mode: 0o700 });
  for (const name of readdirSync(root)) {
    const [, owner] = /^server-(\d+)-/.exec(name) ?? [];
    if (owner !== undefined && !isAlive(Number(owner))) {
      removeTree(path.join(root, name));
    }
  }
  const own = path.join(root, `server-${process.pid}-${randomUUID()}`);
  mkdirSync(own, { mode: 0o700 });
  if (isForOthers) chmodSync(own, 0o711);
  return own;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
