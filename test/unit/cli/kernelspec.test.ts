// Kernelspecs: content, writing and removing.
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  buildKernelspecs,
  removeKernelspecs,
  writeKernelspecs,
  type KernelspecOptions,
} from '../../../src/cli/kernelspec.js';

const OPTIONS: KernelspecOptions = {
  node: '/usr/bin/node',
  main: '/opt/rserver-kernel/dist/cli/main.js',
  version: '1.2.3',
  name: 'rserver',
  displayName: 'R Server',
  profile: undefined,
  env: { RSERVER_PYTHON: '/venv/bin/python' },
};

describe('kernelspecs', () => {
  let kernels: string;
  beforeEach(() => {
    kernels = mkdtempSync(path.join(tmpdir(), 'rsk-'));
  });
  afterEach(() => {
    rmSync(kernels, { recursive: true });
  });

  test('one for each language, with absolute programs and interrupts by message', () => {
    const common = {
      interrupt_mode: 'message',
      kernel_protocol_version: '5.5',
      env: { RSERVER_PYTHON: '/venv/bin/python' },
      metadata: {
        debugger: true,
        supported_encryption: ['curve'],
        'rserver-kernel': { version: '1.2.3' },
      },
    };
    const argv = [
      '/usr/bin/node',
      '--max-semi-space-size=4',
      OPTIONS.main,
      'kernel',
      '{connection_file}',
      '--language',
    ];

    expect(buildKernelspecs(OPTIONS).map(({ name, content }) => ({ name, content }))).toEqual([
      {
        name: 'rserver-r',
        content: { ...common, argv: [...argv, 'r'], display_name: 'R (R Server)', language: 'R' },
      },
      {
        name: 'rserver-python',
        content: {
          ...common,
          argv: [...argv, 'python'],
          display_name: 'Python (R Server)',
          language: 'python',
        },
      },
    ]);
  });

  test('name, display name and profile are those asked for', () => {
    const [r] = buildKernelspecs({
      ...OPTIONS,
      name: 'work',
      displayName: 'at work',
      profile: 'work',
    });

    expect(r?.name).toBe('work-r');
    expect(r?.content.display_name).toBe('R (at work)');
    expect(r?.content.argv.slice(-4)).toEqual(['--language', 'r', '--profile', 'work']);
  });

  test('a name that Jupyter would not take is refused', () => {
    expect(() => buildKernelspecs({ ...OPTIONS, name: 'R Server' })).toThrow(
      expect.objectContaining({ code: 'CONFIG_ARGUMENT' }),
    );
  });

  test('are written with their logos, over what was there', () => {
    mkdirSync(path.join(kernels, 'rserver-r'));
    writeFileSync(path.join(kernels, 'rserver-r', 'old.txt'), '');

    const written = writeKernelspecs(kernels, buildKernelspecs(OPTIONS));

    expect(written).toEqual([
      path.join(kernels, 'rserver-r'),
      path.join(kernels, 'rserver-python'),
    ]);
    for (const directory of written) {
      expect(readdirSync(directory).sort()).toEqual([
        'kernel.json',
        'logo-64x64.png',
        'logo-svg.svg',
      ]);
      expect(readFileSync(path.join(directory, 'kernel.json'), 'utf8')).not.toContain('@');
    }
  });

  test('are removed by name, and nothing else is', () => {
    writeKernelspecs(kernels, buildKernelspecs(OPTIONS));
    writeKernelspecs(kernels, buildKernelspecs({ ...OPTIONS, name: 'work' }));

    removeKernelspecs(kernels, 'rserver');

    expect(readdirSync(kernels).sort()).toEqual(['work-python', 'work-r']);
  });

  test('of somebody else with the same name stay', () => {
    mkdirSync(path.join(kernels, 'rserver-r'));
    writeFileSync(path.join(kernels, 'rserver-r', 'kernel.json'), '{"metadata":{}}');

    expect(() => removeKernelspecs(kernels, 'rserver')).toThrow(
      expect.objectContaining({ code: 'CONFIG_KERNELSPEC' }),
    );
    expect(readdirSync(kernels)).toEqual(['rserver-r']);
  });

  test('that are not there cannot be removed', () => {
    expect(() => removeKernelspecs(kernels, 'rserver')).toThrow(
      expect.objectContaining({
        code: 'CONFIG_KERNELSPEC',
        message: `No rserver-r or rserver-python in ${kernels}.`,
      }),
    );
  });
});
