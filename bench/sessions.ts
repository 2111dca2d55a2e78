// `npm run bench:sessions`: opening sessions on the embedded server over HTTP, one by one and many at once, what the pool's
// refilling does to cells that run meanwhile, and the memory of an idle session; beside sessions that are programs started
// one by one. Options: `--rounds 15 --many 50`, `--quick`. Results go to bench/results/sessions.md and .json.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { memoryOf, processesWith } from '../test/helpers/processes.js';
import { PROJECT_ROOT } from '../test/helpers/requirements.js';
import type { ForeignFigure } from './results.js';
import { ServerProcess } from './server/server-process.js';
import { median, quantile } from './statistics.js';

type RuntimeType = 'R' | 'Python';

const RUNTIME_TYPES: readonly RuntimeType[] = ['R', 'Python'];
/** A successor is started one second after a session was handed out; then it takes some time. */
const REFILL_MS = 2_500;

const { values } = parseArgs({
  options: {
    rounds: { type: 'string' },
    many: { type: 'string' },
    quick: { type: 'boolean', default: false },
  },
});
const rounds = Number(values.rounds ?? (values.quick ? 5 : 15));
const many = Number(values.many ?? (values.quick ? 20 : 50));

interface Measured {
  readonly runtimeType: RuntimeType;
  /** Milliseconds of `POST /sessions` with a process ready. */
  readonly warmMs: readonly number[];
  /** Milliseconds until all of many sessions asked for at once were there, and how many of them failed. */
  readonly manyMs: number;
  readonly failureCount: number;
  /** Milliseconds of a `1+1` with nothing else going on, and while the pool refills. */
  readonly quietMs: readonly number[];
  readonly refillingMs: readonly number[];
  /** MiB that each of the many sessions adds, all of it shared out; and what it shares with nobody. */
  readonly proportionalMebibytes: number;
  readonly privateMebibytes: number;
}

/** The same where each session is a program that is started for it. */
interface Started {
  readonly openMs: number;
  readonly proportionalMebibytes: number;
}

const measured: Measured[] = [];
const started = new Map<RuntimeType, Started>();
for (const runtimeType of RUNTIME_TYPES) {
  started.set(
    runtimeType,
    await onServer(0, (server, folder) => startOne(server, folder, runtimeType)),
  );
  measured.push(await onServer(1, (server, folder) => measure(server, folder, runtimeType)));
}
report();

async function onServer<Result>(
  warmCount: number,
  work: (server: ServerProcess, folder: string) => Promise<Result>,
): Promise<Result> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'rserver-sessions-'));
  const server = await ServerProcess.start(folder, { warmCount });
  try {
    return await work(server, folder);
  } finally {
    await server.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function measure(
  server: ServerProcess,
  folder: string,
  runtimeType: RuntimeType,
): Promise<Measured> {
  const first = await open(server, runtimeType);
  await run(server, first);
  await pause(2 * REFILL_MS);
  const quietMs = await cellsFor(server, first);
  const warmMs: number[] = [];
  const refillingMs: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const opened = await timeOf(() => open(server, runtimeType));
    warmMs.push(opened.ms);
    if (round < 3) refillingMs.push(...(await cellsFor(server, first)));
    else await pause(REFILL_MS);
    await server.call('DELETE', `/sessions/${opened.value}`);
  }
  const before = memoryIn(folder, 'Pss');
  const attempts = Array.from({ length: many }, () => open(server, runtimeType));
  const together = await timeOf(() => Promise.allSettled(attempts));
  await pause(REFILL_MS);
  const ids = together.value.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  for (const id of ids) await run(server, id);
  const proportional = (memoryIn(folder, 'Pss') - before) / ids.length;
  const privately = processesWith(folder).map((pid) => memoryOf(pid).Private_Dirty / 1024);
  return {
    runtimeType,
    warmMs,
    manyMs: together.ms,
    failureCount: many - ids.length,
    quietMs,
    refillingMs,
    proportionalMebibytes: proportional,
    privateMebibytes: median(privately),
  };
}

