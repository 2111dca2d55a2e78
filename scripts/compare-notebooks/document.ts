// The part of docs/compared.md that is made from test/notebooks: which notebooks there are, and what differs where, and why.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { listNotebooks, NOTEBOOKS } from './notebooks.js';
import type { KnownDifference, KnownDifferences } from './known-differences.js';

const BEGIN = '<!-- generated: notebooks -->';
const END = '<!-- end -->';

/** A document with the tables of notebooks and differences put between its two marks. */
export function fillCompared(document: string, known: KnownDifferences): string {
  const [before, rest] = document.split(BEGIN);
  const after = rest?.split(END)[1];
  if (before === undefined || after === undefined) throw new Error(`${BEGIN} or ${END} is missing`);
  const tables = [notebookTable(known.differences), ...differenceTables(known)];
  return `${before}${BEGIN}\n\n${tables.join('\n\n')}\n\n${END}${after}`;
}

function notebookTable(differences: readonly KnownDifference[]): string {
  const rows = listNotebooks().map((name) => {
    const cells = new Set(
      differences.filter(({ notebook }) => notebook === name).map(({ cell }) => cell),
    );
    return `| ${link(name)} | ${countCells(name)} | ${cells.size} |`;
  });
  return ['| notebook | cells | of them differ |', '| --- | --- | --- |', ...rows].join('\n');
}

function countCells(name: string): number {
  const file = path.join(NOTEBOOKS, `${name}.ipynb`);
  const { cells } = JSON.parse(readFileSync(file, 'utf8')) as { cells: { cell_type: string }[] };
  return cells.filter((cell) => cell.cell_type === 'code').length;
}

const link = (name: string): string => `[${name}](../test/notebooks/${name}.ipynb)`;

function differenceTables({ reasons, differences }: KnownDifferences): readonly string[] {
  return [
    ['Differences from IRkernel', 'r/'],
    ['Differences from ipykernel', 'python/'],
  ].map(([title = '', prefix = '']) => {
    const chosen = differences.filter(({ notebook }) => notebook.startsWith(prefix));
    const rows = Object.entries(reasons).flatMap(([key, reason]) => {
      const places = chosen.filter((difference) => difference.reason === key);
      return places.length === 0 ? [] : [`| ${reason} | ${placesText(places)} |`];
    });
    return [
      `## ${title}`,
      '',
      '| what, and why | where: cell (kinds) |',
      '| --- | --- |',
      ...rows,
    ].join('\n');
  });
}

/** `name` 3 (text), 4 (order, stdout); `other` ... */
function placesText(places: readonly KnownDifference[]): string {
  const kinds = new Map<string, Map<number, string[]>>();
  for (const { notebook, cell, kind } of places) {
    const cells = kinds.get(notebook) ?? new Map<number, string[]>();
    cells.set(cell, [...(cells.get(cell) ?? []), kind]);
    kinds.set(notebook, cells);
  }
  return [...kinds]
    .map(([notebook, cells]) => {
      const list = [...cells].map(([cell, names]) => `${cell} (${names.join(', ')})`).join(', ');
      return `${path.basename(notebook)} ${list}`;
    })
    .join('; ');
}
