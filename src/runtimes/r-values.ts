// Between JSON and R values, as docs/data-types.md has it. Pure; the bytes are r-serialization.ts's.
import type { RValue } from './r-serialization.js';
import type { InputValue } from './runtime.js';

type Kind = 'logical' | 'number' | 'character';

/** An input as an R value. */
export function rInputOf({ value, type }: InputValue): RValue {
  // A whole number would become an integer, whose products soon leave R's range of integers.
  if (type !== 'numeric') return rValueOf(value);
  return { type: 'double', values: [SPECIAL_NUMBERS.get(value) ?? (value as number)] };
}

/** JSON as an R value, for input parameters. */
export function rValueOf(json: unknown): RValue {
  if (json === null || json === undefined) return { type: 'null' };
  if (Array.isArray(json)) return vectorOf(json) ?? matrixOf(json) ?? listOf(json);
  if (typeof json === 'object') return tableOf(json) ?? namedListOf(json);
  return vectorOf([json]) ?? { type: 'null' };
}

/** A plain R value as JSON, for output parameters. */
export function jsonOf(value: RValue): unknown {
  if (value.type === 'null') return null;
  if (value.type === 'list') {
    const isTable = value.rClass === 'data.frame';
    const items = value.values.map((item) => (isTable ? columnOf(item) : jsonOf(item)));
    if (value.names === undefined) return items;
    return Object.fromEntries(value.names.map((name, i) => [name, items[i]]));
  }
  const items = itemsOf(value);
  if (value.dim !== undefined) return rowsOf(items, value.dim);
  return items.length === 1 ? items[0] : items;
}

/** Values of one kind, with nulls as NA; undefined when the array is something else. */
function vectorOf(items: readonly unknown[]): RValue | undefined {
  const kind = kindOf(items);
  return kind === undefined ? undefined : vector(kind, items);
}

function kindOf(items: readonly unknown[]): Kind | undefined {
  if (items.length === 0) return undefined;
  const kinds = new Set<Kind | 'special'>();
  for (const item of items) {
    if (item === null) continue;
    if (typeof item === 'number') kinds.add('number');
    else if (typeof item === 'boolean') kinds.add('logical');
    else if (typeof item === 'string')
      kinds.add(SPECIAL_NUMBERS.has(item) ? 'special' : 'character');
    else return undefined;
  }
  if (kinds.delete('special')) {
    // "NaN" and the like are numbers only among numbers.
    if (!kinds.has('number')) kinds.add('character');
    else if (kinds.size > 1) return undefined;
  }
  if (kinds.size > 1) return undefined;
  const [kind = 'logical'] = kinds as Set<Kind>;
  return kind;
}

const SPECIAL_NUMBERS = new Map<unknown, number>([
  ['NaN', Number.NaN],
  ['Inf', Number.POSITIVE_INFINITY],
  ['-Inf', Number.NEGATIVE_INFINITY],
]);

function vector(kind: Kind, items: readonly unknown[]): RValue {
  switch (kind) {
    case 'logical':
      return { type: 'logical', values: items as (boolean | null)[] };
    case 'character':
      return { type: 'character', values: items as (string | null)[] };
    case 'number': {
      const values = items.map((item) => SPECIAL_NUMBERS.get(item) ?? (item as number | null));
      return { type: values.every(isRInteger) ? 'integer' : 'double', values };
    }
  }
}

/** JSON does not tell 5 from 5.0: whole numbers in R's integer range become integers; -0 has no integer form. */
function isRInteger(value: number | null): boolean {
  return (
    value === null ||
    (Number.isInteger(value) && Math.abs(value) < 2 ** 31 && !Object.is(value, -0))
  );
}

