// The event stream of a session: hands each execution its own messages, and tells it when the stream breaks.
import { createDeferred, type Deferred } from '../base/index.js';
import type { RemoteClient, RemoteEventStream, RemoteSessionEvent } from './remote-client.js';
import type { RunReceiver } from './run-receiver.js';

/** One execution as the event stream sees it. */
export class EventRun {
  readonly receiver: RunReceiver;
  readonly #onBroken: () => void;
  /** The last message of the execution has come. */
  isFinished = false;
  /** The stream ended before that. */
  isBroken = false;
  #over: Deferred<undefined> | undefined;

  constructor(receiver: RunReceiver, onBroken: () => void) {
    this.receiver = receiver;
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
  readonly #stream: RemoteEventStream;
  readonly #runs = new Map<string, EventRun>();
  #isOpen = true;

  /** @throws {ClientError} when the server does not open the stream. */
  static async open(
    client: RemoteClient,
    sessionId: string,
    signal: AbortSignal,
  ): Promise<EventChannel> {
    return new EventChannel(await client.events(sessionId, { signal }));
  }

  private constructor(stream: RemoteEventStream) {
    this.#stream = stream;
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
  begin(executionId: string, receiver: RunReceiver, onBroken: () => void): EventRun {
    const run = new EventRun(receiver, onBroken);
    this.#runs.set(executionId, run);
    return run;
  }

  /** Takes on a run of a stream that broke: what is still to come of it, its text excepted. */
  join(executionId: string, run: EventRun): void {
    this.#runs.set(executionId, run);
  }

  end(executionId: string): void {
    this.#runs.delete(executionId);
  }

  close(): void {
    this.#stream.close();
  }

  #take(event: RemoteSessionEvent): void {
    const run = this.#runs.get(event.executionId);
    if (run === undefined) return;
    if (event.type === 'stream') run.receiver.takeStream(event.name, event.text);
    else if (event.type === 'data') run.receiver.takeData(event.data);
    else run.finish();
  }
}
