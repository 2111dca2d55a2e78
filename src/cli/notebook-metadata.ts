// The metadata block `rserver` of the notebook that a kernel was started for.
import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { variable, type Machine } from './machine.js';

/** Settings as a notebook gives them: a JSON object, not yet checked. */
export interface NotebookBlock {
  readonly file: string;
  readonly values: Readonly<Record<string, unknown>>;
}

/** Parsing a larger one would hold up the first cell; such a notebook goes without its block. */
const MAX_BYTES = 64 * 1024 * 1024;

/**
 * Reads `metadata.rserver` of the notebook named by JPY_SESSION_NAME.
 * Undefined when there is no notebook, it cannot be read or it has no such block: a console has none either.
 * @see https://github.com/jupyter-server/jupyter_server `services/sessions/sessionmanager.py`, `get_kernel_env()`
 */
export async function readNotebookBlock(machine: Machine): Promise<NotebookBlock | undefined> {
  const name = variable(machine, 'JPY_SESSION_NAME');
  if (name === undefined || !name.endsWith('.ipynb')) return undefined;
  // The name is an absolute path, or one below the root of the Jupyter server, which is not known here;
  // the kernel is started in the folder of the notebook, so its bare name finds it there.
  const candidates = [
    path.resolve(machine.currentDirectory, name),
    path.resolve(machine.currentDirectory, path.basename(name)),
  ];
  for (const file of new Set(candidates)) {
    const values = await readBlock(file);
    if (values !== undefined) return { file, values };
  }
  return undefined;
}

async function readBlock(file: string): Promise<Readonly<Record<string, unknown>> | undefined> {
  try {
    if ((await stat(file)).size > MAX_BYTES) return undefined;
    const notebook: unknown = JSON.parse(await readFile(file, 'utf8'));
    return objectAt(objectAt(notebook, 'metadata'), 'rserver');
  } catch {
    return undefined; // a notebook that is being written, or is none: the front end will say so
  }
}

function objectAt(value: unknown, key: string): Readonly<Record<string, unknown>> | undefined {
  if (typeof value !== 'object' || value === null || !(key in value)) return undefined;
  const inner = (value as Record<string, unknown>)[key];
  return typeof inner === 'object' && inner !== null && !Array.isArray(inner)
    ? (inner as Record<string, unknown>)
    : undefined;
}
