// One session: a runtime, and around it the queue, the console text, the history and the watchers.
import type {
  ExecuteAnswer,
  ExecuteResponse,
  InputMessage,
  ResumedEvent,
  ResumeMessage,
  SessionEvent,
} from '../../api/index.js';
import { createDeferred } from '../../base/index.js';
import { RuntimeProcessError } from '../../runtimes/index.js';
import type {
  NamedValue,
  Runtime,
  RuntimeEvent,
  RuntimeExit,
  RuntimeType,
  SnapshotWriting,
} from '../../runtimes/index.js';
import { ApiError } from '../errors.js';
import { ConsoleText } from './console-text.js';
import { encodeEvent } from './event-frame.js';
import { EventLogs } from './event-logs.js';
import { ExecutionQueue } from './execution-queue.js';
import { History } from './history.js';
import { InputRequests } from './input-requests.js';
import { runWithin } from './time-limit.js';
import type { UserTime } from './user-time.js';
import { Watchers, type Watcher } from './watchers.js';

/** Bounds of a session. Lengths of text are in UTF-16 code units. */
export interface SessionLimits {
  readonly maxConsoleLength: number;
  readonly maxHistoryLength: number;
  /** How long code that asks for input waits for a watcher to take the request. */
  readonly inputPatienceMs: number;
  /** An execution that runs longer is stopped; default no limit. */
  readonly maxExecutionMs?: number;
}

export interface SessionOptions {
  /** UUID. */
  readonly id: string;
  readonly name: string;
  readonly owner: string;
  readonly runtime: Runtime;
  readonly limits: SessionLimits;
  /** What its owner has left of the day; default no limit. */
  readonly userTime?: UserTime;
  /** Unix milliseconds. */
  readonly now: () => number;
}

/** One `execute` call. */
export interface SessionExecution {
  readonly executionId: string;
  readonly code: string;
  /** What the history records. */
  readonly source: string;
  readonly inputParameters: readonly NamedValue[];
  readonly outputParameters: readonly string[];
  /** Leaves `consoleOutput` of the answer empty: the client reads the events. */
  readonly isConsoleByEvents: boolean;
  /** The client watches the events and answers requests for input. */
  readonly isInputByEvents: boolean;
  /** The answer goes the way of the events, and so after them. */
  readonly isAnsweredByEvents: boolean;
  /** Asked before it starts; true drops it. */
  readonly isAbandoned: () => boolean;
}

const CLOSED_MESSAGE = 'The session was closed.';

/** A live session. @see docs/life-cycles.md */
export class Session {
  readonly id: string;
  readonly name: string;
  readonly owner: string;
  readonly runtimeType: RuntimeType;
  /** Settles with the reason, in words, when the session is over. */
  readonly ended: Promise<string>;

  readonly #runtime: Runtime;
  readonly #limits: SessionLimits;
  readonly #userTime: UserTime | undefined;
  readonly #now: () => number;
  readonly #queue = new ExecutionQueue();
  readonly #watchers = new Watchers();
  readonly #logs = new EventLogs();
  readonly #inputRequests: InputRequests;
  readonly #history: History;
  #console: ConsoleText;
  #isClosing = false;
  #lastUsedAtMs: number;

