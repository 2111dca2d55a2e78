// A stand-in for the REST client and the server behind it, for tests of the bridge: sessions in memory, executions by script.
import type { InputMessage, SessionEvent } from '../../src/api/index.js';
import { Readable } from 'node:stream';
import type { Agent, AgentMessage } from '../../src/bridge/agent/agent.js';
import type {
  Configuration,
  Connection,
  BridgeSettings,
  SettingEntry,
} from '../../src/bridge/configuration.js';
import type {
  RemoteClient,
  RemoteEventStream,
  RemoteExecuteAnswer,
  RemoteExecuteRequest,
  RemoteSessionEntry,
  RemoteSnapshotEntry,
} from '../../src/bridge/remote-client.js';
import { ClientError, type ClientErrorCode } from '../../src/client/index.js';
import { createFakeServices, type FakeServices } from './fake-services.js';
import type {
  CommMessage,
  Display,
  ExecuteOutput,
  ExecuteRequest,
  InputRequester,
  InterpreterHost,
} from '../../src/jupyter/index.js';

/** A call that the fake agent wrote, as the fake server reads it. */
export interface AgentCall {
  readonly call:
    | 'install'
    | 'configure'
    | 'run'
    | 'complete'
    | 'inspect'
    | 'isComplete'
    | 'variables'
    | 'children'
    | 'types'
    | 'comm'
    | 'listComms';
  readonly code?: string;
  readonly [key: string]: unknown;
}

/** Writes its calls as JSON, so that scripts can read them. */
export const fakeAgent: Agent = {
  installCode: (options) => JSON.stringify({ call: 'install', ...options }),
  configureCode: (options) => JSON.stringify({ call: 'configure', ...options }),
  runCode: (code, options) => JSON.stringify({ call: 'run', code, ...options }),
  completeCode: (code, cursor) => JSON.stringify({ call: 'complete', code, cursor }),
  inspectCode: (code, cursor, detailLevel) =>
    JSON.stringify({ call: 'inspect', code, cursor, detailLevel }),
  isCompleteCode: (code) => JSON.stringify({ call: 'isComplete', code }),
  variablesCode: () => JSON.stringify({ call: 'variables' }),
  childrenCode: (path) => JSON.stringify({ call: 'children', path }),
  typesCode: (names) => JSON.stringify({ call: 'types', names }),
  comms: {
    messageCode: (message, requestId) => JSON.stringify({ call: 'comm', message, requestId }),
    listCode: () => JSON.stringify({ call: 'listComms' }),
  },
  isMissing: (errorMessage) => errorMessage.includes('agent not found'),
};

/** One execution, as a script sees it. */
export interface FakeRun {
  readonly sessionId: string;
  readonly request: RemoteExecuteRequest;
  /** What the agent was asked, when the code is a call of the agent. */
  readonly agentCall: AgentCall | undefined;
  /** Settles when the execution is cancelled. */
  readonly cancelled: Promise<void>;
  /** Prints; goes to the console text and, where there is one, the event stream. */
  readonly print: (text: string, name?: 'stdout' | 'stderr') => void;
  /** Sends a message of the agent on the channel it was set to. */
  readonly send: (message: AgentMessage) => void;
  /** Sends the agent's `done`. */
  readonly done: (status?: 'ok' | 'error') => void;
  /** Breaks the connection on which the answer would come; the execution goes on. */
  readonly loseAnswer: () => void;
}

export type FakeScript = (
  run: FakeRun,
) => Partial<RemoteExecuteAnswer> | undefined | Promise<Partial<RemoteExecuteAnswer> | undefined>;

interface FakeSession {
  readonly entry: RemoteSessionEntry;
  readonly history: string[];
  console: string;
  channel: 'events' | 'console';
  nonce: string;
  cancel: () => void;
  /** Settles when everything sent so far has run: one execution at a time. */
  queue: Promise<unknown>;
  readonly streams: Set<FakeEventStream>;
  readonly files: Map<string, Buffer>;
  readonly objects: Set<string>;
  /** The snapshots in it: made from and loaded. */
  readonly content: string[];
}

