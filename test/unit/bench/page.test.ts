// The page that the benchmark writes: its tables, and how they get into docs/performance.md.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { hopsOf } from '../../../bench/hops/hop-table.js';
import { fill } from '../../../bench/page/fill.js';
import { picturesOf, renderCurves, renderMissed } from '../../../bench/page/other-tables.js';
import { countVerdicts, figuresOf, renderTargets } from '../../../bench/page/target-table.js';
import type { Curve, PartResult } from '../../../bench/results.js';

const part = (parts: Partial<PartResult>): PartResult => ({
  date: '2026-01-01T00:00:00.000Z',
  rounds: 1,
  isQuick: false,
  ...parts,
});

const curve = (changes: Partial<Curve>): Curve => ({
  id: 'snapshots-list',
  label: 'snapshots: listing them all',
  of: 'snapshots',
  unit: 'ms',
  kind: 'whole',
  points: [100, 1_000, 10_000].map((n) => ({ n, cost: n / 100 })),
  ...changes,
});

describe('the table of targets', () => {
  test('judges curves by their exponent', () => {
    const squared = [100, 1_000, 10_000].map((n) => ({ n, cost: n ** 2 }));
    const figures = figuresOf([
      part({ curves: [curve({}), curve({ kind: 'next' }), curve({ points: squared })] }),
    ]).filter(({ target }) => target === 11);

    expect(figures.map(({ ours, goal, verdict }) => [ours, goal, verdict])).toEqual([
      ['1.00', 'at most 1.1', 'met'],
      ['1.00', 'at most 0.2', 'missed'],
      ['2.00', 'at most 1.1', 'missed'],
    ]);
  });

  test('takes the figures of other programs as they judged them', () => {
    const figures = figuresOf([
      part({
        figures: [
          {
            ...{ target: 9, name: 'create 1 GB', ours: 1.2, unit: 's' },
            ...{ peer: 'save.image', peerValue: 50, goal: '<= 0.2 x', met: true },
          },
        ],
      }),
    ]).filter(({ target }) => target === 9);

    expect(renderTargets(figures).split('\n').at(-1)).toBe(
      '| 9 | create 1 GB | 1.20 s | save.image 50.0 s | 0.0240 | <= 0.2 x | met |',
    );
  });

  test('counts what is met, missed and not measured', () => {
    const summary = { 'rserver-r': { 'mem_start.kernel_mib': { median: 81 } } };
    const figures = figuresOf([part({ summary }), part({ curves: [curve({})] })]);

    expect(countVerdicts(figures)).toMatchObject({ met: 1, missed: 1 });
    expect(countVerdicts(figures).notMeasured).toBeGreaterThan(50);
  });
});

test('the goals that are missed are listed with what was found', () => {
  const squared = [1_000, 10_000].map((n) => ({ n, cost: n ** 2 }));
  const figures = figuresOf([part({ curves: [curve({}), curve({ points: squared })] })]);

  expect(renderMissed(figures)).toBe(
    '- Target 11, snapshots: listing them all, exponent: 2.00, wanted at most 1.1',
  );
  expect(renderMissed([])).toBe('None.');
});

test('the hops of a language add up to its whole cell', () => {
  let seed = 1;
  const known = new Map<string, number>();
  const time = (name: string): number => {
    if (!known.has(name)) known.set(name, (seed = (seed * 48271) % 2147483647));
    return known.get(name) ?? 0;
  };

  const hops = hopsOf(time);

  for (const key of ['r', 'python'] as const) {
    const whole = hops.at(-1)?.[key] ?? Number.NaN;
    const sum = hops.slice(0, -1).reduce((total, hop) => total + (hop[key] ?? 0), 0);
    expect(sum).toBeCloseTo(whole);
  }
});

test('curves of the same thing share a picture', () => {
  const pictures = picturesOf([
    curve({}),
    curve({ id: 'snapshots-start' }),
    curve({ id: 'services-list' }),
  ]);

  expect(pictures.map(({ file, curves }) => [file, curves.length])).toEqual([
    ['performance-snapshots.svg', 2],
    ['performance-services.svg', 1],
  ]);
  expect(renderCurves(pictures)).toContain('| 1.00 ms at 100 | 100 ms at 10 000 | 1.00 |');
});

describe('generated parts', () => {
  test('go between their marks and leave the rest', () => {
    const page =
      'a\n<!-- generated: one -->\nold\n<!-- end -->\nb\n<!-- generated: two --><!-- end -->c';

    expect(fill(page, { two: 'TWO', one: 'ONE' })).toBe(
      'a\n<!-- generated: one -->\n\nONE\n\n<!-- end -->\nb\n<!-- generated: two -->\n\nTWO\n\n<!-- end -->c',
    );
  });

  test('need their marks', () => {
    expect(() => fill('nothing', { one: 'ONE' })).toThrow('<!-- generated: one -->');
    expect(() => fill('<!-- generated: one -->', { one: 'ONE' })).toThrow('<!-- end -->');
  });

  test('have their marks in docs/performance.md', () => {
    const file = path.resolve(import.meta.dirname, '../../../docs/performance.md');
    const parts = { machine: '', missed: '', targets: '', hops: '', sessions: '', curves: '' };

    expect(() => fill(readFileSync(file, 'utf8'), parts)).not.toThrow();
  });
});
