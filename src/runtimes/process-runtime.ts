// A session's R or Python as a process of this machine: starts it, talks to its worker, notices its end.
// The only file here that starts processes; what a session does with one is worker-runtime.ts's.
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { closeSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import {
  messageOf,
  silentLogger,
  type Logger,
  createDeferred,
  settlesWithin,
  type Deferred,
} from '../base/index.js';
import {
  findProgram,
  sessionEnvironment,
  withoutSecrets,
  type Environment,
} from './environment.js';
import { exitedError, exitFacts, RuntimeProcessError } from './errors.js';
import { EventDelivery, type EventReceiver } from './event-delivery.js';
import { ANSWER, encodeFrame, FrameReader, REQUEST, type Frame } from './framing.js';
import { giveTo } from './isolation/guarded-folder.js';
import type { Isolation } from './isolation/isolation.js';
import { launcherOf } from './isolation/launcher.js';
import { describeLimit, type ProcessLimits } from './isolation/process-limits.js';
import type { Language } from './language.js';
import { OutputMerger, type StreamName } from './output-merger.js';
import { PipeReader } from './pipe-reader.js';
import { PipeWriter } from './pipe-writer.js';
import { InputDesk } from './input-desk.js';
import { openPipes, PIPE_NAMES, type Pipes } from './pipes.js';
import type { InputAnswer, Runtime, RuntimeEvent, RuntimeExit } from './runtime.js';
import { makeFolders, personalFolder, workerFolders } from './worker-folders.js';
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

/** How long the end of an execution waits for what user code may have kept from arriving. */
const LOST_MARKER_MS = 1_000;
/** How long the pipes of an ended process are read on when something else holds them open. */
const DRAIN_MS = 500;
const STDERR_TAIL_CHARACTERS = 4_096;

const runProgram = promisify(execFile);

/** A worker that is ready, and the session made of it. */
export interface StartedWorker {
  readonly worker: Worker;
  readonly folders: WorkerFolders;
  readonly runtime: Runtime;
}

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
export async function startWorker(options: ProcessRuntimeOptions): Promise<StartedWorker> {
  const { language, env } = options;
  const program = await findProgram(language.workerCommand.command, env);
  if (program === undefined) {
    throw new RuntimeProcessError(
      'RUNTIME_SPAWN',
      `${language.runtimeType} cannot be started: there is no program '${language.workerCommand.command}'.`,
      { hint: `Install ${language.runtimeType}, or name its command in the configuration.` },
    );
  }
  const user = options.isolation?.takeUser();
  const folders = workerFolders(options.workRoot, user);
  const dispose = async (): Promise<void> => {
    // A user whose processes may go on is given to nobody else.
    if ((await user?.endProcesses()) === false) return;
    await rm(folders.home, { recursive: true, force: true, maxRetries: 3 });
    user?.free();
  };
  const pipesFolder = path.join(folders.home, 'pipes');
  try {
    await makeFolders(folders, pipesFolder);
    await makePipes(
      PIPE_NAMES.map((name) => path.join(pipesFolder, name)),
      user?.uid,
    );
    const launcher = await launcherOf(env, options.limits ?? {}, user);
    const worker = new WorkerProcess(options, folders, pipesFolder, program, launcher);
    const languageVersion = await worker.hello(options.startTimeoutMs ?? 60_000);
    await rm(pipesFolder, { recursive: true });
    const runtime = new WorkerRuntime({
      language,
      languageVersion,
      worker,
      folders,
      limits: options.limits ?? {},
      dispose,
      closeGraceMs: options.closeGraceMs ?? 500,
      killDelayMs: options.killDelayMs ?? 1_000,
    });
    return { worker, folders, runtime };
  } catch (error) {
    await dispose();
    throw error;
  }
}

/** Makes named pipes, which Node cannot do itself, for an OS user. */
export async function makePipes(
  files: readonly string[],
  owner: number | undefined,
): Promise<void> {
  await runProgram('mkfifo', ['-m', '600', ...files]);
  await giveTo(owner, ...files);
}

class WorkerProcess implements Worker {
  readonly exited: Promise<RuntimeExit>;
  exit: RuntimeExit | undefined;

  readonly #options: ProcessRuntimeOptions;
  readonly #child: ChildProcess;
  readonly #writer: PipeWriter;
  readonly #readers: Readonly<Record<'stdout' | 'stderr' | 'answers', PipeReader>>;
  readonly #frames = new FrameReader();
  readonly #merger: OutputMerger;
  readonly #delivery: EventDelivery;
  readonly #inputWriter: PipeWriter;
  readonly #inputDesk: InputDesk;
  readonly #exited = createDeferred<RuntimeExit>();
  #stderrTail = '';
  /** Of the request under way: the worker does one thing at a time. */
  #answer: Deferred<Frame> | undefined;
  /** Of the execution under way: everything it printed has been merged. */
  #end: Deferred<undefined> | undefined;
  #isEndPassed = false;
  #closeAnswersKeeper: () => void;

  constructor(
    options: ProcessRuntimeOptions,
    folders: WorkerFolders,
    pipesFolder: string,
    program: string,
    launcher: readonly string[],
  ) {
    this.#options = options;
    this.exited = this.#exited.promise;
    const nonce = randomBytes(8).toString('hex');
    this.#merger = new OutputMerger(nonce, this.#onEvent.bind(this), this.#onEnd.bind(this));
    const pipes = openPipes(pipesFolder);
    this.#child = this.#spawn(folders, pipesFolder, program, launcher, pipes);
    this.#closeAnswersKeeper = () => {
      closeSync(pipes.answersKeeper);
      this.#closeAnswersKeeper = () => undefined;
    };
    const text = (name: StreamName): PipeReader =>
      new PipeReader({
        fd: pipes[name],
        gather: true,
        onChunk: (chunk) => {
          this.#merger.write(name, chunk);
        },
      });
    const answers = new PipeReader({
      fd: pipes.answers,
      gather: false,
      onChunk: this.#onAnswerBytes.bind(this),
    });
    this.#readers = { stdout: text('stdout'), stderr: text('stderr'), answers };
    const readers = Object.values(this.#readers);
    this.#delivery = new EventDelivery({
      pause: () => {
        for (const reader of readers) reader.pause();
      },
      resume: () => {
        for (const reader of readers) reader.resume();
      },
    });
    this.#inputWriter = new PipeWriter(pipes.input);
    this.#inputDesk = new InputDesk((frame) => {
      this.#inputWriter.write(frame);
    });
    this.#writer = new PipeWriter(pipes.requests);
    this.#writer.write(encodeFrame(REQUEST.start, nonce));
  }

  /** Waits for the worker's first word: the version of its language. */
  async hello(timeoutMs: number): Promise<string> {
    const { runtimeType } = this.#options.language;
    const hello = this.#awaitAnswer();
    const isInTime = await settlesWithin(hello, timeoutMs);
    if (!isInTime) this.signal('SIGKILL');
    try {
      const { text } = await hello;
      this.#closeAnswersKeeper();
      this.#delivery.clear(); // what start-up files printed belongs to no execution
      return text;
    } catch (error) {
      const said = this.#stderrTail.trim();
      const message = isInTime
        ? `${runtimeType} ended before it was ready${said === '' ? '.' : `: ${said}`}`
        : `${runtimeType} did not come up within ${timeoutMs} ms.`;
      throw new RuntimeProcessError('RUNTIME_SPAWN', message, {
        cause: error,
        facts: exitFacts(this.exit),
      });
    }
  }

  get isAnswering(): boolean {
    return this.#answer !== undefined;
  }

  request(frame: Buffer): Promise<Frame> {
    const answer = this.#awaitAnswer();
    this.#writer.write(frame);
    return answer;
  }

  async execute(frame: Buffer, receiver: EventReceiver): Promise<Frame> {
    const end = (this.#end = createDeferred<undefined>());
    this.#isEndPassed = false;
    this.#delivery.attach(receiver);
    this.#inputDesk.open();
    try {
      const answer = await this.request(frame);
      await this.#awaitEnd(end);
      return answer;
    } finally {
      this.#inputDesk.close();
      this.#end = undefined;
      await this.#delivery.taken().finally(() => {
        this.#delivery.detach();
      });
    }
  }

  /** The worker has answered; what it printed before may still be on its way. */
  async #awaitEnd(end: Deferred<undefined>): Promise<void> {
    if (this.#isEndPassed) return;
    this.#readers.stdout.hurry();
    this.#readers.stderr.hurry();
    if (!(await settlesWithin(end.promise, LOST_MARKER_MS))) this.#merger.flush();
  }

  answerInput(inputId: string, answer: InputAnswer): void {
    this.#inputDesk.answer(inputId, answer);
  }

  interruptInput(): void {
    this.#inputDesk.interrupt();
  }

  closeInput(): void {
    this.#writer.close();
  }

  signal(signal: NodeJS.Signals): void {
    const { pid } = this.#child;
    if (pid === undefined) return;
    try {
      process.kill(-pid, signal);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  }

  #spawn(
    folders: WorkerFolders,
    pipesFolder: string,
    program: string,
    launcher: readonly string[],
    pipes: Pipes,
  ): ChildProcess {
    const { language, env } = this.#options;
    const { args, env: workerEnv } = language.workerCommand;
    const session = sessionEnvironment(env);
    const [file = program, ...rest] = [...launcher, program, ...args];
    const child = spawn(file, rest, {
      cwd: folders.work,
      // A process group of its own, so that signals reach child programs too, and no others.
      detached: true,
      stdio: ['ignore', pipes.childStdout, pipes.childStderr],
      env: {
        ...(folders.owner === undefined
          ? session
          : withoutSecrets(session, personalFolder(folders))),
        TMPDIR: folders.temporary,
        ...workerEnv,
        RSERVER_WORKER_PIPES: pipesFolder,
      },
    });
    closeSync(pipes.childStdout);
    closeSync(pipes.childStderr);
    child.once('error', (error) => void this.#onExit(null, null, messageOf(error)));
    child.once('exit', (exitCode, signal) => void this.#onExit(exitCode, signal, ''));
    return child;
  }

  #awaitAnswer(): Promise<Frame> {
    const answer = createDeferred<Frame>();
    if (this.exit === undefined) this.#answer = answer;
    else answer.reject(this.#exitedError());
    return answer.promise;
  }

  #failAnswer(error: RuntimeProcessError): void {
    this.#answer?.reject(error);
    this.#answer = undefined;
  }

  #onEvent(event: RuntimeEvent): void {
    if (event.type === 'stream' && event.name === 'stderr') {
      this.#stderrTail = (this.#stderrTail + event.text).slice(-STDERR_TAIL_CHARACTERS);
    }
    this.#delivery.push(event);
  }

  #onEnd(): void {
    this.#isEndPassed = true;
    this.#end?.resolve(undefined);
  }

  #onAnswerBytes(chunk: Buffer): void {
    try {
      for (const frame of this.#frames.push(chunk)) {
        if (frame.kind === ANSWER.data) {
          this.#merger.place({ type: 'data', data: frame.text });
        } else if (frame.kind === ANSWER.input) {
          this.#merger.place(this.#inputDesk.take(frame));
        } else {
          this.#answer?.resolve(frame);
          this.#answer = undefined;
        }
      }
    } catch (error) {
      if (!(error instanceof RuntimeProcessError)) throw error;
      const { logger = silentLogger } = this.#options;
      logger.error({ error: error.message, pid: this.#child.pid }, 'a worker talks nonsense');
      this.#failAnswer(error);
      this.signal('SIGKILL');
    }
  }

  async #onExit(exitCode: number | null, signal: string | null, problem: string): Promise<void> {
    if (this.exit !== undefined) return;
    const limit = describeLimit({ signal }, this.#options.limits ?? {});
    const how = { exitCode, signal, ...(limit !== undefined && { limit }) };
    this.exit = { ...how, stderrTail: problem };
    this.signal('SIGKILL'); // what it left behind in its process group
    this.#writer.close();
    this.#inputWriter.close();
    this.#closeAnswersKeeper();
    // Its last words are still in the pipes, and few: they are read whether anybody takes them or not.
    const readers = Object.values(this.#readers);
    for (const reader of readers) {
      reader.resume();
      reader.hurry();
    }
    await settlesWithin(Promise.all(readers.map((reader) => reader.ended)), DRAIN_MS);
    for (const reader of readers) reader.destroy();
    this.#merger.flush();
    this.exit = { ...how, stderrTail: this.#stderrTail + problem };
    this.#onEnd();
    this.#failAnswer(this.#exitedError());
    this.#exited.resolve(this.exit);
  }

  #exitedError(): RuntimeProcessError {
    return exitedError(this.#options.language.runtimeType, this.exit);
  }
}
