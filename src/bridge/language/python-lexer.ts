// A light lexer for Python: strings of all kinds, comments, brackets, backslashes, blocks by indentation.
import type { Completeness } from '../../jupyter/index.js';
import type { LineLexer } from './line-lexer.js';

const BLOCK = '    ';
/** Statements after which nothing of the same block is reached. */
const ENDS_BLOCK = /^(?:return|pass|raise|break|continue)\b/;

/** @see https://docs.python.org/3/reference/lexical_analysis.html */
export class PythonLexer implements LineLexer {
  /** The quotes that end the string we are in. */
  #closing: string | undefined;
  readonly #brackets: string[] = [];
  /** The last line ended with a backslash. */
  #isContinued = false;
  #isInvalid = false;
  /** Indentation of the last logical line that was not blank. */
  #indentation = '';
  /** The last logical line ended with a colon, or is a decorator. */
  #expectsBlock: 'indented' | 'same' | undefined;
  #isLastLineBlank = false;
  /** The last character that is neither space nor comment. */
  #lastCharacter = '';
  #indent = '';

  get atStatementLevel(): boolean {
    return this.#closing === undefined && this.#brackets.length === 0 && !this.#isContinued;
  }

  feed(line: string): void {
    const text = line.endsWith('\r') ? line.slice(0, -1) : line;
    const first = text.trimStart();
    this.#isLastLineBlank = first === '' && this.atStatementLevel;
    if (this.#isLastLineBlank) return;
    if (this.atStatementLevel && !first.startsWith('#')) this.#beginLogicalLine(text, first);
    const depth = this.#brackets.length;
    const wasContinued = this.#isContinued;
    this.#isContinued = false;
    let at = 0;
    while (at < text.length) {
      at = this.#closing === undefined ? this.#readToken(text, at) : this.#readString(text, at);
    }
    this.#endLine();
    if (first === '') return;
    const blanks = text.slice(0, text.length - first.length);
    const goesDeeper = this.#brackets.length > depth || (this.#endsContinued && !wasContinued);
    this.#indent = goesDeeper ? blanks + BLOCK : blanks;
    if (this.atStatementLevel) this.#indent = this.#indentOfNext(first);
  }

  /** As the last line; four blanks more where that opened a bracket or a block, four less after the end of a block. */
  get indent(): string {
    return this.#closing === undefined ? this.#indent : '';
  }

  /** Asked after the line was read. */
  get #endsContinued(): boolean {
    return this.#isContinued;
  }

  #indentOfNext(line: string): string {
    if (this.#expectsBlock === 'indented') return this.#indentation + BLOCK;
    return ENDS_BLOCK.test(line) ? this.#indentation.slice(BLOCK.length) : this.#indentation;
  }

  completeness(): Completeness {
    if (this.#isInvalid) return { status: 'invalid' };
    const isInBlock = this.#indentation !== '' && !this.#isLastLineBlank;
    const isOpen = !this.atStatementLevel || this.#expectsBlock !== undefined || isInBlock;
    return isOpen ? { status: 'incomplete', indent: this.indent } : { status: 'complete' };
  }

  #beginLogicalLine(text: string, first: string): void {
    this.#indentation = text.slice(0, text.length - first.length);
    this.#expectsBlock = first.startsWith('@') ? 'same' : undefined;
    this.#lastCharacter = '';
  }

  #endLine(): void {
    // A string in single quotes ends with its line; we go on as if it were closed.
    if (this.#closing?.length === 1 && !this.#isContinued) {
      this.#closing = undefined;
      this.#isInvalid = true;
    }
    if (this.atStatementLevel && this.#lastCharacter === ':') this.#expectsBlock = 'indented';
  }

  #readString(line: string, from: number): number {
    const closing = this.#closing ?? '';
    for (let at = from; at < line.length; at += 1) {
      if (line[at] === '\\') {
        if (at === line.length - 1) this.#isContinued = closing.length === 1;
        at += 1;
      } else if (line.startsWith(closing, at)) {
        this.#closing = undefined;
        this.#lastCharacter = '"';
        return at + closing.length;
      }
    }
    return line.length;
  }

  #readToken(line: string, at: number): number {
    const character = line[at] ?? '';
    if (character === '#') return line.length;
    if (character === ' ' || character === '\t' || character === '\f') return at + 1;
    if (character === '\\' && at === line.length - 1) {
      this.#isContinued = true;
      return at + 1;
    }
    this.#lastCharacter = character;
    if (character === '"' || character === "'") {
      this.#closing = line.startsWith(character.repeat(3), at) ? character.repeat(3) : character;
      return at + this.#closing.length;
    }
    if ('([{'.includes(character)) {
      this.#brackets.push(character === '(' ? ')' : character === '[' ? ']' : '}');
    } else if (')]}'.includes(character) && this.#brackets.pop() !== character) {
      this.#isInvalid = true;
    }
    return at + 1;
  }
}
