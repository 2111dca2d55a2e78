// The differences that are meant, with their reasons, as test/notebooks/differences.json lists them.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { DifferenceKind, Finding } from './findings.js';
import { NOTEBOOKS } from './notebooks.js';

/** A difference between the two runs of a cell; cells are counted from 1 among the code cells. */
export interface Difference extends Finding {
  readonly notebook: string;
  readonly cell: number;
}

/** One that is meant: `reason` is a key of the table of reasons. */
export interface KnownDifference {
  readonly notebook: string;
  readonly cell: number;
  readonly kind: DifferenceKind;
  readonly reason: string;
}

export interface KnownDifferences {
  readonly reasons: Readonly<Record<string, string>>;
  readonly differences: readonly KnownDifference[];
}

/** @throws Error when a difference names a reason that is not there, or a reason is not used. */
export function readKnownDifferences(): KnownDifferences {
  const file = path.join(NOTEBOOKS, 'differences.json');
  const known = JSON.parse(readFileSync(file, 'utf8')) as KnownDifferences;
  const used = new Set(known.differences.map(({ reason }) => reason));
  const unused = Object.keys(known.reasons).filter((reason) => !used.has(reason));
  const unknown = [...used].filter((reason) => !(reason in known.reasons));
  if (unused.length + unknown.length > 0)
    throw new Error(`differences.json: unused ${unused.join()}; unknown ${unknown.join()}`);
  return known;
}

/** What is not in the list, and what of the list (for the notebooks that were run) is gone. */
export function check(
  found: readonly Difference[],
  known: readonly KnownDifference[],
  notebooks: readonly string[],
): { readonly added: readonly Difference[]; readonly gone: readonly KnownDifference[] } {
  const keyOf = ({ notebook, cell, kind }: Omit<KnownDifference, 'reason'>): string =>
    `${notebook} ${cell} ${kind}`;
  const [foundKeys, knownKeys] = [new Set(found.map(keyOf)), new Set(known.map(keyOf))];
  return {
    added: found.filter((difference) => !knownKeys.has(keyOf(difference))),
    gone: known.filter(
      (difference) => notebooks.includes(difference.notebook) && !foundKeys.has(keyOf(difference)),
    ),
  };
}
