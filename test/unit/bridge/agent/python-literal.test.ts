import { describe, expect, test } from 'vitest';
import { pythonLiteral } from '../../../../src/bridge/agent/python-literal.js';

describe('pythonLiteral', () => {
  test.each([
    ['plain text', 'print(1)', '"print(1)"'],
    ['quotes and backslashes', `a"b'c\\`, `"a\\"b'c\\\\"`],
    ['line ends and tabs', 'a\r\n\tb', '"a\\r\\n\\tb"'],
    ['control characters', '\u0000\u001e\u007f', '"\\x00\\x1e\\x7f"'],
    ['letters beyond ASCII', 'é€', '"\\xe9\\u20ac"'],
    ['a character beyond the first plane as one', '😀', '"\\U0001f600"'],
    ['a lone surrogate', '\ud83d', '"\\ud83d"'],
    ['separators which JavaScript takes as line ends', '\u2028', '"\\u2028"'],
    ['nothing', '', '""'],
  ])('writes %s', (_title, text, literal) => {
    expect(pythonLiteral(text)).toBe(literal);
  });
});
