// Which cells a subshell may run while another cell runs: those that leave the session alone.
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
