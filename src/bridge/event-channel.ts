// The event stream of a session: hands each execution its own messages, and tells it when the stream breaks.
import type { SessionEvent } from '../api/index.js';
import { createDeferred, type Deferred } from '../base/index.js';
import type { InputRelay } from './input-relay.js';
import type { RemoteClient, RemoteEventStream } from './remote-client.js';
import type { RunReceiver } from './run-receiver.js';
import { within } from './waiting.js';

/** One execution as the event stream sees it. */
export class EventRun {
  readonly receiver: RunReceiver;
  /** Absent where nobody can be asked; then the server asks for nothing. */
  readonly input: InputRelay | undefined;
  readonly #onBroken: () => void;
  /** Other work occupies the session, and this waits for it. */
  isQueued = false;
  /** The last message of the execution has come. */
  isFinished = false;
  /** The stream ended before that. */
  isBroken = false;
  #over: Deferred<undefined> | undefined;

  constructor(receiver: RunReceiver, input: InputRelay | undefined, onBroken: () => void) {
    this.receiver = receiver;
    this.input = input;
    this.#onBroken = onBroken;
  }

  /** Settles when nothing more will come, or when the stream broke. */
  whenOver(): Promise<undefined> {
    this.#over ??= createDeferred();
    if (this.isFinished || this.isBroken) this.#over.resolve(undefined);
    return this.#over.promise;
  }

  finish(): void {
    this.isFinished = true;
    this.#over?.resolve(undefined);
  }

  break(): void {
    if (this.isFinished || this.isBroken) return;
    this.isBroken = true;
    this.receiver.isStreamBroken = true;
    this.#onBroken();
    this.#over?.resolve(undefined);
  }
}

/** An open event stream; runs are added to it by their execution id. */
export class EventChannel {
  readonly stream: RemoteEventStream;
  readonly #runs: Map<string, EventRun>;
  #isOpen = true;
  #isWaiting = false;
  #eventCount = 0;

  /**
   * @param runs - Runs of a stream that broke, by execution id: what is still to come of them, their text excepted.
   * @throws {ClientError} when the server does not open the stream.
   */
  static async open(
    client: RemoteClient,
    sessionId: string,
    signal: AbortSignal,
    runs: readonly (readonly [string, EventRun])[] = [],
  ): Promise<EventChannel> {
    return new EventChannel(await client.events(sessionId, { signal }), runs);
  }

  private constructor(stream: RemoteEventStream, runs: readonly (readonly [string, EventRun])[]) {
    this.stream = stream;
    this.#runs = new Map(runs);
    stream.onEvent((event) => {
      this.#take(event);
    });
    void stream.closed.then(() => {
      this.#isOpen = false;
      for (const run of this.#runs.values()) run.break();
    });
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** @param onBroken - Called when the stream ends before the run is finished. */
  begin(
    executionId: string,
    receiver: RunReceiver,
    input: InputRelay | undefined,
    onBroken: () => void,
  ): EventRun {
    const run = new EventRun(receiver, input, onBroken);
    this.#runs.set(executionId, run);
    return run;
  }

  end(executionId: string): void {
    this.#runs.delete(executionId);
  }

  close(): void {
    this.stream.close();
  }

  /**
   * Waits for the last message of a run whose answer has come, as long as messages come or front ends are behind.
   *
   * @param patienceMs - From one message to the next.
   */
  async drain(run: EventRun, patienceMs: number): Promise<void> {
    while (!run.isFinished && !run.isBroken) {
      const before = this.#eventCount;
      await within(run.whenOver(), patienceMs);
      if (this.#eventCount === before && !this.#isWaiting) return;
    }
  }

  /** Reads no more until front ends have caught up: the server makes the program wait. */
  #waitFor(taken: Promise<void> | undefined): void {
    if (taken === undefined || this.#isWaiting) return;
    this.#isWaiting = true;
    this.stream.pause();
    void taken.then(() => {
      this.#isWaiting = false;
      this.stream.resume();
    });
  }

  #take(event: SessionEvent): void {
    this.#eventCount += 1;
    const run = this.#runs.get(event.executionId);
    if (run === undefined) return;
    switch (event.type) {
      case 'stream':
        run.receiver.takeStream(event.name, event.text);
        this.#waitFor(run.receiver.taken());
        return;
      case 'data':
        run.receiver.takeData(event.data);
        this.#waitFor(run.receiver.taken());
        return;
      case 'input_request':
        run.receiver.release();
        void run.input?.take(event, (message) => {
          this.stream.send(message);
        });
        return;
      case 'queued':
        run.isQueued = true;
        return;
      case 'started':
        run.isQueued = false;
        return;
      case 'finished':
        run.finish();
    }
  }
}
