// Writes text as a Python string literal that every Python from 3.5 on reads back unchanged.

const ESCAPES: Readonly<Record<string, string>> = {
  '\\': '\\\\',
  '"': '\\"',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
};

/**
 * A double-quoted literal in printable ASCII, on one line. Lone surrogates stay lone surrogates.
 *
 * @see https://docs.python.org/3.5/reference/lexical_analysis.html#string-and-bytes-literals
 */
export function pythonLiteral(text: string): string {
  // The `u` flag takes a surrogate pair as the one character that Python knows it as.
  return `"${text.replace(/[^ !#-[\]-~]/gu, escapeCharacter)}"`;
}

function escapeCharacter(character: string): string {
  const known = ESCAPES[character];
  if (known !== undefined) return known;
  const codePoint = character.codePointAt(0) ?? 0;
  const digits = codePoint.toString(16);
  if (codePoint < 0x100) return `\\x${digits.padStart(2, '0')}`;
  if (codePoint < 0x10000) return `\\u${digits.padStart(4, '0')}`;
  return `\\U${digits.padStart(8, '0')}`;
}
