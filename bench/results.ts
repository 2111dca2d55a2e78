// What the parts of the benchmark leave behind, and how it is found again: one JSON file a part.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** A measure over the rounds. */
export interface Value {
  readonly median: number;
}

/** By subject, then by measure: a figure, or whether something held in every round. */
export type Summary = Readonly<Record<string, Readonly<Record<string, Value | boolean>>>>;

/** A curve of growth. */
export interface Curve {
  /** Also the name of its picture. */
  readonly id: string;
  readonly label: string;
  /** What is counted, e.g. `snapshots`. */
  readonly of: string;
  readonly unit: string;
  /** `whole`: the cost of all of them together. `next`: of one more beside so many. */
  readonly kind: 'whole' | 'next';
  readonly points: readonly { readonly n: number; readonly cost: number }[];
}

/** A row of the table of hops. Microseconds. */
export interface Hop {
  readonly name: string;
  readonly how: string;
  readonly r: number | undefined;
  readonly python: number | undefined;
  /** The raw limit, measured in the same run. */
  readonly limit?: number;
  readonly limitName?: string;
}

/** A judged figure that a program of its own has measured. */
export interface ForeignFigure {
  readonly target: number;
  readonly name: string;
  readonly ours: number | string;
  readonly unit?: string;
  readonly peer?: string;
  readonly peerValue?: number | string;
  readonly ratio?: number;
  readonly goal: string;
  readonly met: boolean;
}

/** What one part measured. */
export interface PartResult {
  /** ISO time, when it was measured. */
  readonly date: string;
  readonly rounds: number;
  readonly isQuick: boolean;
  readonly summary?: Summary;
  readonly curves?: readonly Curve[];
  readonly hops?: readonly Hop[];
  readonly figures?: readonly ForeignFigure[];
  /** One line for each measure that could not be taken. */
  readonly failures?: readonly string[];
}

/** The folder of results. */
export class ResultFolder {
  readonly directory: string;

  constructor(directory: string) {
    this.directory = directory;
    mkdirSync(directory, { recursive: true });
  }

  fileOf(name: string): string {
    return path.join(this.directory, `${name}.json`);
  }

  write(name: string, result: unknown): void {
    writeFileSync(this.fileOf(name), `${JSON.stringify(result, null, 1)}\n`);
  }

  /** Undefined when that part was never run. */
  read(name: string): PartResult | undefined {
    const file = this.fileOf(name);
    if (!existsSync(file)) return undefined;
    return JSON.parse(readFileSync(file, 'utf8')) as PartResult;
  }
}
