// The parts that kernelbench measures: which kernels, which measures, how much of each.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { PROJECT_ROOT, venvBin } from '../test/helpers/requirements.js';
import type { Curve, PartResult, ResultFolder, Summary } from './results.js';
import type { Subject, Subjects } from './subjects.js';

/** One run of kernelbench. */
interface KernelPart {
  readonly subjects: readonly Subject[];
  readonly measures: readonly string[];
  /** Amounts of a full run, as options of kernelbench. */
  readonly amounts?: Readonly<Record<string, number>>;
  /** Amounts of a quick one. */
  readonly quickAmounts?: Readonly<Record<string, number>>;
  /** So long, or the same in each round, that one round must do. */
  readonly isOnce?: boolean;
}

const OURS = ['rserver-r', 'rserver-python'] as const;
const ALL = ['ir', 'python3', ...OURS] as const;

export const KERNEL_PARTS: Readonly<Record<string, KernelPart>> = {
  startup: {
    subjects: ['five-sockets', ...ALL],
    measures: ['startup'],
    amounts: { starts: 3 },
    quickAmounts: { starts: 1 },
  },
  roundtrip: {
    subjects: ['five-sockets', ...ALL],
    measures: ['hb', 'roundtrip', 'throughput'],
    quickAmounts: { cells: 100, silent: 300 },
  },
  questions: {
    subjects: ALL,
    measures: ['complete', 'inspect', 'is_complete', 'while_busy'],
  },
  display: { subjects: ALL, measures: ['rich', 'error'] },
  output: {
    subjects: ALL,
    measures: ['stream_10k', 'stream', 'stream_bulk', 'live', 'live_plain'],
    quickAmounts: { lines: 20_000, ticks: 10 },
  },
  polling: {
    subjects: ['rserver-r-polling', 'rserver-python-polling'],
    measures: ['live', 'live_plain'],
    quickAmounts: { ticks: 10 },
  },
  interrupt: {
    subjects: ALL,
    measures: ['interrupt'],
    amounts: { interrupts: 7 },
    quickAmounts: { interrupts: 3 },
  },
  cells: {
    subjects: OURS,
    measures: ['many'],
    quickAmounts: { many: 1_000 },
    isOnce: true,
  },
  sizes: {
    subjects: OURS,
    measures: ['sizes'],
    quickAmounts: { largest: 10_000_000 },
    isOnce: true,
  },
  flood: {
    subjects: OURS,
    measures: ['flood'],
    quickAmounts: { flood: 100_000_000, nap: 1 },
    isOnce: true,
  },
};

/** How a run is to be. */
export interface RunOptions {
  readonly rounds: number;
  readonly isQuick: boolean;
}

/** Runs one part and keeps its result. @throws Error when kernelbench itself fails. */
export function runKernelPart(
  name: string,
  subjects: Subjects,
  folder: ResultFolder,
  options: RunOptions,
): void {
  const part = KERNEL_PARTS[name];
  if (part === undefined) throw new Error(`no part ${name}`);
  const rounds = part.isOnce === true ? 1 : options.rounds;
  const amounts = options.isQuick ? part.quickAmounts : part.amounts;
  const raw = path.join(subjects.jupyter.directory, `kernelbench-${name}.json`);
  const run = spawnSync(
    venvBin('python'),
    [
      ...['-m', 'kernelbench', '--rounds', String(rounds), '--json', raw, '--verbose'],
      ...subjects.argumentsFor(part.subjects),
      ...part.measures.flatMap((measure) => ['--only', measure]),
      ...Object.entries(amounts ?? {}).flatMap(([key, value]) => [`--${key}`, String(value)]),
    ],
    {
      cwd: path.join(PROJECT_ROOT, 'bench'),
      env: { ...subjects.jupyter.env, PYTHONDONTWRITEBYTECODE: '1' },
      stdio: ['ignore', 'inherit', 'inherit'],
    },
  );
  if (run.status !== 0) throw new Error(`kernelbench ended with ${String(run.status)}`);
  folder.write(name, resultOf(raw, rounds, options.isQuick));
}

interface Report {
  readonly failed?: string;
  readonly many?: { readonly points?: readonly CellsPoint[] };
  readonly sizes?: {
    readonly points?: readonly { readonly n: number; readonly seconds: number }[];
  };
}

interface CellsPoint {
  readonly n: number;
  readonly seconds: number;
  readonly kernel_mib: number;
  readonly server_mib?: number;
  readonly runtimes_mib?: number;
}

function resultOf(file: string, rounds: number, isQuick: boolean): PartResult {
  const raw = JSON.parse(readFileSync(file, 'utf8')) as {
    readonly summary: Summary;
    readonly kernels: Readonly<Record<string, { readonly rounds: readonly Report[] }>>;
  };
  const last = Object.entries(raw.kernels).map(([subject, { rounds: all }]) => ({
    subject,
    report: all.at(-1) ?? {},
  }));
  return {
    date: new Date().toISOString(),
    rounds,
    isQuick,
    summary: raw.summary,
    curves: last.flatMap(({ subject, report }) => curvesOf(subject, report)),
    failures: Object.entries(raw.kernels).flatMap(([subject, { rounds: all }]) =>
      all.flatMap((report, index) =>
        failuresIn(report).map((text) => `${subject}, round ${index + 1}: ${text}`),
      ),
    ),
  };
}

function curvesOf(subject: string, { many, sizes }: Report): Curve[] {
  const language = subject === 'rserver-r' ? 'R' : 'Python';
  const cells = many?.points;
  const bytes = sizes?.points;
  return [
    ...(cells === undefined
      ? []
      : [
          curve(
            `cells-${language}`,
            `cells of a notebook, ${language}: time`,
            's',
            'cells',
            cells,
            'seconds',
          ),
          curve(
            `cells-memory-${language}`,
            `cells of a notebook, ${language}: memory of the kernel`,
            'MiB',
            'cells',
            cells,
            'kernel_mib',
          ),
        ]),
    ...(bytes === undefined
      ? []
      : [
          curve(
            `output-${language}`,
            `size of an output, ${language}: time`,
            's',
            'bytes',
            bytes,
            'seconds',
          ),
        ]),
  ];
}

function curve<Key extends string>(
  id: string,
  label: string,
  unit: string,
  of: string,
  points: readonly ({ readonly n: number } & Readonly<Record<Key, number>>)[],
  key: Key,
): Curve {
  const all = points.map((point) => ({ n: point.n, cost: point[key] }));
  return { id, label, of, unit, kind: 'whole', points: all };
}

/** Whatever says `error` or `failed`, at any depth. */
function failuresIn(report: object, place = ''): string[] {
  return Object.entries(report).flatMap(([key, value]: [string, unknown]) => {
    if ((key === 'error' || key === 'failed') && typeof value === 'string') {
      return [`${place}${value}`];
    }
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? failuresIn(value, `${place}${key}: `)
      : [];
  });
}
