// A computer for tests of the command line: nothing of the real one shows through.
import path from 'node:path';
import type { Machine } from '../../src/cli/machine.js';

/** @param env - All that the environment has, besides a profile file that does not exist. */
export function fakeMachine(
  env: Readonly<Record<string, string>> = {},
  changes: Partial<Machine> = {},
): Machine {
  return {
    platform: 'linux',
    env: { RSERVER_CONFIG: path.resolve('/nowhere/profiles.toml'), ...env },
    homeDirectory: '/home/ada',
    currentDirectory: '/home/ada/notebooks',
    ...changes,
  };
}
