// `install` and `uninstall` into environments made for the test.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, realpathSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { KernelJson } from '../../../src/cli/kernelspec.js';
import { Surroundings } from '../../helpers/command-line.js';

const python = spawnSync('python3', ['-c', 'import sys; print(sys.executable)'], {
  encoding: 'utf8',
}).stdout.trim();

describe('install', () => {
  let here: Surroundings;
  let prefix: string;
  beforeEach(() => {
    here = new Surroundings();
    prefix = path.join(here.directory, 'an environment');
    mkdirSync(prefix);
  });
  afterEach(() => here.close());

  const kernels = (root = prefix): string => path.join(root, 'share', 'jupyter', 'kernels');
  const read = (directory: string): KernelJson =>
    JSON.parse(readFileSync(path.join(directory, 'kernel.json'), 'utf8')) as KernelJson;

  test('--prefix writes both kernels, with absolute paths and the Python on PATH', async () => {
    const { code, stdout } = await here.run(['install', '--prefix', prefix]);

    expect(code).toBe(0);
    expect(stdout).toBe(
      [
        `Installed rserver-r in ${path.join(kernels(), 'rserver-r')}`,
        `Installed rserver-python in ${path.join(kernels(), 'rserver-python')}`,
        `Python sessions of the embedded server use ${python}\n`,
      ].join('\n'),
    );
    const { argv, env } = read(path.join(kernels(), 'rserver-r'));
    expect(argv[0]).toBe(realpathSync(process.execPath));
    expect(path.isAbsolute(argv[2] ?? '')).toBe(true);
    expect(env).toEqual({ RSERVER_PYTHON: python });
  });

  test.skipIf(process.platform === 'win32')(
    '--prefix with a Python in it gives sessions that Python',
    async () => {
      spawnSync('python3', ['-m', 'venv', '--without-pip', prefix]);

      await here.run(['install', '--prefix', prefix]);

      expect(read(path.join(kernels(), 'rserver-python')).env).toEqual({
        RSERVER_PYTHON: path.join(prefix, 'bin', 'python3'),
      });
    },
  );

  test.skipIf(process.platform === 'win32')(
    '--sys-prefix asks the active environment where it is',
    async () => {
      spawnSync('python3', ['-m', 'venv', '--without-pip', prefix]);

      const { code } = await here.run(['install', '--sys-prefix'], { VIRTUAL_ENV: prefix });

      expect(code).toBe(0);
      expect(readdirSync(kernels()).sort()).toEqual(['rserver-python', 'rserver-r']);
    },
  );

  test('--user writes into the data folder of Jupyter', async () => {
    const data = path.join(here.directory, 'jupyter');

    await here.run(['install', '--user'], { JUPYTER_DATA_DIR: data });

    expect(readdirSync(path.join(data, 'kernels')).sort()).toEqual(['rserver-python', 'rserver-r']);
  });

  test('--name, --display-name, --profile and --env are taken over', async () => {
    const flags = ['--name', 'work', '--display-name', 'at work', '--profile', 'work'];
    const env = ['--env', 'RSERVER_PYTHON=/other/python', '--env', 'A=b=c'];

    await here.run(['install', '--prefix', prefix, ...flags, ...env]);

    const spec = read(path.join(kernels(), 'work-r'));
    expect(spec.display_name).toBe('R (at work)');
    expect(spec.argv.slice(-2)).toEqual(['--profile', 'work']);
    expect(spec.env).toEqual({ RSERVER_PYTHON: '/other/python', A: 'b=c' });
  });

  test.each([
    [[], 'Give one of --user, --sys-prefix and --prefix DIR.'],
    [['--user', '--sys-prefix'], 'Give one of --user, --sys-prefix and --prefix DIR.'],
    [['--user', '--env', 'novalue'], '--env takes KEY=VALUE, not "novalue".'],
  ])('%j is refused with status 2', async (flags, message) => {
    const { code, stderr } = await here.run(['install', ...flags]);

    expect(code).toBe(2);
    expect(stderr).toContain(message);
  });

  test('uninstall removes both, and says so when there is nothing to remove', async () => {
    await here.run(['install', '--prefix', prefix]);

    expect((await here.run(['uninstall', '--prefix', prefix])).code).toBe(0);
    expect(readdirSync(kernels())).toEqual([]);
    const again = await here.run(['uninstall', '--prefix', prefix]);
    expect(again.code).toBe(2);
    expect(again.stderr).toContain('CONFIG_KERNELSPEC');
  });

  test('writes nothing into the home folder', async () => {
    await here.run(['install', '--prefix', prefix]);

    expect(readdirSync(path.join(here.directory, 'home'))).toEqual([]);
    expect(existsSync(path.join(here.directory, 'profiles.toml'))).toBe(false);
  });
});
