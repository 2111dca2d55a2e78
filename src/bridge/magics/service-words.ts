// Completions of the magics for web services: names, versions and inputs that cells have seen.
import type { MagicContext } from './magic.js';

/**
 * Completions for the word after `words`.
 *
 * @param choices - `inputs`: whether inputs may follow; `commands`: what may follow the version.
 */
export function completeService(
  words: readonly string[],
  { session }: Pick<MagicContext, 'session'>,
  choices: { readonly inputs: boolean; readonly commands?: readonly string[] },
): readonly string[] {
  const previous = words.at(-1);
  if (previous !== undefined && VARIABLE_OPTIONS.has(previous)) {
    return session.live?.knowledge.variables().map(({ name }) => name) ?? [];
  }
  const [name, version, ...others] = words.filter((word) => !word.startsWith('-'));
  const known = session.services.all(session.connection?.client);
  if (name === undefined) return [...new Set(known.map((service) => service.name))];
  const versions = known.filter((service) => service.name === name);
  const found = versions.find((service) => service.version === version) ?? versions.at(-1);
  const inputs = (found?.inputParameterDefinitions ?? [])
    .map((input) => `${input.name}=`)
    .filter((input) => !words.some((word) => word.startsWith(input)));
  return [
    ...(version === undefined ? versions.map((service) => service.version) : []),
    ...(choices.inputs ? inputs : []),
    ...(others.length === 0 ? (choices.commands ?? []) : []),
  ];
}

/** Options whose value is the name of a variable. */
const VARIABLE_OPTIONS: ReadonlySet<string> = new Set(['--data', '--model', '--into']);
