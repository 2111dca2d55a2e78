// One session on the server, and the agent in it. Who may use it when is in `session-turns.ts`, how output travels in
// `session-transport.ts`, which session a kernel uses in `remote-session.ts`.
import { createHash } from 'node:crypto';
import type { Logger } from '../base/index.js';
import type { InputRequester, JsonObject, MimeBundle } from '../jupyter/index.js';
import type { Agent, AgentDoneMessage, AgentErrorMessage, AgentRunOptions } from './agent/agent.js';
import type { AgentCommMessage } from './agent/agent-comms.js';
import { ConsoleSplitter } from './agent/console-splitter.js';
import { BridgeError } from './errors.js';
import { WorkspaceKnowledge } from './knowledge/workspace-knowledge.js';
import type { Language } from './language/languages.js';
import type { NamedValue, RemoteClient, RemoteExecuteAnswer } from './remote-client.js';
import { RunReceiver, type RunSink } from './run-receiver.js';
import { SessionTransport, type SendRequest } from './session-transport.js';
import { SessionTurns, type RunLimits } from './session-turns.js';
import { within } from './waiting.js';

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
  /** Whom the code may ask. */
  readonly input?: InputRequester | undefined;
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
  /** Takes comm messages that come while no cell runs. */
  readonly onComm: (message: AgentCommMessage) => void;
  readonly logger: Logger;
}

/** A session that is there. One run at a time; queries only while nothing runs. */
export class LiveSession {
  readonly id: string;
  readonly name: string;
  readonly isOwn: boolean;
  /** It was empty when this kernel began to use it. */
  readonly isNew: boolean;
  readonly client: RemoteClient;
  /** Whether a cell of the person has run in it. */
  hasRunCode = false;
  readonly #agent: Agent;
  readonly #onComm: (message: AgentCommMessage) => void;
  readonly #transport: SessionTransport;
  readonly #turns: SessionTurns;
  readonly #logger: Logger;
  readonly #nonce: string;
  readonly #closed = new AbortController();
  /** What is known of its workspace while it is busy. */
  readonly knowledge = new WorkspaceKnowledge();
  /** The channel the agent is set to; `undefined` when it is not installed. */
  #agentChannel: 'events' | 'console' | undefined;

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
    const { emptyCode } = language;
    const transport = new SessionTransport({ client, sessionId: id, isNew, emptyCode, logger });
    const session = new LiveSession(options, transport);
    const opening = transport.open(signal);
    try {
      // In a new session the one need not wait for the other; in others it is first learnt what has run.
      if (!isNew) await opening;
      await Promise.all([opening, display === 'rich' ? session.#installAgent(signal) : undefined]);
      await session.#matchChannel();
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
    this.isNew = options.isNew;
    this.#onComm = options.onComm;
    this.#agent = options.agent;
    this.#logger = options.logger;
    this.#transport = transport;
    this.#turns = new SessionTurns({
      cancel: () => transport.cancel(),
      closed: this.#closed.signal,
    });
    this.#nonce = nonceOf(options.id);
  }

  /** Whether nothing of ours runs in it. */
  get isIdle(): boolean {
    return this.#turns.isIdle;
  }

