// A real server over real HTTP in a data directory of its own, on fake or on real runtimes, and a client of it.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import { Agent, request } from 'undici';
import { WebSocket } from 'ws';
import type { ErrorResponse, ExecuteRequest, ExecuteResponse } from '../../../src/api/index.js';
import type { SessionEvent } from '../../../src/api/index.js';
import type { RuntimeFactory } from '../../../src/runtimes/index.js';
import { loadSigningKey } from '../../../src/server/auth/signing-key.js';
import { createServer } from '../../../src/server/index.js';
import type { PasswordVerifier, RServer, ServerOptions } from '../../../src/server/index.js';
import { FakeRuntimeFactory, type FakeRuntime } from '../../helpers/fake-runtime.js';
import { openRealServer, type RealServer } from '../../helpers/real-server.js';

const USERS = ['admin', 'bob'];

/** Knows `admin` and `bob`; without scrypt, whose own tests are in login.test.ts. */
const quickAccounts: PasswordVerifier = (username, password) =>
  Promise.resolve(USERS.includes(username) && password === `${username} password`);

let signingKey: Promise<string> | undefined;

/** Most tests share a signing key: making one takes longer than they do. */
async function makeDataDirectory(hasOwnKey: boolean): Promise<string> {
  const directory = await mkdtemp(path.join(os.tmpdir(), 'rserver-test-'));
  if (hasOwnKey) return directory;
  signingKey ??= loadSigningKey(directory).then(({ privateKey }) =>
    privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  );
  await writeFile(path.join(directory, 'token-signing-key.pem'), await signingKey);
  return directory;
}

export interface Answer<Body = unknown> {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Body;
}

export interface CallOptions {
  readonly token?: string | undefined;
  readonly body?: unknown;
  readonly headers?: Record<string, string>;
  readonly signal?: AbortSignal;
}

export interface Tokens {
  readonly access_token: string;
  readonly refresh_token: string;
  readonly expires_on: number;
}

/** Speaks to a server, for one test. */
export class TestClient {
  readonly url: string;
  readonly #agent = new Agent();
  readonly #sockets: EventClient[] = [];

  constructor(url: string) {
    this.url = url;
  }

  /** One call; a JSON answer is parsed, an empty one is undefined, anything else is a Buffer. */
  async call<Body = unknown>(
    method: string,
    route: string,
    { token, body, headers = {}, signal }: CallOptions = {},
  ): Promise<Answer<Body>> {
    const isJson =
      body !== undefined &&
      typeof body !== 'string' &&
      !(body instanceof Buffer) &&
      !(body instanceof Readable);
    const answer = await request(this.url + route, {
      method: method as 'GET',
      dispatcher: this.#agent,
      headers: {
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(isJson ? { 'content-type': 'application/json; charset=utf-8' } : {}),
        ...headers,
      },
      body: isJson
        ? JSON.stringify(body)
        : ((body as string | Buffer | Readable | undefined) ?? null),
      ...(signal === undefined ? {} : { signal }),
    });
    const bytes = Buffer.from(await answer.body.arrayBuffer());
    const type = String(answer.headers['content-type']);
    const parsed: unknown =
      bytes.length === 0
        ? undefined
        : type.startsWith('application/json')
          ? JSON.parse(bytes.toString())
          : bytes;
    return { statusCode: answer.statusCode, headers: answer.headers, body: parsed as Body };
  }

  async login(username = 'admin'): Promise<Tokens> {
    const { statusCode, body } = await this.call<Tokens>('POST', '/login', {
      body: { username, password: `${username} password` },
    });
    if (statusCode !== 200) throw new Error(`login answered ${statusCode}`);
    return body;
  }

  async token(username = 'admin'): Promise<string> {
    return (await this.login(username)).access_token;
  }

  /** Makes a session; returns its id. */
  async session(token: string, body: object = {}): Promise<string> {
    const answer = await this.call<{ sessionId: string }>('POST', '/sessions', { token, body });
    if (answer.statusCode !== 201) throw new Error(JSON.stringify(answer.body));
    return answer.body.sessionId;
  }

  async execute(
    token: string,
    sessionId: string,
    body: ExecuteRequest,
    options: Omit<CallOptions, 'body' | 'token'> = {},
  ): Promise<Answer<ExecuteResponse & ErrorResponse>> {
    return this.call('POST', `/sessions/${sessionId}/execute`, { ...options, token, body });
  }

