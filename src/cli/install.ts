// `rserver-kernel install`: tells Jupyter of the two kernels.
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { activePython, askPython, findPythonOfPrefix } from './environment-python.js';
import { ConfigError } from './errors.js';
import { buildKernelspecs, writeKernelspecs } from './kernelspec.js';
import type { Machine } from './machine.js';
import { kernelsOfPrefix, kernelsOfUser } from './paths.js';

/** Where kernelspecs go: exactly one of the three. */
export interface InstallPlace {
  readonly user?: boolean;
  readonly sysPrefix?: boolean;
  readonly prefix?: string;
  /** The Python that `sysPrefix` asks, and that sessions get. */
  readonly python?: string;
}

/** Flags of `install`. */
export interface InstallOptions extends InstallPlace {
  readonly name: string;
  readonly displayName: string;
  readonly profile?: string;
  /** `KEY=VALUE` each. */
  readonly env: readonly string[];
}

/**
 * Writes both kernelspecs.
 *
 * Sessions get the Python of the environment that Jupyter itself is in, by RSERVER_PYTHON of the kernelspec, unless
 * `--env RSERVER_PYTHON=...` names another.
 *
 * @returns Lines to print.
 * @throws {ConfigError} `CONFIG_ARGUMENT`, `CONFIG_PYTHON`, `CONFIG_KERNELSPEC`.
 */
export async function install(
  options: InstallOptions,
  machine: Machine,
  version: string,
): Promise<readonly string[]> {
  const { kernelsDirectory, python } = await findPlace(options, machine);
  const given = parseAssignments(options.env);
  const env = python === undefined ? given : { RSERVER_PYTHON: python, ...given };
  const kernelspecs = buildKernelspecs({
    node: process.execPath,
    main: fileURLToPath(new URL('./main.js', import.meta.url)),
    version,
    name: options.name,
    displayName: options.displayName,
    profile: options.profile,
    env,
  });
  const written = writeKernelspecs(kernelsDirectory, kernelspecs);
  const sessionPython = env['RSERVER_PYTHON'] ?? 'the first python3 on PATH';
  return [
    ...written.map((directory) => `Installed ${path.basename(directory)} in ${directory}`),
    `Python sessions of the embedded server use ${sessionPython}`,
  ];
}

/** The kernels folder that the flags mean, and the Python of that environment. */
export async function findPlace(
  place: InstallPlace,
  machine: Machine,
): Promise<{ readonly kernelsDirectory: string; readonly python: string | undefined }> {
  const chosen = [place.user === true, place.sysPrefix === true, place.prefix !== undefined];
  if (chosen.filter(Boolean).length !== 1) {
    throw new ConfigError('CONFIG_ARGUMENT', 'Give one of --user, --sys-prefix and --prefix DIR.');
  }
  if (place.sysPrefix === true) {
    const { prefix, executable } = await askPython(place.python ?? pythonOrFail(machine));
    return { kernelsDirectory: kernelsOfPrefix(machine, prefix), python: executable };
  }
  const inPrefix = findPythonOfPrefix(machine, place.prefix);
  return {
    kernelsDirectory:
      place.prefix === undefined
        ? kernelsOfUser(machine)
        : kernelsOfPrefix(machine, path.resolve(machine.currentDirectory, place.prefix)),
    python: await sessionPython(place.python, inPrefix ?? activePython(machine)),
  };
}

function pythonOrFail(machine: Machine): string {
  const python = activePython(machine);
  if (python !== undefined) return python;
  throw new ConfigError('CONFIG_PYTHON', '--sys-prefix needs a Python, and PATH has none.');
}

/** A Python that was named must answer; one that was only found may be a stub, and people of R need none. */
async function sessionPython(
  named: string | undefined,
  found: string | undefined,
): Promise<string | undefined> {
  if (named !== undefined) return (await askPython(named)).executable;
  if (found === undefined) return undefined;
  const answer = await askPython(found).catch(() => undefined);
  return answer?.executable;
}

function parseAssignments(assignments: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    assignments.map((assignment) => {
      const match = /^([A-Za-z_][A-Za-z0-9_]*)=(.*)$/s.exec(assignment);
      if (match?.[1] !== undefined) return [match[1], match[2] ?? ''];
      throw new ConfigError(
        'CONFIG_ARGUMENT',
        `--env takes KEY=VALUE, not ${JSON.stringify(assignment)}.`,
      );
    }),
  );
}