/** An event stream that a test can break. */
class FakeEventStream implements RemoteEventStream {
  readonly closed: Promise<void>;
  #close!: () => void;
  #listener: ((event: SessionEvent) => void) | undefined;
  readonly sent: InputMessage[] = [];
  #isPaused = false;
  #held: SessionEvent[] = [];

  constructor() {
    this.closed = new Promise((resolve) => {
      this.#close = resolve;
    });
  }

  /** The stand-in for the client takes executions itself. */
  readonly isOpen = false;

  execute(): Promise<never> {
    return Promise.reject(new Error('Nothing is executed by this stream.'));
  }

  onEvent(listener: (event: SessionEvent) => void): void {
    this.#listener = listener;
  }

  emit(event: SessionEvent): void {
    if (this.#isPaused) this.#held.push(event);
    else this.#listener?.(event);
  }

  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
    const held = this.#held;
    this.#held = [];
    for (const event of held) this.emit(event);
  }

  send(message: InputMessage): void {
    this.sent.push(message);
  }

  close(): void {
    this.#close();
  }
}

/** The client of a server in memory. */
export class FakeRemote implements RemoteClient {
  readonly url = 'http://fake.example:12800';
  readonly username = 'ada';
  readonly extensions: Set<string>;
  /** Every call in order, e.g. `sessions.cancel session-1`. */
  readonly calls: string[] = [];
  readonly requests: RemoteExecuteRequest[] = [];
  readonly snapshotEntries: RemoteSnapshotEntry[] = [];
  readonly live = new Map<string, FakeSession>();
  /** Runs what the agent's `run` and raw code stand for; installing the agent works by itself. */
  script: FakeScript;
  /** Failures by call name, used up one by one. */
  readonly failures = new Map<string, Error[]>();
  /** Told of every call before it is answered. */
  onCall: (call: string) => void = () => undefined;
  /** Whether a new event stream can be opened. */
  isEventsOpenable = true;
  isClosed = false;
  #count = 0;

  constructor(extensions: readonly string[] = [], script: FakeScript = () => undefined) {
    this.extensions = new Set(extensions);
    this.script = script;
  }

  readonly sessions: RemoteClient['sessions'] = {
    create: async (request) => {
      await this.#call('sessions.create', request.name ?? '');
      const id = this.addSession(request.name ?? '', request.runtimeType ?? 'R');
      if (request.snapshotId !== undefined) this.#session(id).content.push(request.snapshotId);
      return id;
    },
    list: async () => {
      await this.#call('sessions.list');
      return [...this.live.values()].map(({ entry }) => entry);
    },
    execute: async (id, request, options = {}) => this.#execute(id, request, options),
    cancel: async (id) => {
      await this.#call('sessions.cancel', id);
      this.#session(id).cancel();
    },
    close: async (id) => {
      await this.#call('sessions.close', id);
      this.removeSession(id);
    },
    closeByForce: async (id) => {
      await this.#call('sessions.closeByForce', id);
      this.removeSession(id);
    },
    consoleOutput: async (id) => {
      await this.#call('sessions.consoleOutput', id);
      return this.#session(id).console;
    },
    history: async (id) => {
      await this.#call('sessions.history', id);
      return this.#session(id).history;
    },
    createSnapshot: async (id, { name = '' }) => {
      await this.#call('sessions.createSnapshot', id, name);
      return this.addSnapshot(name);
    },
    loadSnapshot: async (id, snapshotId) => {
      await this.#call('sessions.loadSnapshot', id, snapshotId);
      this.#session(id).content.push(snapshotId);
    },
  };

