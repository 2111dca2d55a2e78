// Kernels of the bridge over the real server, real R and real Python, in this process; the way between can be disturbed.
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type { BridgeSettings, Connection } from '../../../src/bridge/configuration.js';
import { createRemoteInterpreter, type LanguageName } from '../../../src/bridge/index.js';
import { RServerClient } from '../../../src/client/index.js';
import type {
  ExecuteRequest,
  ExecuteResult,
  InputRequester,
  Interpreter,
} from '../../../src/jupyter/index.js';
import {
  createRuntimePool,
  type RuntimePool,
  type RuntimePoolOptions,
} from '../../../src/runtimes/index.js';
import { createSecretVerifier, createServer, type RServer } from '../../../src/server/index.js';
import {
  FakeConfiguration,
  OutputRecorder,
  cellRequest,
  noInput,
  type RecordedOutput,
} from '../../helpers/fake-remote.js';
import { venvBin } from '../../helpers/requirements.js';
import { FaultyProxy } from './faulty-proxy.js';

const PASSWORD = 'correct horse';

/** `plain` behaves as against a genuine R Server: no event stream, no extension of any kind. */
export type Mode = 'extensions' | 'plain';

export const MODES: readonly Mode[] = ['extensions', 'plain'];
export const LANGUAGES: readonly LanguageName[] = ['R', 'python'];

/** The Python of sessions: that of the project's virtual environment where there is one. */
export const sessionPython = existsSync(venvBin('python')) ? venvBin('python') : 'python3';

/** A server with its processes. */
export class TestSite {
  readonly url: string;
  readonly folder: string;
  readonly #pool: RuntimePool;
  readonly #clock: Clock;
  #server: RServer;
  readonly #kernels: TestKernel[] = [];

  /** @param limits - What each process of R and Python may use. */
  static async start({ limits }: Pick<RuntimePoolOptions, 'limits'> = {}): Promise<TestSite> {
    const folder = await mkdtemp(path.join(os.tmpdir(), 'rserver-bridge-'));
    const pool = createRuntimePool({
      python: { command: sessionPython },
      workRoot: path.join(folder, 'work'),
      env: process.env,
      limits,
    });
    const clock: Clock = { aheadMs: 0 };
    const server = await startServer(folder, pool, clock);
    const url = await server.listen({ host: '127.0.0.1', port: 0 });
    return new TestSite(url, folder, pool, clock, server);
  }

  private constructor(
    url: string,
    folder: string,
    pool: RuntimePool,
    clock: Clock,
    server: RServer,
  ) {
    this.url = url;
    this.folder = folder;
    this.#pool = pool;
    this.#clock = clock;
    this.#server = server;
  }

  /** Puts the clock of the server forward: tokens expire. */
  passTime(ms: number): void {
    this.#clock.aheadMs += ms;
  }

  /** Another front end's view of the server. */
  client({
    url = this.url,
    password = PASSWORD,
    extensions = 'off',
  }: ClientChoices = {}): RServerClient {
    return new RServerClient({
      url,
      auth: { type: 'password', username: 'ada', password },
      extensions,
    });
  }

  /** A kernel; with `isDisturbed`, its way to the server can be broken by `kernel.proxy`. */
  async kernel(options: KernelOptions): Promise<TestKernel> {
    const proxy = options.isDisturbed === true ? await FaultyProxy.start(this.url) : undefined;
    const kernel = new TestKernel(this, options, proxy);
    this.#kernels.push(kernel);
    return kernel;
  }

  /** Ends the server and its sessions, as a crash or an update would. */
  async stopServer(): Promise<void> {
    await this.#server.close();
  }

  /** Starts it again at the same address, with the same data. */
  async startServer(): Promise<void> {
    this.#server = await startServer(this.folder, this.#pool, this.#clock);
    const { hostname, port } = new URL(this.url);
    await this.#server.listen({ host: hostname, port: Number(port) });
  }

