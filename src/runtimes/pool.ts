// Processes of each language, some of them started ahead so that a session begins at once.
import { chmodSync, mkdirSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { randomUUID } from 'node:crypto';
import { delay, silentLogger, type Logger } from '../base/index.js';
import { removeTree } from './isolation/guarded-folder.js';
import type { Isolation } from './isolation/isolation.js';
import type { ProcessLimits } from './isolation/process-limits.js';
import type { Language } from './language.js';
import { Watchdog } from './process-watchdog.js';
import { pythonLanguage, type PythonLanguageOptions } from './python-language.js';
import { rLanguage, type RLanguageOptions } from './r-language.js';
import type { RuntimeType } from './runtime.js';
import type { RuntimeFactory } from './runtime-factory.js';
import { REFILL_DELAY_MS, RuntimeShelf } from './runtime-shelf.js';
import { RuntimeSource } from './runtime-source.js';
import { ServiceShelf } from './service-shelf.js';

/** How many processes of a language there are. */
export interface PoolSizes {
  /** Processes kept ready beyond those in use; with 0 there is no warm parent either, and each is started. Default 1. */
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
  /** Of which language somebody waits for a process already: its first one is a program, which is there sooner than a copy. */
  readonly awaitedType?: RuntimeType | undefined;
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
  const watchdog = new Watchdog(workRoot);
  const onCopies = (): void => {
    watchdog.watch();
  };
  const services = new ServiceShelf({ languages, ...common, onCopies });
  const shelfOf = (language: Language, sizes: PoolSizes = {}): RuntimeShelf => {
    const { warmCount = 1, maxPoolSize = 80 } = sizes;
    const source = new RuntimeSource({
      language,
      ...common,
      copies: warmCount > 0,
      isAwaited: language.runtimeType === options.awaitedType,
      onCopies,
    });
    return new RuntimeShelf({
      runtimeType: language.runtimeType,
      source,
      warmCount,
      maxPoolSize,
      logger,
    });
  };
  const shelves: Record<RuntimeType, RuntimeShelf> = {
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
          watchdog.close();
          removeTree(workRoot);
          isolation?.close();
        },
      )),
  };
}

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