async function startOne(
  server: ServerProcess,
  folder: string,
  runtimeType: RuntimeType,
): Promise<Started> {
  const times: number[] = [];
  const count = 5;
  for (let index = 0; index < count; index += 1) {
    const opened = await timeOf(() => open(server, runtimeType));
    await run(server, opened.value);
    times.push(opened.ms);
  }
  return { openMs: median(times), proportionalMebibytes: memoryIn(folder, 'Pss') / count };
}

/** Round trips of `1+1`, as long as a refill lasts. */
async function cellsFor(server: ServerProcess, session: string): Promise<number[]> {
  const times: number[] = [];
  const endMs = performance.now() + REFILL_MS;
  while (performance.now() < endMs) times.push((await timeOf(() => run(server, session))).ms);
  return times;
}

async function open(server: ServerProcess, runtimeType: RuntimeType): Promise<string> {
  const body = { name: 'bench', runtimeType };
  return (await server.call<{ sessionId: string }>('POST', '/sessions', body)).sessionId;
}

async function run(server: ServerProcess, session: string): Promise<void> {
  await server.call('POST', `/sessions/${session}/execute`, { code: '1+1' });
}

/** MiB of all R and Python processes of a server: they have its folder in their environment. */
function memoryIn(folder: string, kind: 'Pss'): number {
  return processesWith(folder).reduce((sum, pid) => sum + (memoryOf(pid)[kind] || 0), 0) / 1024;
}

async function timeOf<T>(
  work: () => Promise<T>,
): Promise<{ readonly ms: number; readonly value: T }> {
  const startedAt = performance.now();
  const value = await work();
  return { ms: performance.now() - startedAt, value };
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function report(): void {
  const figures = measured.flatMap(figuresOf);
  const rows = figures.map(
    ({ name, ours, unit = '', goal, met }) =>
      `| ${[name, `${ours} ${unit}`.trim(), goal, goal === '' ? '' : met ? 'met' : 'missed'].join(' | ')} |`,
  );
  const text = [
    `Sessions over HTTP; ${rounds} opened one by one, ${many} at once. Memory is that of an idle session after one cell.`,
    '',
    '| | ours | goal | |',
    '| --- | --- | --- | --- |',
    ...rows,
    '',
  ].join('\n');
  console.log(text);
  const results = path.join(PROJECT_ROOT, 'bench', 'results');
  mkdirSync(results, { recursive: true });
  writeFileSync(path.join(results, 'sessions.md'), text);
  writeFileSync(
    path.join(results, 'sessions.json'),
    `${JSON.stringify({ rounds, figures }, null, 1)}\n`,
  );
}

function figuresOf(one: Measured): ForeignFigure[] {
  const { runtimeType: type } = one;
  const peer = started.get(type);
  const rounded = (value: number): number => Number(value.toPrecision(3));
  const figure = (
    target: number,
    name: string,
    value: number,
    unit: string,
    goal: string,
    met: boolean,
  ): ForeignFigure => ({ target, name: `${type}: ${name}`, ours: rounded(value), unit, goal, met });
  const slower = quantile(one.refillingMs, 0.95) / quantile(one.quietMs, 0.95);
  const warmMs = median(one.warmMs);
  const { manyMs, failureCount, proportionalMebibytes: memory } = one;
  const { openMs = Number.NaN, proportionalMebibytes: startedMemory = Number.NaN } = peer ?? {};
  return [
    figure(10, 'open a session, p50', warmMs, 'ms', 'at most 10 ms', warmMs <= 10),
    figure(10, 'open a session, p95', quantile(one.warmMs, 0.95), 'ms', '', true),
    figure(10, 'open a session that is started for it, p50', openMs, 'ms', '', true),
    figure(10, `open ${many} at once, all`, manyMs, 'ms', '', true),
    figure(10, `failures among ${many}`, failureCount, '', 'none', failureCount === 0),
    figure(
      10,
      'p95 of `1+1` while the pool refills, of that when not',
      slower,
      'times',
      'at most 1.5 times',
      slower <= 1.5,
    ),
    figure(
      8,
      'memory of an idle session',
      memory,
      'MiB',
      'less than one that is started',
      memory < startedMemory,
    ),
    figure(8, 'of it private', one.privateMebibytes, 'MiB', '', true),
    figure(8, 'memory of one that is started', startedMemory, 'MiB', '', true),
  ];
}
