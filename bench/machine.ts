// What the figures were measured on. No names of hosts or people.
import { spawnSync } from 'node:child_process';
import os from 'node:os';
import { venvBin } from '../test/helpers/requirements.js';

export interface MachineDescription {
  readonly cores: number;
  readonly processor: string;
  readonly memoryGibibytes: number;
  readonly system: string;
  readonly node: string;
  readonly r: string;
  readonly python: string;
  readonly irkernel: string;
  readonly ipykernel: string;
}

export function describeMachine(): MachineDescription {
  const processors = os.cpus();
  const r = (code: string): string => firstLine('Rscript', ['-e', `cat(${code})`]);
  const python = (code: string): string => firstLine(venvBin('python'), ['-c', `print(${code})`]);
  return {
    cores: processors.length,
    processor: processors[0]?.model ?? 'unknown',
    memoryGibibytes: Math.round(os.totalmem() / 1024 ** 3),
    system: `${os.type()} ${os.release().split('-')[0] ?? ''}`,
    node: process.versions.node,
    r: r('as.character(getRversion())'),
    python: python('__import__("platform").python_version()'),
    irkernel: r('as.character(packageVersion("IRkernel"))'),
    ipykernel: python('__import__("ipykernel").__version__'),
  };
}

function firstLine(command: string, args: readonly string[]): string {
  const { stdout } = spawnSync(command, args, { encoding: 'utf8' });
  return stdout.split('\n')[0] ?? '';
}
