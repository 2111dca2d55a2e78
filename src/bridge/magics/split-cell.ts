// Splits a cell into code and magics. Code without magics comes back as it is, byte for byte.
import type { Language } from '../language/languages.js';

/** A stretch of code for the session. */
export interface CodePart {
  readonly kind: 'code';
  readonly code: string;
  /** The line of the cell on which it begins, from 0. */
  readonly line: number;
}

/** `%name argument`, `%%name argument` with a body, or a question for its help. */
export interface MagicPart {
  readonly kind: 'magic';
  readonly name: string;
  readonly form: 'line' | 'cell';
  readonly argument: string;
  /** What follows the first line of a cell magic; empty for a line magic. */
  readonly body: string;
  readonly line: number;
  /** `%name?`, `?%name`, `%name --help`, `%name -h`. */
  readonly isHelp: boolean;
}

export type CellPart = CodePart | MagicPart;

/**
 * Splits a cell at its magics.
 *
 * A magic stands at the start of a line where a statement may begin. What is inside strings, comments, brackets or
 * continued expressions stays code, as do R's `%op%` and names that nobody knows (IPython has magics of its own).
 *
 * @param isMagic - Whether a name is a magic of this kernel.
 * @returns In order; stretches of code that are only white space are left out. Never empty for a cell without magics.
 */
export function splitCell(
  code: string,
  language: Language,
  isMagic: (name: string) => boolean,
): readonly CellPart[] {
  if (!code.includes('%') || !mayHoldMagic(code, isMagic)) {
    return [{ kind: 'code', code, line: 0 }];
  }
  const cellMagic = readCellMagic(code, isMagic);
  if (cellMagic !== undefined) return [cellMagic];
  return splitLines(code, language, isMagic);
}

/** Whether `text` is one line that begins like a magic which `isMagic` knows. */
function readLineMagic(
  line: string,
  isMagic: (name: string) => boolean,
): Omit<MagicPart, 'kind' | 'body' | 'line'> | undefined {
  const match = MAGIC_LINE.exec(line);
  if (match === null) return undefined;
  const { question, percent, name = '', rest = '' } = match.groups ?? {};
  if (!isMagic(name) || !/^(?:\s|\?|$)/.test(rest)) return undefined;
  const isQuestion = question !== '' || /^\s*\?{1,2}\s*$/.test(rest);
  const isHelp = isQuestion || rest.trim() === '-h' || /(?:^|\s)--help\s*$/.test(rest);
  const form = percent === '%%' ? 'cell' : 'line';
  return { name, form, argument: isQuestion ? '' : rest.trim(), isHelp };
}

const MAGIC_LINE =
  /^[ \t]*(?<question>\?{0,2})(?<percent>%%?)(?<name>[A-Za-z][A-Za-z_]*)(?<rest>.*?)\r?$/;

function mayHoldMagic(code: string, isMagic: (name: string) => boolean): boolean {
  for (const [, name = ''] of code.matchAll(/^[ \t]*\??\??%%?([A-Za-z][A-Za-z_]*)/gm)) {
    if (isMagic(name)) return true;
  }
  return false;
}

/** The cell as one magic, when its first line that is not blank is `%%name`. */
function readCellMagic(code: string, isMagic: (name: string) => boolean): MagicPart | undefined {
  const start = /^(?:[ \t]*\r?\n)*/.exec(code)?.[0] ?? '';
  const endOfLine = (from: number): number => {
    const newline = code.indexOf('\n', from);
    return newline < 0 ? code.length : newline;
  };
  let end = endOfLine(start.length);
  const magic = readLineMagic(code.slice(start.length, end), isMagic);
  if (magic?.form !== 'cell') return undefined;
  let { argument } = magic;
  while (argument.endsWith('\\') && end < code.length) {
    const next = endOfLine(end + 1);
    argument = `${argument.slice(0, -1)} ${code.slice(end + 1, next).trim()}`;
    end = next;
  }
  return { kind: 'magic', ...magic, argument, body: code.slice(end + 1), line: countLines(start) };
}

function splitLines(
  code: string,
  language: Language,
  isMagic: (name: string) => boolean,
): readonly CellPart[] {
  const lines = code.split('\n');
  // `%%writefile` and the like take the whole cell: what follows is not ours to read.
  if (/^\s*%%/.test(code)) return [{ kind: 'code', code, line: 0 }];
  const lexer = language.createLexer();
  const parts: CellPart[] = [];
  let codeStart = 0;
  const endCode = (end: number): void => {
    const text = lines.slice(codeStart, end).join('\n');
    if (text.trim() !== '') parts.push({ kind: 'code', code: text, line: codeStart });
  };
  for (let index = 0; index < lines.length; index += 1) {
    const line = lines[index] ?? '';
    const magic = mayBeginMagic(line, language, lexer.atStatementLevel)
      ? readLineMagic(line, isMagic)
      : undefined;
    if (magic === undefined) {
      lexer.feed(line);
      continue;
    }
    endCode(index);
    let { argument } = magic;
    const first = index;
    // A backslash at the end of a magic's line: the next line belongs to it.
    while (argument.endsWith('\\') && index + 1 < lines.length) {
      index += 1;
      argument = `${argument.slice(0, -1)} ${(lines[index] ?? '').trim()}`;
    }
    parts.push({ kind: 'magic', ...magic, argument, body: '', line: first });
    codeStart = index + 1;
  }
  if (parts.length === 0) return [{ kind: 'code', code, line: 0 }];
  endCode(lines.length);
  return parts;
}

/** An indented line belongs to a block of Python; R gives white space no meaning. */
function mayBeginMagic(line: string, language: Language, atStatementLevel: boolean): boolean {
  return atStatementLevel && (language.name === 'R' || !/^[ \t]/.test(line));
}

function countLines(text: string): number {
  return text.split('\n').length - 1;
}
