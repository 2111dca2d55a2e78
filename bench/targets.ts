// The figures to reach, by the number of the target they belong to: what is measured, beside what, and how good it must be.
/** A measure of a subject in the summaries of the parts. */
export type Place = readonly [subject: string, measure: string];

/** One figure to reach. */
export interface Goal {
  readonly target: number;
  readonly label: string;
  readonly unit: string;
  readonly ours: Place;
  /** What it is measured by: a peer, or another figure of ours. Without it the figure itself is judged. */
  readonly peer?: Place;
  readonly peerName?: string;
  readonly atMost?: number;
  readonly atLeast?: number;
  /** A factor from what is measured to what is shown and judged, e.g. 1 000 from s to ms. */
  readonly scale?: number;
  /** Must hold in every round; `unit` and figures do not count. */
  readonly isTruth?: boolean;
}

const R = 'rserver-r';
const PYTHON = 'rserver-python';
const OURS = [
  { subject: R, name: 'R', native: 'ir', program: 'Rscript' },
  { subject: PYTHON, name: 'Python', native: 'python3', program: 'python3' },
] as const;

const startup: Goal[] = [
  ...OURS.flatMap(({ subject, name }) =>
    (
      [
        ['python3', 0.35],
        ['ir', 0.25],
        ['five-sockets', 1.4],
      ] as const
    ).map(([peer, atMost]): Goal => ({
      target: 1,
      label: `start to \`kernel_info\`, ${name}`,
      unit: 'ms',
      ours: [subject, 'startup.info_ms'],
      peer: [peer, 'startup.info_ms'],
      atMost,
    })),
  ),
  ...OURS.flatMap(({ subject, name }): Goal[] => [
    {
      target: 1,
      label: `start to the first \`1+1\`, server up, ${name}`,
      unit: 'ms',
      ours: [subject, 'startup.first_ms'],
      peer: ['ir', 'startup.first_ms'],
      atMost: 0.35,
    },
    {
      target: 1,
      label: `start to the first \`1+1\`, nothing running, ${name}`,
      unit: 'ms',
      ours: [subject, 'startup.nothing_first_ms'],
      peer: ['ir', 'startup.first_ms'],
      atMost: 0.8,
    },
  ]),
];

const roundtrip: Goal[] = OURS.flatMap(({ subject, name, native }): Goal[] => [
  {
    target: 2,
    label: `\`1+1\` to reply and idle, p50, ${name}`,
    unit: 'ms',
    ours: [subject, 'roundtrip.p50'],
    peer: [native, 'roundtrip.p50'],
    atMost: name === 'R' ? 0.2 : 0.6,
  },
  {
    target: 2,
    label: `the same, p95, ${name}`,
    unit: 'ms',
    ours: [subject, 'roundtrip.p95'],
    peer: [native, 'roundtrip.p95'],
  },
  {
    target: 2,
    label: `the same, p99 beside our p50, ${name}`,
    unit: 'ms',
    ours: [subject, 'roundtrip.p99'],
    peer: [subject, 'roundtrip.p50'],
    peerName: 'p50',
    atMost: 3,
  },
]);

const throughput: Goal[] = OURS.flatMap(({ subject, name }): Goal[] => [
  {
    target: 3,
    label: `silent cells, pipelined, ${name}`,
    unit: 'cells/s',
    ours: [subject, 'throughput.cells_per_s'],
    peer: ['ir', 'throughput.cells_per_s'],
    atLeast: 5,
  },
  {
    target: 3,
    label: `silent cells, pipelined, ${name}`,
    unit: 'cells/s',
    ours: [subject, 'throughput.cells_per_s'],
    peer: ['python3', 'throughput.cells_per_s'],
    atLeast: 2,
  },
]);

const WRITES = [
  ['stream_10k', '10 000 lines in a loop'],
  ['stream', '100 000 lines in a loop'],
  ['stream_bulk', '8 MB in one write'],
] as const;

