// What the light lexers of both languages have in common: they take in a cell line by line and know where a
// statement may begin. They are no parsers; where they are in doubt they say "code goes on".
import type { Completeness } from '../../jupyter/index.js';

/** Reads code line by line. One lexer serves one cell. */
export interface LineLexer {
  /** Whether the next line may begin a new top-level statement: not in a string, a bracket or a continued expression. */
  readonly atStatementLevel: boolean;
  /** Takes in the next line, without its line end. */
  feed(line: string): void;
  /** White space with which the next line should begin, if the code goes on. */
  readonly indent: string;
  /** Whether the code so far could be run; never `unknown`. */
  completeness(): Completeness;
}
