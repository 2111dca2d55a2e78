// What `doctor` prints.
import { describe, expect, test } from 'vitest';
import { describeFindings, examineNode } from '../../../src/cli/doctor.js';

describe('doctor', () => {
  test.each([
    ['20.19.0', 'ok'],
    ['24.1.0', 'ok'],
    ['20.18.3', 'bad'],
    ['18.20.0', 'bad'],
  ])('Node %s is %s', (version, state) => {
    expect(examineNode(version).state).toBe(state);
  });

  test('says of each thing how it is, and what to do', () => {
    expect(
      describeFindings([
        { name: 'Node', state: 'ok', detail: 'version 20.19.0' },
        { name: 'R', state: 'unneeded', detail: 'R is not on PATH', remedy: 'Not needed.' },
        { name: 'Jupyter', state: 'bad', detail: 'missing', remedy: 'pip install jupyterlab' },
      ]),
    ).toEqual([
      'ok   Node: version 20.19.0',
      'note R: R is not on PATH',
      '     -> Not needed.',
      'BAD  Jupyter: missing',
      '     -> pip install jupyterlab',
      '1 of 3 need something.',
    ]);
  });
});
