// How cost grows with the number of idle sessions, snapshots and services. Cells and sizes of outputs are measured by
// kernelbench.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { performance } from 'node:perf_hooks';
import { createInterface } from 'node:readline';
import { PROJECT_ROOT } from '../../test/helpers/requirements.js';
import type { RunOptions } from '../kernel-parts.js';
import type { Curve, ResultFolder } from '../results.js';
import { proportionalMebibytesIn, ServerProcess } from '../server/server-process.js';
import { median, type Point } from '../statistics.js';
import { addCopies, type Copied } from './stored-rows.js';

const SESSION_MARKS = [1, 3, 10, 30, 100];
const STORED_MARKS = [10, 100, 1_000, 3_000, 10_000];
const CALLS = 9;

/** Measures, and keeps the result as `growth`. */
export async function runGrowth(folder: ResultFolder, { isQuick }: RunOptions): Promise<void> {
  const most = isQuick ? 10 : 100;
  const storedMost = isQuick ? 1_000 : 10_000;
  const curves = [
    ...(await sessionCurves(
      'R',
      SESSION_MARKS.filter((mark) => mark <= most),
    )),
    ...(await sessionCurves(
      'Python',
      SESSION_MARKS.filter((mark) => mark <= most),
    )),
    ...(await snapshotCurves(STORED_MARKS.filter((mark) => mark <= storedMost))),
    ...(await serviceCurves(STORED_MARKS.filter((mark) => mark <= storedMost))),
  ];
  folder.write('growth', { date: new Date().toISOString(), rounds: 1, isQuick, curves });
}

/** Runs work on a server of its own with its own data. */
async function onServer<Result>(
  work: (server: ServerProcess, dataDirectory: string) => Promise<Result>,
): Promise<Result> {
  const dataDirectory = mkdtempSync(path.join(os.tmpdir(), 'rserver-growth-'));
  const server = await ServerProcess.start(dataDirectory);
  try {
    return await work(server, dataDirectory);
  } finally {
    await server.close();
    rmSync(dataDirectory, { recursive: true, force: true });
  }
}

async function sessionCurves(
  runtimeType: 'R' | 'Python',
  marks: readonly number[],
): Promise<Curve[]> {
  return onServer(async (server, dataDirectory) => {
    const [creation, memory, serverMemory, cells]: Point[][] = [[], [], [], []] as Point[][];
    const ids: string[] = [];
    const without = proportionalMebibytesIn(dataDirectory);
    let seconds = 0;
    for (const n of marks) {
      seconds += await secondsOf(async () => {
        while (ids.length < n) ids.push(await createSession(server, runtimeType));
      });
      creation?.push({ n, cost: seconds });
      memory?.push({ n, cost: proportionalMebibytesIn(dataDirectory) - without });
      serverMemory?.push({ n, cost: server.residentMebibytes() });
      cells?.push({ n, cost: await medianMs(() => execute(server, ids[0] ?? '')) });
    }
    const of = `idle sessions of ${runtimeType}`;
    const curve = (
      id: string,
      what: string,
      unit: string,
      kind: Curve['kind'],
      points = creation,
    ) => ({
      ...{ id: `sessions-${id}-${runtimeType}`, label: `${of}: ${what}`, of, unit, kind },
      points: points ?? [],
    });
    return [
      curve('create', 'creating them all', 's', 'whole', creation),
      curve('memory', 'memory of all processes', 'MiB', 'whole', memory),
      curve('server', 'memory of the server', 'MiB', 'whole', serverMemory),
      curve('cell', 'a `1+1` in one of them', 'ms', 'next', cells),
    ];
  });
}

async function createSession(server: ServerProcess, runtimeType: string): Promise<string> {
  const { sessionId } = await server.call<{ sessionId: string }>('POST', '/sessions', {
    runtimeType,
  });
  return sessionId;
}

async function execute(server: ServerProcess, id: string): Promise<void> {
  await server.call('POST', `/sessions/${id}/execute`, { code: '1+1' });
}

