// `npm run bench:services`: a glm service in R and an SVC service in Python on the embedded server, beside plumber and
// FastAPI on the same machine, in turns. Goals: twice plumber's throughput, and a p50 below plumber's.
// Options: `--seconds 3 --rounds 3`. Results go to bench/results/.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { PROJECT_ROOT, venvBin } from '../test/helpers/requirements.js';
import { ServerProcess } from './server/server-process.js';
import { load, type Figures, type Target } from './services/load.js';
import { publishServices } from './services/our-services.js';

const CLIENTS = [1, 4, 16];
const FLOWER = { a: 5.1, b: 3.5, c: 1.4, d: 0.2 };
const PLUMBER = ['plumber', 'plumber, a connection for each call'];

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '3' },
    rounds: { type: 'string', default: '3' },
  },
});
const folder = path.join(PROJECT_ROOT, 'bench', 'services');
const dataDirectory = mkdtempSync(path.join(os.tmpdir(), 'rserver-bench-'));
const started: ChildProcess[] = [];
const server = await ServerProcess.start(dataDirectory);
try {
  await publishServices(server);
  const targets = [ourR(server), ...(await plumber()), ourPython(server), await fastApi()];
  const measured = await measure(targets, Number(values.rounds), Number(values.seconds));
  report(targets, measured);
} finally {
  await server.close();
  for (const child of started) {
    if (child.exitCode === null) {
      child.kill('SIGTERM');
      await once(child, 'exit');
    }
  }
  rmSync(dataDirectory, { recursive: true, force: true });
}

function ourR(server: ServerProcess): Target {
  return {
    ...onOurServer(server, 'manualTransmission'),
    name: 'rserver-kernel, R',
    body: { hp: 120, wt: 2.8 },
    expected: /0\.6418125/,
  };
}

function ourPython(server: ServerProcess): Target {
  return {
    ...onOurServer(server, 'classify'),
    name: 'rserver-kernel, Python',
    body: FLOWER,
    expected: /"answer":0/,
  };
}

function onOurServer(
  { address: { url, token } }: ServerProcess,
  service: string,
): Pick<Target, 'port' | 'path' | 'headers'> {
  return {
    port: Number(new URL(url).port),
    path: `/api/${service}/1.0`,
    headers: { Authorization: `Bearer ${token}` },
  };
}

async function plumber(): Promise<Target[]> {
  const port = await freePort();
  start('Rscript', [path.join(folder, 'plumber.R'), String(port)]);
  // Between requests on one connection httpuv waits for the acknowledgement of its header; with a connection for each
  // request it does not. Both are measured, and we are compared with the better.
  const target = {
    port,
    path: '/manualTransmission',
    body: { hp: 120, wt: 2.8 },
    expected: /0\.6418/,
  };
  return [
    { ...target, name: 'plumber' },
    { ...target, name: 'plumber, a connection for each call', closes: true },
  ];
}

async function fastApi(): Promise<Target> {
  const port = await freePort();
  start(venvBin('python'), [path.join(folder, 'fastapi_service.py'), String(port)]);
  return { name: 'FastAPI', port, path: '/classify', body: FLOWER, expected: /"answer":0/ };
}

function start(command: string, args: readonly string[]): ChildProcess {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'], cwd: PROJECT_ROOT });
  started.push(child);
  return child;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}

type Measured = Map<string, Figures>;

/** The median of rounds; within a round everything takes its turn, so that noise meets all alike. */
async function measure(
  targets: readonly Target[],
  rounds: number,
  seconds: number,
): Promise<Measured> {
  for (const target of targets) await warm(target);
  const all = new Map<string, Figures[]>();
  for (let round = 0; round < rounds; round += 1) {
    for (const clients of CLIENTS) {
      for (const target of targets) {
        const figures = await load(target, clients, seconds);
        const key = keyOf(target.name, clients);
        all.set(key, [...(all.get(key) ?? []), figures]);
      }
    }
  }
  return new Map([...all].map(([key, figures]) => [key, medianOf(figures)]));
}

async function warm(target: Target): Promise<void> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      await load(target, 4, 1);
      return;
    } catch (error) {
      if (attempt === 60 || !(error instanceof Error) || !error.message.includes('ECONNREFUSED')) {
        throw error;
      }
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
  }
}

function medianOf(figures: readonly Figures[]): Figures {
  const median = (of: (figures: Figures) => number): number =>
    figures.map(of).sort((a, b) => a - b)[Math.floor(figures.length / 2)] ?? Number.NaN;
  return {
    requestsPerSecond: median((one) => one.requestsPerSecond),
    p50Ms: median((one) => one.p50Ms),
    p99Ms: median((one) => one.p99Ms),
  };
}

function report(targets: readonly Target[], measured: Measured): void {
  const figuresOf = (name: string, clients: number): Figures =>
    measured.get(keyOf(name, clients)) ?? { requestsPerSecond: 0, p50Ms: 0, p99Ms: 0 };
  const rows = CLIENTS.flatMap((clients) =>
    targets.map(({ name }) => {
      const { requestsPerSecond, p50Ms, p99Ms } = figuresOf(name, clients);
      return `| ${clients} | ${name} | ${requestsPerSecond.toFixed(0)} | ${p50Ms.toFixed(2)} | ${p99Ms.toFixed(2)} |`;
    }),
  );
  const goals = CLIENTS.flatMap((clients) =>
    ['rserver-kernel, R', 'rserver-kernel, Python'].map((name) => {
      const ours = figuresOf(name, clients);
      const peers = PLUMBER.map((peer) => figuresOf(peer, clients));
      const throughput =
        ours.requestsPerSecond / Math.max(...peers.map((peer) => peer.requestsPerSecond));
      const latency = ours.p50Ms / Math.min(...peers.map((peer) => peer.p50Ms));
      const verdict = throughput >= 2 && latency < 1 ? 'met' : 'missed';
      return `| ${clients} | ${name} | ${throughput.toFixed(2)} | ${latency.toFixed(2)} | ${verdict} |`;
    }),
  );
  const text = [
    '| clients | service | requests/s | p50 ms | p99 ms |',
    '|---|---|---|---|---|',
    ...rows,
    '',
    'Beside the better of the two ways of plumber: throughput at least 2, p50 below 1.',
    '',
    '| clients | service | throughput | p50 | |',
    '|---|---|---|---|---|',
    ...goals,
    '',
  ].join('\n');
  console.log(text);
  const results = path.join(PROJECT_ROOT, 'bench', 'results');
  mkdirSync(results, { recursive: true });
  writeFileSync(path.join(results, 'services.md'), text);
}

function keyOf(name: string, clients: number): string {
  return `${name} ${clients}`;
}