const output: Goal[] = OURS.flatMap(({ subject, name, native, program }): Goal[] => [
  ...WRITES.flatMap(([measure, label]): Goal[] => [
    {
      target: 4,
      label: `${label}, ${name}`,
      unit: 'ms',
      scale: 1_000,
      ours: [subject, `${measure}.total_s`],
      peer: [subject, `${measure}.bare_program_s`],
      peerName: program,
      atMost: 2,
    },
    {
      target: 4,
      label: `${label}, ${name}, beside the writing without the start of the program`,
      unit: 'ms',
      scale: 1_000,
      ours: [subject, `${measure}.total_s`],
      peer: [subject, `${measure}.bare_s`],
      peerName: `writing of ${program}`,
    },
    {
      target: 4,
      label: `${label}, ${name}, beside the peer`,
      unit: 'ms',
      scale: 1_000,
      ours: [subject, `${measure}.total_s`],
      peer: [native, `${measure}.total_s`],
    },
    {
      target: 4,
      label: `${label}, ${name}: lines lost`,
      unit: '',
      ours: [subject, `${measure}.lost`],
      atMost: 0,
    },
    {
      target: 4,
      label: `${label}, ${name}: lines after idle`,
      unit: '',
      ours: [subject, `${measure}.late`],
      atMost: 0,
    },
  ]),
  {
    target: 4,
    label: `first chunk of 100 000 lines, ${name}`,
    unit: 'ms',
    ours: [subject, 'stream.first_ms'],
    peer: [native, 'stream.first_ms'],
  },
  {
    target: 4,
    label: `first chunk of 100 000 lines, ${name}`,
    unit: 'ms',
    ours: [subject, 'stream.first_ms'],
    atMost: 30,
  },
]);

const live: Goal[] = OURS.flatMap(({ subject, name }) =>
  (
    [
      ['live', 'flushed'],
      ['live_plain', 'not flushed'],
    ] as const
  ).flatMap(([measure, how]): Goal[] => [
    {
      target: 4,
      label: `live ticks, ${how}, ${name}, p50`,
      unit: 'ms',
      ours: [subject, `${measure}.p50`],
      atMost: 15,
    },
    {
      target: 4,
      label: `live ticks, ${how}, ${name}, p95`,
      unit: 'ms',
      ours: [subject, `${measure}.p95`],
      atMost: 40,
    },
    {
      target: 4,
      label: `live ticks, ${how}, ${name}, with polling, p50`,
      unit: 'ms',
      ours: [`${subject}-polling`, `${measure}.p50`],
      atMost: 150,
    },
  ]),
);

const flood: Goal[] = OURS.flatMap(({ subject, name }): Goal[] => [
  ...(['kernel', 'server'] as const).map((who): Goal => ({
    target: 4,
    label: `1 GB for a slow client, ${name}: growth of the ${who}`,
    unit: 'MiB',
    ours: [subject, `flood.${who}_grown_mib`],
    atMost: 100,
  })),
  {
    target: 4,
    label: `1 GB for a slow client, ${name}: lines lost`,
    unit: '',
    ours: [subject, 'flood.lost'],
    atMost: 0,
  },
]);

const questions: Goal[] = OURS.flatMap(({ subject, name, native }): Goal[] =>
  (
    [
      ['complete', 'completion'],
      ['inspect', 'inspection'],
    ] as const
  ).flatMap(([measure, label]): Goal[] => [
    {
      target: 5,
      label: `${label}, idle, p50, ${name}`,
      unit: 'ms',
      ours: [subject, `${measure}.p50`],
      atMost: 5,
    },
    {
      target: 5,
      label: `${label}, idle, p50, ${name}, beside the peer`,
      unit: 'ms',
      ours: [subject, `${measure}.p50`],
      peer: [native, `${measure}.p50`],
    },
    ...(['spin', 'sleep'] as const).map((state): Goal => ({
      target: 5,
      label: `${label} while a cell ${state === 'spin' ? 'computes' : 'sleeps'}, p50, ${name}`,
      unit: 'ms',
      ours: [subject, `while_busy.${measure}_${state}.p50`],
      atMost: 20,
    })),
  ]),
);

