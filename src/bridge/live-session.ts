// One session on the server: its turns, interrupts and time limits, and the agent in it.
// How output travels is in `session-transport.ts`; which session a kernel uses, in `remote-session.ts`.
import { createDeferred, raceAbort } from '../base/index.js';
import { createHash } from 'node:crypto';
import type { Logger } from '../base/index.js';
import type { JsonObject } from '../jupyter/index.js';
import type { Agent, AgentDoneMessage, AgentErrorMessage, AgentRunOptions } from './agent/agent.js';
import { ConsoleSplitter } from './agent/console-splitter.js';
import { BridgeError } from './errors.js';
import type { Language } from './language/languages.js';
import type { NamedValue, RemoteClient, RemoteExecuteAnswer } from './remote-client.js';
import { RunReceiver, type RunSink } from './run-receiver.js';
import { SessionTransport, type SendRequest } from './session-transport.js';
import { pause, within } from './waiting.js';

/** Code to run, with what goes in and out. */
export interface RunRequest {
  /** Sent by the agent when `agentOptions` are given, else as it is. */
  readonly code: string;
  /** What the person typed; the history of the session shows it where the server allows. Empty: nothing. */
  readonly source: string;
  readonly inputParameters: readonly NamedValue[];
  readonly outputParameters: readonly string[];
  /** Absent: only text comes back. */
  readonly agentOptions: AgentRunOptions | undefined;
}

/** How a run ended. */
export interface RunResult {
  readonly success: boolean;
  /** The server's words for a failure; empty otherwise. */
  readonly errorMessage: string;
  readonly outputParameters: readonly NamedValue[];
  /** The agent's last message, when there is an agent and it came through. */
  readonly done: AgentDoneMessage | undefined;
  /** The user's error as the agent reports it. */
  readonly error: AgentErrorMessage | undefined;
  /** The last 4 KiB of text that were shown. */
  readonly lastText: string;
}

/** Time limits of one run, milliseconds. */
export interface RunLimits {
  /** 0 means none. */
  readonly executeTimeoutMs: number;
  /** From the interrupt until we say that the code did not stop. */
  readonly interruptTimeoutMs: number;
}

/** A session that exists on the server, and how to use it. */
export interface LiveSessionOptions {
  readonly client: RemoteClient;
  readonly id: string;
  readonly name: string;
  /** Made by this kernel, and therefore closed by it. */
  readonly isOwn: boolean;
  /** Just created. */
  readonly isNew: boolean;
  readonly language: Language;
  readonly agent: Agent;
  readonly logger: Logger;
}

/** A turn that comes so soon is worth no word. */
const QUIET_TURN_MS = 250;

/** A session that is there. One run at a time; queries only while nothing runs. */
export class LiveSession {
  readonly id: string;
  readonly name: string;
  readonly isOwn: boolean;
  readonly client: RemoteClient;
  /** Whether a cell of the person has run in it. */
  hasRunCode = false;
  readonly #agent: Agent;
  readonly #transport: SessionTransport;
  readonly #logger: Logger;
  readonly #nonce: string;
  readonly #closed = new AbortController();
  /** The channel the agent is set to; `undefined` when it is not installed. */
  #agentChannel: 'events' | 'console' | undefined;
  /** Settles when what occupies the session is over: a run, a query, or a run we no longer wait for. */
  #occupied: Promise<void> | undefined;

  /**
   * Opens the way to a session, and installs the agent unless `display` is `plain`.
   *
   * @throws {ClientError} as the client does. @throws {BridgeError} `BRIDGE_AGENT`.
   */
  static async open(
    options: LiveSessionOptions,
    display: 'rich' | 'plain',
    signal: AbortSignal,
  ): Promise<LiveSession> {
    const { client, id, isNew, language, logger } = options;
    const transport = await SessionTransport.open(
      { client, sessionId: id, isNew, emptyCode: language.emptyCode, logger },
      signal,
    );
    const session = new LiveSession(options, transport);
    try {
      if (display === 'rich') await session.#installAgent(signal);
      return session;
    } catch (error) {
      session.detach();
      throw error;
    }
  }

  private constructor(options: LiveSessionOptions, transport: SessionTransport) {
    this.client = options.client;
    this.id = options.id;
    this.name = options.name;
    this.isOwn = options.isOwn;
    this.#agent = options.agent;
    this.#logger = options.logger;
    this.#transport = transport;
    this.#nonce = nonceOf(options.id);
  }

  /** Whether nothing of ours runs in it. */
  get isIdle(): boolean {
    return this.#occupied === undefined;
  }

