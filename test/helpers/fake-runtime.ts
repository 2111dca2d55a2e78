// A scripted runtime and its factory, in memory, for tests of what stands on runtimes. No process is started.
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { createDeferred } from '../../src/base/index.js';
import {
  RuntimeProcessError,
  type InputAnswer,
  type NamedValue,
  type Runtime,
  type RuntimeEvent,
  type RuntimeExecution,
  type RuntimeExecutionResult,
  type RuntimeExit,
  type RuntimeFactory,
  type RuntimePoolStatus,
  type RuntimeType,
  type ServiceImage,
  type ServiceRuntimeOptions,
} from '../../src/runtimes/index.js';
import { FakeServiceRuntime } from './fake-service-runtime.js';

/** What a script sees of the execution it plays. */
export interface FakeExecution extends RuntimeExecution {
  readonly runtime: FakeRuntime;
  /** Settles when the event was taken. */
  emit(event: RuntimeEvent): Promise<void>;
  stdout(text: string): Promise<void>;
  stderr(text: string): Promise<void>;
  /** Marks a file as made by this run. */
  writeFile(name: string, content: string): void;
  /** Asks for input and waits for the answer. */
  ask(prompt: string, isPassword?: boolean): Promise<InputAnswer>;
  /** Settles at the first `interrupt()` of this execution. */
  readonly interrupted: Promise<void>;
}

/** Plays one execution; a string that it returns, or resolves to, is the `errorMessage` of a failed one. */
export type FakeScript = (execution: FakeExecution) => unknown;

/**
 * The default script: code `print <text>` writes a line to stdout, `warn <text>` one to stderr, `emit <text>` a data
 * event, `set <name> <JSON>` assigns, `file <name> <text>` writes a file, `fail <message>` fails, `wait` lasts until
 * it is interrupted, `ask <prompt>` and `password <prompt>` write what they are answered, `exit` ends the process. One
 * command a line; anything else is ignored.
 */
export const commandScript: FakeScript = async (execution) => {
  for (const line of execution.code.split('\n')) {
    const [, command = '', rest = ''] = /^(\w+) ?(.*)$/.exec(line) ?? [];
    const [, name = '', value = ''] = /^(\S+) ?(.*)$/.exec(rest) ?? [];
    if (command === 'print') await execution.stdout(`${rest}\n`);
    else if (command === 'warn') await execution.stderr(`${rest}\n`);
    else if (command === 'emit') await execution.emit({ type: 'data', data: rest });
    else if (command === 'set') execution.runtime.objects.set(name, JSON.parse(value));
    else if (command === 'file') execution.writeFile(name, value);
    else if (command === 'fail') return rest;
    else if (command === 'exit') execution.runtime.exit({ exitCode: 1 });
    else if (command === 'ask' || command === 'password') {
      const answer = await execution.ask(rest, command === 'password');
      if (answer.status === 'unavailable') return answer.reason;
      await execution.stdout(`${answer.status === 'ok' ? answer.text : 'end'}\n`);
    } else if (command === 'wait') {
      await execution.interrupted;
      return 'The execution was interrupted.';
    }
  }
  return undefined;
};

/** A runtime whose workspace and files are maps, open to the test. */
export class FakeRuntime implements Runtime {
  readonly runtimeType: RuntimeType;
  readonly languageVersion = '0.0.0';
  readonly exited: Promise<RuntimeExit>;
  /** Workspace objects by name, as JSON values; in binary they are UTF-8 JSON. */
  readonly objects = new Map<string, unknown>();
  readonly files = new Map<string, Buffer>();
  /** Every execution so far, oldest first. */
  readonly executions: RuntimeExecution[] = [];
  /** Every answer to a request for input, whether it was open or not. */
  readonly inputAnswers: InputAnswer[] = [];
  interruptCount = 0;
  isClosed = false;

  readonly #script: FakeScript;
  #settleExited!: (exit: RuntimeExit) => void;
  #hasExited = false;
  #questionCount = 0;
  readonly #questions = new Map<string, (answer: InputAnswer) => void>();
  #running: { interrupt: () => void; exit: (error: RuntimeProcessError) => void } | undefined;

  constructor(runtimeType: RuntimeType, script: FakeScript = commandScript) {
    this.runtimeType = runtimeType;
    this.#script = script;
    this.exited = new Promise((resolve) => {
      this.#settleExited = resolve;
    });
  }

