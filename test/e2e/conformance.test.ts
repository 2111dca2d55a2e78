// jupyter_kernel_test, the community's conformance suite, against both kernels.
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  createJupyterEnvironment,
  type JupyterEnvironment,
} from '../helpers/jupyter-environment.js';
import { isMissing, PROJECT_ROOT } from '../helpers/requirements.js';

const suite = path.join(PROJECT_ROOT, 'test', 'e2e', 'python');

describe.skipIf(isMissing('R', 'jupyter', 'build'))('jupyter_kernel_test', () => {
  let jupyter: JupyterEnvironment;
  beforeAll(async () => {
    jupyter = await createJupyterEnvironment();
  });
  afterAll(() => jupyter.close());

  test.each(['RKernelTests', 'PythonKernelTests', 'RIopubWelcomeTests', 'PythonIopubWelcomeTests'])(
    '%s passes',
    async (name) => {
      const result = await jupyter.run(
        'python',
        ['-m', 'unittest', '-v', `kernel_conformance.${name}`],
        { cwd: suite, env: { PYTHONDONTWRITEBYTECODE: '1' } },
      );

      expect(result.code, result.stderr).toBe(0);
      expect(result.stderr).toMatch(/^Ran [1-9]\d* tests? in/m);
    },
  );
});
