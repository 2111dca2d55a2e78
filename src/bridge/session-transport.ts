// Sends executions to one session and brings back all their output: by the event stream where the server offers one,
// else by asking for the console while the answer is awaited.
import { randomUUID } from 'node:crypto';
import { AppError, isAbortError, messageOf, type Logger } from '../base/index.js';
import type { InputRequester } from '../jupyter/index.js';
import { ConsoleDiff } from './console-diff.js';
import { ConsoleFallback } from './console-fallback.js';
import { ConsoleFollower } from './console-follower.js';
import { BridgeError } from './errors.js';
import { EventChannel, type EventRun } from './event-channel.js';
import { InputRelay } from './input-relay.js';
import { resolveLostAnswer } from './lost-answer.js';
import type {
  NamedValue,
  RemoteClient,
  RemoteExecuteAnswer,
  RemoteExecuteRequest,
} from './remote-client.js';
import { recordedTextOf, RunCounts } from './run-counts.js';
import type { RunReceiver } from './run-receiver.js';

/** One execution as it is sent. */
export interface SendRequest {
  readonly code: string;
  /** What the person typed; empty for what the history should not show. */
  readonly source: string;
  readonly inputParameters?: readonly NamedValue[];
  readonly outputParameters?: readonly string[];
  /** Whom the code may ask; only the event stream can carry questions. */
  readonly input?: InputRequester | undefined;
}

export interface SessionTransportOptions {
  readonly client: RemoteClient;
  readonly sessionId: string;
  /** Just created: there is no console text and no history yet. */
  readonly isNew: boolean;
  /** Code that does nothing, in the language of the session. */
  readonly emptyCode: string;
  readonly logger: Logger;
}

/** How long we wait for the event stream to open, or for its last frame after the answer. */
const EVENTS_PATIENCE_MS = 2000;

/** Text can be read again, what came by the stream alone cannot. */
const BROKEN_NOTE =
  'The connection to the server broke while this cell ran: values and pictures of that time may be missing.\n';

/** The way to and from one session. One `send` at a time. */
export class SessionTransport {
  readonly #client: RemoteClient;
  readonly #sessionId: string;
  readonly #emptyCode: string;
  readonly #logger: Logger;
  readonly #isNew: boolean;
  readonly #closed = new AbortController();
  #isOpened = false;
  #events: EventChannel | undefined;
  /** The execution under way, where events tell of it. */
  #run: EventRun | undefined;
  /** Console text of the last execution, which the server shows until the next one begins. */
  #lastConsole: string | undefined;
  readonly #runs = new RunCounts();

  constructor(options: SessionTransportOptions) {
    this.#client = options.client;
    this.#sessionId = options.sessionId;
    this.#emptyCode = options.emptyCode;
    this.#logger = options.logger;
    this.#isNew = options.isNew;
    if (options.isNew) this.#lastConsole = '';
  }

  /**
   * Before anything is run, but for `sendSilently` in a new session.
   *
   * @throws {ClientError} as the client does; an event stream that does not open is no failure.
   */
  async open(signal: AbortSignal): Promise<void> {
    await Promise.all([
      this.#openEvents(signal),
      this.#isNew ? undefined : this.#learnPast(signal),
    ]);
  }

  /** How output comes back; before {@link open} how it will, if nothing fails. */
  get channel(): 'events' | 'console' {
    const isByEvents = this.#isOpened
      ? this.#events !== undefined
      : this.#client.extensions.has('events');
    return isByEvents ? 'events' : 'console';
  }

  /** The event stream ended since the last execution: `reopen` before the next one. */
  get isBroken(): boolean {
    return this.#events?.isOpen === false;
  }

  /** What runs waits for its turn on the server, as far as the server tells. */
  get isQueued(): boolean {
    return this.#run?.isQueued === true;
  }

  /** A new event stream, or the plain way from now on. */
  async reopen(): Promise<void> {
    await this.#openEvents(this.#closed.signal);
    if (this.#events === undefined) {
      const { sessions } = this.#client;
      this.#lastConsole = await sessions.consoleOutput(this.#sessionId, this.#untilClosed());
    }
  }

  /**
   * Sends one execution. When the promise settles, all its output is with the receiver.
   *
   * @param listening - Aborted when nobody wants the output any more; the execution goes on.
   * @throws {BridgeError} `BRIDGE_NOT_RUN`, `BRIDGE_OUTCOME_UNKNOWN` when the answer was lost on the way.
   * @throws {ClientError} as the client does.
   */
  async send(
    request: SendRequest,
    receiver: RunReceiver,
    listening: AbortSignal,
  ): Promise<RemoteExecuteAnswer> {
    const body = this.#bodyOf(request);
    const answer =
      this.#events === undefined
        ? await this.#sendByConsole(body, receiver, listening)
        : await this.#sendByEvents(body, receiver, listening, this.#events, request.input);
    this.#runs.add(body);
    return answer;
  }

