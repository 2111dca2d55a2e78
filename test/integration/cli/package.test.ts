// The package as npm packs it: unpacked elsewhere, it must work without the checkout.
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { KernelJson } from '../../../src/cli/kernelspec.js';
import { outputOf, resultOf } from '../../helpers/command-line.js';

const ROOT = path.resolve(import.meta.dirname, '../../..');

describe.skipIf(process.platform === 'win32')('the package', () => {
  let directory: string;
  let main: string;
  let files: readonly string[];

  beforeAll(() => {
    directory = mkdtempSync(path.join(tmpdir(), 'rsk-'));
    execFileSync(
      process.execPath,
      ['node_modules/tsx/dist/cli.mjs', 'scripts/build.ts', '--if-needed'],
      { cwd: ROOT },
    );
    // Without the scripts of the package: they would build once more.
    const [packed] = JSON.parse(
      execFileSync('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', directory], {
        cwd: ROOT,
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
      }),
    ) as readonly {
      readonly filename: string;
      readonly files: readonly { readonly path: string }[];
    }[];
    files = packed?.files.map((file) => file.path) ?? [];
    execFileSync('tar', ['-xzf', packed?.filename ?? '', '-C', directory], { cwd: directory });
    installDependencies(path.join(directory, 'package'));
    main = path.join(directory, 'package', 'dist', 'cli', 'main.js');
  });
  afterAll(() => {
    rmSync(directory, { recursive: true, force: true });
  });

  /** As npm would, but by links, and only what the package says it needs. */
  function installDependencies(home: string): void {
    const { dependencies } = JSON.parse(readFileSync(path.join(home, 'package.json'), 'utf8')) as {
      readonly dependencies: Readonly<Record<string, string>>;
    };
    for (const name of Object.keys(dependencies)) {
      const link = path.join(home, 'node_modules', name);
      mkdirSync(path.dirname(link), { recursive: true });
      symlinkSync(path.join(ROOT, 'node_modules', name), link);
    }
  }

  test('holds the program, the kernelspecs and what runs in sessions, but no sources or tests', () => {
    expect(files).toEqual(
      expect.arrayContaining([
        'dist/cli/main.js',
        'dist/third-party-licenses.txt',
        'dist/runtimes/r/worker.R',
        'dist/runtimes/python/worker.py',
        'kernel-spec/r/kernel.json',
        'kernel-spec/r/logo-svg.svg',
        'kernel-spec/r/logo-64x64.png',
        'kernel-spec/python/kernel.json',
        'LICENSE',
        'README.md',
        'docs/magics.md',
      ]),
    );
    expect(files.filter((file) => /^(src|test|scripts|bench|examples|\.)/.test(file))).toEqual([]);
    expect(files.filter((file) => /__pycache__|\.(ts|map)$/.test(file))).toEqual([]);
  });

  test('says its version', () => {
    const { version } = JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8')) as {
      readonly version: string;
    };

    const { stdout } = spawnSync(process.execPath, [main, '--version'], { encoding: 'utf8' });

    expect(stdout).toBe(`${version}\n`);
  });

  test('installs kernels that start the unpacked program', () => {
    const prefix = path.join(directory, 'prefix');

    spawnSync(process.execPath, [main, 'install', '--prefix', prefix]);

    const kernels = path.join(prefix, 'share', 'jupyter', 'kernels');
    expect(readdirSync(kernels).sort()).toEqual(['rserver-python', 'rserver-r']);
    const spec = JSON.parse(
      readFileSync(path.join(kernels, 'rserver-r', 'kernel.json'), 'utf8'),
    ) as KernelJson;
    expect(spec.argv[2]).toBe(main);
  });

  test('serves', async () => {
    const child = spawn(process.execPath, [main, 'serve', '--port', '0', '--data', directory], {
      env: { ...process.env, RSERVER_RUNTIME_DIR: path.join(directory, 'run') },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const ended = resultOf(child);

    await outputOf(child, /listens on http/);
    child.kill('SIGTERM');

    expect((await ended).code).toBe(0);
  });
});
