// The package as a user gets it: packed, installed outside the checkout, its kernels run a notebook.
import { mkdirSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  createJupyterEnvironment,
  type JupyterEnvironment,
} from '../helpers/jupyter-environment.js';
import { nbconvertArguments, readOutputs, textOf, writeNotebook } from '../helpers/notebook.js';
import { isMissing, PROJECT_ROOT, venvBin } from '../helpers/requirements.js';

describe.skipIf(isMissing('R', 'jupyter', 'build'))('the npm package', () => {
  let jupyter: JupyterEnvironment;
  beforeAll(async () => {
    jupyter = await createJupyterEnvironment();
  });
  afterAll(() => jupyter.close());

  test('installs and works outside the checkout', async () => {
    const { directory } = jupyter;
    const app = path.join(directory, 'app');
    const prefix = path.join(directory, 'other-prefix');
    mkdirSync(app);
    // npm is the person's own, with the settings of their home.
    const npm = { HOME: process.env['HOME'] };
    const pack = await jupyter.run(
      '/usr/bin/env',
      ['npm', 'pack', '--ignore-scripts', '--pack-destination', directory],
      { cwd: PROJECT_ROOT, env: npm },
    );
    const tarball = readdirSync(directory).find((name) => name.endsWith('.tgz')) ?? '';

    const installed = await jupyter.run(
      '/usr/bin/env',
      ['npm', 'install', '--prefer-offline', '--prefix', app, path.join(directory, tarball)],
      { env: npm },
    );
    const command = path.join(app, 'node_modules', '.bin', 'rserver-kernel');
    const kernelspecs = await jupyter.run(command, [
      'install',
      '--prefix',
      prefix,
      '--env',
      `RSERVER_PYTHON=${venvBin('python')}`,
    ]);
    const notebook = path.join(directory, 'packed.ipynb');
    writeNotebook(notebook, 'rserver-r', ['6 * 7']);
    const run = await jupyter.run('jupyter', nbconvertArguments(notebook), {
      env: { JUPYTER_PATH: path.join(prefix, 'share', 'jupyter') },
    });
    await jupyter.run(command, ['stop']);

    expect(pack.code, pack.stderr).toBe(0);
    expect(installed.code, installed.stderr).toBe(0);
    expect(kernelspecs.code, kernelspecs.stderr).toBe(0);
    expect(run.code, run.stderr).toBe(0);
    expect(textOf(readOutputs(notebook)[0] ?? [])).toBe('[1] 42');
  });
});
