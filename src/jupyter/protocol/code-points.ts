// Text positions: the protocol counts Unicode code points (since 5.2), JavaScript UTF-16 units.
//
// Every position on the wire is in code points: `cursor_pos`, `cursor_start`, `cursor_end`, and `start` and `end` of
// `_jupyter_types_experimental`, as ipykernel sends them. JupyterLab converts the cursor fields from and to UTF-16
// itself and does not use `start` and `end`, so nothing has to be sent in its units. UTF-16 ends at this folder's door:
// `Interpreter` speaks it on both sides.

/**
 * The UTF-16 index of a position counted in code points. Positions outside the text are moved to its nearer end.
 *
 * @see https://jupyter-client.readthedocs.io/en/stable/messaging.html#cursor-pos-unicode-note
 */
export function toUtf16Index(text: string, codePoints: number): number {
  let index = 0;
  for (let count = 0; count < codePoints && index < text.length; count += 1) {
    index += isPairAt(text, index) ? 2 : 1;
  }
  return index;
}

/**
 * How many code points lie before a UTF-16 index. An index inside a surrogate pair counts as before it;
 * an index outside the text is moved to its nearer end.
 */
export function toCodePoints(text: string, utf16Index: number): number {
  const end = Math.min(utf16Index, text.length);
  let count = 0;
  for (let index = 0; index < end; count += 1) {
    index += isPairAt(text, index) ? 2 : 1;
    if (index > end) break;
  }
  return count;
}

function isPairAt(text: string, index: number): boolean {
  return (text.codePointAt(index) ?? 0) > 0xffff;
}