  async watch(token: string, sessionId: string): Promise<EventClient> {
    const client = new EventClient(`${this.url}/sessions/${sessionId}/events`, token);
    this.#sockets.push(client);
    await client.opened;
    return client;
  }

  /** Ends the streams it watches and its connections. */
  async hangUp(): Promise<void> {
    for (const socket of this.#sockets) socket.close();
    await this.#agent.close();
  }
}

/** A server on fake runtimes, and its client. */
export class TestServer extends TestClient {
  readonly server: RServer;
  readonly dataDirectory: string;
  readonly runtimes: FakeRuntimeFactory;

  constructor(server: RServer, url: string, dataDirectory: string, runtimes: FakeRuntimeFactory) {
    super(url);
    this.server = server;
    this.dataDirectory = dataDirectory;
    this.runtimes = runtimes;
  }

  /** The runtime behind the session that was made last. */
  get runtime(): FakeRuntime {
    const runtime = this.runtimes.runtimes.at(-1);
    if (runtime === undefined) throw new Error('no runtime was asked for');
    return runtime;
  }

  async close({ keepData = false } = {}): Promise<void> {
    await this.server.close();
    await this.runtimes.close();
    await this.hangUp();
    if (!keepData) await rm(this.dataDirectory, { recursive: true, force: true });
  }
}

/** A server with real R and Python behind it, and its client. */
export class RealTestServer extends TestClient {
  readonly #server: RealServer;

  constructor(server: RealServer) {
    super(server.url);
    this.#server = server;
  }

  async close({ keepData = false } = {}): Promise<void> {
    await this.#server.close({ keepData });
    await this.hangUp();
  }
}

/** A watcher of a session that keeps all it has seen. */
export class EventClient {
  readonly events: SessionEvent[] = [];
  readonly opened: Promise<void>;
  readonly closed: Promise<number>;
  readonly socket: WebSocket;
  #waiting: { count: number; resolve: () => void } | undefined;

  constructor(url: string, token: string) {
    this.socket = new WebSocket(url.replace('http', 'ws'), {
      headers: { authorization: `Bearer ${token}` },
    });
    this.opened = new Promise((resolve, reject) => {
      this.socket.once('open', resolve);
      this.socket.once('error', reject);
    });
    this.closed = new Promise((resolve) => {
      this.socket.once('close', resolve);
    });
    this.socket.on('message', (data: Buffer) => {
      this.events.push(JSON.parse(data.toString()) as SessionEvent);
      this.#check();
    });
  }

  /** Settles when so many executions have finished. */
  async finished(count = 1): Promise<SessionEvent[]> {
    await new Promise<void>((resolve) => {
      this.#waiting = { count, resolve };
      this.#check();
    });
    return this.events;
  }

  close(): void {
    this.socket.terminate();
  }

  #check(): void {
    const count = this.events.filter((event) => event.type === 'finished').length;
    if (this.#waiting !== undefined && count >= this.#waiting.count) this.#waiting.resolve();
  }
}

export interface StartOptions extends Partial<
  Omit<ServerOptions, 'runtimes' | 'dataDirectory' | 'version'>
> {
  readonly dataDirectory?: string;
  readonly runtimes?: FakeRuntimeFactory;
  /** Lets the server make its own signing key. */
  readonly hasOwnKey?: boolean;
}

export async function startServer({
  hasOwnKey = false,
  ...options
}: StartOptions = {}): Promise<TestServer> {
  const dataDirectory = options.dataDirectory ?? (await makeDataDirectory(hasOwnKey));
  const runtimes = options.runtimes ?? new FakeRuntimeFactory();
  const server = await createServer({
    accounts: quickAccounts,
    ...options,
    dataDirectory,
    runtimes: runtimes satisfies RuntimeFactory,
    version: '1.2.3',
  });
  const url = await server.listen({ host: '127.0.0.1', port: 0 });
  return new TestServer(server, url, dataDirectory, runtimes);
}

/** @param dataDirectory - Of an earlier server; without, an empty one. */
export async function startRealServer(dataDirectory?: string): Promise<RealTestServer> {
  return new RealTestServer(
    await openRealServer({ ...(dataDirectory !== undefined && { dataDirectory }) }),
  );
}

/** What a failing answer looks like. */
export function failure(
  code: string,
  exceptionType: string,
  message: string,
): Record<string, unknown> {
  return { message, link: '', exceptionType, code };
}