  /** Sends code that is not the person's; whatever it prints goes nowhere. */
  async sendSilently(code: string, signal: AbortSignal): Promise<RemoteExecuteAnswer> {
    const body = this.#bodyOf({ code, source: '' });
    const answer = await this.#client.sessions.execute(this.#sessionId, body, { signal });
    this.#lastConsole = answer.consoleOutput;
    this.#runs.add(body);
    return answer;
  }

  /** Asks the server to stop what runs. @returns Why it could not be asked, if it could not. */
  async cancel(): Promise<string | undefined> {
    try {
      await this.#client.sessions.cancel(this.#sessionId, this.#untilClosed());
      return undefined;
    } catch (error) {
      this.#logger.warn({ error: messageOf(error) }, 'cancel failed');
      return messageOf(error);
    }
  }

  /** Stops listening. Twice is harmless. */
  close(): void {
    this.#closed.abort();
    this.#events?.close();
  }

  #untilClosed(): { readonly signal: AbortSignal } {
    return { signal: this.#closed.signal };
  }

  #bodyOf(request: SendRequest): RemoteExecuteRequest {
    const { code, source, inputParameters = [], outputParameters = [] } = request;
    return {
      code,
      ...(inputParameters.length > 0 && { inputParameters }),
      ...(outputParameters.length > 0 && { outputParameters }),
      ...(this.#client.extensions.has('source') && { source }),
    };
  }

