// Finds the one thing that a person means by a name or an id.
import { BridgeError, type BridgeErrorCode } from '../errors.js';

interface Named {
  readonly id: string;
  readonly name: string;
}

/** What the things are called in messages, and the codes for none and several. */
export interface ChoiceWords {
  readonly what: string;
  readonly notFound: BridgeErrorCode;
  readonly ambiguous: BridgeErrorCode;
}

/**
 * By whole id, else by whole name, else by the beginning of an id (4 characters or more).
 *
 * @throws {BridgeError} the `notFound` or `ambiguous` code, naming the candidates.
 */
export function choose<T extends Named>(
  entries: readonly T[],
  wanted: string,
  { what, notFound, ambiguous }: ChoiceWords,
): T {
  const found = [
    entries.filter(({ id }) => id === wanted),
    entries.filter(({ name }) => name === wanted),
    wanted.length >= 4 ? entries.filter(({ id }) => id.startsWith(wanted)) : [],
  ].find((matches) => matches.length > 0);
  const [first, ...others] = found ?? [];
  if (first === undefined) {
    const names = [...new Set(entries.map(({ name }) => `"${name}"`))].slice(0, 10);
    const known = names.length === 0 ? 'There are none.' : `There are ${names.join(', ')}.`;
    throw new BridgeError(notFound, `There is no ${what} "${wanted}". ${known}`);
  }
  if (others.length > 0) {
    const ids = [first, ...others].map(({ id }) => id).join(', ');
    throw new BridgeError(
      ambiguous,
      `${String(others.length + 1)} ${what}s are called "${wanted}": ${ids}.`,
    );
  }
  return first;
}