  readonly files: RemoteClient['files'] = {
    upload: async (id, name, content) => {
      await this.#call('files.upload', id, name);
      this.#session(id).files.set(name, Buffer.isBuffer(content) ? content : Buffer.alloc(0));
    },
    list: async (id) => {
      await this.#call('files.list', id);
      return [...this.#session(id).files.keys()];
    },
    get: async (id, name) => {
      await this.#call('files.get', id, name);
      const content = this.#session(id).files.get(name);
      if (content === undefined) throw clientError('CLIENT_STATUS', { statusCode: 404 });
      return Readable.from([content]);
    },
    delete: async (id, name) => {
      await this.#call('files.delete', id, name);
      if (!this.#session(id).files.delete(name)) {
        throw clientError('CLIENT_STATUS', { statusCode: 404 });
      }
    },
  };

  readonly workspace: RemoteClient['workspace'] = {
    list: async (id) => {
      await this.#call('workspace.list', id);
      return [...this.#session(id).objects];
    },
    delete: async (id, name) => {
      await this.#call('workspace.delete', id, name);
      this.#session(id).objects.delete(name);
    },
    get: async (id, name) => {
      await this.#call('workspace.get', id, name);
      if (!this.#session(id).objects.has(name)) {
        throw clientError('CLIENT_STATUS', { statusCode: 404 });
      }
      return Buffer.from(`object ${name}`);
    },
  };

  readonly published: FakeServices = createFakeServices((name, ...details) =>
    this.#call(name, ...details),
  );
  readonly services = this.published.services;
  readonly realtimeServices = this.published.realtimeServices;
  readonly webService = this.published.webService;

  readonly snapshots: RemoteClient['snapshots'] = {
    list: async () => {
      await this.#call('snapshots.list');
      return this.snapshotEntries;
    },
    get: async (id) => {
      await this.#call('snapshots.get', id);
      return Readable.from([Buffer.from(`zip of ${id}`)]);
    },
    delete: async (id) => {
      await this.#call('snapshots.delete', id);
      this.snapshotEntries.splice(
        this.snapshotEntries.findIndex((entry) => entry.id === id),
        1,
      );
    },
  };

  async events(sessionId: string): Promise<RemoteEventStream> {
    await this.#call('events', sessionId);
    if (!this.isEventsOpenable) throw clientError('CLIENT_STATUS', { statusCode: 500 });
    const stream = new FakeEventStream();
    this.#session(sessionId).streams.add(stream);
    return stream;
  }

  close(): Promise<void> {
    return this.destroy();
  }

  async destroy(): Promise<void> {
    await Promise.resolve();
    this.isClosed = true;
  }

  /** Makes the next call of this name fail. */
  fail(call: string, error: Error): void {
    this.failures.set(call, [...(this.failures.get(call) ?? []), error]);
  }

  addSession(name: string, runtimeType: 'R' | 'Python' = 'R'): string {
    const id = `session-${String((this.#count += 1))}`;
    this.live.set(id, {
      entry: { id, name, owner: 'ada', runtimeType },
      history: [],
      console: '',
      channel: 'console',
      nonce: '',
      cancel: () => undefined,
      queue: Promise.resolve(),
      streams: new Set(),
      files: new Map(),
      objects: new Set(),
      content: [],
    });
    return id;
  }

  removeSession(id: string): void {
    this.breakEvents(id);
    this.live.delete(id);
  }

  addSnapshot(name: string): string {
    const id = `snapshot-${String((this.#count += 1))}`;
    const creationTime = '2017-04-13T10:00:00.000000';
    this.snapshotEntries.push({ id, name, owner: 'ada', creationTime, contentSize: 1234 });
    return id;
  }

  session(id: string): FakeSession {
    return this.#session(id);
  }

  /** Ends the event streams of a session. */
  breakEvents(id: string): void {
    const { streams } = this.#session(id);
    for (const stream of streams) stream.close();
    streams.clear();
  }

  async #execute(
    id: string,
    request: RemoteExecuteRequest,
    options: { readonly executionId?: string; readonly consoleByEvents?: boolean },
  ): Promise<RemoteExecuteAnswer> {
    await this.#call('sessions.execute', id);
    const session = this.#session(id);
    let lose!: (error: Error) => void;
    const lost = new Promise<never>((_resolve, reject) => {
      lose = reject;
    });
    const executed = session.queue.then(() =>
      this.#runScript(id, session, request, options.executionId ?? '', lose),
    );
    session.queue = executed.catch(() => undefined);
    const answer = await Promise.race([executed, lost]);
    await this.#call('sessions.answer', id);
    return { ...answer, ...(options.consoleByEvents === true && { consoleOutput: '' }) };
  }

  async #runScript(
    id: string,
    session: FakeSession,
    request: RemoteExecuteRequest,
    executionId: string,
    lose: (error: Error) => void,
  ): Promise<RemoteExecuteAnswer> {
    this.requests.push(request);
    session.history.push(request.source ?? request.code);
    session.console = '';
    const agentCall = readAgentCall(request.code);
    const emit = (event: SessionEvent): void => {
      for (const stream of session.streams) stream.emit(event);
    };
    const run: FakeRun = {
      sessionId: id,
      request,
      agentCall,
      cancelled: new Promise((resolve) => {
        session.cancel = resolve;
      }),
      print: (text, name = 'stdout') => {
        session.console += text;
        emit({ type: 'stream', executionId, name, text });
      },
      send: (message) => {
        const data = JSON.stringify(message);
        if (session.channel === 'events') emit({ type: 'data', executionId, data });
        else run.print(`\u001e${session.nonce}:${data}\u001e`);
      },
      done: (status = 'ok') => {
        run.send({ type: 'done', status, user_expressions: {}, payload: [] });
      },
      loseAnswer: () => {
        lose(clientError('CLIENT_OUTCOME_UNKNOWN'));
      },
    };
    const isInstall = agentCall?.call === 'install' || agentCall?.call === 'configure';
    if (isInstall) {
      session.channel = agentCall['channel'] as 'events' | 'console';
      session.nonce = agentCall['nonce'] as string;
    }
    const answer = isInstall ? undefined : await this.script(run);
    if (!this.live.has(id)) throw clientError('CLIENT_SESSION_GONE', { statusCode: 404 });
    emit({ type: 'finished', executionId });
    return {
      success: true,
      errorMessage: '',
      outputParameters: [],
      consoleOutput: session.console,
      changedFiles: [],
      ...answer,
    };
  }

