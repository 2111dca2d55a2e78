// What magics show: lists as tables, and single lines of text.
import type { Display, JsonObject } from '../../jupyter/index.js';
import { htmlTable, textTable, type Column } from './html.js';

/** A list to show. */
export interface TableContent {
  readonly caption: string;
  readonly columns: readonly Column[];
  readonly rows: readonly (readonly string[])[];
  /** What programs read: goes out as metadata `rserver.value` when given. */
  readonly json?: unknown;
  /** Said instead of a table without rows. */
  readonly empty: string;
}

/**
 * A list as HTML table and text. What programs read goes into the metadata: JupyterLab would show `application/json`
 * as a tree in place of the table.
 */
export function tableDisplay(content: TableContent): Display {
  const { caption, columns, rows, json, empty } = content;
  if (rows.length === 0) return textDisplay(empty, json);
  const data = {
    'text/plain': `${caption}\n${textTable(columns, rows)}`,
    'text/html': htmlTable(caption, columns, rows),
  };
  return { data, metadata: valueMetadata(json) };
}

/** One or more lines of text, with JSON for programs where given. */
export function textDisplay(text: string, json?: unknown): Display {
  return { data: { 'text/plain': text }, metadata: valueMetadata(json) };
}

function valueMetadata(value: unknown): JsonObject {
  return value === undefined ? {} : { rserver: { value } };
}

/** A size for people, e.g. `1.4 MB`; powers of 1000. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit === 0 ? value.toString() : value.toFixed(1)} ${units[unit] ?? ''}`;
}
