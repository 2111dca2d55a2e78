// A light lexer for Python: strings of all kinds, comments, brackets, backslashes, blocks by indentation.
import type { Completeness } from '../../jupyter/index.js';
import type { LineLexer } from './line-lexer.js';

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

  get atStatementLevel(): boolean {
    return this.#closing === undefined && this.#brackets.length === 0 && !this.#isContinued;
  }

  feed(line: string): void {
    const text = line.endsWith('\r') ? line.slice(0, -1) : line;
    const first = text.trimStart();
    this.#isLastLineBlank = first === '' && this.atStatementLevel;
    if (this.#isLastLineBlank) return;
    if (this.atStatementLevel && !first.startsWith('#')) this.#beginLogicalLine(text, first);
    this.#isContinued = false;
    let at = 0;
    while (at < text.length) {
      at = this.#closing === undefined ? this.#readToken(text, at) : this.#readString(text, at);
    }
    this.#endLine();
  }

  completeness(): Completeness {
    if (this.#isInvalid) return { status: 'invalid' };
    if (this.#closing !== undefined) return { status: 'incomplete', indent: '' };
    if (!this.atStatementLevel) return { status: 'incomplete', indent: this.#indentation };
    if (this.#expectsBlock === 'indented') {
      return { status: 'incomplete', indent: `${this.#indentation}    ` };
    }
    const isInBlock = this.#indentation !== '' && !this.#isLastLineBlank;
    if (isInBlock || this.#expectsBlock === 'same') {
      return { status: 'incomplete', indent: this.#indentation };
    }
    return { status: 'complete' };
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
