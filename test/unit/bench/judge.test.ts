// How a figure is found among what was measured, and judged.
import { describe, expect, test } from 'vitest';
import { judge, shorten } from '../../../bench/judge.js';
import type { Summary } from '../../../bench/results.js';
import { GOALS, type Goal } from '../../../bench/targets.js';

const SUMMARY: Summary = {
  'rserver-r': {
    'roundtrip.p50': { median: 1.2 },
    'stream.total_s': { median: 0.5 },
    'interrupt.sleep.state_survives': true,
  },
  ir: { 'roundtrip.p50': { median: 8 } },
};

const goal = (changes: Partial<Goal>): Goal => ({
  target: 2,
  label: 'a cell',
  unit: 'ms',
  ours: ['rserver-r', 'roundtrip.p50'],
  ...changes,
});

describe('a figure', () => {
  test('beside a peer is judged by the ratio', () => {
    const beside = goal({ peer: ['ir', 'roundtrip.p50'], atMost: 0.2 });

    expect(judge(beside, SUMMARY)).toEqual({
      target: 2,
      label: 'a cell',
      ours: '1.20 ms',
      peer: 'IRkernel 8.00 ms',
      ratio: '0.150',
      goal: 'at most 0.2 x IRkernel',
      verdict: 'met',
    });
    expect(judge({ ...beside, atMost: 0.1 }, SUMMARY).verdict).toBe('missed');
  });

  test('of which more is better has a least ratio', () => {
    const rate = goal({ peer: ['ir', 'roundtrip.p50'], atLeast: 5 });

    expect(judge(rate, SUMMARY)).toMatchObject({
      goal: 'at least 5 x IRkernel',
      verdict: 'missed',
    });
    expect(judge({ ...rate, atLeast: 0.1 }, SUMMARY).verdict).toBe('met');
  });

  test('without a peer is judged as it is shown', () => {
    const alone = goal({ ours: ['rserver-r', 'stream.total_s'], scale: 1_000, atMost: 499 });

    expect(judge(alone, SUMMARY)).toMatchObject({ ours: '500 ms', ratio: '', verdict: 'missed' });
    expect(judge({ ...alone, atMost: 500 }, SUMMARY).verdict).toBe('met');
  });

  test('that must hold is yes or no', () => {
    const held = goal({ ours: ['rserver-r', 'interrupt.sleep.state_survives'], isTruth: true });

    expect(judge(held, SUMMARY)).toMatchObject({ ours: 'yes', goal: 'yes', verdict: 'met' });
    expect(judge(held, { 'rserver-r': { 'interrupt.sleep.state_survives': false } })).toMatchObject(
      { ours: 'no', verdict: 'missed' },
    );
  });

  test('that was not measured is not met', () => {
    expect(judge(goal({ atMost: 1 }), {}).verdict).toBe('not measured');
    expect(judge(goal({ atMost: 1, peer: ['python3', 'x'] }), SUMMARY).verdict).toBe(
      'not measured',
    );
  });

  test('without a goal has no verdict', () => {
    expect(judge(goal({}), SUMMARY).verdict).toBe('');
    expect(judge(goal({}), {}).verdict).toBe('');
  });
});

test('figures have three digits that count', () => {
  expect([0, 0.0123, 0.5, 7.0349, 42.42, 1234.5].map(shorten)).toEqual([
    '0',
    '0.0123',
    '0.500',
    '7.03',
    '42.4',
    '1235',
  ]);
});

test('every target that kernels are measured for has goals', () => {
  expect([...new Set(GOALS.map(({ target }) => target))]).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
});
