// The formats of files that become variables, and variables that become files.
import path from 'node:path';
import { BridgeError } from '../errors.js';
import type { LanguageName } from '../language/languages.js';

export const FORMATS = [
  'csv',
  'parquet',
  'arrow',
  'json',
  'rds',
  'rdata',
  'pickle',
  'file',
] as const;

/** `file`: kept as a file in the working directory of the session. */
export type Format = (typeof FORMATS)[number];

const BY_EXTENSION: Readonly<Record<string, Format>> = {
  '.csv': 'csv',
  '.parquet': 'parquet',
  '.arrow': 'arrow',
  '.feather': 'arrow',
  '.json': 'json',
  '.rds': 'rds',
  '.rdata': 'rdata',
  '.rda': 'rdata',
  '.pickle': 'pickle',
  '.pkl': 'pickle',
};

/** The format that is asked for, else that of the file's extension. @throws {BridgeError} `BRIDGE_MAGIC_USAGE`. */
export function formatOf(magic: string, asked: string | true | undefined, file: string): Format {
  if (asked === undefined) return BY_EXTENSION[path.extname(file).toLowerCase()] ?? 'file';
  const format = FORMATS.find((name) => name === asked);
  if (format !== undefined) return format;
  throw new BridgeError(
    'BRIDGE_MAGIC_USAGE',
    `%${magic} has no format "${String(asked)}". It has ${FORMATS.join(', ')}.`,
  );
}

/** The extension of a file in this format. */
export function extensionOf(format: Format): string {
  return format === 'rdata' ? '.RData' : `.${format}`;
}

/** The language's own binary format, which holds every object. */
export function ownFormat(language: LanguageName): Format {
  return language === 'R' ? 'rds' : 'pickle';
}

/** Whether the types of the columns are in a file beside it. */
export function hasTypes(format: Format): boolean {
  return format === 'csv' || format === 'json';
}

/** A variable's name from a file's: `sales 2024.csv` is `sales_2024`. */
export function nameFromFile(file: string): string {
  const stem = path.basename(file, path.extname(file)).replaceAll(/[^\p{L}\p{N}_]+/gu, '_');
  return /^[\p{L}]/u.test(stem) ? stem : `x${stem}`;
}
