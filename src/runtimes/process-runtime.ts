// A session's R or Python as a process of this machine: starts it, talks to its worker, notices its end.
// The only file here that starts processes; what a session does with one is worker-runtime.ts's.
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { closeSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
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
import { findProgram, sessionEnvironment, type Environment } from './environment.js';
import { exitedError, exitFacts, RuntimeProcessError } from './errors.js';
import { EventDelivery, type EventReceiver } from './event-delivery.js';
import { ANSWER, encodeFrame, FrameReader, REQUEST, type Frame } from './framing.js';
import type { Language } from './language.js';
import { OutputMerger, type StreamName } from './output-merger.js';
import { PipeReader } from './pipe-reader.js';
import { PipeWriter } from './pipe-writer.js';
import { openPipes, PIPE_NAMES, type Pipes } from './pipes.js';
import type { Runtime, RuntimeEvent, RuntimeExit } from './runtime.js';
import { WorkerRuntime, type Worker, type WorkerFolders } from './worker-runtime.js';

/** How a process is started and ended. Times in milliseconds. */
export interface ProcessRuntimeOptions {
  readonly language: Language;
  /** An existing folder for the private folders of processes. */
  readonly workRoot: string;
  /** The environment of the process; names beginning with `RSERVER_` are left out, as they may hold secrets. */
  readonly env: Environment;
  readonly logger?: Logger;
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

/**
 * Starts a language process and waits until it is ready.
 *
 * @throws {RuntimeProcessError} `RUNTIME_SPAWN` when the program is missing, ends at once or says nothing in time.
 */
export async function createProcessRuntime(options: ProcessRuntimeOptions): Promise<Runtime> {
  const { language, env } = options;
  const program = await findProgram(language.workerCommand.command, env);
  if (program === undefined) {
    throw new RuntimeProcessError(
      'RUNTIME_SPAWN',
      `${language.runtimeType} cannot be started: there is no program '${language.workerCommand.command}'.`,
      { hint: `Install ${language.runtimeType}, or name its command in the configuration.` },
    );
  }
  const folders = await makeFolders(options.workRoot);
  const pipesFolder = path.join(folders.home, 'pipes');
  try {
    await runProgram('mkfifo', [
      '-m',
      '600',
      ...PIPE_NAMES.map((name) => path.join(pipesFolder, name)),
    ]);
    const launcher = await findProgram('setpriv', env);
    const worker = new WorkerProcess(options, folders, pipesFolder, program, launcher);
    const languageVersion = await worker.hello(options.startTimeoutMs ?? 60_000);
    await rm(pipesFolder, { recursive: true });
    return new WorkerRuntime({
      language,
      languageVersion,
      worker,
      folders,
      closeGraceMs: options.closeGraceMs ?? 500,
      killDelayMs: options.killDelayMs ?? 1_000,
    });
  } catch (error) {
    await rm(folders.home, { recursive: true, force: true });
    throw error;
  }
}

async function makeFolders(workRoot: string): Promise<WorkerFolders> {
  const home = path.join(workRoot, randomUUID());
  const folders = {
    home,
    work: path.join(home, 'work'),
    temporary: path.join(home, 'tmp'),
    interruptFile: path.join(home, 'interrupt'),
  };
  await mkdir(home, { mode: 0o700 });
  for (const folder of [folders.work, folders.temporary, path.join(home, 'pipes')]) {
    await mkdir(folder, { mode: 0o700 });
  }
  return folders;
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
    launcher: string | undefined,
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
    try {
      const answer = await this.request(frame);
      await this.#awaitEnd(end);
      return answer;
    } finally {
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
    launcher: string | undefined,
    pipes: Pipes,
  ): ChildProcess {
    const { language, env } = this.#options;
    const { args, env: workerEnv } = language.workerCommand;
    // With the launcher the process dies when this one does, however that comes.
    const prefix = launcher === undefined ? [] : [launcher, '--pdeathsig', 'KILL', '--'];
    const [file = program, ...rest] = [...prefix, program, ...args];
    const child = spawn(file, rest, {
      cwd: folders.work,
      // A process group of its own, so that signals reach child programs too, and no others.
      detached: true,
      stdio: ['ignore', pipes.childStdout, pipes.childStderr],
      env: {
        ...sessionEnvironment(env),
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
          this.#merger.data(frame.text);
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
    this.exit = { exitCode, signal, stderrTail: problem };
    this.signal('SIGKILL'); // what it left behind in its process group
    this.#writer.close();
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
    this.exit = { exitCode, signal, stderrTail: this.#stderrTail + problem };
    this.#onEnd();
    this.#failAnswer(this.#exitedError());
    this.#exited.resolve(this.exit);
  }

  #exitedError(): RuntimeProcessError {
    return exitedError(this.#options.language.runtimeType, this.exit);
  }
}
