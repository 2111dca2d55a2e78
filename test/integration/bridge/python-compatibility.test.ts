// Keeps the Python that goes into sessions to Python 3.5: R Server 9.1 carries that one.
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { isMissing, PROJECT_ROOT, venvBin } from '../../helpers/requirements.js';

const VERMIN = venvBin('vermin');

/** Newer functions which the sources use only after `hasattr`; vermin does not see that. */
const GUARDED = ['--exclude', 'os.register_at_fork', '--exclude', 'gc.freeze'];

function runVermin(input: string): { readonly status: number | null; readonly output: string } {
  const { status, stdout } = spawnSync(
    VERMIN,
    ['--target=3.5-', '--no-tips', '--violations', ...GUARDED, input],
    { cwd: PROJECT_ROOT, encoding: 'utf8' },
  );
  return { status, output: stdout };
}

describe.skipIf(isMissing('vermin'))('the Python sources', () => {
  test.each([
    'src/bridge/agent/python',
    'src/bridge/transfer',
    'src/runtimes/python',
    'src/server/realtime/python',
  ])('%s keep to Python 3.5', (folder) => {
    const { status, output } = runVermin(folder);

    expect({ status, output: status === 0 ? '' : output }).toEqual({ status: 0, output: '' });
  });

  test('the check finds newer syntax', () => {
    const file = path.join('test', 'fixtures', 'agent', 'newer-python.py');

    expect(runVermin(file).status).toBe(1);
  });
});
