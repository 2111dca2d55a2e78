// Finds the figure of a goal among what was measured, and says whether the goal is met.
import type { Summary, Value } from './results.js';
import type { Goal, Place } from './targets.js';

/** A figure, judged. */
export interface Figure {
  readonly target: number;
  readonly label: string;
  readonly ours: string;
  readonly peer: string;
  readonly ratio: string;
  readonly goal: string;
  /** `''`: shown for comparison, no target names it. */
  readonly verdict: 'met' | 'missed' | 'not measured' | '';
}

/** Finds and judges the figure of a goal. */
export function judge(goal: Goal, summary: Summary): Figure {
  const { target, label, scale = 1 } = goal;
  const isJudged = [goal.atMost, goal.atLeast, goal.isTruth].some((one) => one !== undefined);
  const peerName = goal.peerName ?? PEER_NAMES[goal.peer?.[0] ?? ''] ?? '';
  const bare = { target, label, goal: goalText(goal, peerName) };
  const missing = notMeasured(bare, isJudged);
  if (goal.isTruth === true) {
    const held = summary[goal.ours[0]]?.[goal.ours[1]];
    if (typeof held !== 'boolean') return missing;
    return { ...bare, ours: held ? 'yes' : 'no', peer: '', ratio: '', verdict: verdictOf(held) };
  }
  const ours = figureAt(goal.ours, summary);
  const peer = goal.peer && figureAt(goal.peer, summary);
  if (ours === undefined || (goal.peer !== undefined && peer === undefined)) {
    return missing;
  }
  const ratio = peer === undefined ? undefined : ours / peer;
  const judged = ratio ?? ours * scale;
  const unit = goal.unit === '' ? '' : ` ${goal.unit}`;
  return {
    ...bare,
    ours: `${shorten(ours * scale)}${unit}`,
    peer: peer === undefined ? '' : `${peerName} ${shorten(peer * scale)}${unit}`,
    ratio: ratio === undefined ? '' : shorten(ratio),
    verdict: isJudged
      ? verdictOf(judged <= (goal.atMost ?? Infinity) && judged >= (goal.atLeast ?? -Infinity))
      : '',
  };
}

const PEER_NAMES: Readonly<Record<string, string>> = {
  ir: 'IRkernel',
  python3: 'ipykernel',
  'five-sockets': 'five sockets',
};

function notMeasured(bare: Pick<Figure, 'target' | 'label' | 'goal'>, isJudged: boolean): Figure {
  return { ...bare, ours: '', peer: '', ratio: '', verdict: isJudged ? 'not measured' : '' };
}

function verdictOf(isMet: boolean): 'met' | 'missed' {
  return isMet ? 'met' : 'missed';
}

function figureAt([subject, measure]: Place, summary: Summary): number | undefined {
  const found: Value | boolean | undefined = summary[subject]?.[measure];
  return typeof found === 'object' ? found.median : undefined;
}

function goalText({ peer, atMost, atLeast, unit, isTruth }: Goal, peerName: string): string {
  if (isTruth === true) return 'yes';
  const times = peer === undefined ? (unit === '' ? '' : ` ${unit}`) : ` x ${peerName}`;
  if (atMost !== undefined) return atMost === 0 ? 'none' : `at most ${atMost}${times}`;
  return atLeast === undefined ? '' : `at least ${atLeast}${times}`;
}

/** Three digits that count, and no exponent. */
export function shorten(figure: number): string {
  if (figure === 0) return '0';
  const digits = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(figure))));
  return figure.toFixed(Math.min(digits, 4));
}
