// The layers of a cell, each on its own: something that is opened once, called many times and closed.
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import path from 'node:path';
import { performance } from 'node:perf_hooks';
import { createInterface } from 'node:readline';
import { WebSocket } from 'ws';
import { createRemoteInterpreter } from '../../src/bridge/index.js';
import { RServerClient, type Execution } from '../../src/client/index.js';
import { createRuntimePool, type RuntimePool } from '../../src/runtimes/index.js';
import { silentLogger } from '../../src/base/index.js';
import {
  FakeConfiguration,
  FakeHost,
  OutputRecorder,
  cellRequest,
  noInput,
} from '../../test/helpers/fake-remote.js';
import { PROJECT_ROOT, venvBin } from '../../test/helpers/requirements.js';
import { FrontEnd } from './front-end.js';
import type { ServerProcess } from '../server/server-process.js';
import type { Subjects } from '../subjects.js';

/** One way to run a cell, or a part of it. */
export interface Layer {
  readonly name: string;
  /** Runs it once and gives the milliseconds. */
  call(): Promise<number>;
  close(): Promise<void>;
}

export const HOPS = path.join(PROJECT_ROOT, 'bench', 'hops');
const CODE = '1+1';
const LANGUAGES = {
  R: { language: 'R', runtimeType: 'R', subject: 'rserver-r' },
  python: { language: 'python', runtimeType: 'Python', subject: 'rserver-python' },
} as const;

export type LanguageKey = keyof typeof LANGUAGES;

/** A whole kernel, ours or the least one. */
export async function kernelLayer(
  name: string,
  argv: readonly string[],
  subjects: Subjects,
  env: Readonly<Record<string, string>> = {},
): Promise<Layer & { readonly frontEnd: FrontEnd }> {
  const { directory } = subjects.jupyter;
  const frontEnd = await FrontEnd.start({
    argv,
    env: { ...subjects.jupyter.env, ...env },
    directory,
  });
  return { name, frontEnd, call: () => frontEnd.cell(CODE), close: () => frontEnd.close() };
}

/** Frames there and back between two processes of Node, without a look at them. */
export function heartbeatLayer(frontEnd: FrontEnd): Layer {
  return { name: 'frames', call: () => frontEnd.heartbeat(), close: () => Promise.resolve() };
}

/** The bridge in this process on a real server; also notes what it sends. */
export async function bridgeLayer(
  key: LanguageKey,
  server: ServerProcess,
): Promise<Layer & { readonly sent: readonly Execution[] }> {
  const sent: Execution[] = [];
  const interpreter = createRemoteInterpreter({
    language: LANGUAGES[key].language,
    configuration: new FakeConfiguration(),
    connect: async (_configuration, _askSecret, signal) => {
      const client = clientOf(server);
      await client.login(signal);
      const { sessions } = client;
      const execute = sessions.execute.bind(sessions);
      sessions.execute = (id, execution, options) => {
        sent.push(execution);
        return execute(id, execution, options);
      };
      return { client, kind: 'configured' };
    },
    version: '0.0.0',
    logger: silentLogger,
  });
  interpreter.start(new FakeHost());
  let count = 0;
  const call = async (): Promise<number> => {
    const startedAt = performance.now();
    const request = cellRequest(CODE, { executionCount: ++count });
    const { signal } = new AbortController();
    const result = await interpreter.execute(request, new OutputRecorder(), noInput, signal);
    if (result.status !== 'ok') throw new Error(JSON.stringify(result));
    return performance.now() - startedAt;
  };
  await call();
  await call();
  return { name: `bridge ${key}`, sent: [...sent], call, close: () => interpreter.shutdown(false) };
}

