// The little arithmetic that the measures share.

/** Interpolated; NaN of nothing. @param share - 0 to 1. */
export function quantile(values: readonly number[], share: number): number {
  const ordered = [...values].sort((a, b) => a - b);
  const position = (ordered.length - 1) * share;
  const below = ordered[Math.floor(position)] ?? Number.NaN;
  const above = ordered[Math.ceil(position)] ?? Number.NaN;
  return below + (above - below) * (position - Math.floor(position));
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** A point of a curve: the cost at a size. */
export interface Point {
  readonly n: number;
  readonly cost: number;
}

/**
 * The exponent of the power law that fits the upper end of a curve best: the slope of the least squares line through the
 * logarithms. Lower down, what every call costs hides how the rest grows.
 *
 * @param decades - How much of the curve counts: from the largest size down to a tenth of it for each.
 * @returns NaN for fewer than two points.
 */
export function growthExponent(points: readonly Point[], decades: number): number {
  const largest = Math.max(...points.map(({ n }) => n));
  const logs = points
    .filter(({ n, cost }) => n * 10 ** decades >= largest && cost > 0)
    .map(({ n, cost }) => ({ x: Math.log(n), y: Math.log(cost) }));
  if (logs.length < 2) return Number.NaN;
  const mean = (of: (log: { x: number; y: number }) => number): number =>
    logs.reduce((sum, log) => sum + of(log), 0) / logs.length;
  const meanX = mean(({ x }) => x);
  const meanY = mean(({ y }) => y);
  return mean(({ x, y }) => (x - meanX) * (y - meanY)) / mean(({ x }) => (x - meanX) * (x - meanX));
}
