import { expect, test } from 'vitest';
import { describeExit } from '../../../../src/server/sessions/session.js';

test.each([
  [
    { exitCode: 1, signal: null, stderrTail: ' out of memory\n' },
    'The R process of the session has ended (exit code 1). It last wrote: out of memory',
  ],
  [
    { exitCode: null, signal: 'SIGKILL', stderrTail: '' },
    'The R process of the session has ended (signal SIGKILL).',
  ],
  [{ exitCode: null, signal: null, stderrTail: '' }, 'The R process of the session has ended.'],
])('an exit of %j is told in words', (exit, words) => {
  expect(describeExit('R', exit)).toBe(words);
});