async function snapshotCurves(marks: readonly number[]): Promise<Curve[]> {
  return onServer(async (server, dataDirectory) => {
    const id = await createSession(server, 'R');
    await server.call('POST', `/sessions/${id}/execute`, { code: 'x <- 1:10' });
    const create = async (): Promise<string> => {
      const { snapshotId } = await server.call<{ snapshotId: string }>(
        'POST',
        `/sessions/${id}/snapshot`,
        { name: 'kept' },
      );
      return snapshotId;
    };
    const original = await create();
    return storedCurves(server, {
      of: 'snapshots',
      marks,
      copied: {
        ...{ dataDirectory, table: 'snapshots', key: 'id', original, folder: 'snapshots' },
        own: (copyId) => ({ id: copyId }),
      },
      list: '/snapshots',
      steps: {
        'creating one more': create,
        'loading one': () => server.call('POST', `/sessions/${id}/loadsnapshot/${original}`),
      },
    });
  });
}

async function serviceCurves(marks: readonly number[]): Promise<Curve[]> {
  return onServer(async (server, dataDirectory) => {
    let count = 0;
    const publish = (): Promise<unknown> =>
      server.call('POST', `/services/Made${(count += 1)}/1.0`, {
        code: 'y = x * 2',
        runtimeType: 'Python',
        inputParameterDefinitions: [{ name: 'x', type: 'numeric' }],
        outputParameterDefinitions: [{ name: 'y', type: 'numeric' }],
      });
    await publish();
    return storedCurves(server, {
      of: 'services',
      marks,
      copied: {
        ...{ dataDirectory, table: 'services', key: 'name', original: 'Made1' },
        own: (copyId) => ({ name: `S${copyId}`, revision: copyId }),
      },
      list: '/services',
      steps: {
        'publishing one more': publish,
        'calling one': () => server.call('POST', '/api/Made1/1.0', { x: 2 }),
      },
    });
  });
}

interface Stored {
  readonly of: 'snapshots' | 'services';
  readonly marks: readonly number[];
  readonly copied: Copied;
  /** Route that lists them all. */
  readonly list: string;
  /** What is done beside so many. */
  readonly steps: Readonly<Record<string, () => Promise<unknown>>>;
}

async function storedCurves(server: ServerProcess, stored: Stored): Promise<Curve[]> {
  const { of, marks, copied, list, steps } = stored;
  const listed: Point[] = [];
  const restarted: Point[] = [];
  const stepped = new Map<string, Point[]>(Object.keys(steps).map((name) => [name, []]));
  for (const mark of marks) {
    const there = (await server.call<unknown[]>('GET', list)).length;
    addCopies(copied, Math.max(0, mark - there));
    const n = (await server.call<unknown[]>('GET', list)).length;
    listed.push({ n, cost: await medianMs(() => server.call('GET', list)) });
    for (const [name, step] of Object.entries(steps)) {
      stepped.get(name)?.push({ n, cost: await medianMs(step) });
    }
    restarted.push({ n, cost: await startMs(copied.dataDirectory) });
  }
  return [
    {
      id: `${of}-list`,
      label: `${of}: listing them all`,
      of,
      unit: 'ms',
      kind: 'whole',
      points: listed,
    },
    {
      ...{ id: `${of}-start`, label: `${of}: starting a server`, of, unit: 'ms' },
      ...{ kind: 'whole', points: restarted },
    },
    ...[...stepped].map(([name, points]): Curve => ({
      ...{ id: `${of}-${name.split(' ')[0] ?? ''}`, label: `${of}: ${name}`, of, unit: 'ms' },
      ...{ kind: 'next', points },
    })),
  ];
}

/** Until a second server on the same data, the installed program, listens: several may share them. */
async function startMs(dataDirectory: string): Promise<number> {
  const program = path.join(PROJECT_ROOT, 'dist', 'cli', 'main.js');
  const startedAt = performance.now();
  const child = spawn(
    process.execPath,
    [program, 'serve', '--host', '127.0.0.1', '--port', '0', '--data', dataDirectory],
    {
      stdio: ['ignore', 'pipe', 'ignore'],
      env: { ...process.env, RSERVER_ADMIN_PASSWORD: 'bench' },
    },
  );
  try {
    for await (const line of createInterface(child.stdout)) if (line.includes('http://')) break;
    return performance.now() - startedAt;
  } finally {
    const exited = once(child, 'exit');
    child.kill('SIGTERM');
    await exited;
  }
}

async function secondsOf(work: () => Promise<void>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return (performance.now() - startedAt) / 1_000;
}

async function medianMs(work: () => Promise<unknown>): Promise<number> {
  await work(); // the first one of its kind
  const times: number[] = [];
  for (let call = 0; call < CALLS; call += 1) {
    const startedAt = performance.now();
    await work();
    times.push(performance.now() - startedAt);
  }
  return median(times);
}