  /** Ends the process from outside, as a crash does. */
  exit(exit: Partial<RuntimeExit> = {}): void {
    if (this.#hasExited) return;
    this.#hasExited = true;
    this.#settleExited({ exitCode: null, signal: null, stderrTail: '', ...exit });
    this.#running?.exit(this.#exitedError());
  }

  async execute(
    execution: RuntimeExecution,
    onEvent: (event: RuntimeEvent) => void | Promise<void>,
  ): Promise<RuntimeExecutionResult> {
    this.#assertAlive();
    if (this.#running !== undefined) {
      throw new RuntimeProcessError('RUNTIME_BUSY', 'The session already runs something.');
    }
    this.executions.push(execution);
    for (const { name, value } of execution.inputParameters) this.objects.set(name, value);
    const changedFiles = new Set<string>();
    const interrupt = createDeferred<undefined>();
    const exit = createDeferred<never>();
    exit.promise.catch(() => undefined); // it may be rejected after the race is over
    this.#running = {
      interrupt: () => {
        interrupt.resolve(undefined);
      },
      exit: exit.reject,
    };
    const emit = async (event: RuntimeEvent): Promise<void> => {
      await onEvent(event);
    };
    try {
      const failure = await Promise.race([
        exit.promise,
        this.#script({
          ...execution,
          runtime: this,
          emit,
          stdout: (text) => emit({ type: 'stream', name: 'stdout', text }),
          stderr: (text) => emit({ type: 'stream', name: 'stderr', text }),
          writeFile: (name, content) => {
            this.files.set(name, Buffer.from(content));
            changedFiles.add(name);
          },
          ask: async (prompt, isPassword = false) => {
            const inputId = String((this.#questionCount += 1));
            const answered = createDeferred<InputAnswer>();
            this.#questions.set(inputId, answered.resolve);
            await emit({ type: 'input_request', inputId, prompt, isPassword });
            return Promise.race([
              answered.promise,
              interrupt.promise.then((): InputAnswer => ({
                status: 'unavailable',
                reason: 'interrupted',
              })),
            ]);
          },
          interrupted: interrupt.promise,
        }),
      ]);
      return this.#resultOf(
        execution,
        typeof failure === 'string' ? failure : '',
        [...changedFiles].sort(),
      );
    } finally {
      this.#running = undefined;
    }
  }

  interrupt(): void {
    this.interruptCount += 1;
    this.#running?.interrupt();
  }

  answerInput(inputId: string, answer: InputAnswer): void {
    this.inputAnswers.push(answer);
    this.#questions.get(inputId)?.(answer);
  }

  async listObjects(): Promise<readonly string[]> {
    this.#assertAlive();
    return Promise.resolve([...this.objects.keys()].sort());
  }

  async getObject(name: string): Promise<Buffer> {
    this.#assertObject(name);
    return Promise.resolve(Buffer.from(JSON.stringify(this.objects.get(name))));
  }

  async setObject(name: string, content: Buffer): Promise<void> {
    this.#assertAlive();
    try {
      this.objects.set(name, JSON.parse(content.toString()));
    } catch (error) {
      throw new RuntimeProcessError('RUNTIME_OBJECT_BAD_BYTES', `'${name}': no object.`, {
        cause: error,
      });
    }
    return Promise.resolve();
  }

  async deleteObject(name: string): Promise<void> {
    this.#assertObject(name);
    this.objects.delete(name);
    return Promise.resolve();
  }

  async listFiles(): Promise<readonly string[]> {
    this.#assertAlive();
    return Promise.resolve([...this.files.keys()].sort());
  }

  async readFile(name: string): Promise<NodeJS.ReadableStream> {
    return Promise.resolve(Readable.from([this.#fileOf(name)]));
  }

  async writeFile(name: string, content: NodeJS.ReadableStream): Promise<void> {
    this.#assertAlive();
    this.files.set(name, await buffer(content));
  }

  async deleteFile(name: string): Promise<void> {
    this.#fileOf(name);
    this.files.delete(name);
    return Promise.resolve();
  }

  async saveSnapshot(directory: string): Promise<void> {
    this.#assertAlive();
    const workspace = JSON.stringify(Object.fromEntries(this.objects));
    await writeFile(path.join(directory, this.#workspaceFileName()), workspace);
    await mkdir(path.join(directory, 'files'));
    for (const [name, content] of this.files) {
      await writeFile(path.join(directory, 'files', name), content);
    }
  }

  async loadSnapshot(directory: string): Promise<void> {
    this.#assertAlive();
    let workspace: string;
    try {
      workspace = await readFile(path.join(directory, this.#workspaceFileName()), 'utf8');
    } catch (error) {
      throw new RuntimeProcessError(
        'RUNTIME_SNAPSHOT_BAD',
        'The snapshot holds no workspace that this language can read.',
        { cause: error },
      );
    }
    for (const [name, value] of Object.entries(JSON.parse(workspace) as object)) {
      this.objects.set(name, value);
    }
    for (const name of await readdir(path.join(directory, 'files'))) {
      this.files.set(name, await readFile(path.join(directory, 'files', name)));
    }
  }

  async close(): Promise<void> {
    this.isClosed = true;
    this.exit({ exitCode: 0 });
    return Promise.resolve();
  }

  destroy(): void {
    this.isClosed = true;
    this.exit({ signal: 'SIGKILL' });
  }

  #resultOf(
    execution: RuntimeExecution,
    failure: string,
    changedFiles: readonly string[],
  ): RuntimeExecutionResult {
    const outputParameters: NamedValue[] = [];
    let errorMessage = failure;
    for (const name of failure === '' ? execution.outputParameters : []) {
      if (this.objects.has(name)) outputParameters.push({ name, value: this.objects.get(name) });
      else errorMessage = `Output parameter '${name}': the workspace has no object of this name.`;
    }
    return { success: errorMessage === '', errorMessage, outputParameters, changedFiles };
  }

  #workspaceFileName(): string {
    return this.runtimeType === 'R' ? 'workspace.RData' : 'workspace.dill';
  }

  #exitedError(): RuntimeProcessError {
    return new RuntimeProcessError('RUNTIME_EXITED', `The ${this.runtimeType} process has ended.`);
  }

  #assertAlive(): void {
    if (this.#hasExited) throw this.#exitedError();
  }

  #assertObject(name: string): void {
    this.#assertAlive();
    if (!this.objects.has(name)) {
      throw new RuntimeProcessError(
        'RUNTIME_OBJECT_NOT_FOUND',
        `The workspace has no object '${name}'.`,
      );
    }
  }

  #fileOf(name: string): Buffer {
    this.#assertAlive();
    const content = this.files.get(name);
    if (content === undefined) {
      throw new RuntimeProcessError(
        'RUNTIME_FILE_NOT_FOUND',
        `The working directory has no file '${name}'.`,
      );
    }
    return content;
  }
}

/** Hands out fake runtimes, at most `maxPoolSize` of a type at a time. */
export class FakeRuntimeFactory implements RuntimeFactory {
  /** Every runtime ever handed out, oldest first. */
  readonly runtimes: FakeRuntime[] = [];
  /** Every service ever opened, oldest first. */
  readonly services: FakeServiceRuntime[] = [];
  /** The next `acquire()` fails with it, once. */
  failNextWith: Error | undefined;

  readonly #script: FakeScript;
  readonly #maxPoolSize: number;

  constructor(options: { readonly script?: FakeScript; readonly maxPoolSize?: number } = {}) {
    this.#script = options.script ?? commandScript;
    this.#maxPoolSize = options.maxPoolSize ?? 80;
  }

  async acquire(runtimeType: RuntimeType): Promise<FakeRuntime> {
    const failure = this.failNextWith;
    this.failNextWith = undefined;
    if (failure !== undefined) throw failure;
    if (this.#activeCount(runtimeType) >= this.#maxPoolSize) {
      throw new RuntimeProcessError(
        'RUNTIME_POOL_FULL',
        `All ${this.#maxPoolSize} ${runtimeType} processes are in use.`,
      );
    }
    const runtime = new FakeRuntime(runtimeType, this.#script);
    this.runtimes.push(runtime);
    return Promise.resolve(runtime);
  }

  async openService(
    image: ServiceImage,
    options: ServiceRuntimeOptions = {},
  ): Promise<FakeServiceRuntime> {
    const failure = this.failNextWith;
    this.failNextWith = undefined;
    if (failure !== undefined) throw failure;
    const service = await FakeServiceRuntime.open(image, options, this.#script);
    this.services.push(service);
    return service;
  }

  status(): readonly RuntimePoolStatus[] {
    return (['R', 'Python'] as const).map((runtimeType) => {
      const activeCount = this.#activeCount(runtimeType);
      return {
        runtimeType,
        maxPoolSize: this.#maxPoolSize,
        activeCount,
        currentPoolSize: activeCount,
        canOpen: activeCount < this.#maxPoolSize,
      };
    });
  }

  async close(): Promise<void> {
    await Promise.all(this.runtimes.map((runtime) => runtime.close()));
  }

  #activeCount(runtimeType: RuntimeType): number {
    return this.runtimes.filter(
      (runtime) => runtime.runtimeType === runtimeType && !runtime.isClosed,
    ).length;
  }
}
