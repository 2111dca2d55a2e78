// Where the time of `1+1` goes: the layers of a cell one by one, in turns, and what each adds to those below it.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { performance } from 'node:perf_hooks';
import type { RunOptions } from '../kernel-parts.js';
import type { Hop, ResultFolder, Summary } from '../results.js';
import { ServerProcess } from '../server/server-process.js';
import { quantile } from '../statistics.js';
import type { Subjects } from '../subjects.js';
import { hopsOf } from './hop-table.js';
import {
  bridgeLayer,
  clientLayer,
  HOPS,
  heartbeatLayer,
  webSocketLayer,
  kernelLayer,
  openPool,
  pipeLayer,
  runtimeLayer,
  type LanguageKey,
  type Layer,
} from './layers.js';

const LANGUAGES: readonly LanguageKey[] = ['R', 'python'];
const WARM_CALLS = 30;
const CALLS_AT_A_TIME = 20;

/** Measures, and keeps the result as `hops`. */
export async function runHops(
  subjects: Subjects,
  folder: ResultFolder,
  { rounds, isQuick }: RunOptions,
): Promise<void> {
  const directory = mkdtempSync(path.join(os.tmpdir(), 'rserver-hops-'));
  const owned: { close(): Promise<unknown> }[] = [];
  try {
    const layers = await openLayers(subjects, directory, owned);
    const times = await measureInTurns(layers, isQuick ? 4 : 5 * rounds);
    folder.write('hops', {
      date: new Date().toISOString(),
      rounds,
      isQuick,
      summary: summaryOf(times),
      hops: hopsOf((name) => quantile(times.get(name) ?? [], 0.5) * 1_000) satisfies readonly Hop[],
    });
  } finally {
    for (const one of owned.reverse()) await one.close();
    rmSync(directory, { recursive: true, force: true });
  }
}

async function openLayers(
  subjects: Subjects,
  directory: string,
  owned: { close(): Promise<unknown> }[],
): Promise<readonly Layer[]> {
  const layers: Layer[] = [];
  const own = <One extends Layer>(layer: One): One => {
    layers.push(layer);
    owned.push(layer);
    return layer;
  };
  const inside = (name: string): string => {
    mkdirSync(path.join(directory, name));
    return path.join(directory, name);
  };
  const serve = async (name: string, program?: string): Promise<ServerProcess> => {
    const options = program === undefined ? {} : { program };
    const server = await ServerProcess.start(inside(name), options);
    owned.push(server);
    return server;
  };
  const server = await serve('real');
  const idleServer = await serve('idle', path.join(HOPS, 'idle-server.ts'));
  const pool = openPool(inside('work'));
  owned.push(pool);

  const least = own(
    await kernelLayer('five sockets', subjects.kernelJson('five-sockets').argv, subjects),
  );
  own(heartbeatLayer(least.frontEnd));
  const toy = [process.execPath, '--import', 'tsx', path.join(HOPS, 'toy-kernel.ts')];
  own(await kernelLayer('toy kernel', [...toy, '{connection_file}'], subjects));
  own(await webSocketLayer(JSON.stringify({ code: '1+1'.padEnd(300) })));
  for (const key of LANGUAGES) {
    const { argv, env = {} } = subjects.kernelJson(key === 'R' ? 'rserver-r' : 'rserver-python');
    own(await kernelLayer(`kernel ${key}`, argv, subjects, env));
    const { sent } = own(await bridgeLayer(key, server));
    own(await clientLayer(`client ${key}`, key, server, sent));
    own(await clientLayer(`idle server ${key}`, key, idleServer, sent.slice(-1)));
    const codes = sent.map(({ code }) => code);
    own(await runtimeLayer(`agent ${key}`, key, pool, codes));
    own(await runtimeLayer(`runtime ${key}`, key, pool, ['1+1']));
    own(pipeLayer(key, false));
    own(pipeLayer(key, true));
  }
  return layers;
}

type Times = ReadonlyMap<string, readonly number[]>;

/** In each turn every layer is called some times, so that noise meets all alike. */
async function measureInTurns(layers: readonly Layer[], turns: number): Promise<Times> {
  const times = new Map<string, number[]>(layers.map(({ name }) => [name, []]));
  for (const layer of layers) for (let call = 0; call < WARM_CALLS; call += 1) await layer.call();
  const startedAt = performance.now();
  for (let turn = 0; turn < turns; turn += 1) {
    for (const layer of layers) {
      await layer.call(); // it has been idle for a while
      for (let call = 0; call < CALLS_AT_A_TIME; call += 1) {
        times.get(layer.name)?.push(await layer.call());
      }
    }
  }
  console.log(
    `${layers.length} layers in ${((performance.now() - startedAt) / 1_000).toFixed(1)} s`,
  );
  return times;
}

function summaryOf(times: Times): Summary {
  const layers = Object.fromEntries(
    [...times].flatMap(([name, values]) =>
      ([0.5, 0.95, 0.99] as const).map((share) => [
        `${name}.p${share * 100}`,
        { median: quantile(values, share) },
      ]),
    ),
  );
  return { hops: layers };
}
