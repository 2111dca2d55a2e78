// The arithmetic of the benchmark.
import { describe, expect, test } from 'vitest';
import { growthExponent, median, quantile } from '../../../bench/statistics.js';

describe('quantile', () => {
  test('interpolates between neighbours', () => {
    expect(quantile([40, 10, 30, 20], 0.5)).toBe(25);
    expect(quantile([10, 20, 30, 40, 50], 0.95)).toBeCloseTo(48);
    expect(median([3, 1, 2])).toBe(2);
  });

  test('of nothing is no number', () => {
    expect(quantile([], 0.5)).toBeNaN();
  });
});

describe('the exponent of growth', () => {
  const curve = (cost: (n: number) => number): { n: number; cost: number }[] =>
    [1, 10, 100, 1_000, 10_000].map((n) => ({ n, cost: cost(n) }));

  test('is that of a power law', () => {
    expect(
      growthExponent(
        curve((n) => 3 * n),
        1,
      ),
    ).toBeCloseTo(1);
    expect(
      growthExponent(
        curve((n) => n ** 2 / 7),
        2,
      ),
    ).toBeCloseTo(2);
    expect(
      growthExponent(
        curve(() => 5),
        2,
      ),
    ).toBeCloseTo(0);
  });

  test('is not hidden by what the first ones cost', () => {
    expect(
      growthExponent(
        curve((n) => 100 + n),
        1,
      ),
    ).toBeGreaterThan(0.9);
    expect(
      growthExponent(
        curve((n) => 100 + n ** 2),
        1,
      ),
    ).toBeGreaterThan(1.9);
  });

  test('needs two points', () => {
    expect(growthExponent([{ n: 10, cost: 1 }], 1)).toBeNaN();
    expect(growthExponent([], 1)).toBeNaN();
  });
});