  async #sendByEvents(
    body: RemoteExecuteRequest,
    receiver: RunReceiver,
    listening: AbortSignal,
    events: EventChannel,
    input: InputRequester | undefined,
  ): Promise<RemoteExecuteAnswer> {
    const relay = input?.allowed === true ? new InputRelay(input) : undefined;
    const executionId = randomUUID();
    const fallback = new ConsoleFallback((isFollowing) => {
      const { streamedLength } = receiver;
      const diff = new ConsoleDiff(undefined, streamedLength);
      return {
        diff,
        follower: isFollowing ? this.#follow(diff, receiver, listening) : undefined,
      };
    });
    // Values of outputs can be large; the stream is for what is small.
    const outputs = body.outputParameters?.length ?? 0;
    const run = events.begin(executionId, receiver, relay, () => {
      fallback.follow();
      void this.#listenAgain(executionId, run);
    });
    this.#run = run;
    try {
      const answer = await this.#client.sessions.execute(this.#sessionId, body, {
        executionId,
        consoleByEvents: true,
        inputByEvents: relay !== undefined,
        ...(outputs === 0 && { stream: events.stream }),
        timeoutMs: 0,
      });
      if (!run.isFinished) await events.drain(run, EVENTS_PATIENCE_MS);
      if (!run.isFinished || run.isBroken) await this.#finishEvents(run, fallback);
      return answer;
    } catch (error) {
      if (!isLost(error)) throw error;
      fallback.stop();
      return await this.#resolveLost(body, receiver, run, () => fallback.diff, error);
    } finally {
      fallback.stop();
      this.#run = undefined;
      events.end(executionId);
      this.#events?.end(executionId);
      this.#lastConsole = undefined;
    }
  }

  /** The answer is there, the last frame will not come: gets the rest of the text the other way. */
  async #finishEvents(run: EventRun, fallback: ConsoleFallback): Promise<void> {
    fallback.stop();
    run.receiver.isStreamBroken = true;
    try {
      const { sessions } = this.#client;
      const text = await sessions.consoleOutput(this.#sessionId, this.#untilClosed());
      run.receiver.takeConsole(fallback.diff.finish(text));
      if (run.receiver.hasAgent) run.receiver.takeNote(BROKEN_NOTE);
    } catch (error) {
      if (isAbortError(error)) throw error;
      this.#logger.warn({ error: messageOf(error) }, 'rest of the output not read');
      run.receiver.takeNote('\n[The connection broke: the end of this output was lost.]\n');
    }
  }

  /** After a break: rich outputs of the running execution may still come by a new stream. */
  async #listenAgain(executionId: string, run: EventRun): Promise<void> {
    try {
      await this.#openEvents(this.#closed.signal, [[executionId, run]]);
    } catch (error) {
      this.#logger.debug({ error: messageOf(error) }, 'no new event stream');
    }
  }

  async #sendByConsole(
    body: RemoteExecuteRequest,
    receiver: RunReceiver,
    listening: AbortSignal,
  ): Promise<RemoteExecuteAnswer> {
    const diff = new ConsoleDiff(this.#lastConsole);
    const follower = this.#follow(diff, receiver, listening);
    try {
      const { sessions } = this.#client;
      const answer = await sessions.execute(this.#sessionId, body, { timeoutMs: 0 });
      follower.stop();
      receiver.takeConsole(diff.finish(answer.consoleOutput));
      this.#lastConsole = answer.consoleOutput;
      return answer;
    } catch (error) {
      this.#lastConsole = undefined;
      if (!isLost(error)) throw error;
      follower.stop();
      return await this.#resolveLost(body, receiver, undefined, () => diff, error);
    } finally {
      follower.stop();
    }
  }

  #follow(diff: ConsoleDiff, receiver: RunReceiver, signal: AbortSignal): ConsoleFollower {
    return new ConsoleFollower({
      read: (readSignal) =>
        this.#client.sessions.consoleOutput(this.#sessionId, { signal: readSignal }),
      diff,
      onText: (text) => {
        receiver.takeConsole(text);
      },
      signal,
      logger: this.#logger,
    });
  }

  /** The answer was lost: finds out what happened, and says so; the code is not sent again. */
  async #resolveLost(
    body: RemoteExecuteRequest,
    receiver: RunReceiver,
    run: EventRun | undefined,
    diff: () => ConsoleDiff,
    cause: AppError,
  ): Promise<RemoteExecuteAnswer> {
    this.#logger.warn({ error: cause.message, sessionId: this.#sessionId }, 'answer lost');
    const recordedText = recordedTextOf(body);
    const empty = this.#bodyOf({ code: this.#emptyCode, source: '' });
    const outcome = await resolveLostAnswer({
      client: this.#client,
      sessionId: this.#sessionId,
      receiver,
      run,
      diff,
      recordedText,
      earlierRuns: this.#runs.of(recordedText),
      earlierEntries: this.#runs.entryCount,
      sendEmptyCode: (signal) => this.#client.sessions.execute(this.#sessionId, empty, { signal }),
      signal: this.#closed.signal,
      logger: this.#logger,
    });
    if (outcome === 'not-run') {
      throw new BridgeError(
        'BRIDGE_NOT_RUN',
        'The connection broke before the server had taken the cell: it did not run.',
        { cause },
      );
    }
    this.#runs.add(body);
    if (outcome === 'unknown') {
      throw new BridgeError(
        'BRIDGE_OUTCOME_UNKNOWN',
        'The connection broke while the cell ran. Outcome unknown: it may have run, or may still be running.',
        { cause },
      );
    }
    return this.#answerAfterLoss(body, receiver, cause);
  }

  async #answerAfterLoss(
    body: RemoteExecuteRequest,
    receiver: RunReceiver,
    cause: AppError,
  ): Promise<RemoteExecuteAnswer> {
    const { done } = receiver;
    if (done === undefined) {
      throw new BridgeError(
        'BRIDGE_OUTCOME_UNKNOWN',
        'The connection broke while the cell ran. The cell ran to its end; whether without an error is unknown, and the end of its output may be missing.',
        { cause },
      );
    }
    receiver.takeNote('The connection broke while this cell ran; it ran once, to its end.\n');
    const { outputParameters = [] } = body;
    if (done.status === 'ok' && outputParameters.length > 0) {
      const fetch = this.#bodyOf({ code: this.#emptyCode, source: '', outputParameters });
      return this.#client.sessions.execute(this.#sessionId, fetch, this.#untilClosed());
    }
    return {
      success: done.status === 'ok',
      errorMessage: receiver.error?.evalue ?? '',
      outputParameters: [],
      consoleOutput: '',
      changedFiles: [],
    };
  }

  /** A session that is not new has a console text and a history of its own. */
  async #learnPast(signal: AbortSignal): Promise<void> {
    const { sessions } = this.#client;
    const [consoleText, history] = await Promise.all([
      sessions.consoleOutput(this.#sessionId, { signal }),
      sessions.history(this.#sessionId, { signal }),
    ]);
    this.#lastConsole = consoleText;
    this.#runs.learn(history);
  }

  async #openEvents(
    signal: AbortSignal,
    runs: readonly (readonly [string, EventRun])[] = [],
  ): Promise<void> {
    if (!this.#client.extensions.has('events')) {
      this.#isOpened = true;
      return;
    }
    const limit = AbortSignal.any([signal, AbortSignal.timeout(EVENTS_PATIENCE_MS)]);
    try {
      this.#events = await EventChannel.open(this.#client, this.#sessionId, limit, runs);
    } catch (error) {
      this.#events = undefined;
      signal.throwIfAborted();
      if (error instanceof AppError && error.code === 'CLIENT_SESSION_GONE') throw error;
      this.#logger.warn({ error: messageOf(error) }, 'no event stream; the console is read');
    } finally {
      this.#isOpened = true;
    }
  }
}

function isLost(error: unknown): error is AppError {
  return error instanceof AppError && error.code === 'CLIENT_OUTCOME_UNKNOWN';
}
