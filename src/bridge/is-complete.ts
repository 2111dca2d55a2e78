// Whether typed code could be run as it is, by our own light lexers: at once, whatever the session does.
import type { Completeness } from '../jupyter/index.js';
import type { Language } from './language/languages.js';
import { splitCell } from './magics/split-cell.js';

/**
 * Judges code without asking the session.
 *
 * @returns `isSure` when the answer is about a magic of ours, which the session knows nothing of.
 */
export function judgeCompleteness(
  code: string,
  language: Language,
  isMagic: (name: string) => boolean,
): { readonly completeness: Completeness; readonly isSure: boolean } {
  const parts = splitCell(code, language, isMagic);
  const last = parts.at(-1);
  if (last?.kind === 'magic') {
    return { completeness: magicCompleteness(code, last.form), isSure: true };
  }
  const lexer = language.createLexer();
  for (const line of (last?.code ?? '').split('\n')) lexer.feed(line);
  return { completeness: lexer.completeness(), isSure: parts.length > 1 };
}

/** A cell magic takes lines until an empty one. */
function magicCompleteness(code: string, form: 'line' | 'cell'): Completeness {
  const isOpen = form === 'cell' ? !/\n[ \t]*$/.test(code) : /\\\s*$/.test(code);
  return isOpen ? { status: 'incomplete', indent: '' } : { status: 'complete' };
}
