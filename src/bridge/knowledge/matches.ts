// Completions made of knowledge: matches with their types, marked for what they are.
import type { Completions, JsonObject } from '../../jupyter/index.js';
import type { AgentObject } from '../agent/agent.js';

/** One completion. */
export interface Match {
  readonly text: string;
  readonly type: string;
  readonly signature?: string | undefined;
}

const MATCHES_LIMIT = 1000;

/** Says of an answer that it is of the state after the last cell, and that the session was busy. */
export const FROM_KNOWLEDGE: JsonObject = { rserver: { source: 'last-cell', sessionBusy: true } };

/** The answer with the matches that begin with what is typed; the first of one text counts. */
export function knownCompletions(
  matches: readonly Match[],
  prefix: string,
  place: { readonly start: number; readonly end: number },
): Completions {
  const found = new Map<string, Match>();
  for (const match of matches) {
    const isMatch = match.text.replace(/^`/, '').startsWith(prefix);
    if (isMatch && !found.has(match.text)) found.set(match.text, match);
    if (found.size >= MATCHES_LIMIT) break;
  }
  const list = [...found.values()];
  return {
    matches: list.map(({ text }) => text),
    ...place,
    metadata: {
      ...FROM_KNOWLEDGE,
      _jupyter_types_experimental: list.map(({ text, type, signature = '' }) => ({
        text,
        type,
        signature,
        ...place,
      })),
    },
  };
}

/** The columns or elements of an object. @param write - How the language writes such a name. */
export function members(
  { members = [], types = [] }: AgentObject,
  write: (name: string) => string = (name) => name,
): readonly Match[] {
  return members.map((name, index) => ({ text: write(name), type: types[index] ?? '' }));
}

/** Case decides only between names that are otherwise equal. */
export function byName(one: { readonly name: string }, other: { readonly name: string }): number {
  const [a, b] = [one.name.toLowerCase(), other.name.toLowerCase()];
  if (a === b) return one.name < other.name ? -1 : 1;
  return a < b ? -1 : 1;
}

/** The names of the arguments of `(x, n = 10, ...)` or `(x: int, *, n=10) -> str`, without those that take any. */
export function argumentNames(signature: string): readonly string[] {
  return splitArguments(signature)
    .map(
      (argument) =>
        /^[\p{L}._`][\p{L}\p{N}._ ]*`?(?=\s*[=:]|$)/u.exec(argument.trim())?.[0].trim() ?? '',
    )
    .filter((name) => name !== '' && name !== '...');
}

function splitArguments(signature: string): readonly string[] {
  const parts: string[] = [];
  let depth = 0;
  let quote = '';
  let current = '';
  for (const character of signature) {
    if (quote !== '') {
      if (character === quote) quote = '';
    } else if (character === '"' || character === "'") quote = character;
    else if ('([{'.includes(character)) depth += 1;
    else if (')]}'.includes(character)) depth -= 1;
    if (depth === 0) break;
    const isEdge = depth === 1 && quote === '' && (character === ',' || character === '(');
    if (isEdge && (character === ',' || parts.length === 0)) {
      parts.push(current);
      current = '';
    } else current += character;
  }
  return [...parts, current].slice(1);
}
