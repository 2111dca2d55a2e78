// `npm run bench:snapshots`: a workspace of numbers and small objects, kept and brought back by the embedded server and, in
// the same run, by `save.image()` and `load()`. Options: `--megabytes 1000 --rounds 1`, `--quick`.
// Results go to bench/results/snapshots.md and .json.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { PROJECT_ROOT } from '../test/helpers/requirements.js';
import type { ForeignFigure } from './results.js';
import { ServerProcess } from './server/server-process.js';
import { median, quantile } from './statistics.js';

const VECTORS = 10;
const SMALL_OBJECTS = 1000;
const SMALL_RESTORES = 15;
const BETWEEN_CELLS_MS = 20;
const TARGET = 9;

const { values } = parseArgs({
  options: {
    megabytes: { type: 'string' },
    rounds: { type: 'string', default: '1' },
    quick: { type: 'boolean', default: false },
  },
});
const megabytes = Number(values.megabytes ?? (values.quick ? 100 : 1000));
const rounds = Number(values.rounds);

/** Fills a workspace; `check` sums it up. */
const FILL = `
set.seed(1)
for (i in 1:${VECTORS}) assign(paste0("numbers", i), rnorm(${Math.round((megabytes * 1e6) / 8 / VECTORS)}))
for (i in 1:${SMALL_OBJECTS}) assign(paste0("small", i), list(i, letters, runif(3)))
.hidden <- new.env(); assign("shared", 1:3, .hidden); also <- .hidden
rm(i)`;
const CHECK = `check <- c(
  vapply(1:${VECTORS}, function(i) sum(get(paste0("numbers", i))), 0),
  sum(unlist(lapply(1:${SMALL_OBJECTS}, function(i) get(paste0("small", i))[[3]]))),
  identical(.hidden, also), sum(.Random.seed %% 1000), length(ls(all.names = TRUE)))`;

interface Measured {
  readonly createMs: number;
  readonly againMs: number;
  readonly longestWaitMs: number;
  readonly restoreMs: number;
  readonly smallRestoreMs: readonly number[];
  readonly isEqual: boolean;
  /** Disk that the second of two nearly equal snapshots takes, as a share of the first. */
  readonly secondShare: number;
}

interface Peer {
  readonly saveMs: number;
  readonly loadMs: number;
}

const ours: Measured[] = [];
const peers: Peer[] = [];
for (let round = 0; round < rounds; round += 1) {
  ours.push(await inFolder(measureOurs));
  peers.push(await inFolder(measurePeer));
}
report();

