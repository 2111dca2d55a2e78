// A light lexer for R: strings (raw ones too), comments, brackets, operators that want a right-hand side.
import type { Completeness } from '../../jupyter/index.js';
import type { LineLexer } from './line-lexer.js';

/** @see R Language Definition, 10.3 (tokens) and 3.2 (control structures) */
export class RLexer implements LineLexer {
  /** The text that ends the string, raw string or backtick name we are in. */
  #closing: string | undefined;
  #isRaw = false;
  readonly #brackets: { readonly closing: string; readonly isHeader: boolean }[] = [];
  /** After a binary operator, `else`, or the header of `if`, `for`, `while`, `function`. */
  #expectsOperand = false;
  /** After `if`, `for`, `while`, `function`: the next parenthesis is a header. */
  #expectsHeader = false;
  #isInvalid = false;
  #indent = '';

  get atStatementLevel(): boolean {
    return (
      this.#closing === undefined &&
      this.#brackets.length === 0 &&
      !this.#expectsOperand &&
      !this.#expectsHeader
    );
  }

  /** As the last line, two blanks more where that opened a bracket or is the first to leave an operator waiting. */
  get indent(): string {
    return this.#closing === undefined ? this.#indent : '';
  }

  feed(line: string): void {
    const depth = this.#brackets.length;
    const wasWaiting = this.#isWaiting;
    let at = 0;
    while (at < line.length) {
      at = this.#closing === undefined ? this.#readToken(line, at) : this.#readString(line, at);
    }
    if (line.trim() === '') return;
    // Inside parentheses all lines stand alike.
    const isInBlock = this.#brackets.at(-1)?.closing !== ')';
    const waitsAnew = this.#isWaiting && !wasWaiting && isInBlock;
    const goesDeeper = this.#brackets.length > depth || waitsAnew;
    this.#indent = (/^\s*/.exec(line)?.[0] ?? '') + (goesDeeper ? '  ' : '');
  }

  get #isWaiting(): boolean {
    return this.#expectsOperand || this.#expectsHeader;
  }

  completeness(): Completeness {
    if (this.#isInvalid) return { status: 'invalid' };
    if (this.atStatementLevel) return { status: 'complete' };
    return { status: 'incomplete', indent: this.indent };
  }

  /** Reads on in the string that is open; the rest of the line when it does not end here. */
  #readString(line: string, from: number): number {
    const closing = this.#closing ?? '';
    for (let at = from; at < line.length; at += 1) {
      if (line[at] === '\\' && !this.#isRaw) at += 1;
      else if (line.startsWith(closing, at)) {
        this.#closing = undefined;
        return at + closing.length;
      }
    }
    return line.length;
  }

  #readToken(line: string, at: number): number {
    const character = line[at] ?? '';
    if (character === '#') return line.length;
    if (character === ' ' || character === '\t' || character === '\r') return at + 1;
    if (character === '"' || character === "'" || character === '`') {
      this.#open(character, false);
      return at + 1;
    }
    if (character === '%') return this.#readPercentOperator(line, at);
    if ('([{'.includes(character)) return this.#openBracket(character, at);
    if (')]}'.includes(character)) return this.#closeBracket(character, at);
    if (isWordCharacter(character)) return this.#readWord(line, at);
    this.#readOperator(character);
    return at + 1;
  }

  #open(closing: string, isRaw: boolean): void {
    this.#closing = closing;
    this.#isRaw = isRaw;
    this.#expectsOperand = false;
  }

  #readPercentOperator(line: string, at: number): number {
    const end = line.indexOf('%', at + 1);
    this.#expectsOperand = true;
    if (end >= 0) return end + 1;
    this.#isInvalid = true;
    return line.length;
  }

  #openBracket(character: string, at: number): number {
    const closing = character === '(' ? ')' : character === '[' ? ']' : '}';
    this.#brackets.push({ closing, isHeader: character === '(' && this.#expectsHeader });
    this.#expectsHeader = false;
    this.#expectsOperand = false;
    return at + 1;
  }

  #closeBracket(character: string, at: number): number {
    const bracket = this.#brackets.pop();
    if (bracket?.closing !== character) this.#isInvalid = true;
    this.#expectsOperand = bracket?.isHeader === true;
    return at + 1;
  }

  #readWord(line: string, at: number): number {
    let end = at + 1;
    while (end < line.length && isWordCharacter(line[end] ?? '')) end += 1;
    const word = line.slice(at, end);
    if (word === 'r' || word === 'R') {
      const opening = RAW_STRING.exec(line.slice(end));
      if (opening !== null) {
        const [text, quote = '', dashes = '', bracket = ''] = opening;
        const closing = bracket === '(' ? ')' : bracket === '[' ? ']' : '}';
        this.#open(`${closing}${dashes}${quote}`, true);
        return end + text.length;
      }
    }
    this.#expectsHeader = HEADER_WORDS.has(word);
    this.#expectsOperand = OPERAND_WORDS.has(word);
    return end;
  }

  #readOperator(character: string): void {
    if (character === '\\') this.#expectsHeader = true;
    else this.#expectsOperand = character !== ';';
  }
}

const RAW_STRING = /^(["'])(-*)([([{])/;
const HEADER_WORDS = new Set(['if', 'for', 'while', 'function']);
const OPERAND_WORDS = new Set(['else', 'repeat', 'in']);

function isWordCharacter(character: string): boolean {
  return /[\p{L}\p{N}._]/u.test(character) || character >= '\ud800';
}
