// HTML for tables of text; everything in it is escaped.

/** Text as it may stand in HTML, attributes included. */
export function escapeHtml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}

/** One column of a printed table. */
export interface Column {
  readonly title: string;
  /** Numbers stand to the right. */
  readonly isNumeric?: boolean;
}

/** A table as HTML. @param caption - Above it; empty for none. */
export function htmlTable(
  caption: string,
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
): string {
  const cells = (tag: 'th' | 'td', texts: readonly string[]): string =>
    texts
      .map((text, index) => {
        const align = columns[index]?.isNumeric === true ? 'right' : 'left';
        return `<${tag} style="text-align: ${align}">${escapeHtml(text)}</${tag}>`;
      })
      .join('');
  const head = `<tr>${cells(
    'th',
    columns.map(({ title }) => title),
  )}</tr>`;
  const body = rows.map((row) => `<tr>${cells('td', row)}</tr>`).join('\n');
  // On one line: a table of two narrow columns would break it into single words.
  const title =
    caption === '' ? '' : `<caption style="white-space: nowrap">${escapeHtml(caption)}</caption>\n`;
  return `<table>\n${title}<thead>${head}</thead>\n<tbody>\n${body}\n</tbody>\n</table>`;
}

/** The same table as lines of text, columns aligned. */
export function textTable(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
): string {
  const lines = [columns.map(({ title }) => title), ...rows];
  const widths = columns.map((_, index) =>
    lines.reduce((widest, line) => Math.max(widest, (line[index] ?? '').length), 0),
  );
  return lines
    .map((line) =>
      line
        .map((text, index) => {
          const width = widths[index] ?? 0;
          return columns[index]?.isNumeric === true ? text.padStart(width) : text.padEnd(width);
        })
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
