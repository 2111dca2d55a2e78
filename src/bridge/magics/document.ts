// Writes docs/magics.md from the magics themselves.
import { helpMarkdown } from './help-text.js';
import { MAGICS } from './registry.js';

/** The whole of `docs/magics.md`. */
export function renderMagicsDocument(): string {
  return [
    '<!-- Made from the magics in src/bridge/magics by `npm run generate`. -->',
    '',
    '# Magics',
    '',
    'Lines that begin with `%` and the name of a magic are for the kernel; everything else in a cell is code for the session. A magic may stand anywhere in a cell where a statement may begin: the code before it runs first, the code after it next, and the value of the last code is the result of the cell. `%%` on the first line takes the whole cell.',
    '',
    "What is in a string, a comment, a bracket or a continued expression stays code, as does R's `x %in% y`. Names that are not in this list go to the session as they are: the magics of IPython work in Python sessions. A backslash at the end of a magic's line continues it on the next.",
    '',
    '`%lsmagic` lists the magics, `%help NAME`, `%NAME?` and `%NAME --help` show the help of one, and the Tab key completes names and options.',
    '',
    ...MAGICS.flatMap((magic) => [helpMarkdown(magic, '##')]),
  ]
    .join('\n')
    .trimEnd()
    .concat('\n');
}
