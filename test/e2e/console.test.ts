// jupyter console in a pseudo-terminal, as a person types into it.
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  createJupyterEnvironment,
  type JupyterEnvironment,
} from '../helpers/jupyter-environment.js';
import { isMissing, PROJECT_ROOT } from '../helpers/requirements.js';

const script = path.join(PROJECT_ROOT, 'test', 'e2e', 'python', 'console_session.py');

describe.skipIf(isMissing('R', 'jupyter', 'build'))('jupyter console', () => {
  let jupyter: JupyterEnvironment;
  beforeAll(async () => {
    jupyter = await createJupyterEnvironment();
  });
  afterAll(() => jupyter.close());

  test.each(['rserver-r', 'rserver-python'])(
    'values, several lines, history, questions, Ctrl-C, an error and a magic work in %s',
    async (kernel) => {
      const session = await jupyter.run('python', [script, kernel], {
        env: { TERM: 'xterm-256color' },
      });

      expect(session.code, session.stderr).toBe(0);
      expect(session.stdout.trim()).toBe('ok');
    },
  );
});
