// Executes notebooks with one of our kernels and with its local peer, IRkernel or ipykernel.
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { JupyterEnvironment } from '../../test/helpers/jupyter-environment.js';
import { venvBin } from '../../test/helpers/requirements.js';
import type { Language } from './outputs.js';

interface KernelPair {
  readonly ours: string;
  readonly peer: string;
  readonly peerCommand: readonly string[];
}

export const KERNELS: Readonly<Record<Language, KernelPair>> = {
  r: {
    ours: 'rserver-r',
    peer: 'peer-r',
    peerCommand: ['R', '--slave', '-e', 'IRkernel::main()', '--args', '{connection_file}'],
  },
  python: {
    ours: 'rserver-python',
    peer: 'peer-python',
    peerCommand: [venvBin('python'), '-m', 'ipykernel_launcher', '-f', '{connection_file}'],
  },
};

/** Puts the kernelspecs of the peers beside ours. */
export function installPeers(jupyter: JupyterEnvironment): void {
  for (const [language, { peer, peerCommand }] of Object.entries(KERNELS)) {
    const folder = path.join(jupyter.env['JUPYTER_PATH'] ?? '', 'kernels', peer);
    mkdirSync(folder, { recursive: true });
    const spec = { argv: peerCommand, display_name: peer, language };
    writeFileSync(path.join(folder, 'kernel.json'), JSON.stringify(spec));
  }
}

/**
 * Executes notebooks one after the other, going on after errors of cells.
 *
 * @returns The executed copies, in the same order.
 * @throws Error when a notebook did not run to its end.
 */
export async function runNotebooks(
  jupyter: JupyterEnvironment,
  kernel: string,
  notebooks: readonly string[],
): Promise<readonly string[]> {
  const folder = path.join(jupyter.directory, `run-${kernel}`);
  mkdirSync(folder, { recursive: true });
  const copies = notebooks.map((file) => path.join(folder, path.basename(file)));
  notebooks.forEach((file, index) => {
    copyFileSync(file, copies[index] ?? '');
  });
  const options = ['--inplace', '--allow-errors', '--timeout=600', '--startup_timeout=300'];
  const run = await jupyter.run(
    'jupyter',
    ['execute', ...options, `--kernel_name=${kernel}`, ...copies],
    { cwd: folder },
  );
  if (run.code !== 0) throw new Error(`${kernel} failed: ${run.stderr}`);
  return copies;
}
