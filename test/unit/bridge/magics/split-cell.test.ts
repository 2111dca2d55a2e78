import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { languageOf, type LanguageName } from '../../../../src/bridge/language/languages.js';
import { splitCell } from '../../../../src/bridge/magics/split-cell.js';

const KNOWN = new Set(['snapshot', 'inputs', 'outputs', 'session', 'time', 'help']);
const isMagic = (name: string): boolean => KNOWN.has(name);

/** Parts as short texts: `code@line:text`, `%name|argument`, `%%name|argument|body`, `?name`. */
function split(code: string, language: LanguageName): readonly string[] {
  return splitCell(code, languageOf(language), isMagic).map((part) => {
    if (part.kind === 'code') return `code@${part.line.toString()}:${part.code}`;
    if (part.isHelp) return `?${part.name}`;
    return part.form === 'line'
      ? `%${part.name}|${part.argument}`
      : `%%${part.name}|${part.argument}|${part.body}`;
  });
}

describe('a magic is found', () => {
  test.each<[string, LanguageName, string, string[]]>([
    ['with the whole cell, over two lines', 'R', '%%time a \\\n  b\nx', ['%%time|a  b|x']],
    ['with the whole cell, whose last line goes on', 'R', '%%time a \\', ['%%time|a \\|']],
    ['alone', 'R', '%snapshot', ['%snapshot|']],
    ['with an argument', 'R', '%snapshot create A b', ['%snapshot|create A b']],
    ['with Windows line ends', 'R', 'x\r\n%session\r\ny', ['code@0:x\r', '%session|', 'code@2:y']],
    ['before code', 'python', '%inputs a=1\na + 1', ['%inputs|a=1', 'code@1:a + 1']],
    ['after code', 'R', 'x <- 1\n%outputs x', ['code@0:x <- 1', '%outputs|x']],
    [
      'between code',
      'R',
      'x <- 1\n\n%session list\ny <- 2\n',
      ['code@0:x <- 1\n', '%session|list', 'code@3:y <- 2\n'],
    ],
    [
      'after an R block',
      'R',
      'f <- function(x) {\n  x\n}\n%session',
      ['code@0:f <- function(x) {\n  x\n}', '%session|'],
    ],
    ['indented in R, which gives white space no meaning', 'R', '  %session', ['%session|']],
    [
      'after a Python block',
      'python',
      'for i in x:\n    f(i)\n%session',
      ['code@0:for i in x:\n    f(i)', '%session|'],
    ],
    [
      'after a comment that ends like an operator',
      'R',
      'x # +\n%session',
      ['code@0:x # +', '%session|'],
    ],
    ['after an apostrophe in a comment', 'R', "# it's\n%session", ["code@0:# it's", '%session|']],
    [
      'after an apostrophe in another magic',
      'R',
      '%inputs a="it\'s"\n%session',
      ['%inputs|a="it\'s"', '%session|'],
    ],
    [
      'after a string that is closed',
      'python',
      's = """a\n"""\n%session',
      ['code@0:s = """a\n"""', '%session|'],
    ],
    [
      'after an R raw string',
      'R',
      'p <- r"(C:\\dir\\)"\n%session',
      ['code@0:p <- r"(C:\\dir\\)"', '%session|'],
    ],
    ['after R numbers like 1e-5', 'R', 'x <- 1e-5\n%session', ['code@0:x <- 1e-5', '%session|']],
    [
      'after an R lambda with body',
      'R',
      'f <- \\(x) x\n%session',
      ['code@0:f <- \\(x) x', '%session|'],
    ],
    ['continued by a backslash', 'R', '%inputs a=1 \\\n  b=2\na', ['%inputs|a=1  b=2', 'code@2:a']],
    ['as a cell', 'python', '%%inputs\n{"a": 1}\n', ['%%inputs||{"a": 1}\n']],
    ['as a cell after empty lines', 'R', '\n  \n%%inputs\n{}', ['%%inputs||{}']],
    ['as a cell on its only line', 'R', '%%time', ['%%time||']],
    ['asked for help', 'R', '%snapshot?', ['?snapshot']],
    ['asked for help before', 'python', '?%snapshot', ['?snapshot']],
    ['asked for help by an option', 'R', '%snapshot create --help', ['?snapshot']],
    ['asked for help by -h', 'R', '%snapshot -h', ['?snapshot']],
  ])('%s', (_title, language, code, parts) => {
    expect(split(code, language)).toEqual(parts);
  });
});

