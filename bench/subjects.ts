// The kernels that are measured, as kernelspec folders in a Jupyter of our own: both of ours, their peers, and the least
// that a kernel in Node can be.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import {
  createJupyterEnvironment,
  type JupyterEnvironment,
} from '../test/helpers/jupyter-environment.js';
import { PROJECT_ROOT, venvBin } from '../test/helpers/requirements.js';

/** A kernel by name, with the preset of kernelbench that fits it. */
export const PRESETS = {
  ir: 'r',
  python3: 'python',
  'five-sockets': 'nothing',
  'rserver-r': 'r',
  'rserver-python': 'python',
  'rserver-r-polling': 'r',
  'rserver-python-polling': 'python',
} as const;

export type Subject = keyof typeof PRESETS;

/** Where they are. */
export interface Subjects {
  readonly jupyter: JupyterEnvironment;
  /** How a kernel is started. */
  kernelJson(subject: Subject): KernelJson;
  /** Arguments that tell kernelbench of these kernels. */
  argumentsFor(subjects: readonly Subject[]): string[];
  close(): Promise<void>;
}

/** The parts of a kernelspec that matter here. */
export interface KernelJson {
  readonly argv: readonly string[];
  readonly language: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly [field: string]: unknown;
}

const PEERS: Record<'ir' | 'python3' | 'five-sockets', KernelJson> = {
  ir: {
    argv: ['R', '--slave', '-e', 'IRkernel::main()', '--args', '{connection_file}'],
    language: 'R',
  },
  python3: {
    argv: [venvBin('python'), '-m', 'ipykernel_launcher', '-f', '{connection_file}'],
    language: 'python',
  },
  'five-sockets': {
    argv: [
      process.execPath,
      path.join(PROJECT_ROOT, 'bench', 'kernelbench', 'five-sockets.mjs'),
      '{connection_file}',
    ],
    language: 'none',
  },
};

/** Installs our kernels, as the build has them, beside their peers. */
export async function openSubjects(): Promise<Subjects> {
  const jupyter = await createJupyterEnvironment();
  const installed = (name: string): KernelJson =>
    JSON.parse(
      readFileSync(
        path.join(jupyter.env['JUPYTER_PATH'] ?? '', 'kernels', name, 'kernel.json'),
        'utf8',
      ),
    ) as KernelJson;
  const polling = (name: string): KernelJson => {
    const spec = installed(name);
    return { ...spec, env: { ...spec.env, RSERVER_EXTENSIONS: 'off' } };
  };
  const specs: Record<Subject, KernelJson> = {
    ...PEERS,
    'rserver-r': installed('rserver-r'),
    'rserver-python': installed('rserver-python'),
    'rserver-r-polling': polling('rserver-r'),
    'rserver-python-polling': polling('rserver-python'),
  };
  const folderOf = (name: string): string => path.join(jupyter.directory, `spec-${name}`);
  for (const [name, spec] of Object.entries(specs)) {
    mkdirSync(folderOf(name));
    writeFileSync(
      path.join(folderOf(name), 'kernel.json'),
      JSON.stringify({ display_name: name, ...spec }),
    );
  }
  const stop = `'${process.execPath}' '${path.join(PROJECT_ROOT, 'dist', 'cli', 'main.js')}' stop`;
  return {
    jupyter,
    kernelJson: (subject) => specs[subject],
    argumentsFor: (subjects) =>
      subjects.flatMap((name) => [
        ...['--kernel', `${name}:${PRESETS[name]}`, '--spec', `${name}=${folderOf(name)}`],
        ...(name.startsWith('rserver-') ? ['--stop', `${name}=${stop}`] : []),
      ]),
    close: () => jupyter.close(),
  };
}
