// Asks a Python about itself: whose environment is it, and where does Jupyter of that environment look?
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { messageOf } from '../base/index.js';
import { ConfigError } from './errors.js';
import { findCommand } from './find-command.js';
import { variable, type Machine } from './machine.js';
import { pythonsOfPrefix } from './paths.js';

/** What a Python says of itself. */
export interface PythonEnvironment {
  /** Absolute path of the program; shims have been looked through. */
  readonly executable: string;
  /** `sys.prefix`. */
  readonly prefix: string;
  /** E.g. `3.11.2`. */
  readonly version: string;
}

const QUESTION =
  'import json, platform, sys; print(json.dumps([sys.executable, sys.prefix, platform.python_version()]))';
const ASK_TIMEOUT_MS = 20_000;

/**
 * @param python - A command or a path.
 * @throws {ConfigError} `CONFIG_PYTHON` when it is not there or does not answer.
 */
export async function askPython(python: string): Promise<PythonEnvironment> {
  try {
    const { stdout } = await promisify(execFile)(python, ['-c', QUESTION], {
      timeout: ASK_TIMEOUT_MS,
      windowsHide: true,
    });
    const [executable, prefix, version] = JSON.parse(stdout) as [string, string, string];
    return { executable, prefix, version };
  } catch (cause) {
    throw new ConfigError('CONFIG_PYTHON', `${python}: ${messageOf(cause)}`, { cause });
  }
}

/** The Python of the environment in force: a virtual or conda environment that is active, else the first on PATH. */
export function activePython(machine: Machine): string | undefined {
  const prefixes = ['VIRTUAL_ENV', 'CONDA_PREFIX'].map((name) => variable(machine, name));
  const inside = prefixes.flatMap((prefix) => findPythonOfPrefix(machine, prefix) ?? []);
  return inside[0] ?? findCommand(machine, 'python3') ?? findCommand(machine, 'python');
}

/** The Python that lies in a prefix, or undefined. */
export function findPythonOfPrefix(
  machine: Machine,
  prefix: string | undefined,
): string | undefined {
  if (prefix === undefined) return undefined;
  return pythonsOfPrefix(machine, path.resolve(prefix)).find((file) => existsSync(file));
}
