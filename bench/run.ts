// `npm run bench`: both of our kernels beside IRkernel and ipykernel in one interleaved run (bench/kernelbench.py),
// with the figures to reach as ratios. Results go to bench/results/. Further arguments are handed to kernelbench.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { createJupyterEnvironment } from '../test/helpers/jupyter-environment.js';
import { PROJECT_ROOT, venvBin } from '../test/helpers/requirements.js';

type Summary = Readonly<Record<string, { readonly median: number } | null | undefined>>;

/** A figure to reach: our kernel's measure over the peer's, at most `atMost`; without a peer, the figure itself. */
interface Goal {
  readonly label: string;
  readonly measure: string;
  readonly ours: 'rserver-r' | 'rserver-python';
  readonly peer?: 'ir' | 'python3';
  readonly atMost: number;
}

const GOALS: readonly Goal[] = [
  {
    label: 'start to kernel_info, R',
    measure: 'cold.info_ms',
    ours: 'rserver-r',
    peer: 'python3',
    atMost: 0.4,
  },
  {
    label: 'start to kernel_info, Python',
    measure: 'cold.info_ms',
    ours: 'rserver-python',
    peer: 'python3',
    atMost: 0.4,
  },
  { label: '1+1 in R, p50', measure: 'roundtrip.p50', ours: 'rserver-r', peer: 'ir', atMost: 0.4 },
  {
    label: '1+1 in Python, p50',
    measure: 'roundtrip.p50',
    ours: 'rserver-python',
    peer: 'python3',
    atMost: 1,
  },
  {
    label: '100 000 lines in R',
    measure: 'stream.total_s',
    ours: 'rserver-r',
    peer: 'ir',
    atMost: 0.2,
  },
  { label: 'lines lost in R', measure: 'stream.lost', ours: 'rserver-r', atMost: 0 },
  { label: 'live output in R, flushed, ms', measure: 'live.p50', ours: 'rserver-r', atMost: 50 },
  {
    label: 'live output in R, not flushed, ms',
    measure: 'live_plain.p50',
    ours: 'rserver-r',
    atMost: 50,
  },
  {
    label: 'live output in Python, flushed, ms',
    measure: 'live.p50',
    ours: 'rserver-python',
    atMost: 50,
  },
  {
    label: 'live output in Python, not flushed, ms',
    measure: 'live_plain.p50',
    ours: 'rserver-python',
    atMost: 50,
  },
];

const results = path.join(PROJECT_ROOT, 'bench', 'results');
mkdirSync(results, { recursive: true });
const json = path.join(results, 'latest.json');
const markdown = path.join(results, 'latest.md');

const jupyter = await createJupyterEnvironment();
try {
  const peers = {
    ir: ['R', '--slave', '-e', 'IRkernel::main()', '--args', '{connection_file}'],
    python3: [venvBin('python'), '-m', 'ipykernel_launcher', '-f', '{connection_file}'],
  };
  const specs = Object.entries(peers).flatMap(([name, argv]) => {
    const folder = path.join(jupyter.directory, `peer-${name}`);
    mkdirSync(folder);
    const spec = { argv, display_name: name, language: name === 'ir' ? 'R' : 'python' };
    writeFileSync(path.join(folder, 'kernel.json'), JSON.stringify(spec));
    return ['--spec', `${name}=${folder}`];
  });
  const kernels = ['ir:r', 'python3:python', 'rserver-r:r', 'rserver-python:python'];
  const run = spawnSync(
    venvBin('python'),
    [
      path.join(PROJECT_ROOT, 'bench', 'kernelbench.py'),
      ...kernels.flatMap((kernel) => ['--kernel', kernel]),
      ...[...specs, '--json', json, '--md', markdown],
      ...process.argv.slice(2),
    ],
    { env: jupyter.env, stdio: ['ignore', 'inherit', 'inherit'] },
  );
  if (run.status !== 0) process.exitCode = 1;
} finally {
  await jupyter.close();
}

const report = JSON.parse(readFileSync(json, 'utf8')) as {
  summary: Record<string, Summary | undefined>;
};
const lines = [
  '| figure | ours | peer | ratio | goal | |',
  '|---|---|---|---|---|---|',
  ...GOALS.map(row),
];
console.log(`\n${lines.join('\n')}\n`);
writeFileSync(path.join(results, 'goals.md'), `${lines.join('\n')}\n`);

function row(goal: Goal): string {
  const medianOf = (kernel: string): number | undefined =>
    report.summary[kernel]?.[goal.measure]?.median;
  const ours = medianOf(goal.ours);
  const peer = goal.peer === undefined ? 1 : medianOf(goal.peer);
  if (ours === undefined || peer === undefined)
    return `| ${goal.label} | not measured | | | ${goal.atMost} | |`;
  const ratio = ours / peer;
  const peerText = goal.peer === undefined ? '' : `${goal.peer} ${peer.toFixed(2)}`;
  const verdict = ratio <= goal.atMost ? 'met' : 'missed';
  return `| ${goal.label} | ${ours.toFixed(2)} | ${peerText} | ${ratio.toFixed(3)} | ${goal.atMost} | ${verdict} |`;
}
