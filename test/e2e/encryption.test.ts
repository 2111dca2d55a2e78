// Encrypted channels, switched on by jupyter_client because the kernelspec says that the kernel has them.
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  createJupyterEnvironment,
  type JupyterEnvironment,
} from '../helpers/jupyter-environment.js';
import { isMissing, PROJECT_ROOT } from '../helpers/requirements.js';

const script = path.join(PROJECT_ROOT, 'test', 'e2e', 'python', 'encrypted_kernel.py');

describe.skipIf(isMissing('R', 'jupyter', 'build'))('a kernel with CURVE', () => {
  let jupyter: JupyterEnvironment;
  beforeAll(async () => {
    jupyter = await createJupyterEnvironment();
  });
  afterAll(() => jupyter.close());

  test('runs cells of a client with the key, and lets no other in', async () => {
    const { code, stdout, stderr } = await jupyter.run('python', [script, 'rserver-r']);

    expect(code, stderr).toBe(0);
    expect(stdout.trim()).toBe('ok True kept out');
  });
});
