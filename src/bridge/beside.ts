// What cells are by their magics: which ones a subshell may run while another cell runs, and which ones only show another.
import type { Language } from './language/languages.js';
import type { MagicTable } from './magics/magic.js';
import { splitCell } from './magics/split-cell.js';

/** Whether a cell is nothing but help and magics that say of themselves that they run beside others. */
export function runsBeside(code: string, language: Language, magics: MagicTable): boolean {
  const parts = splitCell(code, language, (name) => magics.find(name) !== undefined);
  return parts.every(
    (part) =>
      part.kind === 'magic' &&
      (part.isHelp || magics.find(part.name)?.runsBeside?.(part.argument.trim()) === true),
  );
}

/** Whether a cell does nothing but show what others have shown: that is not an output of its own. */
export function onlyShowsAgain(code: string, language: Language, magics: MagicTable): boolean {
  if (!code.includes('%output')) return false;
  const parts = splitCell(code, language, (name) => magics.find(name) !== undefined);
  return parts.every((part) => part.kind === 'magic' && part.name === 'output');
}
