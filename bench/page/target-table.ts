// The one table of all targets: what each part measured, judged.
import { judge, shorten, type Figure } from '../judge.js';
import type { Curve, ForeignFigure, PartResult, Summary } from '../results.js';
import { growthExponent } from '../statistics.js';
import { GOALS } from '../targets.js';

/** Most that the exponent of a curve may be: linear growth, and what noise adds to it. */
const EXPONENTS = { whole: 1.1, next: 0.2 } as const;
/** The cost of one more is all but constant: only a longer part of its curve tells its slope from noise. */
const DECADES = { whole: 1, next: 2 } as const;
const GROWTH_TARGET = 11;

/** All figures in the order of their targets. */
export function figuresOf(results: readonly PartResult[]): Figure[] {
  const summary = mergeSummaries(results);
  return [
    ...GOALS.map((goal) => judge(goal, summary)),
    ...results.flatMap(({ figures = [] }) => figures.map(judgedElsewhere)),
    ...curvesOf(results).map(judgeCurve),
  ].sort((one, other) => one.target - other.target);
}

export function curvesOf(results: readonly PartResult[]): Curve[] {
  return results.flatMap(({ curves = [] }) => curves);
}

/** @param figures - Of {@link figuresOf}. */
export function renderTargets(figures: readonly Figure[]): string {
  const rows = figures.map(
    ({ target, label, ours, peer, ratio, goal, verdict }) =>
      `| ${[target, label, ours, peer, ratio, goal, verdict].join(' | ')} |`,
  );
  return [
    '| target | figure | ours | beside | ratio | goal | |',
    '| --- | --- | --- | --- | --- | --- | --- |',
    ...rows,
  ].join('\n');
}

/** How many goals there are, and how many of them are met. */
export function countVerdicts(figures: readonly Figure[]): {
  readonly met: number;
  readonly missed: number;
  readonly notMeasured: number;
} {
  const verdicts = figures.map(({ verdict }) => verdict);
  const count = (wanted: Figure['verdict']): number =>
    verdicts.filter((verdict) => verdict === wanted).length;
  return { met: count('met'), missed: count('missed'), notMeasured: count('not measured') };
}

/** Parts measure different things of the same subjects; of what several measure by the way, the first one counts. */
function mergeSummaries(results: readonly PartResult[]): Summary {
  const merged: Record<string, Record<string, Summary[string][string]>> = {};
  for (const { summary = {} } of results) {
    for (const [subject, measures] of Object.entries(summary)) {
      merged[subject] = { ...measures, ...merged[subject] };
    }
  }
  return merged;
}

export function exponentOf({ kind, points }: Curve): number {
  return growthExponent(points, DECADES[kind]);
}

export function judgeCurve(curve: Curve): Figure {
  const exponent = exponentOf(curve);
  const atMost = EXPONENTS[curve.kind];
  const last = curve.points.at(-1);
  const bare = {
    target: GROWTH_TARGET,
    label: `${curve.label}, exponent`,
    peer: last === undefined ? '' : `${shorten(last.cost)} ${curve.unit} at ${grouped(last.n)}`,
    ratio: '',
    goal: `at most ${atMost}`,
  };
  if (Number.isNaN(exponent)) return { ...bare, ours: '', verdict: 'not measured' };
  return {
    ...bare,
    ours: exponent.toFixed(2),
    verdict: exponent <= atMost ? 'met' : 'missed',
  };
}

function judgedElsewhere(figure: ForeignFigure): Figure {
  const { ours, unit = '', peer = '', peerValue, ratio } = figure;
  const text = (value: number | string): string =>
    `${typeof value === 'number' ? shorten(value) : value}${unit === '' ? '' : ` ${unit}`}`;
  const quotient =
    ratio ??
    (typeof ours === 'number' && typeof peerValue === 'number' ? ours / peerValue : undefined);
  return {
    target: figure.target,
    label: figure.name,
    ours: text(ours),
    peer: peerValue === undefined ? peer : `${peer} ${text(peerValue)}`.trim(),
    ratio: quotient === undefined ? '' : shorten(quotient),
    goal: figure.goal,
    verdict: figure.goal === '' ? '' : figure.met ? 'met' : 'missed',
  };
}

/** With blanks between the thousands. */
export function grouped(count: number): string {
  return String(count).replaceAll(/\B(?=(\d{3})+$)/g, ' ');
}
