// What the kernel of the machine says about processes; Linux only.
import { readdirSync, readFileSync } from 'node:fs';

export interface ProcessStatus {
  readonly state: string;
  readonly parentPid: number;
  readonly groupId: number;
}

/** What is known of a process; undefined when there is none. */
export function processStatus(pid: number | string): ProcessStatus | undefined {
  const text = read(`/proc/${pid}/stat`);
  if (text === '') return undefined;
  const [state = '', parentPid, groupId] = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return { state, parentPid: Number(parentPid), groupId: Number(groupId) };
}

/** Processes that have a text in the environment that they began with, zombies left out. */
export const processesWith = (text: string): number[] =>
  processes().filter((pid) => read(`/proc/${pid}/environ`).includes(text));

export const childrenOf = (parent: number): number[] =>
  processes().filter((pid) => processStatus(pid)?.parentPid === parent);

/** Memory of a process in kB; `Private_Dirty` is what it shares with no other. */
export function memoryOf(pid: number): Readonly<Record<'Rss' | 'Pss' | 'Private_Dirty', number>> {
  const text = read(`/proc/${pid}/smaps_rollup`);
  const figure = (name: string): number =>
    Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(text)?.[1]);
  return {
    Rss: figure('Rss'),
    Pss: figure('Pss'),
    Private_Dirty: figure('Private_Dirty'),
  };
}

const processes = (): number[] =>
  readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .map(Number);

function read(file: string): string {
  try {
    return readFileSync(file, 'latin1');
  } catch {
    return '';
  }
}