/** The client in this process: the same executions as the bridge sends, on the event stream. */
export async function clientLayer(
  name: string,
  key: LanguageKey,
  server: ServerProcess,
  executions: readonly Execution[],
): Promise<Layer> {
  const client = clientOf(server);
  await client.login();
  const { runtimeType } = LANGUAGES[key];
  const id = await client.sessions.create({ runtimeType });
  const events = await client.events(id);
  const serial = new KnownSerial();
  events.onEvent((event) => {
    if (event.type === 'data') serial.take(event.data);
  });
  const run = async (execution: Execution): Promise<void> => {
    const options = {
      executionId: randomUUID(),
      consoleByEvents: true,
      timeoutMs: 0,
      stream: events,
    };
    const adapted = { ...execution, code: serial.adapt(execution.code) };
    const result = await client.sessions.execute(id, adapted, options);
    if (!result.success) throw new Error(result.errorMessage);
  };
  for (const execution of executions) await run(execution);
  const last = executions.at(-1) ?? { code: CODE };
  return {
    name,
    call: async () => {
      const startedAt = performance.now();
      await run(last);
      return performance.now() - startedAt;
    },
    close: async () => {
      events.close();
      await client.sessions.close(id);
      await client.close();
    },
  };
}

/** What was sent once is sent again elsewhere: there the agent has told another serial of the workspace. */
class KnownSerial {
  #serial = '0';

  take(message: string): void {
    const [, serial] = /"serial": ?(\d+)/.exec(message) ?? [];
    if (serial !== undefined) this.#serial = serial;
  }

  adapt(code: string): string {
    return code.replace(/(known[="\\:]+)\d+/, `$1${this.#serial}`);
  }
}

function clientOf({ address }: ServerProcess): RServerClient {
  const { url, username, password } = address;
  return new RServerClient({ url, auth: { type: 'password', username, password } });
}

/** A pool in this process, from which {@link runtimeLayer} takes. */
export function openPool(workRoot: string): RuntimePool {
  return createRuntimePool({
    r: { warmCount: 0 },
    python: { command: venvBin('python'), warmCount: 0 },
    workRoot,
    env: process.env,
  });
}

/** A runtime in this process; the last of the codes is timed. */
export async function runtimeLayer(
  name: string,
  key: LanguageKey,
  pool: RuntimePool,
  codes: readonly string[],
): Promise<Layer> {
  const runtime = await pool.acquire(LANGUAGES[key].runtimeType);
  const serial = new KnownSerial();
  const run = async (code: string): Promise<void> => {
    const adapted = { code: serial.adapt(code), inputParameters: [], outputParameters: [] };
    const result = await runtime.execute(adapted, (event) => {
      if (event.type === 'data') serial.take(event.data);
    });
    if (!result.success) throw new Error(result.errorMessage);
  };
  for (const code of codes) await run(code);
  const last = codes.at(-1) ?? CODE;
  return {
    name,
    call: async () => {
      const startedAt = performance.now();
      await run(last);
      return performance.now() - startedAt;
    },
    close: () => runtime.close(),
  };
}

/** A line into a pipe of a bare program, and a line back; or the value of its code. */
export function pipeLayer(key: LanguageKey, evaluates: boolean): Layer {
  const [command, file] =
    key === 'R'
      ? ['Rscript', path.join(HOPS, 'pipe-lines.R')]
      : [venvBin('python'), path.join(HOPS, 'pipe_lines.py')];
  const child = spawn(command, [file, ...(evaluates ? ['evaluate'] : [])], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const lines = createInterface(child.stdout);
  return {
    name: `${evaluates ? 'evaluated' : 'line'} ${key}`,
    call: async () => {
      const startedAt = performance.now();
      const answered = once(lines, 'line');
      child.stdin.write(`${CODE}\n`);
      await answered;
      return performance.now() - startedAt;
    },
    close: async () => {
      const exited = once(child, 'exit');
      child.stdin.end();
      await exited;
    },
  };
}

/** A frame there and one back on a WebSocket on loopback, of the size of a cell's. */
export async function webSocketLayer(frame: string): Promise<Layer> {
  const child = spawn(process.execPath, [path.join(HOPS, 'web-socket-echo.mjs')], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [port] = (await once(createInterface(child.stdout), 'line')) as [string];
  const socket = new WebSocket(`ws://127.0.0.1:${port}`, { perMessageDeflate: false });
  await once(socket, 'open');
  return {
    name: 'frame',
    call: async () => {
      const startedAt = performance.now();
      const answered = once(socket, 'message');
      socket.send(frame);
      await answered;
      return performance.now() - startedAt;
    },
    close: () => {
      socket.terminate();
      child.kill();
      return Promise.resolve();
    },
  };
}
