// Glob patterns as SQLite's GLOB reads them, which IPython's history gave to front ends.

/** `*` any text, `?` one character, `[a-z]` one of these, `[^a-z]` one other; case counts. Matches the whole text. */
export function globExpression(pattern: string): RegExp {
  let source = '';
  for (let at = 0; at < pattern.length; at += 1) {
    const character = pattern.charAt(at);
    const end = character === '[' ? classEnd(pattern, at) : -1;
    if (end !== -1) {
      source += classSource(pattern.slice(at + 1, end));
      at = end;
    } else if (character === '*') source += '[\\s\\S]*';
    else if (character === '?') source += '[\\s\\S]';
    else if (character === '[')
      source += '[]'; // an open bracket that is never closed matches nothing
    else source += character.replace(/[.+^${}()|\]\\/]/, String.raw`\$&`);
  }
  return new RegExp(`^${source}$`, 'u');
}

/** A `]` that comes first is one of the characters. */
function classEnd(pattern: string, start: number): number {
  const first = pattern.charAt(start + 1) === '^' ? start + 2 : start + 1;
  return pattern.indexOf(']', first + 1);
}

function classSource(members: string): string {
  const isNegated = members.startsWith('^');
  const escaped = (isNegated ? members.slice(1) : members).replaceAll(
    /[\\\]^[{}()|/.*+?$&~!#%,:;<=>@`]/g,
    (character) => `\\u{${character.charCodeAt(0).toString(16)}}`,
  );
  return `[${isNegated ? '^' : ''}${escaped}]`;
}
