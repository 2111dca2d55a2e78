import { describe, expect, test } from 'vitest';
import { judgeCompleteness } from '../../../../src/bridge/is-complete.js';
import { languageOf, type LanguageName } from '../../../../src/bridge/language/languages.js';

const isMagic = (name: string): boolean => ['snapshot', 'inputs', 'time'].includes(name);

function judge(code: string, language: LanguageName): string {
  const { completeness } = judgeCompleteness(code, languageOf(language), isMagic);
  return completeness.status === 'incomplete'
    ? `incomplete:${completeness.indent}`
    : completeness.status;
}

describe('R', () => {
  test.each([
    ['1 + 1', 'complete'],
    ['', 'complete'],
    ['x <- 1 # (', 'complete'],
    ['f <- function(x) x + 1', 'complete'],
    ['x <- r"(a "b" )"', 'complete'],
    ['x %in% y', 'complete'],
    ['if (a) b', 'complete'],
    ['x[[1]]', 'complete'],
    ['-5', 'complete'],
    ['x$`a b`', 'complete'],
    ['étiquette <- 1', 'complete'],
    ['f(1,', 'incomplete:  '],
    ['{', 'incomplete:  '],
    ['f(function() {', 'incomplete:  '],
    ['f <- function() {\n  x', 'incomplete:  '],
    ['f <- function() {\n  if (x) {', 'incomplete:    '],
    ['f <- function() {\n  if (x) {\n    y\n  }', 'incomplete:  '],
    ['x %>%\n  f() %>%', 'incomplete:  '],
    ['x |>\n  f(\n    a,', 'incomplete:    '],
    ['x +', 'incomplete:  '],
    ['x <-', 'incomplete:  '],
    ['x |>', 'incomplete:  '],
    ['x %in%', 'incomplete:  '],
    ['if (a)', 'incomplete:  '],
    ['if (a) b else', 'incomplete:  '],
    ['for (i in 1:3)', 'incomplete:  '],
    ['function(x)', 'incomplete:  '],
    ['\\(x)', 'incomplete:  '],
    ['"a', 'incomplete:'],
    ['r"(a)', 'incomplete:'],
    ['`a', 'incomplete:'],
    [')', 'invalid'],
    ['(1]', 'invalid'],
    ['x %in y', 'invalid'],
  ])('%j is %s', (code, expected) => {
    expect(judge(code, 'R')).toBe(expected);
  });
});

describe('Python', () => {
  test.each([
    ['1 + 1', 'complete'],
    ['', 'complete'],
    ['x = "a" # (', 'complete'],
    ['x = {"a": 1}', 'complete'],
    ["x = '''a\nb'''", 'complete'],
    ['for i in x:\n    f(i)\n', 'complete'],
    ['x = [1,\n  2]', 'complete'],
    ['x: int = 3', 'complete'],
    ['f(1,', 'incomplete:    '],
    ['f(1,\n    2,', 'incomplete:    '],
    ['    f(1,', 'incomplete:        '],
    ['def f():\n    return 1', 'incomplete:'],
    ['for i in x:\n    if i:\n        break', 'incomplete:    '],
    ['for i in x:', 'incomplete:    '],
    ['for i in x: # all', 'incomplete:    '],
    ['for i in x:\n    f(i)', 'incomplete:    '],
    ['for i in x:\n    if i:', 'incomplete:        '],
    ['def f():\n    """', 'incomplete:'],
    ['@property', 'incomplete:'],
    ['x = 1 + \\', 'incomplete:    '],
    ["x = 'a\\", 'incomplete:'],
    ["'''a", 'incomplete:'],
    ['x = "a', 'invalid'],
    [')', 'invalid'],
    ['(1]', 'invalid'],
  ])('%j is %s', (code, expected) => {
    expect(judge(code, 'python')).toBe(expected);
  });
});

describe('magics', () => {
  test.each([
    ['%snapshot create A', 'complete'],
    ['%inputs a=1 \\', 'incomplete:'],
    ['%%inputs', 'incomplete:'],
    ['%%inputs\n{', 'incomplete:'],
    ['%%inputs\n{}\n', 'complete'],
    ['%snapshot create A\nx +', 'incomplete:  '],
  ])('%j is %s', (code, expected) => {
    expect(judge(code, 'R')).toBe(expected);
  });
});
