// The inputs and outputs of a service: written as `hp:numeric,wt`, with types from the session where they are left out.
import type { ParameterDefinition } from '../../api/index.js';
import { BridgeError } from '../errors.js';
import type { MagicContext } from '../magics/magic.js';
import { variableTypes } from './session-values.js';

/** The types of R Server, and other names for them that Python and the maker's articles have. */
const TYPES: Readonly<Record<string, string>> = {
  logical: 'logical',
  bool: 'logical',
  boolean: 'logical',
  numeric: 'numeric',
  float: 'numeric',
  double: 'numeric',
  number: 'numeric',
  integer: 'integer',
  int: 'integer',
  character: 'character',
  str: 'character',
  string: 'character',
  vector: 'vector',
  list: 'vector',
  array: 'vector',
  matrix: 'matrix',
  'data.frame': 'data.frame',
  dataframe: 'data.frame',
};

/** The names of R Server's own types. */
export const TYPE_NAMES: readonly string[] = [...new Set(Object.values(TYPES))];

/** A definition whose type may still have to be found. */
export interface WrittenDefinition {
  readonly name: string;
  readonly type: string | undefined;
}

/** Reads `hp:numeric,wt`. @throws {BridgeError} `BRIDGE_MAGIC_USAGE`. */
export function readDefinitions(magic: string, text: string): readonly WrittenDefinition[] {
  const definitions = text
    .split(/[\s,]+/)
    .filter((item) => item !== '')
    .map((item) => readDefinition(magic, item));
  const names = definitions.map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice === undefined) return definitions;
  throw new BridgeError('BRIDGE_MAGIC_USAGE', `%${magic}: "${twice}" is there twice.`);
}

/**
 * Takes the types that are left out from the variables of the session.
 *
 * @throws {BridgeError} `BRIDGE_SERVICE_TYPE`, naming all that cannot be found.
 */
export async function completeDefinitions(
  definitions: readonly WrittenDefinition[],
  context: MagicContext,
): Promise<ParameterDefinition[]> {
  const unknown = definitions.filter(({ type }) => type === undefined).map(({ name }) => name);
  const found = unknown.length === 0 ? {} : await variableTypes(unknown, context);
  const example = unknown.map((name) => `${name}:numeric`).join(',');
  const hint = `Write the type after the name, e.g. ${example}. There are ${TYPE_NAMES.join(', ')}.`;
  if (found === undefined) {
    throw new BridgeError(
      'BRIDGE_SERVICE_TYPE',
      `The session cannot be asked for the type of ${unknown.join(', ')}: display is plain, or code runs in it.`,
      { hint },
    );
  }
  const problems: string[] = [];
  const complete = definitions.map(({ name, type: written }) => {
    const { type, class: className } = found[name] ?? { type: '', class: undefined };
    if (written === undefined && type === '') problems.push(problemOf(name, className));
    return { name, type: written ?? type };
  });
  if (problems.length === 0) return complete;
  throw new BridgeError('BRIDGE_SERVICE_TYPE', problems.join(' '), { hint });
}

/** As a line of text: `hp:numeric, wt:numeric`. */
export function definitionsText(definitions: readonly ParameterDefinition[]): string {
  return definitions.map(({ name, type }) => `${name}:${type}`).join(', ');
}

function readDefinition(magic: string, item: string): WrittenDefinition {
  const [name = '', type, ...others] = item.split(':');
  if (name === '' || others.length > 0) {
    throw new BridgeError('BRIDGE_MAGIC_USAGE', `%${magic}: "${item}" is not NAME or NAME:TYPE.`);
  }
  if (type === undefined) return { name, type };
  const known = Object.hasOwn(TYPES, type.toLowerCase()) ? TYPES[type.toLowerCase()] : undefined;
  if (known !== undefined) return { name, type: known };
  throw new BridgeError(
    'BRIDGE_MAGIC_USAGE',
    `%${magic}: "${type}", the type of ${name}, is not a type of a service.`,
    { hint: `There are ${TYPE_NAMES.join(', ')}.` },
  );
}

function problemOf(name: string, className: string | undefined): string {
  return className === undefined
    ? `The session has no variable "${name}" from which its type could be taken.`
    : `"${name}" is of class ${className} in the session, which is no type of a service.`;
}