describe('code stays code', () => {
  test.each<[string, LanguageName, string]>([
    ["R's %in%", 'R', 'x %in% y'],
    ["R's %in% at the start of a line in brackets", 'R', '(x\n%in% y)'],
    ['an R operator named like a magic', 'R', 'x\n%time% y'],
    ['an R operator at the start of a continued line', 'R', 'x +\n%time'],
    ['an unknown magic', 'python', '%matplotlib inline\nplot(1)'],
    [
      'an unknown cell magic with ours in its body',
      'python',
      '%%writefile a.txt\n%snapshot create A',
    ],
    ['a name that only begins like a magic', 'python', '%timeit f()'],
    ['a Python remainder', 'python', 'x = 7\ny = (x\n% time)'],
    ['a Python continuation line', 'python', 'x = 7 \\\n%time'],
    ['a format operator in brackets', 'python', 'print("%s"\n%time)'],
    ['a comment', 'R', '# %snapshot create A'],
    ['an R string', 'R', 'x <- "\n%snapshot create A\n"'],
    ['an R string with escaped quotes', 'R', 'x <- "\\"\n%snapshot\n"'],
    ['an R string in single quotes', 'R', "x <- '\n%snapshot\n'"],
    ['an R raw string', 'R', 'x <- r"---(\n%snapshot)"\n%snapshot\n)---"'],
    ['an R raw string in braces', 'R', "x <- R'{\n%snapshot\n}'"],
    ['an R name in backticks', 'R', '`a\n%snapshot\n` <- 1'],
    ['an R call over several lines', 'R', 'f(1,\n%snapshot\n)'],
    ['an R block', 'R', 'if (a) {\n%snapshot create A\n}'],
    ['after an R header without body', 'R', 'if (a)\n%snapshot create A'],
    ['after an R function header', 'R', 'f <- function(x)\n%snapshot'],
    ['after an R lambda header', 'R', 'f <- \\(x)\n%snapshot'],
    ['after an R else', 'R', '{ if (a) 1 else\n%snapshot }'],
    ['a Python string in three quotes', 'python', 'x = """\n%snapshot create A\n"""'],
    ['a Python string in three single quotes', 'python', "x = f'''\n%snapshot {a}\n'''"],
    [
      'a Python raw string with a backslash at the quote',
      'python',
      'x = r"""\\"""\n%snapshot\n"""',
    ],
    ['a Python string over a backslash', 'python', 'x = "a\\\n%snapshot"'],
    ['a Python list', 'python', 'x = [\n%snapshot\n]'],
    ['a line in a Python block', 'python', 'if a:\n    %snapshot create A'],
  ])('%s', (_title, language, code) => {
    expect(split(code, language)).toEqual([`code@0:${code}`]);
  });

  test.each(['R', 'python'] as const)('whatever has no known magic, byte for byte (%s)', (name) => {
    const word = fc.constantFrom(
      '%in%',
      '%',
      '%%',
      '"',
      "'",
      '(',
      ')',
      '\n',
      '\r\n',
      ' ',
      'x',
      '#',
      '\\',
      '`',
      '%matplotlib',
      '?',
      'é',
      '🙂',
    );
    const code = fc.oneof(
      fc.string({ unit: 'grapheme' }),
      fc.array(word).map((words) => words.join('')),
    );

    fc.assert(
      fc.property(code, (text) => {
        expect(splitCell(text, languageOf(name), isMagic)).toEqual([
          { kind: 'code', code: text, line: 0 },
        ]);
      }),
    );
  });

  test.each(['R', 'python'] as const)(
    'every line of a cell is in one part, in order (%s)',
    (name) => {
      const line = fc.constantFrom(
        '%session list',
        'x',
        '(',
        ')',
        '"',
        '# %time',
        '  %time',
        '',
        '%outputs a',
        'if (x)',
        '%in%',
      );

      fc.assert(
        fc.property(fc.array(line, { minLength: 1 }), (lines) => {
          const code = lines.join('\n');

          const parts = splitCell(code, languageOf(name), isMagic);

          const seen = parts.flatMap((part) =>
            part.kind === 'code'
              ? part.code.split('\n')
              : [`%${part.name} ${part.argument}`.trim()],
          );
          const isText = (text: string): boolean => text.trim() !== '';
          expect(seen.map((text) => text.trim()).filter(isText)).toEqual(
            lines.map((text) => text.trim()).filter(isText),
          );
        }),
      );
    },
  );
});
