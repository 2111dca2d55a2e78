// What the load is made of, step by step.
import { performance } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { processesIn, ServerProcess } from '../server/server-process.js';

const PARALLEL_SESSIONS = 8;
const PARALLEL_CALLS = 16;
const ORPHAN_PATIENCE_MS = 15_000;
const POLL_MS = 100;

export interface LoadOptions {
  readonly dataDirectory: string;
  readonly sessionCount: number;
  readonly callCount: number;
  readonly itemCount: number;
  readonly onProgress?: (line: string) => void;
}

export interface LoadReport {
  readonly sessionsPerSecond: number;
  readonly callsPerSecond: number;
  readonly batchSeconds: number;
  /** Memory of the server process at even distances through sessions, calls and batch. */
  readonly residentMebibytes: readonly number[];
  /** Snapshots and services acknowledged before the kill. */
  readonly acknowledged: number;
  /** Those of them that the restarted server does not have whole. */
  readonly lost: readonly string[];
  /** Command lines of processes that outlived the kill. */
  readonly orphans: readonly string[];
  /** So long the runtimes of the killed server took to end by themselves. */
  readonly orphanSeconds: number;
  /** The state that the batch which was cut off came to after the restart. */
  readonly batchAfterRestart: string;
}

/** Puts the load on a server in the data directory, kills it under load, starts it again and looks. */
export async function runLoad(options: LoadOptions): Promise<LoadReport> {
  const { dataDirectory, sessionCount, callCount, itemCount, onProgress } = options;
  const memory: number[] = [];
  let server = await ServerProcess.start(dataDirectory);
  try {
    const sample = (count: number, total: number): void => {
      if (count % Math.ceil(total / 10) === 0) memory.push(server.residentMebibytes());
    };
    await publish(server, 'Load');
    const sessions = await timed(() =>
      inParallel(sessionCount, PARALLEL_SESSIONS, async (index) => {
        await openAndClose(server, index);
        sample(index, sessionCount);
      }),
    );
    onProgress?.(`${sessionCount} sessions in ${sessions.toFixed(1)} s`);
    const calls = await timed(() =>
      inParallel(callCount, PARALLEL_CALLS, async (index) => {
        await consume(server, 'Load', index);
        sample(index, callCount);
      }),
    );
    onProgress?.(`${callCount} calls in ${calls.toFixed(1)} s`);
    const batchSeconds = await timed(async () => {
      await endOf(server, await startBatch(server, itemCount));
    });
    memory.push(server.residentMebibytes());

    const interrupted = await startBatch(server, itemCount);
    const acknowledged = await killUnderLoad(server);
    let orphans: readonly string[] = [];
    const orphanSeconds = await timed(async () => {
      orphans = await orphansIn(dataDirectory);
    });
    server = await ServerProcess.start(dataDirectory);
    const lost = await lostOf(server, acknowledged);
    const batchAfterRestart = await endOf(server, interrupted);
    return {
      sessionsPerSecond: sessionCount / sessions,
      callsPerSecond: callCount / calls,
      batchSeconds,
      residentMebibytes: memory,
      acknowledged: acknowledged.length,
      lost,
      orphans,
      orphanSeconds,
      batchAfterRestart,
    };
  } finally {
    await server.close();
  }
}

async function publish(server: ServerProcess, name: string, snapshotId?: string): Promise<void> {
  await server.call('POST', `/services/${name}/1.0`, {
    code: 'y = x * 2',
    runtimeType: 'Python',
    inputParameterDefinitions: [{ name: 'x', type: 'numeric' }],
    outputParameterDefinitions: [{ name: 'y', type: 'numeric' }],
    ...(snapshotId !== undefined && { snapshotId }),
  });
}

async function consume(server: ServerProcess, name: string, x: number): Promise<void> {
  const { outputParameters } = await server.call<{ outputParameters: { y?: number } }>(
    'POST',
    `/api/${name}/1.0`,
    { x },
  );
  if (outputParameters.y !== x * 2) throw new Error(JSON.stringify({ x, outputParameters }));
}

async function open(server: ServerProcess, runtimeType: string): Promise<string> {
  const { sessionId } = await server.call<{ sessionId: string }>('POST', '/sessions', {
    runtimeType,
  });
  return sessionId;
}

