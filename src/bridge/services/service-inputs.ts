// Makes values of the session fit the inputs of a service.
import type { WebServiceInfo } from '../../client/index.js';
import { BridgeError } from '../errors.js';

/**
 * The values, those of variables in arrays where the service wants some: R does not tell a number from a vector of one.
 *
 * @param service - Absent where no value is that of a variable.
 */
export function wrapVectors<
  T extends { readonly name: string; readonly value: unknown; readonly isVariable: boolean },
>(inputs: readonly T[], service: WebServiceInfo | undefined): readonly T[] {
  const vectors = new Set(
    service?.inputParameterDefinitions
      .filter(({ type }) => type === 'vector')
      .map(({ name }) => name),
  );
  return inputs.map((input) =>
    input.isVariable && vectors.has(input.name) && typeof input.value !== 'object'
      ? { ...input, value: [input.value] }
      : input,
  );
}

/**
 * The rows of a data frame as inputs of single calls; columns that are no inputs of the service are left out.
 *
 * @param value - Columns by name, see docs/data-types.md.
 * @throws {BridgeError} `BRIDGE_INPUT_VALUE` when it is no data frame, or has none of the inputs.
 */
export function rowsOf(
  variable: string,
  value: unknown,
  { name, version, inputParameterDefinitions }: WebServiceInfo,
): readonly Readonly<Record<string, unknown>>[] {
  const columns = columnsOf(value);
  if (columns === undefined) {
    throw new BridgeError('BRIDGE_INPUT_VALUE', `"${variable}" is not a data frame.`, {
      hint: 'Give a data frame, or columns of one length by name.',
    });
  }
  const wanted = inputParameterDefinitions.map((input) => input.name);
  const inputs = wanted.filter((input) => Object.hasOwn(columns, input));
  if (inputs.length === 0) {
    throw new BridgeError(
      'BRIDGE_INPUT_VALUE',
      `"${variable}" has no column that is an input of ${name} ${version}: ${wanted.join(', ')}.`,
      { hint: `Its columns are ${Object.keys(columns).join(', ')}.` },
    );
  }
  const count = columns[inputs[0] ?? '']?.length ?? 0;
  return Array.from({ length: count }, (_, row) =>
    Object.fromEntries(inputs.map((input) => [input, columns[input]?.[row]])),
  );
}

function columnsOf(value: unknown): Readonly<Record<string, readonly unknown[]>> | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const columns = Object.values(value) as readonly unknown[];
  const lengths = columns.map((column) => (Array.isArray(column) ? column.length : -1));
  const [first] = lengths;
  const isTable = first !== undefined && first >= 0 && lengths.every((length) => length === first);
  return isTable ? (value as Readonly<Record<string, readonly unknown[]>>) : undefined;
}
