// A session's R or Python as a process of this machine: starts it, and connects it to a session.
// What the server and a worker say to each other is worker-connection.ts's, what a session does worker-runtime.ts's.
import { spawn } from 'node:child_process';
import { createDeferred, messageOf, silentLogger, type Logger } from '../base/index.js';
import {
  findProgram,
  sessionEnvironment,
  withoutSecrets,
  type Environment,
} from './environment.js';
import { RuntimeProcessError } from './errors.js';
import type { Isolation } from './isolation/isolation.js';
import { launcherOf } from './isolation/launcher.js';
import type { ProcessLimits } from './isolation/process-limits.js';
import type { Language } from './language.js';
import { closePipes, openPipes, type Pipes } from './pipes.js';
import type { Runtime } from './runtime.js';
import { WorkerConnection, type ProcessEnd, type WorkerProcess } from './worker-connection.js';
import { personalFolder } from './worker-folders.js';
import { makePlace, type WorkerPlace } from './worker-place.js';
import { WorkerRuntime, type Worker, type WorkerFolders } from './worker-runtime.js';

/** How a process is started and ended. Times in milliseconds. */
export interface ProcessRuntimeOptions {
  readonly language: Language;
  /** An existing folder for the private folders of processes. */
  readonly workRoot: string;
  /** The environment of the process; names beginning with `RSERVER_` are left out, as they may hold secrets. */
  readonly env: Environment;
  readonly logger?: Logger;
  /** Gives the process an OS user of its own; default: it runs as the server does. */
  readonly isolation?: Isolation | undefined;
  /** What it may use; default no limits. */
  readonly limits?: ProcessLimits | undefined;
  /** Until the worker must have said hello. Default 60 000. */
  readonly startTimeoutMs?: number;
  /** How long `close()` lets the process end by itself. Default 500. */
  readonly closeGraceMs?: number;
  /** From SIGTERM to SIGKILL. Default 1 000. */
  readonly killDelayMs?: number;
}

/** A worker that is ready, and the session made of it. */
export interface StartedWorker {
  readonly worker: Worker;
  readonly folders: WorkerFolders;
  readonly runtime: Runtime;
}

const START_TIMEOUT_MS = 60_000;

/**
 * Starts a language process and waits until it is ready.
 *
 * @throws {RuntimeProcessError} `RUNTIME_SPAWN` when the program is missing, ends at once or says nothing in time.
 */
export async function createProcessRuntime(options: ProcessRuntimeOptions): Promise<Runtime> {
  const { runtime } = await startWorker(options);
  // What it has left goes when it ends by itself, too.
  if (options.isolation !== undefined) {
    runtime.exited
      .then(() => runtime.close())
      .catch((error: unknown) => {
        const { logger = silentLogger } = options;
        logger.warn({ error: messageOf(error) }, 'folders of a process are left behind');
      });
  }
  return runtime;
}

/** As {@link createProcessRuntime}, for those who have more to say to the worker than a session has. */
export const startWorker = (options: ProcessRuntimeOptions): Promise<StartedWorker> =>
  startAs(undefined, options, () => makePlace(options.workRoot, options.isolation));

/** Starts a worker that only makes copies of itself: see warm-parent.ts. */
export const startParent = (
  options: ProcessRuntimeOptions,
  takePlace: () => Promise<WorkerPlace>,
): Promise<StartedWorker> => startAs('parent', options, takePlace);

async function startAs(
  role: 'parent' | undefined,
  options: ProcessRuntimeOptions,
  takePlace: () => Promise<WorkerPlace>,
): Promise<StartedWorker> {
  const { language, env, limits = {} } = options;
  const program = await findProgram(language.workerCommand.command, env);
  if (program === undefined) {
    throw new RuntimeProcessError(
      'RUNTIME_SPAWN',
      `${language.runtimeType} cannot be started: there is no program '${language.workerCommand.command}'.`,
      { hint: `Install ${language.runtimeType}, or name its command in the configuration.` },
    );
  }
  const place = await takePlace();
  return connectWorker(options, place, role, async (pipes) => {
    const launcher = await launcherOf(env, limits, place.user);
    return spawnWorker(options, place, [...launcher, program], pipes);
  });
}

/**
 * Connects a process that comes to be to a session, and waits until it is ready; the place goes when that fails.
 *
 * @param begin - Makes the process, which opens the pipes of the place.
 * @throws {RuntimeProcessError} `RUNTIME_SPAWN`; what `begin` throws.
 */
export async function connectWorker(
  options: ProcessRuntimeOptions,
  place: WorkerPlace,
  role: 'parent' | undefined,
  begin: (pipes: Pipes) => Promise<WorkerProcess>,
): Promise<StartedWorker> {
  const { language, limits = {}, logger } = options;
  const { folders } = place;
  try {
    const pipes = openPipes(place.pipesFolder);
    const process = await begin(pipes).catch((error: unknown) => {
      closePipes(pipes);
      throw error;
    });
    const worker = new WorkerConnection({
      runtimeType: language.runtimeType,
      pipes,
      process,
      limits,
      logger,
      ...(role !== undefined && { role }),
    });
    const languageVersion = await worker.hello(options.startTimeoutMs ?? START_TIMEOUT_MS);
    await place.removePipes();
    const runtime = new WorkerRuntime({
      language,
      languageVersion,
      worker,
      folders,
      limits,
      dispose: () => place.dispose(),
      closeGraceMs: options.closeGraceMs ?? 500,
      killDelayMs: options.killDelayMs ?? 1_000,
    });
    return { worker, folders, runtime };
  } catch (error) {
    await place.dispose();
    throw error;
  }
}

function spawnWorker(
  { language, env }: ProcessRuntimeOptions,
  { folders, pipesFolder }: WorkerPlace,
  [file = '', ...launched]: readonly string[],
  pipes: Pipes,
): WorkerProcess {
  const { args, env: workerEnv } = language.workerCommand;
  const session = sessionEnvironment(env);
  const child = spawn(file, [...launched, ...args], {
    cwd: folders.work,
    // A process group of its own, so that signals reach child programs too, and no others.
    detached: true,
    stdio: ['ignore', pipes.childStdout, pipes.childStderr],
    env: {
      ...(folders.owner === undefined ? session : withoutSecrets(session, personalFolder(folders))),
      TMPDIR: folders.temporary,
      ...workerEnv,
      RSERVER_WORKER_PIPES: pipesFolder,
    },
  });
  const { pid } = child;
  const ended = createDeferred<ProcessEnd>();
  child.once('error', (error) => {
    ended.resolve({ exitCode: null, signal: null, problem: messageOf(error) });
  });
  child.once('exit', (exitCode, signal) => {
    if (pid !== undefined) signalGroup(pid, 'SIGKILL'); // what it left behind in its process group
    ended.resolve({ exitCode, signal, problem: '' });
  });
  return {
    pid,
    ended: ended.promise,
    signal(signal) {
      if (pid !== undefined) signalGroup(pid, signal);
    },
    noteChannelEnd: () => undefined, // its end is told anyway
  };
}

/** Sends a signal to a process and all of its group; nothing when they are gone. */
export function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
