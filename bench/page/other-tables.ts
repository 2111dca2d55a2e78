// The other parts of the page that are made from results: the machine, the hops, the curves.
import type { MachineDescription } from '../machine.js';
import type { Curve, Hop, PartResult } from '../results.js';
import { countVerdicts, exponentOf, grouped } from './target-table.js';
import { shorten, type Figure } from '../judge.js';

export function renderMachine(
  machine: MachineDescription | undefined,
  results: readonly PartResult[],
  figures: readonly Figure[],
): string {
  const { met, missed, notMeasured } = countVerdicts(figures);
  const dates = results.map(({ date }) => date.slice(0, 10)).sort();
  const rounds = Math.max(0, ...results.flatMap((one) => (one.summary ? one.rounds : [])));
  const counts = [
    `${met} of ${met + missed + notMeasured} goals are met`,
    ...(missed > 0 ? [`${missed} are missed`] : []),
    ...(notMeasured > 0 ? [`${notMeasured} are not measured`] : []),
  ];
  const lines = [`${counts.join(', ')}. Measured on ${period(dates)} in ${rounds} rounds.`];
  if (results.some(({ isQuick }) => isQuick)) {
    lines.push(
      'Some of the figures come from a quick run, with smaller amounts than the rows say (20 000 lines for 100 000, 1 000 cells for 10 000, 100 MB for 1 GB).',
    );
  }
  if (machine !== undefined) {
    const { cores, processor, memoryGibibytes, system, node, r, python } = machine;
    lines.push(
      `The machine: ${cores} cores (${processor}), ${memoryGibibytes} GiB, ${system}; Node ${node}, R ${r}, ` +
        `Python ${python}. The peers: IRkernel ${machine.irkernel}, ipykernel ${machine.ipykernel}.`,
    );
  }
  return lines.join('\n');
}

/** The goals that are missed, for those who want no more than that. */
export function renderMissed(figures: readonly Figure[]): string {
  const missed = figures.filter(({ verdict }) => verdict === 'missed');
  if (missed.length === 0) return 'None.';
  return missed
    .map(({ target, label, ours, ratio, goal }) => {
      const found = ratio === '' ? ours : `${ratio} x`;
      return `- Target ${target}, ${label}: ${found}, wanted ${goal}`;
    })
    .join('\n');
}

function period(dates: readonly string[]): string {
  const [first = 'no day', last = first] = [dates[0], dates.at(-1)];
  return first === last ? first : `${first} to ${last}`;
}

export function renderHops(hops: readonly Hop[]): string {
  const cell = (time: number | undefined): string => (time === undefined ? '' : time.toFixed(0));
  const rows = hops.map(({ name, how, r, python, limit, limitName = '' }) => {
    const limitText = limit === undefined ? '' : `${cell(limit)} (${limitName})`;
    return `| ${[name, cell(r), cell(python), limitText, how].join(' | ')} |`;
  });
  return [
    '| hop | R, µs | Python, µs | raw limit, µs | measured as |',
    '| --- | --- | --- | --- | --- |',
    ...rows,
  ].join('\n');
}

/** What each idle session costs: the memory and the time of the largest number, shared out. */
export function renderSessionCosts(curves: readonly Curve[]): string {
  const rows = (['R', 'Python'] as const).flatMap((language) => {
    const last = (id: string): Curve['points'][number] | undefined =>
      curves.find((curve) => curve.id === `sessions-${id}-${language}`)?.points.at(-1);
    const [memory, creation, server] = [last('memory'), last('create'), last('server')];
    if (memory === undefined || creation === undefined || server === undefined) return [];
    const each = (point: { n: number; cost: number }, scale = 1): string =>
      shorten((point.cost / point.n) * scale);
    return `| ${[language, memory.n, each(memory), each(creation, 1_000), server.cost].join(' | ')} |`;
  });
  return [
    '| language | idle sessions | memory of each, MiB | creating each, ms | memory of the server, MiB |',
    '| --- | --- | --- | --- | --- |',
    ...rows,
  ].join('\n');
}

/** A picture for each thing that is counted. */
export interface Picture {
  readonly file: string;
  readonly title: string;
  readonly curves: readonly Curve[];
}

/** Curves of the same thing go into one picture. */
export function picturesOf(curves: readonly Curve[]): Picture[] {
  const groups = new Map<string, Curve[]>();
  for (const curve of curves) {
    const group = curve.id.split('-')[0] ?? '';
    groups.set(group, [...(groups.get(group) ?? []), curve]);
  }
  return [...groups].map(([group, members]) => ({
    file: `performance-${group}.svg`,
    title: TITLES[group] ?? group,
    curves: members,
  }));
}

const TITLES: Readonly<Record<string, string>> = {
  cells: 'Cells of a notebook',
  output: 'Size of an output',
  sessions: 'Idle sessions',
  snapshots: 'Snapshots',
  services: 'Services',
};

export function renderCurves(pictures: readonly Picture[]): string {
  return pictures
    .map(({ file, title, curves }) => {
      const rows = curves.map((curve) => {
        const { label, unit, points } = curve;
        const [first, last] = [points[0], points.at(-1)];
        const at = (point: typeof first): string =>
          point === undefined ? '' : `${shorten(point.cost)} ${unit} at ${grouped(point.n)}`;
        const exponent = exponentOf(curve);
        const exponentText = Number.isNaN(exponent) ? '' : exponent.toFixed(2);
        return `| ${[label, at(first), at(last), exponentText].join(' | ')} |`;
      });
      return [
        `### ${title}`,
        '',
        `![${title}](images/${file})`,
        '',
        '| curve | first point | last point | exponent |',
        '| --- | --- | --- | --- |',
        ...rows,
      ].join('\n');
    })
    .join('\n\n');
}
