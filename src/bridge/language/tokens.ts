// Splits code into words, without what is inside strings and comments: for questions about a cursor, not for running.

export type TokenKind =
  'name' | 'number' | 'string' | 'comment' | 'operator' | 'open' | 'close' | 'line-end';

/** One word; positions are UTF-16 indexes. */
export interface Token {
  readonly kind: TokenKind;
  readonly text: string;
  readonly start: number;
  readonly end: number;
  /** A string, a quoted name or a comment that the end of the code cuts off. */
  readonly isOpen: boolean;
}

/** The words of a language: sticky patterns in the order in which they are tried. */
export interface TokenGrammar {
  readonly patterns: readonly (readonly [TokenKind, RegExp])[];
  /** Whether a string or name at the end of the code has no closing quote. */
  isUnclosed(kind: TokenKind, text: string): boolean;
}

/** Splits code; white space other than line ends is left out. */
export function readTokens(code: string, grammar: TokenGrammar): readonly Token[] {
  const tokens: Token[] = [];
  let at = 0;
  while (at < code.length) {
    const token = readToken(code, at, grammar);
    if (token !== undefined) tokens.push(token);
    at = token?.end ?? at + 1;
  }
  return tokens;
}

function readToken(code: string, at: number, grammar: TokenGrammar): Token | undefined {
  for (const [kind, pattern] of grammar.patterns) {
    pattern.lastIndex = at;
    const text = pattern.exec(code)?.[0];
    if (text === undefined || text === '') continue;
    const end = at + text.length;
    const isLast = end === code.length;
    const isOpen = isLast && (kind === 'comment' || grammar.isUnclosed(kind, text));
    return { kind, text, start: at, end, isOpen };
  }
  return undefined;
}

/** Whether a cursor stands in a comment or behind a number: nothing can be completed there. */
export function isInCommentOrNumber(tokens: readonly Token[], cursor: number): boolean {
  const last = tokens.at(-1);
  return (last?.kind === 'comment' || last?.kind === 'number') && last.end === cursor;
}

/** What a question for help is about: the path of names around the cursor, and the function whose call it is in. */
export interface Topic {
  readonly name: string;
  readonly call: string;
}

/** The words up to the end of the name around a cursor; none where it stands in no name. @param rest - Of a name. */
export function readToEndOfName(
  code: string,
  cursor: number,
  grammar: TokenGrammar,
  rest: RegExp,
): readonly Token[] {
  const ending = rest.exec(code.slice(cursor))?.[0] ?? '';
  const tokens = readTokens(code.slice(0, cursor) + ending, grammar);
  const last = tokens.at(-1);
  return last?.kind === 'name' && !last.isOpen && last.end >= cursor ? tokens : [];
}

/** The index of the last bracket that is not closed, or -1. An opening of two characters wants two closing ones. */
export function openBracketOf(tokens: readonly Token[]): number {
  const opened: { readonly index: number; missing: number }[] = [];
  tokens.forEach(({ kind, text }, index) => {
    if (kind === 'open') opened.push({ index, missing: text.length });
    const innermost = opened.at(-1);
    if (kind !== 'close' || innermost === undefined) return;
    innermost.missing -= 1;
    if (innermost.missing === 0) opened.pop();
  });
  return opened.at(-1)?.index ?? -1;
}

/** What stands in the parentheses of a call before the cursor. */
export interface ArgumentPlace {
  /** The argument of which the cursor is in the value; empty when it has no name. */
  readonly argument: string;
  /** Whether an argument may begin here. */
  readonly isArgumentStart: boolean;
  /** Names of arguments that are there already. */
  readonly given: readonly string[];
}

/** Reads the arguments after an open parenthesis. @param tokens - From the token after it to the cursor's word. */
export function readArguments(tokens: readonly Token[]): ArgumentPlace {
  const given: string[] = [];
  let argumentStart = 0;
  let depth = 0;
  tokens.forEach((token, at) => {
    if (token.kind === 'open') depth += token.text.length;
    else if (token.kind === 'close') depth -= 1;
    else if (depth === 0 && token.text === ',') argumentStart = at + 1;
    else if (depth === 0 && token.text === '=' && at === argumentStart + 1) {
      given.push(unquoted(tokens[argumentStart]?.text ?? ''));
    }
  });
  const isNamed = tokens[argumentStart + 1]?.text === '=';
  return {
    argument: isNamed ? unquoted(tokens[argumentStart]?.text ?? '') : '',
    isArgumentStart: argumentStart >= tokens.length,
    given,
  };
}

/** A name without the quotes or backticks around it. */
export function unquoted(text: string): string {
  return text.replace(/^[`"']|[`"']$/g, '');
}