  constructor(options: SessionOptions) {
    this.id = options.id;
    this.name = options.name;
    this.owner = options.owner;
    this.runtimeType = options.runtime.runtimeType;
    this.#runtime = options.runtime;
    this.#limits = options.limits;
    this.#userTime = options.userTime;
    this.#now = options.now;
    this.#inputRequests = new InputRequests({
      watchers: this.#watchers,
      answer: (inputId, answer) => {
        this.#runtime.answerInput(inputId, answer);
      },
      patienceMs: options.limits.inputPatienceMs,
    });
    this.#history = new History(options.limits.maxHistoryLength);
    this.#console = new ConsoleText(options.limits.maxConsoleLength);
    this.#lastUsedAtMs = options.now();
    this.ended = this.#runtime.exited.then((exit) => this.#handleExit(exit));
  }

  /**
   * Runs code when everything before it is done.
   *
   * @throws {ApiError} `API_SESSION_GONE` when the process ends before the code does; `API_EXECUTION_TIME` and
   *   `API_USER_TIME` when the code, or its owner, has run too long.
   */
  async execute(execution: SessionExecution): Promise<ExecuteResponse> {
    const { executionId, isAnsweredByEvents, isAbandoned } = execution;
    if (isAnsweredByEvents) this.#logs.begin(executionId, isAbandoned);
    const isQueued = this.#queue.isBusy;
    if (isQueued) this.#tell('queued', execution);
    return this.#queue.run(
      () => {
        if (isQueued) this.#tell('started', execution);
        return this.#runExecution(execution);
      },
      () => (this.#logs.get(executionId)?.isGone ?? isAbandoned)(),
    );
  }

  /** Sends the answer to an execution that is answered by events: the end of what is sent of it. */
  sendAnswer(answer: ExecuteAnswer): void {
    void this.#send(answer);
    this.#logs.end(answer.executionId);
  }

  /**
   * Sends a watcher what it has not had of an execution; what comes from now on it gets as all do.
   *
   * @param count - How many frames of the execution it has had, requests for input apart.
   */
  resume({ executionId, count }: ResumeMessage, watcher: Watcher, isGone: () => boolean): void {
    const log = this.#logs.get(executionId);
    const frames = log?.after(count);
    const state = frames ? 'complete' : this.#logs.isKnown(executionId) ? 'cut' : 'unknown';
    const resumed: ResumedEvent = { type: 'resumed', executionId, state };
    void watcher.send(JSON.stringify(resumed));
    if (log === undefined || frames === undefined) return;
    log.isGone = isGone;
    for (const frame of frames) void watcher.send(frame);
  }

  /** Asks the running code to stop. What waits in the queue runs after it. */
  cancel(): void {
    this.#lastUsedAtMs = this.#now();
    this.#runtime.interrupt();
  }

  /** What the current or last execution has printed so far. */
  consoleOutput(): string {
    this.#lastUsedAtMs = this.#now();
    return this.#console.toString();
  }

  history(): readonly string[] {
    this.#lastUsedAtMs = this.#now();
    return this.#history.list();
  }

  /**
   * Uses the runtime for something else than an execution, in the same queue.
   *
   * @throws {ApiError} `API_SESSION_GONE`; otherwise what `use` throws.
   */
  async withRuntime<T>(
    use: (runtime: Runtime) => Promise<T>,
    isAbandoned?: () => boolean,
  ): Promise<T> {
    return this.#queue.run(async () => {
      try {
        return await use(this.#runtime);
      } catch (error) {
        throw await this.#explain(error);
      } finally {
        this.#lastUsedAtMs = this.#now();
      }
    }, isAbandoned);
  }

  /**
   * Writes a snapshot. The queue goes on when the state is taken; this settles when the folder is complete.
   *
   * @throws As {@link withRuntime}.
   */
  async saveSnapshot(
    folder: string,
    { keep, onTaken }: SnapshotWriting,
    isAbandoned?: () => boolean,
  ): Promise<void> {
    let saving: Promise<void> | undefined;
    await this.withRuntime(async (runtime) => {
      const taken = createDeferred<undefined>();
      saving = runtime.saveSnapshot(folder, {
        ...(keep !== undefined && { keep }),
        onTaken: () => {
          taken.resolve(undefined);
          onTaken?.();
        },
      });
      await Promise.race([saving, taken.promise]);
    }, isAbandoned);
    await saving;
  }

  /** The runtime for its files, which can be reached while code runs. */
  get files(): Pick<Runtime, 'listFiles' | 'readFile' | 'writeFile' | 'deleteFile'> {
    this.#lastUsedAtMs = this.#now();
    return this.#runtime;
  }

  addWatcher(watcher: Watcher): void {
    this.#watchers.add(watcher);
    this.#inputRequests.addWatcher(watcher);
  }

  removeWatcher(watcher: Watcher): void {
    this.#watchers.remove(watcher);
    this.#inputRequests.removeWatcher(watcher);
    this.#lastUsedAtMs = this.#now();
  }

  /** Takes what a watcher says about a request for input. */
  takeInput(message: InputMessage, watcher: Watcher): void {
    this.#lastUsedAtMs = this.#now();
    this.#inputRequests.receive(message, watcher);
  }

  /** Since when nobody has used it, in Unix milliseconds; undefined while code runs or someone watches. */
  unusedSinceMs(): number | undefined {
    return this.#queue.isBusy || this.#watchers.count > 0 ? undefined : this.#lastUsedAtMs;
  }

  /** Ends the runtime in order; settles when it is gone. */
  async close(): Promise<void> {
    this.#isClosing = true;
    this.#queue.close(new ApiError('API_SESSION_GONE', CLOSED_MESSAGE));
    await this.#runtime.close();
  }

  /** Ends the runtime now. */
  destroy(): void {
    this.#isClosing = true;
    this.#queue.close(new ApiError('API_SESSION_GONE', CLOSED_MESSAGE));
    this.#runtime.destroy();
  }

  #tell(type: 'queued' | 'started', { executionId }: SessionExecution): void {
    void this.#send({ type, executionId });
    this.#watchers.flush();
  }

  /** Requests for input do not go this way: they are shown to everybody who comes. */
  #send(event: SessionEvent | ExecuteAnswer): void | Promise<void> {
    const log = this.#logs.get(event.executionId);
    if (log === undefined && this.#watchers.count === 0) return undefined;
    const frame = encodeEvent(event);
    log?.add(frame);
    return this.#watchers.sendFrame(frame);
  }

  async #runExecution(execution: SessionExecution): Promise<ExecuteResponse> {
    const { executionId } = execution;
    this.#userTime?.leftMs(this.owner); // throws before anything is written down
    const console = new ConsoleText(this.#limits.maxConsoleLength);
    this.#console.release();
    this.#console = console;
    this.#history.add(execution.source);
    try {
      const limits = { ...this.#limits, userTime: this.#userTime, owner: this.owner };
      const result = await runWithin(limits, this.#now, this.#runtime, () =>
        this.#runtime.execute(execution, (event) => this.#take(execution, console, event)),
      );
      return {
        success: result.success,
        errorMessage: result.errorMessage,
        outputParameters: result.outputParameters as NonNullable<
          ExecuteResponse['outputParameters']
        >,
        consoleOutput: execution.isConsoleByEvents ? '' : console.toString(),
        changedFiles: result.changedFiles as string[],
      };
    } catch (error) {
      throw await this.#explain(error);
    } finally {
      this.#lastUsedAtMs = this.#now();
      this.#inputRequests.clear();
      void this.#send({ type: 'finished', executionId });
      // On the wire before the HTTP answer is.
      if (!execution.isAnsweredByEvents) this.#watchers.flush();
    }
  }

  #take(
    { executionId, isInputByEvents }: SessionExecution,
    console: ConsoleText,
    event: RuntimeEvent,
  ): void | Promise<void> {
    if (event.type === 'data') {
      return this.#send({ type: 'data', executionId, data: event.data });
    }
    if (event.type === 'input_request') {
      return this.#inputRequests.ask(executionId, isInputByEvents, event);
    }
    console.append(event.text);
    return this.#send({
      type: 'stream',
      executionId,
      name: event.name,
      text: event.text,
    });
  }

  /** Adds how the process ended to an error that comes from its end. */
  async #explain(error: unknown): Promise<unknown> {
    if (!(error instanceof RuntimeProcessError)) return error;
    if (error.code === 'RUNTIME_GARBLED') this.#runtime.destroy();
    else if (error.code !== 'RUNTIME_EXITED') return error;
    return new ApiError('API_SESSION_GONE', await this.ended, { cause: error });
  }

  #handleExit(exit: RuntimeExit): string {
    const reason = this.#isClosing ? CLOSED_MESSAGE : describeExit(this.runtimeType, exit);
    this.#queue.close(new ApiError('API_SESSION_GONE', reason));
    // Executions that end with it are answered first.
    setImmediate(() => {
      this.#watchers.close();
    });
    return reason;
  }
}

/** E.g. `The R process of the session has ended (signal SIGKILL). It last wrote: ...` */
export function describeExit(runtimeType: RuntimeType, exit: RuntimeExit): string {
  const how =
    exit.signal === null
      ? exit.exitCode === null
        ? ''
        : ` (exit code ${exit.exitCode})`
      : ` (signal ${exit.signal})`;
  const lastWords = exit.stderrTail.trim();
  const tail = lastWords === '' ? '' : ` It last wrote: ${lastWords}`;
  const limit = exit.limit === undefined ? '' : ` ${exit.limit}`;
  return `The ${runtimeType} process of the session has ended${how}.${limit}${tail}`;
}
