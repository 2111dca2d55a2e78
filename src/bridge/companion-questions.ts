// Questions about cells of the other language: their code goes to that language, positions are those of the cell.
import type { Completeness, Completions, Inspection } from '../jupyter/index.js';
import { CodeQuestions } from './code-questions.js';
import type { Companion } from './companion.js';
import { LANGUAGE_OF_CELL } from './magics/other-language.js';

/** The code below `%%r` or `%%python`. */
export interface LanguageCell {
  readonly language: 'R' | 'python';
  readonly body: string;
  /** UTF-16 index of the body in the cell. */
  readonly offset: number;
}

/** @returns `undefined` for other cells. */
export function readLanguageCell(code: string): LanguageCell | undefined {
  const match = /^\s*%%(r|python)[ \t]*\r?\n/.exec(code);
  const language = LANGUAGE_OF_CELL.get(match?.[1] ?? '');
  if (match === null || language === undefined) return undefined;
  const offset = match[0].length;
  return { language, body: code.slice(offset), offset };
}

/** The answers for the cells of the other language; nothing is known before the first has run. */
export class CompanionQuestions {
  readonly #companion: Companion;

  constructor(companion: Companion) {
    this.#companion = companion;
  }

  /** The cell when it is one of the other language and the cursor stands in its code. */
  cellAt(code: string, cursor: number): LanguageCell | undefined {
    const cell = readLanguageCell(code);
    if (cell?.language !== this.#companion.language.name || cursor < cell.offset) return undefined;
    return cell;
  }

  async complete({ body, offset }: LanguageCell, cursor: number): Promise<Completions> {
    const found = await this.#questions()?.complete(body, cursor - offset);
    if (found === undefined) return { matches: [], start: cursor, end: cursor };
    return { matches: found.matches, start: found.start + offset, end: found.end + offset };
  }

  async inspect(
    { body, offset }: LanguageCell,
    cursor: number,
    detailLevel: 0 | 1,
  ): Promise<Inspection> {
    const questions = this.#questions();
    return questions === undefined
      ? { found: false }
      : questions.inspect(body, cursor - offset, detailLevel);
  }

  async isComplete(
    { body }: LanguageCell,
    isMagic: (name: string) => boolean,
  ): Promise<Completeness> {
    const questions = this.#questions();
    return questions === undefined ? { status: 'unknown' } : questions.isComplete(body, isMagic);
  }

  #questions(): CodeQuestions | undefined {
    const { session, language } = this.#companion;
    return session === undefined ? undefined : new CodeQuestions(session, language);
  }
}
