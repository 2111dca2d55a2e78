// A slow cell in jupyter console: a line tells that it runs, and nothing of it stays on the screen.
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  createJupyterEnvironment,
  type JupyterEnvironment,
} from '../helpers/jupyter-environment.js';
import { isMissing, PROJECT_ROOT } from '../helpers/requirements.js';

const script = path.join(PROJECT_ROOT, 'test', 'e2e', 'python', 'console_progress.py');

describe.skipIf(isMissing('R', 'jupyter', 'build'))('a slow cell in jupyter console', () => {
  let jupyter: JupyterEnvironment;
  beforeAll(async () => {
    jupyter = await createJupyterEnvironment();
  });
  afterAll(() => jupyter.close());

  test('is told to run, on a line that is written over and wiped', async () => {
    const session = await jupyter.run('python', [script, 'rserver-r'], {
      env: { TERM: 'xterm-256color' },
    });

    expect(session.code, session.stderr).toBe(0);
    expect(session.stdout.trim()).toBe('ok');
  });
});
