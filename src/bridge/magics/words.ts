// Reads the argument of a magic: words with quotes, options, and `name=JSON` pairs.
import { BridgeError } from '../errors.js';

/** Words and options of one magic's line. */
export interface MagicWords {
  readonly words: readonly string[];
  /** Without dashes; `true` for an option without value. */
  readonly options: Readonly<Record<string, string | true>>;
}

/** What a magic allows after `--`: the names of its options, and which of them take a value. */
export type OptionNames = Readonly<Record<string, 'flag' | 'value'>>;

/**
 * Splits an argument into words and options as a shell does: quotes keep spaces, `--name value`, `--name=value`.
 *
 * @throws {BridgeError} `BRIDGE_MAGIC_USAGE` for an unknown option, a missing value or an open quote.
 */
export function readWords(magic: string, argument: string, allowed: OptionNames = {}): MagicWords {
  return readTokens(magic, splitTokens(magic, argument), allowed);
}

/** The same of tokens that are split already. @throws {BridgeError} `BRIDGE_MAGIC_USAGE`. */
export function readTokens(
  magic: string,
  tokens: readonly Token[],
  allowed: OptionNames,
): MagicWords {
  const words: string[] = [];
  const options: Record<string, string | true> = {};
  for (let index = 0; index < tokens.length; index += 1) {
    const { text, isQuoted } = tokens[index] ?? { text: '', isQuoted: true };
    if (isQuoted || !/^--?[A-Za-z]/.test(text)) {
      words.push(text);
      continue;
    }
    const [name, inlineValue] = splitOnce(text.replace(/^--?/, ''), '=');
    const kind = Object.hasOwn(allowed, name) ? allowed[name] : undefined;
    if (kind === undefined) throw unknownOption(magic, text, allowed);
    if (kind === 'flag') {
      options[name] = true;
      continue;
    }
    const value = inlineValue ?? tokens[(index += 1)]?.text;
    if (value === undefined) {
      throw new BridgeError('BRIDGE_MAGIC_USAGE', `%${magic}: --${name} wants a value.`);
    }
    options[name] = value;
  }
  return { words, options };
}

/** One `name=text` of an argument; `text` may hold brackets and strings with spaces. */
export interface Assignment {
  readonly name: string;
  readonly text: string;
}

/**
 * Reads `a=1 b=[1, 2] c="x y" @file.json`; a value ends at a space outside strings and brackets.
 *
 * @returns Assignments, and for each `@file` an entry with the path.
 * @throws {BridgeError} `BRIDGE_MAGIC_USAGE` when something is neither.
 */
export function readAssignments(
  magic: string,
  argument: string,
): readonly (Assignment | { readonly file: string })[] {
  const found: (Assignment | { readonly file: string })[] = [];
  let at = 0;
  while (at < argument.length) {
    if (/\s/.test(argument[at] ?? '')) {
      at += 1;
      continue;
    }
    const end = endOfValue(argument, at);
    const text = argument.slice(at, end);
    const equals = text.indexOf('=');
    if (text.startsWith('@') && text.length > 1) {
      found.push({ file: text.slice(1).replace(/^"(.*)"$/, '$1') });
    } else if (equals > 0 && NAME.test(text.slice(0, equals))) {
      found.push({ name: text.slice(0, equals), text: text.slice(equals + 1) });
    } else {
      throw new BridgeError(
        'BRIDGE_MAGIC_USAGE',
        `%${magic}: "${text}" is neither name=value nor @file.json.`,
        { hint: 'Write e.g. `%inputs alpha=0.5 names=["a", "b"]`, without spaces around "=".' },
      );
    }
    at = end;
  }
  return found;
}

/** A name that R and Python both take as a variable. */
export const NAME = /^[\p{L}._][\p{L}\p{N}._]*$/u;

/** A piece of an argument, without the quotes around it. */
export interface Token {
  readonly text: string;
  readonly isQuoted: boolean;
}

function splitTokens(magic: string, argument: string): readonly Token[] {
  const tokens: Token[] = [];
  const pattern = /\s*(?:"((?:[^"\\]|\\["\\])*)"|'([^']*)'|([^\s"']\S*))(?=\s|$)/y;
  let at = 0;
  while (argument.slice(at).trim() !== '') {
    pattern.lastIndex = at;
    const match = pattern.exec(argument);
    if (match === null) {
      throw new BridgeError('BRIDGE_MAGIC_USAGE', `%${magic}: a quote is not closed.`);
    }
    const [, double, single, bare] = match;
    const text = double?.replaceAll(/\\(["\\])/g, '$1') ?? single ?? bare ?? '';
    tokens.push({ text, isQuoted: bare === undefined });
    at = pattern.lastIndex;
  }
  return tokens;
}

function splitOnce(text: string, separator: string): readonly [string, string | undefined] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + separator.length)];
}

function unknownOption(magic: string, text: string, allowed: OptionNames): BridgeError {
  const names = Object.keys(allowed).map((name) => `--${name}`);
  const known = names.length === 0 ? 'It takes no options.' : `It takes ${names.join(', ')}.`;
  return new BridgeError('BRIDGE_MAGIC_USAGE', `%${magic} has no option ${text}. ${known}`);
}

function endOfValue(text: string, from: number): number {
  let depth = 0;
  let isInString = false;
  for (let at = from; at < text.length; at += 1) {
    const character = text[at] ?? '';
    if (isInString) {
      if (character === '\\') at += 1;
      else if (character === '"') isInString = false;
    } else if (character === '"') isInString = true;
    else if ('[{'.includes(character)) depth += 1;
    else if (']}'.includes(character)) depth -= 1;
    else if (depth <= 0 && /\s/.test(character)) return at;
  }
  return text.length;
}