const INTERRUPTED = [
  ['sleep', 'a sleep'],
  ['spin', 'a tight loop'],
  ['subprocess', 'a subprocess (`sleep 30`)'],
] as const;

const interrupts: Goal[] = OURS.flatMap(({ subject, name, native }): Goal[] =>
  INTERRUPTED.flatMap(([measure, label]): Goal[] => [
    {
      target: 6,
      label: `interrupt of ${label}, p95, ${name}`,
      unit: 'ms',
      ours: [subject, `interrupt.${measure}.samples_p95`],
      atMost: 50,
    },
    {
      target: 6,
      label: `interrupt of ${label}, p50, ${name}, beside the peer`,
      unit: 'ms',
      ours: [subject, `interrupt.${measure}.samples_p50`],
      peer: [native, `interrupt.${measure}.samples_p50`],
    },
    {
      target: 6,
      label: `interrupt of ${label}, ${name}: state kept`,
      unit: '',
      ours: [subject, `interrupt.${measure}.state_survives`],
      isTruth: true,
    },
  ]),
);

const display: Goal[] = [
  {
    target: 7,
    label: '`plot(1:10)`, p50',
    unit: 'ms',
    ours: [R, 'rich.plot.p50'],
    peer: ['ir', 'rich.plot.p50'],
    atMost: 0.8,
  },
  {
    target: 7,
    label: 'html table, p50, R',
    unit: 'ms',
    ours: [R, 'rich.table.p50'],
    peer: ['ir', 'rich.table.p50'],
    atMost: 0.5,
  },
  {
    target: 7,
    label: 'error cell, p50, R',
    unit: 'ms',
    ours: [R, 'error.p50'],
    peer: ['ir', 'error.p50'],
    atMost: 0.4,
  },
  {
    target: 7,
    label: 'ggplot, p50',
    unit: 'ms',
    ours: [R, 'rich.ggplot.p50'],
    peer: ['ir', 'rich.ggplot.p50'],
  },
  {
    target: 7,
    label: 'matplotlib, p50',
    unit: 'ms',
    ours: [PYTHON, 'rich.plot.p50'],
    peer: ['python3', 'rich.plot.p50'],
    atMost: 0.9,
  },
  {
    target: 7,
    label: 'html table, p50, Python',
    unit: 'ms',
    ours: [PYTHON, 'rich.table.p50'],
    peer: ['python3', 'rich.table.p50'],
  },
  {
    target: 7,
    label: 'error cell, p50, Python',
    unit: 'ms',
    ours: [PYTHON, 'error.p50'],
    peer: ['python3', 'error.p50'],
  },
];

const memory: Goal[] = OURS.flatMap(({ subject, name }): Goal[] => [
  {
    target: 8,
    label: `RSS of the kernel at start, ${name}`,
    unit: 'MiB',
    ours: [subject, 'mem_start.kernel_mib'],
    atMost: 80,
  },
  {
    target: 8,
    label: `RSS of the kernel after 1 000 cells, ${name}`,
    unit: 'MiB',
    ours: [subject, 'many.after_1000_mib'],
    atMost: 110,
  },
  {
    target: 8,
    label: `RSS of the kernel after 10 000 cells, beside that after 1 000, ${name}`,
    unit: 'MiB',
    ours: [subject, 'many.after_10000_mib'],
    peer: [subject, 'many.after_1000_mib'],
    peerName: 'after 1 000',
    atMost: 1.1,
  },
]);

export const GOALS: readonly Goal[] = [
  ...startup,
  ...roundtrip,
  ...throughput,
  ...output,
  ...live,
  ...flood,
  ...questions,
  ...interrupts,
  ...display,
  ...memory,
];
