// Where in Python code a cursor stands: what could be completed there, and what a question for help is about.
import {
  isInCommentOrNumber,
  openBracketOf,
  readArguments,
  readToEndOfName,
  readTokens,
  type ArgumentPlace,
  type Token,
  type TokenGrammar,
  type TokenKind,
  type Topic,
} from './tokens.js';

/** What stands before a cursor. Positions are UTF-16 indexes. */
export interface PythonCursor extends ArgumentPlace {
  /** `key`: in the quotes of `x["`; `import`: a module or what is imported from one; `none`: in a comment or a number. */
  readonly kind: 'name' | 'member' | 'string' | 'key' | 'import' | 'none';
  /** What is typed of the word so far, without quotes. */
  readonly prefix: string;
  /** Where the word begins. */
  readonly start: number;
  /** Of a member or a key: the dotted name before it; of `from m import`: m; empty when it is no dotted name. */
  readonly owner: string;
  /** The dotted name of the function in whose parentheses the cursor stands. */
  readonly call: string;
}

/** @see https://docs.python.org/3/reference/lexical_analysis.html */
const GRAMMAR: TokenGrammar = {
  patterns: [
    ['line-end', /\n/y],
    ['comment', /#[^\n]*/y],
    [
      'string',
      /[rRbBuUfF]{0,2}(?:"""(?:[^\\]|\\[\s\S])*?(?:"""|$)|'''(?:[^\\]|\\[\s\S])*?(?:'''|$))/y,
    ],
    ['string', /[rRbBuUfF]{0,2}(?:"(?:[^"\\\n]|\\[\s\S])*"?|'(?:[^'\\\n]|\\[\s\S])*'?)/y],
    ['number', /(?:0[xXoObB][\da-fA-F_]+|(?:\d[\d_]*\.?[\d_]*|\.\d[\d_]*)(?:[eE][+-]?\d+)?)[jJ]?/y],
    ['name', /[\p{L}_][\p{L}\p{M}\p{N}_]*/uy],
    ['open', /[([{]/y],
    ['close', /[)\]}]/y],
    ['operator', /[<>=!]=|[^\s]/y],
  ],
  isUnclosed,
};

const OPENING = /^[rRbBuUfF]{0,2}(?:"""|'''|["'])/;

/** Reads the code up to a cursor. @param cursor - UTF-16 index. */
export function readPythonCursor(code: string, cursor: number): PythonCursor {
  const all = readTokens(code.slice(0, cursor), GRAMMAR);
  const place = placeOf(all, cursor);
  if (!isInCommentOrNumber(all, cursor)) return place;
  return { ...place, kind: 'none', prefix: '', start: cursor };
}

/** Reads what help is wanted for. @param cursor - UTF-16 index. */
export function readPythonTopic(code: string, cursor: number): Topic {
  const { call } = readPythonCursor(code, cursor);
  const tokens = readToEndOfName(code, cursor, GRAMMAR, /^[\p{L}\p{M}\p{N}_]*/u);
  return { name: pathEndingAt(tokens, tokens.length - 1) ?? '', call };
}

function isUnclosed(kind: TokenKind, text: string): boolean {
  if (kind !== 'string') return false;
  const quote = OPENING.exec(text)?.[0].replace(/^\w+/, '') ?? '"';
  const body = text.slice(text.indexOf(quote) + quote.length);
  return !body.endsWith(quote) || /(?:^|[^\\])(?:\\\\)*\\$/.test(body.slice(0, -quote.length));
}

function placeOf(all: readonly Token[], cursor: number): PythonCursor {
  const last = all.at(-1);
  const isWord = last?.end === cursor && (last.kind === 'name' || last.isOpen);
  const word = isWord ? last : undefined;
  const before = word === undefined ? all : all.slice(0, -1);
  const tokens = before.filter(({ kind }) => kind !== 'comment' && kind !== 'line-end');
  const place = {
    prefix: word?.text ?? '',
    start: word?.start ?? cursor,
    owner: '',
    ...surroundingsOf(tokens),
  };
  if (word?.kind === 'string') {
    const { length } = OPENING.exec(word.text)?.[0] ?? '';
    const owner =
      tokens.at(-1)?.text === '[' ? (pathEndingAt(tokens, tokens.length - 2) ?? '') : '';
    const text = { prefix: word.text.slice(length), start: word.start + length };
    return { ...place, ...text, kind: owner === '' ? 'string' : 'key', owner };
  }
  const imported = importOf(before);
  if (imported !== undefined) return { ...place, kind: 'import', owner: imported };
  if (tokens.at(-1)?.text === '.') {
    return { ...place, kind: 'member', owner: pathEndingAt(tokens, tokens.length - 2) ?? '' };
  }
  return { ...place, kind: 'name' };
}

/** In an import: the module from which names are taken, empty for a module itself; else `undefined`. */
function importOf(tokens: readonly Token[]): string | undefined {
  const lineStart =
    tokens.findLastIndex(({ kind, text }) => kind === 'line-end' || text === ';') + 1;
  const words = tokens.slice(lineStart).map(({ text }) => text);
  const imports = words.indexOf('import');
  if (words[0] === 'import') return words.at(-1) === 'as' ? undefined : '';
  if (words[0] !== 'from') return undefined;
  if (imports < 0) return '';
  return words.at(-1) === 'as' ? undefined : words.slice(1, imports).join('');
}

function surroundingsOf(
  tokens: readonly Token[],
): Pick<PythonCursor, 'call' | 'argument' | 'isArgumentStart' | 'given'> {
  const none = { call: '', argument: '', isArgumentStart: false, given: [] };
  const index = openBracketOf(tokens);
  if (tokens[index]?.text !== '(') return none;
  const call = pathEndingAt(tokens, index - 1) ?? '';
  return call === '' ? none : { ...readArguments(tokens.slice(index + 1)), call };
}

/** `a.b.c`: names only, nothing that could run. */
function pathEndingAt(tokens: readonly Token[], last: number): string | undefined {
  const token = tokens[last];
  if (token?.kind !== 'name') return undefined;
  if (tokens[last - 1]?.text !== '.') return token.text;
  const owner = pathEndingAt(tokens, last - 2);
  return owner === undefined ? undefined : `${owner}.${token.text}`;
}
