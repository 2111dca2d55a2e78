// Where in R code a cursor stands: what could be completed there, and what a question for help is about.
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
export interface RCursor extends ArgumentPlace {
  /**
   * `member`: after `$`, `@`, `::` or `:::`; `string`: inside quotes; `help`: after `?`; `none`: in a comment or a
   * number.
   */
  readonly kind: 'name' | 'member' | 'string' | 'help' | 'none';
  /** What is typed of the word so far, without quotes and backticks. */
  readonly prefix: string;
  /** Where the word begins (a backtick before it counts, a quote does not). */
  readonly start: number;
  /** Of a member: the path before the operator, empty when it is no path of names. */
  readonly owner: string;
  readonly operator: string;
  /** The path of the function in whose parentheses the cursor stands; empty when there is none. */
  readonly call: string;
  /** Inside the brackets of `x[` or `x[[`: the path of x. */
  readonly subset: string;
}

/** @see R Language Definition, 10.3 (tokens) */
const GRAMMAR: TokenGrammar = {
  patterns: [
    ['line-end', /\n/y],
    ['comment', /#[^\n]*/y],
    [
      'string',
      /[rR](["'])(-*)(?:\([\s\S]*?(?:\)\2\1|$)|\[[\s\S]*?(?:\]\2\1|$)|\{[\s\S]*?(?:\}\2\1|$))/y,
    ],
    ['string', /"(?:[^"\\]|\\[\s\S])*(?:"|\\?$)/y],
    ['string', /'(?:[^'\\]|\\[\s\S])*(?:'|\\?$)/y],
    ['name', /`[^`]*(?:`|$)/y],
    ['number', /0[xX][\da-fA-F]+L?|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?[Li]?/y],
    ['name', /(?:[\p{L}\p{M}]|\.(?!\d))[\p{L}\p{M}\p{N}._]*/uy],
    ['open', /\[\[|[([{]/y],
    ['close', /[)\]}]/y],
    ['operator', /%[^%\n]*%|:::?|\|>|<<?-|->>?|[<>=!]=|&&|\|\||[^\s]/y],
  ],
  isUnclosed,
};

const MEMBER_OPERATORS = new Set(['$', '@', '::', ':::']);
/** Words before parentheses that are no calls. */
const HEADER_WORDS = new Set(['if', 'for', 'while', 'function']);
const OPENING = /^(?:[rR]["']-*[([{]|["'])/;

/** Reads the code up to a cursor. @param cursor - UTF-16 index. */
export function readRCursor(code: string, cursor: number): RCursor {
  const all = readTokens(code.slice(0, cursor), GRAMMAR);
  const place = placeOf(all.filter(isWordOfCode), cursor);
  if (!isInCommentOrNumber(all, cursor)) return place;
  return { ...place, kind: 'none', prefix: '', start: cursor };
}

/** Reads what help is wanted for. @param cursor - UTF-16 index. */
export function readRTopic(code: string, cursor: number): Topic {
  const { call } = readRCursor(code, cursor);
  const all = readToEndOfName(code, cursor, GRAMMAR, /^[\p{L}\p{M}\p{N}._]*/u);
  const tokens = all.filter(isWordOfCode);
  return { name: pathEndingAt(tokens, tokens.length - 1) ?? '', call };
}

function isWordOfCode({ kind }: Token): boolean {
  return kind !== 'comment' && kind !== 'line-end';
}

function isUnclosed(kind: TokenKind, text: string): boolean {
  if (kind === 'name') return text.startsWith('`') && (text.length === 1 || !text.endsWith('`'));
  if (kind !== 'string') return false;
  const raw = /^[rR](["'])(-*)([([{])/.exec(text);
  if (raw === null) return !/^(["'])(?:(?!\1)[^\\]|\\[\s\S])*\1$/.test(text);
  const [opening, quote = '', dashes = '', bracket = ''] = raw;
  const closing = `${bracket === '(' ? ')' : bracket === '[' ? ']' : '}'}${dashes}${quote}`;
  return text.length < opening.length + closing.length || !text.endsWith(closing);
}

function placeOf(tokens: readonly Token[], cursor: number): RCursor {
  const last = tokens.at(-1);
  const isWord = last?.end === cursor && (last.kind === 'name' || last.isOpen);
  const word = isWord ? last : undefined;
  const before = word === undefined ? tokens : tokens.slice(0, -1);
  const place = {
    prefix: word?.text.replaceAll('`', '') ?? '',
    start: word?.start ?? cursor,
    owner: '',
    operator: '',
    ...surroundingsOf(before),
  };
  if (word?.kind === 'string') {
    const { length } = OPENING.exec(word.text)?.[0] ?? '';
    return {
      ...place,
      kind: 'string',
      prefix: word.text.slice(length),
      start: word.start + length,
    };
  }
  const previous = before.at(-1);
  if (previous?.end === place.start && MEMBER_OPERATORS.has(previous.text)) {
    const owner = pathEndingAt(before, before.length - 2) ?? '';
    return { ...place, kind: 'member', owner, operator: previous.text };
  }
  return { ...place, kind: previous?.text === '?' ? 'help' : 'name' };
}

/** The innermost bracket that is open, and what stands in it before the word. */
function surroundingsOf(
  tokens: readonly Token[],
): Pick<RCursor, 'call' | 'argument' | 'isArgumentStart' | 'given' | 'subset'> {
  const none = { call: '', argument: '', isArgumentStart: false, given: [], subset: '' };
  const index = openBracketOf(tokens);
  const bracket = tokens[index];
  if (bracket === undefined || bracket.text === '{') return none;
  const path = pathEndingAt(tokens, index - 1) ?? '';
  if (bracket.text !== '(') return { ...none, subset: path };
  if (HEADER_WORDS.has(path)) return none;
  return { ...readArguments(tokens.slice(index + 1)), call: path, subset: '' };
}

/** `a$b@c`, `pkg::f`, `x[["name"]]$y`: names and literal subsets only, nothing that could run. */
function pathEndingAt(tokens: readonly Token[], last: number): string | undefined {
  const token = tokens[last];
  if (token?.text === ']') return subsetEndingAt(tokens, last);
  const operator = tokens[last - 1];
  if (operator?.kind === 'operator' && MEMBER_OPERATORS.has(operator.text)) {
    const owner = pathEndingAt(tokens, last - 2);
    const isMember = token?.kind === 'name' || token?.kind === 'string';
    return isMember && owner !== undefined ? owner + operator.text + token.text : undefined;
  }
  return token?.kind === 'name' ? token.text : undefined;
}

function subsetEndingAt(tokens: readonly Token[], last: number): string | undefined {
  const [opening, key, closing] = tokens.slice(Math.max(0, last - 3), last);
  const isLiteral = key?.kind === 'string' || key?.kind === 'number';
  if (opening?.text !== '[[' || closing?.text !== ']' || !isLiteral) return undefined;
  const owner = pathEndingAt(tokens, last - 4);
  return owner === undefined ? undefined : `${owner}[[${key.text}]]`;
}
