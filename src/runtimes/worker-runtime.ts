// What a session does with its worker: executions, interrupts, objects, files, snapshots, the end.
// It knows no processes: whoever connects it to a worker brings the connection.
import { settlesWithin } from '../base/index.js';
import { randomUUID } from 'node:crypto';
import { closeSync, openSync, rmSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { errorCodeOf, exitedError, RuntimeProcessError } from './errors.js';
import type { EventReceiver } from './event-delivery.js';
import { ANSWER, encodeFrame, REQUEST, type Frame } from './framing.js';
import { giveTo } from './isolation/guarded-folder.js';
import { withMemoryLimit, type ProcessLimits } from './isolation/process-limits.js';
import type { Language } from './language.js';
import type {
  InputAnswer,
  Runtime,
  RuntimeExecution,
  RuntimeExecutionResult,
  RuntimeExit,
  RuntimeType,
  SnapshotWriting,
} from './runtime.js';
import { WorkerSnapshots } from './worker-snapshots.js';
import { WorkingDirectory } from './working-directory.js';

/** A connection to a worker. It carries one request at a time; keeping to that is the caller's part. */
export interface Worker {
  readonly exited: Promise<RuntimeExit>;
  /** Set when it has ended. */
  readonly exit: RuntimeExit | undefined;
  /** Whether the answer of a request has not come yet. */
  readonly isAnswering: boolean;
  /** @throws {RuntimeProcessError} `RUNTIME_EXITED`, `RUNTIME_GARBLED`. */
  request(frame: Buffer): Promise<Frame>;
  /** Settles when the receiver has taken everything that was printed. Throws as `request()`, or what the receiver threw. */
  execute(frame: Buffer, receiver: EventReceiver): Promise<Frame>;
  /** Sends a signal to it and its child programs. */
  signal(signal: NodeJS.Signals): void;
  /** Answers a request for input that is still open. */
  answerInput(inputId: string, answer: InputAnswer): void;
  /** Ends every wait for input of this execution, those to come included: no signal ends a wait in C code. */
  interruptInput(): void;
  /** Lets it read the end of its requests, which is its sign to end. */
  closeInput(): void;
}

/** The private folders of a worker. */
export interface WorkerFolders {
  /** Holds the others; removed when the runtime is closed. */
  readonly home: string;
  /** The session's working directory. */
  readonly work: string;
  readonly temporary: string;
  /** A file that is there while an execution is being interrupted: see r/worker.R. */
  readonly interruptFile: string;
  /** The OS user of the worker, whose `work` and `temporary` are; undefined: the server's own. */
  readonly owner: number | undefined;
}

/** What a {@link WorkerRuntime} is made from. */
export interface WorkerRuntimeOptions {
  readonly language: Language;
  readonly languageVersion: string;
  readonly worker: Worker;
  readonly folders: WorkerFolders;
  readonly limits: ProcessLimits;
  /** Frees what the worker had, when it has ended. */
  readonly dispose: () => Promise<void>;
  readonly closeGraceMs: number;
  readonly killDelayMs: number;
}

/** A snapshot that is still being written so long after its session has ended is given up. */
const SNAPSHOT_PATIENCE_MS = 300_000;
/** From one SIGINT to the next while the code still runs; doubles each time, as handlers of user code may need time. */
const INTERRUPT_AGAIN_MS = 800;

export class WorkerRuntime implements Runtime {
  readonly runtimeType: RuntimeType;
  readonly languageVersion: string;
  readonly exited: Promise<RuntimeExit>;

  readonly #options: WorkerRuntimeOptions;
  readonly #worker: Worker;
  readonly #language: Language;
  readonly #directory: WorkingDirectory;
  readonly #snapshots: WorkerSnapshots;
  #isBusy = false;
  #isExecuting = false;
  #interruptTimer: NodeJS.Timeout | undefined;
  #closing: Promise<void> | undefined;

  constructor(options: WorkerRuntimeOptions) {
    const { owner, home } = options.folders;
    this.#options = options;
    this.#worker = options.worker;
    this.#language = options.language;
    this.#directory = new WorkingDirectory(
      options.folders.work,
      owner === undefined ? undefined : { owner, staging: home },
    );
    this.#snapshots = new WorkerSnapshots({
      language: options.language,
      home,
      owner,
      directory: this.#directory,
      request: (kind, text, bytes) => this.#request(kind, text, bytes),
    });
    this.runtimeType = options.language.runtimeType;
    this.languageVersion = options.languageVersion;
    this.exited = options.worker.exited;
  }

  async execute(
    execution: RuntimeExecution,
    onEvent: EventReceiver,
  ): Promise<RuntimeExecutionResult> {
    this.#assertFree();
    const request = this.#encodeExecution(execution);
    if (typeof request === 'string') return failedResult(request);
    this.#isBusy = this.#isExecuting = true;
    try {
      const { kind, text, bytes } = await this.#worker.execute(request, onEvent);
      return {
        success: kind === ANSWER.done,
        errorMessage: withMemoryLimit(text, this.runtimeType, this.#options.limits),
        outputParameters: bytes.length === 0 ? [] : this.#language.decodeOutputs(bytes),
        changedFiles: this.#directory.takeChanges(),
      };
    } finally {
      this.#isBusy = this.#isExecuting = false;
      this.#endInterrupt();
    }
  }

  interrupt(): void {
    if (!this.#isExecuting || !this.#worker.isAnswering) return;
    clearTimeout(this.#interruptTimer);
    closeSync(openSync(this.#options.folders.interruptFile, 'w'));
    const signal = (againMs: number): void => {
      if (!this.#worker.isAnswering) return;
      // The signal first: it is there when the program comes back from its wait for input.
      this.#worker.signal('SIGINT');
      this.#worker.interruptInput();
      this.#interruptTimer = setTimeout(signal, againMs, againMs * 2);
    };
    signal(INTERRUPT_AGAIN_MS);
  }

  answerInput(inputId: string, answer: InputAnswer): void {
    this.#worker.answerInput(inputId, answer);
  }

  async listObjects(): Promise<readonly string[]> {
    const { bytes } = await this.#request(REQUEST.listObjects);
    return this.#language.decodeNames(bytes).sort();
  }

  async getObject(name: string): Promise<Buffer> {
    return this.#withTransferFile(async (file) => {
      await this.#give(file);
      await this.#request(REQUEST.getObject, file, Buffer.from(name));
      return readFile(file);
    });
  }

  async setObject(name: string, content: Buffer): Promise<void> {
    await this.#withTransferFile(async (file) => {
      await writeFile(file, content, { mode: 0o600 });
      await this.#give(file);
      await this.#request(REQUEST.setObject, file, Buffer.from(name));
    });
  }

  async deleteObject(name: string): Promise<void> {
    await this.#request(REQUEST.deleteObject, '', Buffer.from(name));
  }

  async listFiles(): Promise<readonly string[]> {
    this.#assertAlive();
    return this.#directory.list();
  }

  async readFile(name: string): Promise<NodeJS.ReadableStream> {
    this.#assertAlive();
    return this.#directory.read(name);
  }

  async writeFile(name: string, content: NodeJS.ReadableStream): Promise<void> {
    this.#assertAlive();
    await this.#directory.write(name, content);
  }

  async deleteFile(name: string): Promise<void> {
    this.#assertAlive();
    await this.#directory.delete(name);
  }

  async saveSnapshot(directory: string, writing?: SnapshotWriting): Promise<void> {
    this.#assertFree();
    await this.#snapshots.save(directory, writing);
  }

  async loadSnapshot(directory: string): Promise<void> {
    this.#assertFree();
    await this.#snapshots.load(directory);
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  destroy(): void {
    if (this.#worker.exit === undefined) this.#worker.signal('SIGKILL');
    void this.close();
  }

  async #close(): Promise<void> {
    const { closeGraceMs, killDelayMs } = this.#options;
    this.interrupt();
    this.#worker.closeInput();
    if (!(await settlesWithin(this.exited, closeGraceMs))) {
      this.#worker.signal('SIGTERM');
      if (!(await settlesWithin(this.exited, killDelayMs))) this.#worker.signal('SIGKILL');
    }
    await this.exited;
    // What writes them has the same OS user.
    await settlesWithin(this.#snapshots.finished(), SNAPSHOT_PATIENCE_MS);
    await this.#options.dispose();
  }

  /** The request, or why the language cannot take it. */
  #encodeExecution(execution: RuntimeExecution): Buffer | string {
    const { code, inputParameters, outputParameters } = execution;
    if (code.includes('\0')) return 'The code holds a NUL character.';
    if (inputParameters.length + outputParameters.length === 0) {
      return encodeFrame(REQUEST.execute, code);
    }
    try {
      return encodeFrame(REQUEST.execute, code, this.#language.encodeParameters(execution));
    } catch (error) {
      if (error instanceof TypeError) return error.message;
      throw error;
    }
  }

  #endInterrupt(): void {
    if (this.#interruptTimer === undefined) return;
    clearTimeout(this.#interruptTimer);
    this.#interruptTimer = undefined;
    rmSync(this.#options.folders.interruptFile, { force: true });
  }

  /** A request that is not an execution. */
  async #request(kind: number, text = '', bytes?: Uint8Array): Promise<Frame> {
    this.#assertFree();
    this.#isBusy = true;
    try {
      const answer = await this.#worker.request(encodeFrame(kind, text, bytes));
      if (answer.kind === ANSWER.done) return answer;
      throw new RuntimeProcessError(errorCodeOf(answer.text), answer.bytes.toString());
    } finally {
      this.#isBusy = false;
    }
  }

  /** Lets the worker read and write a file that it cannot make itself; its folder stays the server's. */
  async #give(file: string): Promise<void> {
    const { owner } = this.#options.folders;
    if (owner === undefined) return;
    closeSync(openSync(file, 'a', 0o600));
    await giveTo(owner, file);
  }

  async #withTransferFile<T>(use: (file: string) => Promise<T>): Promise<T> {
    this.#assertFree();
    const file = path.join(this.#options.folders.home, `transfer-${randomUUID()}`);
    try {
      return await use(file);
    } finally {
      await rm(file, { force: true });
    }
  }

  #assertAlive(): void {
    const { exit } = this.#worker;
    if (exit !== undefined || this.#closing !== undefined) {
      throw exitedError(this.runtimeType, exit);
    }
  }

  #assertFree(): void {
    this.#assertAlive();
    if (this.#isBusy) {
      throw new RuntimeProcessError('RUNTIME_BUSY', 'The session already runs something.');
    }
  }
}

const failedResult = (errorMessage: string): RuntimeExecutionResult => ({
  success: false,
  errorMessage,
  outputParameters: [],
  changedFiles: [],
});