  /** Ends the kernels of a test. */
  async endKernels(): Promise<void> {
    await Promise.all(this.#kernels.splice(0).map((kernel) => kernel.end()));
  }

  async close(): Promise<void> {
    await this.endKernels();
    await this.#server.close();
    await this.#pool.close();
    await rm(this.folder, { recursive: true, force: true });
  }
}

export interface ClientChoices {
  readonly url?: string;
  readonly password?: string;
  readonly extensions?: 'auto' | 'off';
}

/** How far the server's clock is ahead of ours. */
interface Clock {
  aheadMs: number;
}

async function startServer(folder: string, runtimes: RuntimePool, clock: Clock): Promise<RServer> {
  return createServer({
    dataDirectory: path.join(folder, 'data'),
    runtimes,
    accounts: createSecretVerifier('ada', PASSWORD),
    version: '0.0.0',
    now: () => Date.now() + clock.aheadMs,
  });
}

export interface KernelOptions {
  readonly language: LanguageName;
  readonly mode: Mode;
  readonly settings?: Partial<BridgeSettings>;
  readonly isDisturbed?: boolean;
  readonly notebookName?: string;
  /** Asked for every connection: another URL or password than the right one. */
  readonly choices?: () => ClientChoices;
}

/** What one cell gave. */
export interface Cell {
  readonly result: ExecuteResult;
  readonly outputs: readonly RecordedOutput[];
  /** Text of one stream. */
  readonly stdout: string;
  readonly stderr: string;
  /** All text, in order. */
  readonly text: string;
  /** The value of the cell as text. */
  readonly value: unknown;
  /** The mime bundles of displays, in order. */
  readonly displays: readonly Readonly<Record<string, unknown>>[];
  /** Their values as programs read them: metadata `rserver.value`. */
  readonly values: readonly unknown[];
}

/** The back end of one kernel. */
export class TestKernel {
  readonly interpreter: Interpreter;
  readonly #proxy: FaultyProxy | undefined;
  #executionCount = 0;

  constructor(site: TestSite, options: KernelOptions, proxy: FaultyProxy | undefined) {
    const { language, mode, settings = {} } = options;
    this.#proxy = proxy;
    this.interpreter = createRemoteInterpreter({
      language,
      configuration: new FakeConfiguration(settings),
      connect: async (_configuration, _askSecret, signal): Promise<Connection> => {
        const extensions = mode === 'plain' ? 'off' : 'auto';
        const url = proxy?.url ?? site.url;
        const client = site.client({ url, extensions, ...options.choices?.() });
        await client.login(signal);
        return { client, kind: 'configured' };
      },
      notebookName: options.notebookName,
      version: '0.0.0',
      logger: quietLogger,
    });
  }

  /** @throws Error when the kernel was not made with `isDisturbed`. */
  get proxy(): FaultyProxy {
    if (this.#proxy === undefined) throw new Error('this kernel has no proxy');
    return this.#proxy;
  }

  /** Runs a cell to its end. */
  async run(
    code: string,
    parts: Partial<ExecuteRequest> & {
      readonly signal?: AbortSignal;
      readonly output?: OutputRecorder;
      readonly input?: InputRequester;
    } = {},
  ): Promise<Cell> {
    const {
      signal = new AbortController().signal,
      output = new OutputRecorder(`request-${this.#executionCount + 1}`),
      input = noInput,
      ...rest
    } = parts;
    this.#executionCount += 1;
    const request = cellRequest(code, { executionCount: this.#executionCount, ...rest });
    const result = await this.interpreter.execute(request, output, input, signal);
    return describeCell(result, output.outputs);
  }

  /** The id of its session. */
  async sessionId(): Promise<string> {
    const { values } = await this.ok('%session');
    return (values[0] as { id: string }).id;
  }

  /** Runs a cell that must succeed. */
  async ok(code: string): Promise<Cell> {
    const cell = await this.run(code);
    if (cell.result.status === 'error') {
      throw new Error(`${code}\n${cell.result.traceback.join('\n')}\n${cell.text}`);
    }
    return cell;
  }

  async end(): Promise<void> {
    await this.interpreter.shutdown(false);
    await this.#proxy?.close();
  }
}

function describeCell(result: ExecuteResult, outputs: readonly RecordedOutput[]): Cell {
  const textOf = (name?: string): string =>
    outputs
      .map((output) =>
        'stream' in output && (name === undefined || output.stream === name) ? output.text : '',
      )
      .join('');
  const value = outputs.find((output) => 'result' in output);
  return {
    result,
    outputs,
    stdout: textOf('stdout'),
    stderr: textOf('stderr'),
    text: textOf(),
    value: value?.result.data['text/plain'],
    displays: outputs.flatMap((output) => ('display' in output ? [output.display.data] : [])),
    values: outputs.flatMap((output) =>
      'display' in output
        ? [(output.display.metadata['rserver'] as { value?: unknown } | undefined)?.value]
        : [],
    ),
  };
}

const ignore = (): void => undefined;
const report = (facts: unknown, message: string): void => {
  if (process.env['BRIDGE_TEST_LOG'] !== undefined) console.error(message, facts);
};
const quietLogger = { debug: ignore, info: report, warn: report, error: report };
