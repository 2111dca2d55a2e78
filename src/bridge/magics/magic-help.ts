// Completion and help for the line of a magic, from local knowledge only.
import type { Completions } from '../../jupyter/index.js';
import type { Magic, MagicContext, MagicTable } from './magic.js';

/**
 * Completions on the line of the cursor.
 *
 * @param cursor - UTF-16 index.
 * @returns `undefined` when the cursor is not on the line of a magic of ours, or in code that a magic runs.
 */
export function completeMagic(
  code: string,
  cursor: number,
  context: Pick<MagicContext, 'session' | 'magics'>,
): Completions | undefined {
  const { line, start: lineStart } = lineAt(code, cursor);
  const typed = line.slice(0, cursor - lineStart);
  const name = /^[ \t]*\?{0,2}(%%?)([A-Za-z_]*)$/.exec(typed);
  if (name !== null) {
    const [, percent = '%', prefix = ''] = name;
    return {
      matches: namesOf(context.magics, percent, prefix),
      start: cursor - percent.length - prefix.length,
      end: cursor,
    };
  }
  const magic = magicOf(typed, context.magics);
  if (magic === undefined || magic.runsCode === true) return undefined;
  const words = typed.trimStart().split(/\s+/).slice(1);
  const word = words.pop() ?? '';
  const candidates = word.startsWith('-')
    ? [...magic.options.map((option) => `--${option.name}`), '--help']
    : (magic.complete?.(words, context) ?? []);
  const matches = candidates.filter((candidate) => candidate.startsWith(word));
  return { matches, start: cursor - word.length, end: cursor };
}

/** The magic on whose line the cursor stands, for its help. */
export function magicAt(code: string, cursor: number, magics: MagicTable): Magic | undefined {
  const { line, start } = lineAt(code, cursor);
  const magic = magicOf(line, magics);
  if (magic?.runsCode !== true) return magic;
  // In code that a magic runs, help is asked for the code.
  const nameEnd = line.search(/[A-Za-z_](?![A-Za-z_])/) + 1;
  return cursor - start <= nameEnd ? magic : undefined;
}

function namesOf(magics: MagicTable, percent: string, prefix: string): readonly string[] {
  const form = percent === '%%' ? 'cell' : 'line';
  return magics.all
    .filter((magic) => magic.name.startsWith(prefix))
    .filter(({ usages }) => usages.some((usage) => usage.form === form))
    .map((magic) => percent + magic.name)
    .sort();
}

function magicOf(line: string, magics: MagicTable): Magic | undefined {
  const name = /^[ \t]*\?{0,2}%%?([A-Za-z_]+)(?=[\s?]|$)/.exec(line)?.[1];
  return name === undefined ? undefined : magics.find(name);
}

function lineAt(code: string, cursor: number): { readonly line: string; readonly start: number } {
  const start = cursor === 0 ? 0 : code.lastIndexOf('\n', cursor - 1) + 1;
  const end = code.indexOf('\n', start);
  return { line: code.slice(start, end < 0 ? code.length : end), start };
}