  /** How output comes back. */
  get channel(): 'events' | 'console' {
    return this.#transport.channel;
  }

  get hasAgent(): boolean {
    return this.#agentChannel !== undefined;
  }

  /**
   * Runs code to its end. Code that fails is a result.
   *
   * @param signal - Aborted: the server is asked to cancel, and the run still ends by its answer.
   * @throws {BridgeError} `BRIDGE_INTERRUPT_IGNORED` when it did not stop in time, `BRIDGE_EXECUTE_TIMEOUT`,
   *   `BRIDGE_NOT_RUN`, `BRIDGE_OUTCOME_UNKNOWN`, `BRIDGE_AGENT`.
   * @throws {ClientError} as the client does. @throws `AbortError` when interrupted before it was sent.
   */
  async run(
    request: RunRequest,
    sink: RunSink,
    signal: AbortSignal,
    limits: RunLimits,
  ): Promise<RunResult> {
    if (this.#occupied !== undefined) await this.#waitForTurn(sink, signal);
    signal.throwIfAborted();
    this.hasRunCode = true;
    const listening = new AbortController();
    const work = this.#occupy(this.#runToEnd(request, sink, listening.signal));
    try {
      return await this.#guard(work, signal, limits);
    } finally {
      listening.abort();
    }
  }

  /**
   * Asks the agent something that changes nothing: completion, help, the list of variables.
   *
   * @param codeOf - Picks one of the agent's `…Code` methods.
   * @returns The content of its reply, or `undefined` when the session is busy, has no agent, or does not answer
   *   within `boundMs`.
   */
  async query(codeOf: (agent: Agent) => string, boundMs: number): Promise<JsonObject | undefined> {
    if (this.#occupied !== undefined || this.#agentChannel === undefined) return undefined;
    const replies: JsonObject[] = [];
    const sink: RunSink = {
      text: () => undefined,
      message: (message) => {
        if (message.type === 'reply') replies.push(message.content);
      },
    };
    const request = { code: codeOf(this.#agent), source: '' };
    const answer = await within(this.#occupy(this.#ask(request, sink)), boundMs);
    return answer === undefined ? undefined : replies[0];
  }

  /** Stops listening; the session on the server stays. Twice is harmless. */
  detach(): void {
    this.#closed.abort();
    this.#transport.close();
  }

  /** What runs in the session keeps others out until it has settled. */
  #occupy<T>(work: Promise<T>): Promise<T> {
    const free = (): void => {
      if (this.#occupied === occupied) this.#occupied = undefined;
    };
    const occupied = work.then(free, free);
    this.#occupied = occupied;
    return work;
  }

  async #waitForTurn(sink: RunSink, signal: AbortSignal): Promise<void> {
    const occupied = this.#occupied ?? Promise.resolve();
    if (
      (await within(
        occupied.then(() => true),
        QUIET_TURN_MS,
      )) === true
    )
      return;
    sink.text(
      'stderr',
      'The session is still busy with earlier code that did not stop; this cell waits for its end.\n',
    );
    try {
      await raceAbort(occupied, signal);
    } catch (error) {
      await this.#transport.cancel();
      throw error;
    }
  }

  /** Waits for a run; asks the server to cancel it when the signal aborts or the time is up. */
  async #guard(
    work: Promise<RunResult>,
    signal: AbortSignal,
    limits: RunLimits,
  ): Promise<RunResult> {
    const gaveUp = createDeferred<never>();
    let reason: 'interrupt' | 'timeout' | undefined;
    let isOver = false;
    const stop = async (why: 'interrupt' | 'timeout'): Promise<void> => {
      if (reason !== undefined) return;
      reason = why;
      let problem: string | undefined;
      // The first request may reach the server before the code does: ask twice.
      for (let attempt = 1; attempt <= 2; attempt += 1) {
        const waited = pause(limits.interruptTimeoutMs / 2, this.#closed.signal);
        [problem] = await Promise.all([this.#transport.cancel(), waited]);
        if (isOver) return;
      }
      gaveUp.reject(notStopped(why, limits, problem));
    };
    const onAbort = (): void => void stop('interrupt');
    signal.addEventListener('abort', onAbort, { once: true });
    const { executeTimeoutMs } = limits;
    const timer =
      executeTimeoutMs > 0 ? setTimeout(() => void stop('timeout'), executeTimeoutMs) : undefined;
    try {
      const result = await Promise.race([work, gaveUp.promise]);
      if (reason === 'timeout' && !result.success) throw timedOut(limits);
      return result;
    } finally {
      isOver = true;
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
    }
  }

  async #runToEnd(request: RunRequest, sink: RunSink, listening: AbortSignal): Promise<RunResult> {
    if (this.#transport.isBroken) await this.#reopen();
    const { agentOptions } = request;
    if (agentOptions === undefined) {
      const receiver = new RunReceiver({ sink, hasAgent: false, logger: this.#logger });
      const answer = await this.#transport.send(request, receiver, listening);
      return resultOf(answer, receiver);
    }
    if (this.#agentChannel === undefined) await this.#installAgent(this.#closed.signal);
    const call = { ...request, code: this.#agent.runCode(request.code, agentOptions) };
    for (let attempt = 1; ; attempt += 1) {
      const receiver = this.#createAgentReceiver(sink);
      const answer = await this.#transport.send(call, receiver, listening);
      if (receiver.hasSpoken || answer.success || !this.#agent.isMissing(answer.errorMessage)) {
        // Somebody else set the agent to another channel: the next run sets it to ours again.
        if (!receiver.hasSpoken) this.#agentChannel = undefined;
        return resultOf(answer, receiver);
      }
      if (attempt === 2) {
        throw new BridgeError('BRIDGE_AGENT', 'The session loses the helper for rich results.');
      }
      this.#logger.info({ sessionId: this.id }, 'agent missing in the session: installed again');
      await this.#installAgent(this.#closed.signal);
    }
  }

  async #ask(request: SendRequest, sink: RunSink): Promise<RemoteExecuteAnswer> {
    if (this.#transport.isBroken) await this.#reopen();
    const receiver = this.#createAgentReceiver(sink);
    return this.#transport.send(request, receiver, this.#closed.signal);
  }

  #createAgentReceiver(sink: RunSink): RunReceiver {
    const splitter = new ConsoleSplitter(this.#nonce);
    return new RunReceiver({ sink, hasAgent: true, splitter, logger: this.#logger });
  }

  /** The event stream broke since the last execution: a new one, or the plain way from now on. */
  async #reopen(): Promise<void> {
    await this.#transport.reopen();
    const { channel } = this.#transport;
    if (this.#agentChannel === undefined || this.#agentChannel === channel) return;
    const code = this.#agent.configureCode({ channel, nonce: this.#nonce });
    const answer = await this.#transport.sendSilently(code, this.#closed.signal);
    if (answer.success) this.#agentChannel = channel;
    else await this.#installAgent(this.#closed.signal);
  }

  /** @throws {BridgeError} `BRIDGE_AGENT` when the session refuses the agent's code. */
  async #installAgent(signal: AbortSignal): Promise<void> {
    const { channel } = this.#transport;
    const code = this.#agent.installCode({ channel, nonce: this.#nonce });
    const answer = await this.#transport.sendSilently(code, signal);
    if (!answer.success) {
      throw new BridgeError(
        'BRIDGE_AGENT',
        `The helper for rich results could not be installed in the session: ${answer.errorMessage.trim()}`,
      );
    }
    this.#agentChannel = channel;
  }
}

/** The same for every kernel that uses the session, so that each understands the agent, whoever set it up last. */
function nonceOf(sessionId: string): string {
  return createHash('sha256').update(`rserver-kernel ${sessionId}`).digest('hex').slice(0, 32);
}

function resultOf(answer: RemoteExecuteAnswer, receiver: RunReceiver): RunResult {
  receiver.finish();
  const { success, errorMessage, outputParameters } = answer;
  const { done, error, lastText } = receiver;
  return { success, errorMessage, outputParameters, done, error, lastText };
}

function timedOut(limits: RunLimits): BridgeError {
  return new BridgeError(
    'BRIDGE_EXECUTE_TIMEOUT',
    `The cell ran longer than ${seconds(limits.executeTimeoutMs)} and was interrupted; the session is still there.`,
  );
}

function notStopped(
  reason: 'interrupt' | 'timeout',
  limits: RunLimits,
  problem: string | undefined,
): BridgeError {
  const why =
    reason === 'timeout'
      ? `The cell ran longer than ${seconds(limits.executeTimeoutMs)}.`
      : 'The cell was interrupted.';
  const what =
    problem === undefined
      ? `The server was asked to stop the code, but after ${seconds(limits.interruptTimeoutMs)} it still runs in the session.`
      : `The server could not be asked to stop the code, which still runs in the session: ${problem}`;
  return new BridgeError('BRIDGE_INTERRUPT_IGNORED', `${why} ${what}`);
}

function seconds(ms: number): string {
  return `${(ms / 1000).toString()} s`;
}