  #session(id: string): FakeSession {
    const session = this.live.get(id);
    if (session === undefined) throw clientError('CLIENT_SESSION_GONE', { statusCode: 404 });
    return session;
  }

  async #call(name: string, ...details: readonly string[]): Promise<void> {
    const call = [name, ...details].join(' ');
    if (name !== 'sessions.answer') this.calls.push(call);
    this.onCall(call);
    await Promise.resolve();
    const failure = this.failures.get(name)?.shift();
    if (failure !== undefined) throw failure;
  }
}

export function clientError(
  code: ClientErrorCode,
  facts: Record<string, string | number> = {},
): ClientError {
  return new ClientError(code, `fake ${code}`, { facts });
}

function readAgentCall(code: string): AgentCall | undefined {
  if (!code.startsWith('{"call":')) return undefined;
  return JSON.parse(code) as AgentCall;
}

const DEFAULT_SETTINGS: BridgeSettings = {
  url: undefined,
  username: undefined,
  profile: undefined,
  display: 'rich',
  extensions: 'auto',
  restart: 'clean',
  onExit: 'close',
  executeTimeoutMs: 0,
  interruptTimeoutMs: 2000,
  outputLimitBytes: 0,
  progress: 'auto',
};

/** A configuration of given settings; `%config` and `%connect` change it as the real one does. */
export class FakeConfiguration implements Configuration {
  readonly settings: BridgeSettings;

  constructor(settings: Partial<BridgeSettings> = {}) {
    this.settings = { ...DEFAULT_SETTINGS, ...settings };
  }

