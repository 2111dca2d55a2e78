// Where our files and Jupyter's lie, per platform.
import path from 'node:path';
import envPaths from 'env-paths';
import { variable, type Machine } from './machine.js';

const userPaths = (): { readonly data: string; readonly config: string } =>
  envPaths('rserver-kernel', { suffix: '' });

/** The profile file: RSERVER_CONFIG, or `profiles.toml` in the user's configuration folder. It need not exist. */
export function profileFilePath(machine: Machine): string {
  const named = variable(machine, 'RSERVER_CONFIG');
  return named === undefined
    ? path.join(userPaths().config, 'profiles.toml')
    : path.resolve(machine.currentDirectory, named);
}

/** The configuration file of `serve` where no flag names one. It need not exist. */
export function serverFilePath(): string {
  return path.join(userPaths().config, 'server.toml');
}

/** The folder of server data where no setting names one. */
export function defaultDataDirectory(): string {
  return userPaths().data;
}

/** The file that keeps the inputs of all kernels of a language, in a data folder. */
export function historyFile(dataDirectory: string, language: 'r' | 'python'): string {
  return path.join(dataDirectory, 'history', `${language}.sqlite`);
}

/** The folder of the notes which sessions kernels use, in a data folder. */
export function sessionNotesDirectory(dataDirectory: string): string {
  return path.join(dataDirectory, 'kernel-sessions');
}

/**
 * Folders that can hold the records of running servers, best first.
 * XDG_RUNTIME_DIR may be set without being there (`su`), so there is a second choice below the home folder.
 */
export function runtimeDirectoryCandidates(machine: Machine): readonly string[] {
  const named = variable(machine, 'RSERVER_RUNTIME_DIR');
  if (named !== undefined) return [path.resolve(machine.currentDirectory, named)];
  const fallback = path.join(userPaths().data, 'run');
  const xdg = variable(machine, 'XDG_RUNTIME_DIR');
  return xdg === undefined ? [fallback] : [path.join(xdg, 'rserver-kernel'), fallback];
}

/**
 * Jupyter's data folder of the user.
 * @see https://github.com/jupyter/jupyter_core `jupyter_core/paths.py`, `jupyter_data_dir()`, version 5.9
 */
function jupyterUserDataDirectory(machine: Machine): string {
  const join = joinOf(machine);
  const named = variable(machine, 'JUPYTER_DATA_DIR');
  if (named !== undefined) return named;
  const platformDirectories = /^(1|true|yes|on|y)$/i.test(
    variable(machine, 'JUPYTER_PLATFORM_DIRS') ?? '',
  );
  const home = machine.homeDirectory;
  if (machine.platform === 'darwin') {
    return platformDirectories
      ? join(home, 'Library', 'Application Support', 'Jupyter')
      : join(home, 'Library', 'Jupyter');
  }
  if (machine.platform === 'win32') {
    if (platformDirectories) {
      return join(variable(machine, 'LOCALAPPDATA') ?? join(home, 'AppData', 'Local'), 'Jupyter');
    }
    const roaming = variable(machine, 'APPDATA');
    if (roaming !== undefined) return join(roaming, 'jupyter');
    return join(variable(machine, 'JUPYTER_CONFIG_DIR') ?? join(home, '.jupyter'), 'data');
  }
  return join(variable(machine, 'XDG_DATA_HOME') ?? join(home, '.local', 'share'), 'jupyter');
}

/**
 * Jupyter's folder of connection files.
 * @see https://github.com/jupyter/jupyter_core `jupyter_core/paths.py`, `jupyter_runtime_dir()`, version 5.9
 */
export function jupyterRuntimeDirectory(machine: Machine): string {
  return (
    variable(machine, 'JUPYTER_RUNTIME_DIR') ??
    joinOf(machine)(jupyterUserDataDirectory(machine), 'runtime')
  );
}

/** Where Jupyter of an environment looks for kernelspecs. */
export function kernelsOfPrefix(machine: Machine, prefix: string): string {
  return joinOf(machine)(prefix, 'share', 'jupyter', 'kernels');
}

/** Where Jupyter looks for the kernelspecs of the user. */
export function kernelsOfUser(machine: Machine): string {
  return joinOf(machine)(jupyterUserDataDirectory(machine), 'kernels');
}

/** Files that may be the Python of an environment, likeliest first. */
export function pythonsOfPrefix(machine: Machine, prefix: string): readonly string[] {
  const join = joinOf(machine);
  return machine.platform === 'win32'
    ? [join(prefix, 'Scripts', 'python.exe'), join(prefix, 'python.exe')]
    : [join(prefix, 'bin', 'python3'), join(prefix, 'bin', 'python')];
}

function joinOf(machine: Machine): (...parts: string[]) => string {
  const { win32, posix } = path;
  return (...parts) => (machine.platform === 'win32' ? win32 : posix).join(...parts);
}
