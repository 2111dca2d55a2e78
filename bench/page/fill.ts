// Puts what is generated between its marks in a document that is otherwise written by hand.

const END = '<!-- end -->';

/** @throws Error when a mark is missing. */
export function fill(document: string, parts: Readonly<Record<string, string>>): string {
  return Object.entries(parts).reduce((text, [name, content]) => {
    const begin = `<!-- generated: ${name} -->`;
    const [before, rest] = text.split(begin);
    const after = rest?.slice(rest.indexOf(END));
    if (before === undefined || after === undefined || !after.startsWith(END)) {
      throw new Error(`${begin} or its ${END} is missing`);
    }
    return `${before}${begin}\n\n${content}\n\n${after}`;
  }, document);
}