  /** What it runs for us waits for its turn on the server, as far as the server tells. */
  get isQueued(): boolean {
    return this.#transport.isQueued;
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
    return this.#turns.run(
      (listening) => {
        this.hasRunCode = true;
        return this.#runToEnd(request, sink, listening);
      },
      sink,
      signal,
      limits,
    );
  }

  /**
   * Runs code of the agent's own that may take long and print: callbacks of the person's. Otherwise as {@link run}.
   *
   * @param code - One of the agent's `…Code`.
   */
  async call(
    code: string,
    sink: RunSink,
    signal: AbortSignal,
    limits: RunLimits,
  ): Promise<RunResult> {
    const request = { code, source: '' };
    return this.#turns.run(
      (listening) => this.#callAgent(request, sink, listening),
      sink,
      signal,
      limits,
    );
  }

  /**
   * Asks the agent something that changes nothing: completion, help, the list of variables.
   *
   * @param codeOf - Picks one of the agent's `…Code` methods.
   * @returns The content of its reply, or `undefined` when the session is busy, has no agent, or does not answer
   *   within `boundMs`.
   */
  async query(codeOf: (agent: Agent) => string, boundMs: number): Promise<JsonObject | undefined> {
    if (!(await this.#canAsk(boundMs))) return undefined;
    const replies: JsonObject[] = [];
    const sink: RunSink = {
      text: () => undefined,
      message: (message) => {
        if (message.type === 'reply') replies.push(message.content);
        else if (message.type === 'comm') this.#onComm(message);
      },
    };
    const request = { code: codeOf(this.#agent), source: '' };
    const answer = await within(this.#turns.occupy(this.#ask(request, sink)), boundMs);
    return answer === undefined ? undefined : replies[0];
  }

  /**
   * The value of an expression as a cell would show it, without a trace in the session.
   *
   * @param expression - Must not do anything: the name of a variable.
   * @returns As {@link query} does; also `undefined` when it fails.
   */
  async evaluate(
    expression: string,
    boundMs: number,
  ): Promise<{ readonly data: MimeBundle; readonly metadata: JsonObject } | undefined> {
    const done = await this.#runNothing({ userExpressions: { value: expression } }, boundMs);
    const value = done?.user_expressions['value'];
    return value?.status === 'ok' ? value : undefined;
  }

  /** The workspace has changed by other means than a cell: learns anew what is there, where that takes no longer. */
  async learnAnew(boundMs: number): Promise<void> {
    this.knowledge.clear();
    await this.#runNothing({ userExpressions: {}, known: 0 }, boundMs);
  }

  /** Runs no code, for what the agent does around it. */
  async #runNothing(
    options: Pick<AgentRunOptions, 'userExpressions' | 'known'>,
    boundMs: number,
  ): Promise<AgentDoneMessage | undefined> {
    if (!(await this.#canAsk(boundMs))) return undefined;
    const receiver = this.#createAgentReceiver({ text: () => undefined, message: () => undefined });
    const asked = { silent: true, storeHistory: false, executionCount: 0, ...options };
    const code = this.#agent.runCode('', asked);
    const sent = this.#transport.send({ code, source: '' }, receiver, this.#closed.signal);
    await within(this.#turns.occupy(sent), boundMs);
    return receiver.done;
  }

  /** Whether the agent can be asked now: questions wait for each other, not for cells. */
  async #canAsk(boundMs: number): Promise<boolean> {
    return (await this.#turns.waitForQueries(boundMs)) && this.#agentChannel !== undefined;
  }

  /** Stops listening; the session on the server stays. Twice is harmless. */
  detach(): void {
    this.#closed.abort();
    this.#transport.close();
  }

  async #runToEnd(request: RunRequest, sink: RunSink, listening: AbortSignal): Promise<RunResult> {
    const { agentOptions } = request;
    if (agentOptions === undefined) {
      if (this.#transport.isBroken) await this.#reopen();
      const receiver = new RunReceiver({ sink, hasAgent: false, logger: this.#logger });
      const answer = await this.#transport.send(request, receiver, listening);
      return resultOf(answer, receiver);
    }
    const known = this.knowledge.serial;
    const code = this.#agent.runCode(request.code, { ...agentOptions, known });
    return this.#callAgent({ ...request, code }, sink, listening);
  }

  /** Installs the agent where it is missing, and sends the call again: an agent that is not there has done nothing. */
  async #callAgent(call: SendRequest, sink: RunSink, listening: AbortSignal): Promise<RunResult> {
    if (this.#transport.isBroken) await this.#reopen();
    if (this.#agentChannel === undefined) await this.#installAgent(this.#closed.signal);
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
    return new RunReceiver({
      sink,
      hasAgent: true,
      splitter,
      onWorkspace: (message) => {
        this.knowledge.take(message);
      },
      logger: this.#logger,
    });
  }

  /** The event stream broke since the last execution: a new one, or the plain way from now on. */
  async #reopen(): Promise<void> {
    await this.#transport.reopen();
    await this.#matchChannel();
  }

  /** Sets the agent to the channel that there is. */
  async #matchChannel(): Promise<void> {
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
