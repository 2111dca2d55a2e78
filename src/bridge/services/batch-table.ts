// The results of a batch as one table: a row for each item, with its inputs, its outputs, and what went wrong.
import type { ConsumeResult } from '../../client/index.js';
import type { Display } from '../../jupyter/index.js';
import { valueDisplay } from '../display/values.js';

/** A table that the session takes as a data frame, or a list of results that fit in no table. */
export type BatchTable =
  | { readonly isTable: true; readonly columns: Readonly<Record<string, readonly unknown[]>> }
  | { readonly isTable: false; readonly items: readonly unknown[] };

/** The name of the column that says why an item failed. */
const ERROR_COLUMN = 'error';

/**
 * Puts results together.
 *
 * Outputs of one value each become columns, beside the inputs of one value each; with any other output the result is a
 * list of objects, one for each item.
 */
export function batchTable(
  items: readonly Readonly<Record<string, unknown>>[],
  results: readonly ConsumeResult[],
): BatchTable {
  const outputs = namesOf(results.map(({ outputParameters }) => outputParameters));
  const inputs = namesOf(items).filter((name) => !outputs.includes(name));
  const fitting = inputs.filter((name) => items.every((item) => isSingle(item[name])));
  const errors = results.map(({ success, errorMessage }) => (success ? null : errorMessage.trim()));
  const hasErrors = errors.some((error) => error !== null);
  const fits = results.every(({ outputParameters }) =>
    outputs.every((name) => isSingle(outputParameters[name])),
  );
  if (!fits) {
    return {
      isTable: false,
      items: results.map(({ outputParameters }, index) => ({
        ...outputParameters,
        ...(hasErrors && { [ERROR_COLUMN]: errors[index] }),
      })),
    };
  }
  const columns = {
    ...columnsOf(fitting, items),
    ...columnsOf(
      outputs,
      results.map(({ outputParameters }) => outputParameters),
    ),
    ...(hasErrors && { [ERROR_COLUMN]: errors }),
  };
  return { isTable: true, columns };
}

/** The results to look at. */
export function batchDisplay(title: string, table: BatchTable): Display {
  return valueDisplay(title, table.isTable ? table.columns : table.items);
}

function columnsOf(
  names: readonly string[],
  rows: readonly Readonly<Record<string, unknown>>[],
): Record<string, readonly unknown[]> {
  return Object.fromEntries(names.map((name) => [name, rows.map((row) => single(row[name]))]));
}

function namesOf(rows: readonly Readonly<Record<string, unknown>>[]): readonly string[] {
  return [...new Set(rows.flatMap((row) => Object.keys(row)))];
}

/** A scalar, nothing, or a vector of one scalar. */
function isSingle(value: unknown): boolean {
  if (Array.isArray(value)) return value.length === 1 && !isStructured(value[0]);
  return !isStructured(value);
}

function single(value: unknown): unknown {
  return (Array.isArray(value) ? (value[0] as unknown) : value) ?? null;
}

const isStructured = (value: unknown): boolean => typeof value === 'object' && value !== null;