/** A session of either language in turn, with one execution. */
async function openAndClose(server: ServerProcess, index: number): Promise<void> {
  const id = await open(server, index % 2 === 0 ? 'R' : 'Python');
  await server.call('POST', `/sessions/${id}/execute`, { code: 'x = 1' });
  await server.call('DELETE', `/sessions/${id}`);
}

async function startBatch(server: ServerProcess, itemCount: number): Promise<string> {
  const { batchExecutionId } = await server.call<{ batchExecutionId: string }>(
    'POST',
    `/api/Load/1.0/batch?parallelCount=${itemCount}`,
    Array.from({ length: itemCount }, (_, x) => ({ x })),
  );
  return batchExecutionId;
}

/** The state in which a batch ended. */
async function endOf(server: ServerProcess, id: string): Promise<string> {
  for (;;) {
    const { state } = await server.call<{ state: string }>('GET', `/api/Load/1.0/batch/${id}`);
    if (state === 'Complete' || state === 'Failed') return state;
    await delay(POLL_MS);
  }
}

/** Kills the server in the midst of snapshots, publications and calls; returns the paths of what it acknowledged. */
async function killUnderLoad(server: ServerProcess): Promise<readonly string[]> {
  const acknowledged: string[] = [];
  const id = await open(server, 'Python');
  await server.call('POST', `/sessions/${id}/execute`, { code: 'kept = 1' });
  let isKilled = false;
  const failing = async (work: () => Promise<void>): Promise<void> => {
    try {
      for (;;) await work();
    } catch (error) {
      if (!isKilled) throw error;
    }
  };
  let count = 0;
  const makeThings = failing(async () => {
    const { snapshotId } = await server.call<{ snapshotId: string }>(
      'POST',
      `/sessions/${id}/snapshot`,
      { name: 'kept' },
    );
    acknowledged.push(`/snapshots/${snapshotId}`);
    const name = `Kept${count++}`;
    await publish(server, name, snapshotId);
    acknowledged.push(`/services/${name}/1.0`);
    if (acknowledged.length < 20) return;
    isKilled = true;
    await server.kill();
  });
  const callers = Array.from({ length: PARALLEL_CALLS }, () =>
    failing(() => consume(server, 'Load', 1)),
  );
  await Promise.all([makeThings, ...callers]);
  return acknowledged;
}

/** What the server no longer has, or cannot run. */
async function lostOf(server: ServerProcess, paths: readonly string[]): Promise<string[]> {
  const lost: string[] = [];
  const snapshots = await server.call<{ id: string }[]>('GET', '/snapshots');
  for (const path of paths) {
    const isThere = path.startsWith('/snapshots/')
      ? snapshots.some(({ id }) => path.endsWith(id)) && (await canBeLoaded(server, path))
      : await consume(server, path.split('/')[2] ?? '', 3).then(
          () => true,
          () => false,
        );
    if (!isThere) lost.push(path);
  }
  return lost;
}

async function canBeLoaded(server: ServerProcess, path: string): Promise<boolean> {
  const { sessionId: id } = await server.call<{ sessionId: string }>('POST', '/sessions', {
    runtimeType: 'Python',
    snapshotId: path.slice('/snapshots/'.length),
  });
  const names = await server.call<string[]>('GET', `/sessions/${id}/workspace`);
  await server.call('DELETE', `/sessions/${id}`);
  return names.includes('kept');
}

/** Processes of a killed server end by themselves when they see that it is gone; this long they have. */
async function orphansIn(folder: string): Promise<string[]> {
  const endsAt = performance.now() + ORPHAN_PATIENCE_MS;
  let left = processesIn(folder);
  while (left.length > 0 && performance.now() < endsAt) {
    await delay(POLL_MS);
    left = processesIn(folder);
  }
  return left;
}

async function inParallel(
  count: number,
  width: number,
  work: (index: number) => Promise<void>,
): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < count) await work(next++);
  };
  await Promise.all(Array.from({ length: width }, worker));
}

/** Seconds that the work took. */
async function timed(work: () => Promise<void>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return (performance.now() - startedAt) / 1_000;
}
