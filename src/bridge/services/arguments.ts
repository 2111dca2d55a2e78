// Reads the argument of the magics for web services: a name and a version, options, and inputs as `name=JSON`.
import { BridgeError } from '../errors.js';
import { readJsonObject, readJsonValue } from '../json-values.js';
import { readLocalFile } from '../magics/local-file.js';
import { NAME, readTokens, type OptionNames, type Token } from '../magics/words.js';
import type { NamedValue } from '../remote-client.js';

/** The value of an input: from JSON, or of a variable of the session. */
export type ServiceInput = NamedValue | { readonly name: string; readonly variable: string };

/** One call of such a magic. */
export interface ServiceArguments {
  readonly words: readonly string[];
  readonly options: Readonly<Record<string, string | true>>;
  readonly inputs: readonly ServiceInput[];
}

/**
 * Reads e.g. `Cars 1.0 hp=120 flower=[7, 3.2] x=$df @inputs.json --into answer`.
 *
 * @throws {BridgeError} `BRIDGE_MAGIC_USAGE`, `BRIDGE_INPUT_VALUE`, `BRIDGE_LOCAL_FILE`.
 */
export async function readServiceArguments(
  magic: string,
  argument: string,
  allowed: OptionNames = {},
): Promise<ServiceArguments> {
  const tokens = split(argument, /\s/).flatMap(toTokens);
  const { words, options } = readTokens(magic, tokens, allowed);
  const isInput = (word: string): boolean => word.startsWith('@') || ASSIGNMENT.test(word);
  return {
    words: words.filter((word) => !isInput(word)),
    options,
    inputs: await readInputs(words.filter(isInput)),
  };
}

/** Reads `hp=120,wt=2.8`, with commas or spaces between. Throws as {@link readServiceArguments} does. */
export async function readInputList(magic: string, text: string): Promise<readonly ServiceInput[]> {
  const pieces = split(text, /[\s,]/);
  const wrong = pieces.find((piece) => !piece.startsWith('@') && !ASSIGNMENT.test(piece));
  if (wrong !== undefined) {
    throw new BridgeError('BRIDGE_MAGIC_USAGE', `%${magic}: "${wrong}" is not name=value.`);
  }
  return readInputs(pieces);
}

const ASSIGNMENT = /^([^=\s"'[{]+)=(.*)$/s;

async function readInputs(pieces: readonly string[]): Promise<readonly ServiceInput[]> {
  const inputs: ServiceInput[] = [];
  for (const piece of pieces) {
    if (piece.startsWith('@')) {
      const file = unquoted(piece.slice(1));
      inputs.push(...readJsonObject((await readLocalFile(file)).toString('utf8'), file));
    } else inputs.push(readInput(piece));
  }
  return inputs;
}

function readInput(piece: string): ServiceInput {
  const [, name = '', text = ''] = ASSIGNMENT.exec(piece) ?? [];
  if (!text.startsWith('$')) return { name, value: readJsonValue(text, name) };
  const variable = text.slice(1);
  if (NAME.test(variable)) return { name, variable };
  throw new BridgeError('BRIDGE_INPUT_VALUE', `${name}: "${variable}" is not a variable's name.`);
}

/** Pieces between separators that stand outside quotes and brackets; empty ones are left out. */
function split(text: string, separator: RegExp): readonly string[] {
  const pieces: string[] = [];
  let piece = '';
  let depth = 0;
  let quote = '';
  for (let at = 0; at < text.length; at += 1) {
    const character = text.charAt(at);
    if (depth <= 0 && quote === '' && separator.test(character)) {
      pieces.push(piece);
      piece = '';
      continue;
    }
    if (quote !== '') {
      if (character === '\\' && quote === '"') {
        piece += character;
        at += 1;
      } else if (character === quote) quote = '';
    } else if (character === '"' || (character === "'" && /(?:^|=)$/.test(piece))) {
      quote = character;
    } else if ('[{'.includes(character)) depth += 1;
    else if (']}'.includes(character)) depth -= 1;
    piece += text.charAt(at);
  }
  return [...pieces, piece].filter((item) => item !== '');
}

/** An option with its value after `=` becomes two tokens, so that the value may be in quotes. */
function toTokens(piece: string): readonly Token[] {
  const [, option, value] = /^(--[A-Za-z][\w-]*)=(.*)$/s.exec(piece) ?? [];
  if (option !== undefined && value !== undefined) {
    return [
      { text: option, isQuoted: false },
      { text: unquoted(value), isQuoted: true },
    ];
  }
  const text = unquoted(piece);
  return [{ text, isQuoted: text !== piece }];
}

function unquoted(text: string): string {
  const [, double, single] = /^(?:"((?:[^"\\]|\\.)*)"|'([^']*)')$/s.exec(text) ?? [];
  return double?.replaceAll(/\\(["\\])/g, '$1') ?? single ?? text;
}