function matrixOf(rows: readonly unknown[]): RValue | undefined {
  if (!rows.every((row): row is readonly unknown[] => Array.isArray(row))) return undefined;
  const columnCount = rows[0]?.length ?? 0;
  if (columnCount === 0 || rows.some((row) => row.length !== columnCount)) return undefined;
  const byColumns: unknown[] = [];
  for (let column = 0; column < columnCount; column += 1) {
    for (const row of rows) byColumns.push(row[column]);
  }
  const values = vectorOf(byColumns);
  return values === undefined || values.type === 'null'
    ? undefined
    : { ...values, dim: [rows.length, columnCount] };
}

const listOf = (items: readonly unknown[]): RValue => ({
  type: 'list',
  values: items.map(rValueOf),
});

/** Columns of one length and of one kind each make a data frame. */
function tableOf(json: object): RValue | undefined {
  const columns = Object.values(json) as unknown[];
  const rowCount = Array.isArray(columns[0]) ? columns[0].length : -1;
  if (rowCount === -1) return undefined;
  const values: RValue[] = [];
  for (const column of columns) {
    if (!Array.isArray(column) || column.length !== rowCount) return undefined;
    const value = rowCount === 0 ? vector('logical', []) : vectorOf(column);
    if (value === undefined) return undefined;
    values.push(value);
  }
  return { type: 'list', values, names: Object.keys(json), rClass: 'data.frame', rowCount };
}

const namedListOf = (json: object): RValue => ({
  type: 'list',
  values: Object.values(json).map(rValueOf),
  names: Object.keys(json),
});

/** Always an array, also for a table of one row. */
function columnOf(column: RValue): unknown {
  if (column.type === 'null') return null;
  return column.type === 'list' || column.dim !== undefined ? jsonOf(column) : itemsOf(column);
}

function itemsOf(value: Exclude<RValue, { type: 'null' | 'list' }>): unknown[] {
  switch (value.type) {
    case 'integer64':
      // What a double cannot hold exactly is sent as its digits.
      return value.values.map((item) =>
        item === null ? null : BigInt(Number(item)) === item ? Number(item) : String(item),
      );
    case 'integer':
    case 'double': {
      const form =
        value.rClass === 'Date' ? dateOf : value.rClass === 'POSIXct' ? instantOf : numberOf;
      return value.values.map((item) => (item === null ? null : form(item)));
    }
    case 'logical':
    case 'character':
      return [...value.values];
  }
}

function numberOf(value: number): unknown {
  if (Number.isFinite(value)) return value;
  return Number.isNaN(value) ? 'NaN' : value > 0 ? 'Inf' : '-Inf';
}

/** Days since 1970 as `YYYY-MM-DD`. */
function dateOf(days: number): unknown {
  const date = new Date(Math.floor(days) * 86_400_000);
  return Number.isNaN(date.getTime()) ? missingOr(days) : date.toISOString().split('T')[0];
}

/** Seconds since 1970 as ISO 8601 in UTC, with up to six digits of a second where it is not whole. */
function instantOf(seconds: number): unknown {
  let whole = Math.floor(seconds);
  let micros = Math.round((seconds - whole) * 1e6);
  if (micros === 1e6) {
    whole += 1;
    micros = 0;
  }
  const date = new Date(whole * 1000);
  if (Number.isNaN(date.getTime())) return missingOr(seconds);
  const fraction = micros === 0 ? '' : `.${String(micros).padStart(6, '0').replace(/0+$/, '')}`;
  return date.toISOString().replace('.000Z', `${fraction}Z`);
}

/** An NaN among dates is a missing date. */
const missingOr = (value: number): unknown => (Number.isNaN(value) ? null : numberOf(value));

/** Columns to rows, for any number of dimensions: the first index is the outermost array. */
function rowsOf(
  items: readonly unknown[],
  dim: readonly number[],
  offset = 0,
  stride = 1,
): unknown[] {
  const [count = 0, ...rest] = dim;
  return Array.from({ length: count }, (_, i) => {
    const at = offset + i * stride;
    return rest.length === 0 ? items[at] : rowsOf(items, rest, at, stride * count);
  });
}
