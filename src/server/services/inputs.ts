// Between the flat objects of the API and the named values of a call, with the types that the service declares.
import type { InputValue, NamedValue } from '../../runtimes/index.js';
import { ApiError } from '../errors.js';
import type { ServiceRecord } from '../store/services.js';
import { mismatchOf, valueTypeOf, type ValueType } from './parameter-types.js';

/**
 * The inputs of one call, in the order in which the service declares them. One that is absent or null is left out:
 * what the snapshot or the initCode has under its name is its default.
 *
 * @param place - Put before the message, e.g. `Item 3: `.
 * @throws {ApiError} `API_BAD_INPUTS`, with the names of all that are wrong.
 */
export function inputsOf(
  service: ServiceRecord,
  body: Readonly<Record<string, unknown>>,
  place = '',
): InputValue[] {
  const problems = new Map<string, string>();
  const values: InputValue[] = [];
  for (const { name, type } of service.inputs) {
    const value = Object.hasOwn(body, name) ? body[name] : undefined;
    if (value === undefined || value === null) continue;
    const valueType = valueTypeOf(type);
    const mismatch = mismatchOf(valueType, value);
    if (mismatch === undefined) values.push(inputOf(service, name, value, valueType));
    else problems.set(name, `Input ${name} (${type}) ${mismatch}.`);
  }
  const declared = new Set(service.inputs.map((input) => input.name));
  for (const name of Object.keys(body)) {
    if (!declared.has(name)) problems.set(name, unknownInput(name, [...declared]));
  }
  if (problems.size === 0) return values;
  throw new ApiError('API_BAD_INPUTS', place + [...problems.values()].join(' '), {
    fields: [...problems.keys()].join(', '),
  });
}

/** A scorer takes the columns as they are. */
function inputOf(
  { kind }: ServiceRecord,
  name: string,
  value: unknown,
  type: ValueType,
): InputValue {
  return kind === 'realtime' || type === 'any' ? { name, value } : { name, value, type };
}

function unknownInput(name: string, declared: readonly string[]): string {
  const inputs = declared.length === 0 ? 'it has none' : `its inputs are ${declared.join(', ')}`;
  return `The service has no input ${JSON.stringify(name)}: ${inputs}.`;
}

/** The outputs of one call by name. */
export function outputsOf(
  service: ServiceRecord,
  values: readonly NamedValue[],
): Record<string, unknown> {
  const types = new Map(service.outputs.map(({ name, type }) => [name, valueTypeOf(type)]));
  return Object.fromEntries(
    values.map(({ name, value }) => {
      // R does not tell a number from a vector of length one; the service does.
      const isLoneItem = types.get(name) === 'vector' && !isNested(value);
      return [name, isLoneItem ? [value] : value];
    }),
  );
}

const isNested = (value: unknown): boolean => typeof value === 'object';