  entries(): readonly SettingEntry[] {
    return [
      { key: 'display', value: this.settings.display, origin: 'default', help: 'rich or plain' },
      {
        key: 'url',
        value: this.settings.url ?? '',
        origin: 'environment',
        source: 'RSERVER_URL',
        help: 'server',
      },
    ];
  }

  profiles(): readonly string[] {
    return ['production', 'staging'];
  }

  with(values: Readonly<Record<string, string>>): Configuration {
    return new FakeConfiguration({ ...this.settings, ...values });
  }

  withProfile(name: string): Configuration {
    return new FakeConfiguration({ ...this.settings, profile: name });
  }
}

/** One output of a cell, as it was called. */
export type RecordedOutput =
  | { readonly stream: 'stdout' | 'stderr'; readonly text: string }
  | { readonly display: Display }
  | { readonly update: Display }
  | { readonly result: Display }
  | { readonly clear: boolean }
  | { readonly comm: CommMessage };

/** Records outputs; neighbouring pieces of one stream are joined. */
export class OutputRecorder implements ExecuteOutput {
  readonly requestId: string;
  readonly outputs: RecordedOutput[] = [];
  readonly #waiting: { readonly text: string; readonly resolve: () => void }[] = [];

  constructor(requestId = 'request-1') {
    this.requestId = requestId;
  }

  stream(name: 'stdout' | 'stderr', text: string): void {
    const last = this.outputs.at(-1);
    if (last !== undefined && 'stream' in last && last.stream === name) {
      this.outputs[this.outputs.length - 1] = { stream: name, text: last.text + text };
    } else this.outputs.push({ stream: name, text });
    for (const { text: wanted, resolve } of this.#waiting) {
      if (this.text().includes(wanted)) resolve();
    }
  }

  display(display: Display): void {
    this.outputs.push({ display });
  }

  updateDisplay(update: Display & { readonly displayId: string }): void {
    this.outputs.push({ update });
  }

  result(result: Display): void {
    this.outputs.push({ result });
  }

  clear(wait: boolean): void {
    this.outputs.push({ clear: wait });
  }

  comm(comm: CommMessage): void {
    this.outputs.push({ comm });
  }

  /** Set by tests in which front ends are behind. */
  behind: Promise<void> | undefined;

  taken(): Promise<void> | undefined {
    return this.behind;
  }

  /** All text of the streams. */
  text(): string {
    return this.outputs.map((output) => ('stream' in output ? output.text : '')).join('');
  }

  /** Settles when the streams hold the text. */
  whenText(text: string): Promise<void> {
    return new Promise((resolve) => {
      if (this.text().includes(text)) resolve();
      else this.#waiting.push({ text, resolve });
    });
  }
}

/** A front end that allows no input. */
export const noInput: InputRequester = {
  allowed: false,
  requestInput: () => Promise.reject(new Error('no input')),
};

/** What a kernel offers its interpreter, with notes of what was done with it. */
export class FakeHost implements InterpreterHost {
  readonly background = new OutputRecorder();
  /** E.g. `adopt comm-1 jupyter.widget`, `closeAll`. */
  readonly commCalls: string[] = [];
  readonly comms: InterpreterHost['comms'] = {
    registerTarget: (name) => this.commCalls.push(`registerTarget ${name}`),
    adopt: (commId, targetName) => this.commCalls.push(`adopt ${commId} ${targetName}`),
    closeAll: () => this.commCalls.push('closeAll'),
  };
  readonly debugEvent = (): void => undefined;
}

export function cellRequest(code: string, parts: Partial<ExecuteRequest> = {}): ExecuteRequest {
  return {
    code,
    silent: false,
    storeHistory: true,
    userExpressions: {},
    executionCount: 1,
    ...parts,
  };
}

/** A connection to a fake server. */
export function connectionTo(
  client: FakeRemote,
  kind: Connection['kind'] = 'configured',
): Connection {
  return { client, kind };
}
