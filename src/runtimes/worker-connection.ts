// The server's side of the pipes to a worker: requests and answers, what it prints, its questions, its end. However the
// process came to be.
import { randomBytes } from 'node:crypto';
import { closeSync } from 'node:fs';
import {
  createDeferred,
  settlesWithin,
  silentLogger,
  type Deferred,
  type Logger,
} from '../base/index.js';
import { exitedError, exitFacts, RuntimeProcessError } from './errors.js';
import { EventDelivery, type EventReceiver } from './event-delivery.js';
import { ANSWER, encodeFrame, FrameReader, REQUEST, type Frame } from './framing.js';
import { InputDesk } from './input-desk.js';
import { describeLimit, type ProcessLimits } from './isolation/process-limits.js';
import { OutputMerger, type StreamName } from './output-merger.js';
import { PipeReader } from './pipe-reader.js';
import { PipeWriter } from './pipe-writer.js';
import type { Pipes } from './pipes.js';
import type { InputAnswer, RuntimeEvent, RuntimeExit, RuntimeType } from './runtime.js';
import type { Worker } from './worker-runtime.js';

/** How a process has ended; what is not known is null. */
export interface ProcessEnd {
  readonly exitCode: number | null;
  readonly signal: string | null;
  /** Why it never ran, or ''. */
  readonly problem: string;
}

/** The process of a worker, with the group that it leads. */
export interface WorkerProcess {
  readonly pid: number | undefined;
  /** Settles when it is gone; never rejects. */
  readonly ended: Promise<ProcessEnd>;
  /** Sends a signal to it and its child programs; nothing when they are gone. */
  signal(signal: NodeJS.Signals): void;
  /** Its channel has ended: it is about to be gone, or is of no use any more. */
  noteChannelEnd(): void;
}

/** What a {@link WorkerConnection} is made from. */
export interface WorkerConnectionOptions {
  readonly runtimeType: RuntimeType;
  /** Closed by the connection. */
  readonly pipes: Pipes;
  readonly process: WorkerProcess;
  readonly limits: ProcessLimits;
  readonly logger?: Logger | undefined;
  /** Told to the worker at its start. */
  readonly role?: 'parent';
}

/** How long the end of an execution waits for what user code may have kept from arriving. */
const LOST_MARKER_MS = 1_000;
/** How long the pipes of an ended process are read on when something else holds them open. */
const DRAIN_MS = 500;
const STDERR_TAIL_CHARACTERS = 4_096;

export class WorkerConnection implements Worker {
  readonly exited: Promise<RuntimeExit>;
  exit: RuntimeExit | undefined;

  readonly #options: WorkerConnectionOptions;
  readonly #process: WorkerProcess;
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
  /** Keep the pipes from ending before the worker has opened them. */
  #keepers: readonly number[];

  constructor(options: WorkerConnectionOptions) {
    const { pipes } = options;
    this.#options = options;
    this.#process = options.process;
    this.#keepers = pipes.keepers;
    this.exited = this.#exited.promise;
    const nonce = randomBytes(8).toString('hex');
    this.#merger = new OutputMerger(nonce, this.#onEvent.bind(this), this.#onEnd.bind(this));
    const text = (name: StreamName): PipeReader =>
      new PipeReader({
        fd: pipes[name],
        onChunk: (chunk) => this.#merger.write(name, chunk),
      });
    const answers = new PipeReader({
      fd: pipes.answers,
      onChunk: (chunk) => {
        this.#onAnswerBytes(chunk);
        return false;
      },
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
    this.#writer.write(encodeFrame(REQUEST.start, nonce, Buffer.from(options.role ?? '')));
    void answers.ended.then(() => {
      this.#process.noteChannelEnd();
    });
    void this.#process.ended.then((end) => this.#onProcessEnd(end));
  }

  /** Waits for the worker's first word: the version of its language. */
  async hello(timeoutMs: number): Promise<string> {
    const { runtimeType } = this.#options;
    const hello = this.#awaitAnswer();
    const isInTime = await settlesWithin(hello, timeoutMs);
    if (!isInTime) this.signal('SIGKILL');
    try {
      const { text } = await hello;
      this.#closeKeepers();
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
    this.#merger.begin();
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
    this.#process.signal(signal);
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
        } else if (frame.kind === ANSWER.lastData) {
          this.#merger.placeLast({ type: 'data', data: frame.text });
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
      logger.error({ error: error.message, pid: this.#process.pid }, 'a worker talks nonsense');
      this.#failAnswer(error);
      this.signal('SIGKILL');
    }
  }

  async #onProcessEnd({ exitCode, signal, problem }: ProcessEnd): Promise<void> {
    const limit = describeLimit({ signal }, this.#options.limits);
    const how = { exitCode, signal, ...(limit !== undefined && { limit }) };
    this.exit = { ...how, stderrTail: problem };
    this.#writer.close();
    this.#inputWriter.close();
    this.#closeKeepers();
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

  #closeKeepers(): void {
    for (const keeper of this.#keepers) closeSync(keeper);
    this.#keepers = [];
  }

  #exitedError(): RuntimeProcessError {
    return exitedError(this.#options.runtimeType, this.exit);
  }
}