async function inFolder<T>(measure: (folder: string) => T | Promise<T>): Promise<T> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'rserver-bench-'));
  try {
    return await measure(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function measureOurs(folder: string): Promise<Measured> {
  const server = await ServerProcess.start(folder);
  try {
    const session = await newSession(server);
    await run(server, session, FILL);
    const before = await checkOf(server, session);
    const emptyBytes = bytesIn(folder);
    const first = await createWhileRunning(server, session);
    const firstBytes = bytesIn(folder) - emptyBytes;
    await run(server, session, 'numbers1[1:10] <- 0');
    const second = await createWhileRunning(server, session);
    const secondBytes = bytesIn(folder) - emptyBytes - firstBytes;
    await server.call('DELETE', `/sessions/${session}`);
    const restored = await newSession(server);
    const restoreMs = await timeOf(() => load(server, restored, first.snapshotId));
    const after = await checkOf(server, restored);
    await server.call('DELETE', `/sessions/${restored}`);
    return {
      createMs: first.ms,
      againMs: second.ms,
      longestWaitMs: Math.max(first.longestWaitMs, second.longestWaitMs),
      restoreMs,
      smallRestoreMs: await restoreSmall(server),
      isEqual: JSON.stringify(before) === JSON.stringify(after),
      secondShare: secondBytes / firstBytes,
    };
  } finally {
    await server.close();
  }
}

/** Makes a snapshot, and runs one cell after the other until it is made. */
async function createWhileRunning(
  server: ServerProcess,
  session: string,
): Promise<{ snapshotId: string; ms: number; longestWaitMs: number }> {
  const startedAt = performance.now();
  let ms: number | undefined;
  const creating = server
    .call<{ snapshotId: string }>('POST', `/sessions/${session}/snapshot`, { name: 'numbers' })
    .finally(() => {
      ms = performance.now() - startedAt;
    });
  const waits: number[] = [];
  // The first cell is sent right behind, on another connection, and meets the copying of the process.
  do {
    waits.push(await timeOf(() => run(server, session, 'numbers2[1] + 1')));
    await setTimeout(BETWEEN_CELLS_MS);
  } while (ms === undefined);
  return { snapshotId: (await creating).snapshotId, ms, longestWaitMs: Math.max(...waits) };
}

async function restoreSmall(server: ServerProcess): Promise<number[]> {
  const source = await newSession(server);
  await run(server, source, 'for (i in 1:10) assign(paste0("small", i), list(i, letters))');
  const { snapshotId } = await server.call<{ snapshotId: string }>(
    'POST',
    `/sessions/${source}/snapshot`,
    { name: 'small' },
  );
  const times: number[] = [];
  for (let n = 0; n < SMALL_RESTORES; n += 1) {
    const session = await newSession(server);
    await run(server, session, '1');
    times.push(await timeOf(() => load(server, session, snapshotId)));
    await server.call('DELETE', `/sessions/${session}`);
  }
  return times;
}

function measurePeer(folder: string): Peer {
  const program = `
    options(digits = 15)
    ${FILL}
    file <- file.path(${JSON.stringify(folder)}, "image.RData")
    saved <- system.time(save.image(file))[["elapsed"]]
    rm(list = ls(all.names = TRUE)[!ls(all.names = TRUE) %in% c("file", "saved")])
    loaded <- system.time(load(file))[["elapsed"]]
    cat(saved, loaded)`;
  const [saved = Number.NaN, loaded = Number.NaN] = execFileSync('Rscript', ['-e', program])
    .toString()
    .split(' ')
    .map(Number);
  return { saveMs: saved * 1000, loadMs: loaded * 1000 };
}

async function newSession(server: ServerProcess): Promise<string> {
  const body = { runtimeType: 'R' };
  return (await server.call<{ sessionId: string }>('POST', '/sessions', body)).sessionId;
}

interface ExecuteAnswer {
  readonly success: boolean;
  readonly errorMessage: string;
  readonly outputParameters: readonly { readonly value: unknown }[];
}

async function run(
  server: ServerProcess,
  session: string,
  code: string,
  outputParameters: readonly string[] = [],
): Promise<ExecuteAnswer> {
  const body = { code, outputParameters };
  const answer = await server.call<ExecuteAnswer>('POST', `/sessions/${session}/execute`, body);
  if (!answer.success) throw new Error(answer.errorMessage);
  return answer;
}

async function checkOf(server: ServerProcess, session: string): Promise<unknown> {
  const code = `if (exists("check")) rm(check)\n${CHECK}`;
  return (await run(server, session, code, ['check'])).outputParameters[0]?.value;
}

async function load(server: ServerProcess, session: string, snapshotId: string): Promise<void> {
  await server.call('POST', `/sessions/${session}/loadsnapshot/${snapshotId}`);
}

async function timeOf(work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return performance.now() - startedAt;
}

/** Bytes on the disk, what is linked twice counted once. */
function bytesIn(folder: string): number {
  return Number(execFileSync('du', ['-s', '-B1', folder]).toString().split('\t')[0]);
}

function report(): void {
  const of = (pick: (one: Measured) => number): number => median(ours.map(pick));
  const saveMs = median(peers.map((one) => one.saveMs));
  const loadMs = median(peers.map((one) => one.loadMs));
  const beside = (
    name: string,
    ms: number,
    peer: string,
    peerMs: number,
    goal: number,
  ): ForeignFigure => ({
    target: TARGET,
    name: `${name}, ${megabytes} MB and ${SMALL_OBJECTS} small objects`,
    ours: Math.round(ms),
    unit: 'ms',
    peer,
    peerValue: Math.round(peerMs),
    ratio: Number((peerMs / ms).toFixed(1)),
    goal: `at least ${goal} times as fast`,
    met: peerMs / ms >= goal,
  });
  const alone = (
    name: string,
    value: number,
    unit: string,
    goal: string,
    met: boolean,
  ): ForeignFigure => ({
    target: TARGET,
    name,
    ours: Number(value.toPrecision(3)),
    unit,
    goal,
    met,
  });
  const waitMs = Math.max(...ours.map((one) => one.longestWaitMs));
  const smallMs = median(ours.flatMap((one) => one.smallRestoreMs));
  const share = of((one) => one.secondShare);
  const isEqual = ours.every((one) => one.isEqual);
  const figures: ForeignFigure[] = [
    beside(
      'create',
      of((one) => one.createMs),
      '`save.image()`',
      saveMs,
      5,
    ),
    beside(
      'create again, nearly the same',
      of((one) => one.againMs),
      '`save.image()`',
      saveMs,
      5,
    ),
    beside(
      'restore',
      of((one) => one.restoreMs),
      '`load()`',
      loadMs,
      3,
    ),
    alone(
      'longest wait of a cell while it is written',
      waitMs,
      'ms',
      'at most 200 ms',
      waitMs <= 200,
    ),
    alone(
      'restore of a small one into a ready session, p50',
      smallMs,
      'ms',
      'at most 50 ms',
      smallMs <= 50,
    ),
    alone(
      'disk of a second one, nearly the same, beside the first',
      share,
      '',
      'at most 0.1',
      share <= 0.1,
    ),
    {
      target: TARGET,
      name: 'values equal after the round trip',
      ours: isEqual ? 'yes' : 'no',
      goal: 'yes',
      met: isEqual,
    },
  ];
  const text = [
    '| measure | ours | peer | times as fast | goal | |',
    '| --- | --- | --- | --- | --- | --- |',
    ...figures.map(rowOf),
    '',
    `Small restores, p95: ${quantile(
      ours.flatMap((one) => one.smallRestoreMs),
      0.95,
    ).toFixed(0)} ms. Rounds: ${rounds}.`,
    '',
  ].join('\n');
  console.log(text);
  const results = path.join(PROJECT_ROOT, 'bench', 'results');
  mkdirSync(results, { recursive: true });
  writeFileSync(path.join(results, 'snapshots.md'), text);
  writeFileSync(
    path.join(results, 'snapshots.json'),
    `${JSON.stringify({ rounds, megabytes, figures }, null, 1)}\n`,
  );
}

function rowOf({
  name,
  ours: value,
  unit = '',
  peer,
  peerValue,
  ratio,
  goal,
  met,
}: ForeignFigure): string {
  const beside = peer === undefined ? '' : `${peer} ${String(peerValue)} ${unit}`;
  const verdict = met ? 'met' : 'missed';
  return `| ${name} | ${value} ${unit} | ${beside} | ${ratio ?? ''} | ${goal} | ${verdict} |`;
}
