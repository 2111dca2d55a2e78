// Runs notebooks with both kernels of their language and collects what differs, cell by cell.
import path from 'node:path';
import type { JupyterEnvironment } from '../../test/helpers/jupyter-environment.js';
import { compareCells } from './compare.js';
import type { Difference } from './known-differences.js';
import { NOTEBOOKS } from './notebooks.js';
import { readShownCells, type Language, type ShownCell } from './outputs.js';
import { installPeers, KERNELS, runNotebooks } from './run-notebooks.js';

export interface ComparedNotebook {
  /** `r/name` or `python/name`. */
  readonly name: string;
  readonly cells: number;
  readonly differences: readonly Difference[];
}

/** Runs and compares; one kernel runs at a time. */
export async function compareNotebooks(
  jupyter: JupyterEnvironment,
  names: readonly string[],
): Promise<readonly ComparedNotebook[]> {
  installPeers(jupyter);
  const compared: ComparedNotebook[] = [];
  for (const language of ['r', 'python'] as const) {
    const chosen = names.filter((name) => name.startsWith(`${language}/`));
    if (chosen.length === 0) continue;
    const files = chosen.map((name) => path.join(NOTEBOOKS, `${name}.ipynb`));
    const ours = await runNotebooks(jupyter, KERNELS[language].ours, files);
    const theirs = await runNotebooks(jupyter, KERNELS[language].peer, files);
    chosen.forEach((name, index) => {
      const read = (files: readonly string[]): readonly ShownCell[] =>
        readShownCells(files[index] ?? '', language);
      compared.push(compareRuns(name, language, read(ours), read(theirs)));
    });
  }
  return compared;
}

function compareRuns(
  notebook: string,
  language: Language,
  ours: readonly ShownCell[],
  theirs: readonly ShownCell[],
): ComparedNotebook {
  const differences = theirs.flatMap((cell, index) => {
    const mine = ours[index];
    if (mine?.source !== cell.source) throw new Error(`${notebook}: not the same cells`);
    return compareCells(mine, cell, language).map((finding) => ({
      notebook,
      cell: index + 1,
      ...finding,
    }));
  });
  return { name: notebook, cells: theirs.length, differences };
}
