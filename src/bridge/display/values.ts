// Shows values that came back as output parameters: typed, as table, text and JSON.
import type { Display, MimeBundle } from '../../jupyter/index.js';
import { htmlTable, textTable, type Column } from './html.js';

/** The kind of a value, in R Server's own words. @see rserver-api `ParameterDefinition.type` */
export type ValueKind =
  'numeric' | 'character' | 'logical' | 'null' | 'vector' | 'matrix' | 'data.frame' | 'list';

/** Rows shown of a long table: the first and the last. */
const MOST_ROWS = 60;
const MOST_COLUMNS = 30;
/** Longest JSON text that goes into the notebook. */
const MOST_JSON_LENGTH = 262_144;

/**
 * The value of one output parameter.
 *
 * @param value - In the JSON encoding of `docs/data-types.md`.
 * @returns Text and HTML; metadata `rserver` says name, kind, shape and, while it is not too long, the value.
 */
export function valueDisplay(name: string, value: unknown): Display {
  const kind = kindOf(value);
  const grid = gridOf(kind, value);
  const shape = grid === undefined ? shapeOf(value) : `${grid.rowCount} x ${grid.columnCount}`;
  const title = shape === '' ? `${name}: ${kind}` : `${name}: ${kind} ${shape}`;
  const data: MimeBundle =
    grid === undefined
      ? { 'text/plain': `${title}\n${plainText(value)}` }
      : {
          'text/plain': `${title}\n${textTable(grid.columns, grid.rows)}${grid.note}`,
          'text/html': `${htmlTable(title, grid.columns, grid.rows)}${grid.note === '' ? '' : `<p>${grid.note.trim()}</p>`}`,
        };
  const isShort = JSON.stringify(value).length <= MOST_JSON_LENGTH;
  return {
    data,
    metadata: {
      rserver: { name, type: kind, ...(shape !== '' && { shape }), ...(isShort && { value }) },
    },
  };
}

/** What a JSON value is in R Server's words. */
export function kindOf(value: unknown): ValueKind {
  if (value === null || value === undefined) return 'null';
  if (typeof value === 'number') return 'numeric';
  if (typeof value === 'boolean') return 'logical';
  if (typeof value === 'string') return 'character';
  if (Array.isArray(value)) {
    if (value.every((item) => !isStructured(item))) return 'vector';
    return isMatrix(value) ? 'matrix' : 'list';
  }
  return isDataFrame(value) ? 'data.frame' : 'list';
}

interface Grid {
  readonly columns: readonly Column[];
  readonly rows: readonly (readonly string[])[];
  readonly rowCount: number;
  readonly columnCount: number;
  /** What is left out; empty when nothing is. */
  readonly note: string;
}

function gridOf(kind: ValueKind, value: unknown): Grid | undefined {
  if (kind === 'data.frame') {
    const entries = Object.entries(value as Record<string, readonly unknown[]>);
    const rowCount = entries[0]?.[1].length ?? 0;
    return createGrid(
      entries.map(([title, items]) => ({ title, isNumeric: isNumeric(items) })),
      rowCount,
      (row, column) => entries[column]?.[1][row],
    );
  }
  if (kind === 'matrix') {
    const rows = value as readonly (readonly unknown[])[];
    const width = rows[0]?.length ?? 0;
    const columns = Array.from({ length: width }, (_, column) => ({
      title: `[,${(column + 1).toString()}]`,
      isNumeric: isNumeric(rows.map((row) => row[column])),
    }));
    return createGrid(columns, rows.length, (row, column) => rows[row]?.[column]);
  }
  return undefined;
}

function createGrid(
  columns: readonly Column[],
  rowCount: number,
  cell: (row: number, column: number) => unknown,
): Grid {
  const shown = columns.slice(0, MOST_COLUMNS);
  const textRow = (row: number): string[] =>
    shown.map((_, column) => scalarText(cell(row, column)));
  const isLong = rowCount > MOST_ROWS;
  const half = MOST_ROWS / 2;
  const rows = isLong
    ? [
        ...Array.from({ length: half }, (_, row) => textRow(row)),
        shown.map(() => '…'),
        ...Array.from({ length: half }, (_, row) => textRow(rowCount - half + row)),
      ]
    : Array.from({ length: rowCount }, (_, row) => textRow(row));
  const notes = [
    ...(isLong ? [`first and last ${half.toString()} of ${rowCount.toString()} rows`] : []),
    ...(columns.length > MOST_COLUMNS
      ? [`first ${MOST_COLUMNS.toString()} of ${columns.length.toString()} columns`]
      : []),
  ];
  return {
    columns: shown,
    rows,
    rowCount,
    columnCount: columns.length,
    note: notes.length === 0 ? '' : `\n(${notes.join(', ')})`,
  };
}

function shapeOf(value: unknown): string {
  if (Array.isArray(value)) return `[${value.length.toString()}]`;
  if (isStructured(value)) return `[${Object.keys(value as object).length.toString()}]`;
  return '';
}

function plainText(value: unknown): string {
  if (!isStructured(value)) return scalarText(value);
  if (Array.isArray(value) && value.every((item) => !isStructured(item))) {
    const most = 1000;
    const texts = value.slice(0, most).map(quotedText);
    return `[${texts.join(', ')}${value.length > most ? ', …' : ''}]`;
  }
  const json = JSON.stringify(value, undefined, 2);
  return json.length > 20_000 ? `${json.slice(0, 20_000)}\n…` : json;
}

/** As R prints it in a table: missing values as NA, text without quotes. */
function scalarText(value: unknown): string {
  if (value === null || value === undefined) return 'NA';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function quotedText(value: unknown): string {
  return value === null ? 'NA' : JSON.stringify(value);
}

function isStructured(value: unknown): boolean {
  return typeof value === 'object' && value !== null;
}

function isMatrix(rows: readonly unknown[]): boolean {
  const width = Array.isArray(rows[0]) ? rows[0].length : 0;
  return (
    width > 0 &&
    rows.every(
      (row) =>
        Array.isArray(row) && row.length === width && row.every((item) => !isStructured(item)),
    )
  );
}

function isDataFrame(value: object): boolean {
  const columns: unknown[] = Object.values(value);
  const first = columns[0];
  return (
    Array.isArray(first) &&
    columns.every((column) => Array.isArray(column) && column.length === first.length)
  );
}

function isNumeric(items: readonly unknown[]): boolean {
  return items.some((item) => typeof item === 'number');
}
