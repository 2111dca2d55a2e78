// Whether typed code could be run as it is, by our own light lexers: at once, whatever the session does.
import type { Completeness } from '../jupyter/index.js';
import type { Language } from './language/languages.js';
import { splitCell } from './magics/split-cell.js';

/** What the lexers make of typed code. */
export interface Judgement {
  readonly completeness: Completeness;
  /** The answer is about a magic of ours, which the session knows nothing of. */
  readonly isSure: boolean;
  /** How far the next line is indented, if the code goes on. */
  readonly indent: string;
}

/** Judges code without asking the session. */
export function judgeCompleteness(
  code: string,
  language: Language,
  isMagic: (name: string) => boolean,
): Judgement {
  const parts = splitCell(code, language, isMagic);
  const last = parts.at(-1);
  if (last?.kind === 'magic') {
    return { completeness: magicCompleteness(code, last.form), isSure: true, indent: '' };
  }
  const lexer = language.createLexer();
  for (const line of (last?.code ?? '').split('\n')) lexer.feed(line);
  return {
    completeness: lexer.completeness(),
    isSure: parts.length > 1,
    indent: lexer.indent,
  };
}

/** A cell magic takes lines until an empty one. */
function magicCompleteness(code: string, form: 'line' | 'cell'): Completeness {
  const isOpen = form === 'cell' ? !/\n[ \t]*$/.test(code) : /\\\s*$/.test(code);
  return isOpen ? { status: 'incomplete', indent: '' } : { status: 'complete' };
}
