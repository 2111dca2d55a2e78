// Finds programs as a shell would, on every platform, without starting one.
import { accessSync, constants, statSync } from 'node:fs';
import path from 'node:path';
import { variable, type Machine } from './machine.js';

/**
 * The absolute path of a command, or undefined when PATH has none.
 *
 * @param command - A bare name, looked for on PATH, or a path, taken from the current folder.
 *   Links are kept: the Python of a virtual environment is a link, and knows its environment by its own place.
 */
export function findCommand(machine: Machine, command: string): string | undefined {
  const isBare = !/[\\/]/.test(command);
  const folders = isBare
    ? (machine.env['PATH'] ?? machine.env['Path'] ?? '').split(path.delimiter).filter(Boolean)
    : [''];
  const extensions =
    machine.platform === 'win32'
      ? ['', ...(variable(machine, 'PATHEXT') ?? '.EXE;.CMD;.BAT').split(';')]
      : [''];
  for (const folder of folders) {
    for (const extension of extensions) {
      const file = path.resolve(machine.currentDirectory, folder, command + extension);
      if (isProgram(file)) return file;
    }
  }
  return undefined;
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false; // not there, or not ours to run: the next folder may have it
  }
}
