// The history of jupyter console across kernels, with the arrow keys of a pseudo-terminal.
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  createJupyterEnvironment,
  type JupyterEnvironment,
} from '../helpers/jupyter-environment.js';
import { isMissing, PROJECT_ROOT } from '../helpers/requirements.js';

const script = path.join(PROJECT_ROOT, 'test', 'e2e', 'python', 'console_history.py');

describe.skipIf(isMissing('R', 'jupyter', 'build'))('the arrow up in jupyter console', () => {
  let jupyter: JupyterEnvironment;
  beforeEach(async () => {
    jupyter = await createJupyterEnvironment();
  });
  afterEach(() => jupyter.close());

  test.each([
    ['rserver-r', 'on', 'earlier line'],
    ['rserver-python', 'on', 'earlier line'],
    ['rserver-r', 'off', 'nothing'],
  ])('in %s with history %s brings: %s', async (kernel, history, expected) => {
    const session = await jupyter.run('python', [script, kernel], {
      env: { TERM: 'xterm-256color', RSERVER_HISTORY: history },
    });

    expect(session.code, session.stderr).toBe(0);
    expect(session.stdout.trim()).toBe(expected);
  });
});
