// What differs between two runs of the same cell.
import { differing, inWords, type Finding } from './findings.js';
import { readPicture } from './png.js';
import { compareRErrors } from './r-errors.js';
import type { Forms, Language, ShownCell, ShownError } from './outputs.js';

/** Sizes may differ by a tenth, and the drawn share by this much of the whole picture. */
const SIZE_TOLERANCE = 0.1;
const INK_TOLERANCE = 0.03;

const COMPARED_APART = ['text/plain', 'text/html', 'image/png', 'image/svg+xml'];

/** What differs, at most one finding of a kind. An empty list: the cell shows the same in both kernels. */
export function compareCells(
  ours: ShownCell,
  theirs: ShownCell,
  language: Language,
): readonly Finding[] {
  const findings = [
    ...differing('order', ours.order.join(', '), theirs.order.join(', ')),
    ...differing('stdout', ours.stdout, theirs.stdout),
    ...differing('stderr', ours.stderr, theirs.stderr),
    ...pairs(ours.values, theirs.values).flatMap(([mine, other]) =>
      compareForms(mine, other, language),
    ),
    ...compareErrors(ours.error, theirs.error, language),
  ];
  return findings.filter(
    ({ kind }, index) => findings.findIndex((other) => other.kind === kind) === index,
  );
}

/** Each value of the peer with ours. Where ours shows more, those that have all the peer's types are taken in order. */
function pairs(
  ours: readonly Forms[],
  theirs: readonly Forms[],
): readonly (readonly [Forms, Forms])[] {
  let next = 0;
  return theirs.map((other, index) => {
    const hasAll = (mine: Forms): boolean => Object.keys(other).every((type) => type in mine);
    const surplus = ours.length - next - (theirs.length - index);
    const skipped = ours.slice(next, next + surplus + 1).findIndex(hasAll);
    next += Math.max(0, skipped) + 1;
    return [ours[next - 1] ?? {}, other] as const;
  });
}

function compareErrors(
  ours: ShownError | undefined,
  theirs: ShownError | undefined,
  language: Language,
): readonly Finding[] {
  if (language === 'r' && ours !== undefined && theirs !== undefined)
    return compareRErrors(ours, theirs);
  return (['ename', 'evalue', 'traceback'] as const).flatMap((field) =>
    differing(field, ours?.[field] ?? '', theirs?.[field] ?? ''),
  );
}

function compareForms(ours: Forms, theirs: Forms, language: Language): readonly Finding[] {
  const missing = Object.keys(theirs).filter((type) => !(type in ours));
  const findings: Finding[] = [];
  if (missing.length > 0)
    findings.push({ kind: 'types', ours: `without ${missing.join(', ')}`, theirs: 'with' });
  const both = (type: string): readonly [string, string] | undefined => {
    const [mine, other] = [ours[type], theirs[type]];
    return mine === undefined || other === undefined ? undefined : [mine, other];
  };
  // The text beside R's plots is a title or a size, and seen by nobody.
  const text = language === 'r' && 'image/png' in theirs ? undefined : both('text/plain');
  // R's text of a table is set differently; that its words are the same is what counts.
  const isTable = language === 'r' && 'text/html' in theirs;
  if (text !== undefined)
    findings.push(...differing('text', ...(isTable ? mapBoth(text, inWords) : text)));
  const html = both('text/html');
  if (html !== undefined) findings.push(...differing('html', ...mapBoth(html, textOfHtml)));
  // R's Markdown and LaTeX are ours; Python's come from the same libraries. An SVG has its date and chance names inside.
  const others = Object.keys(theirs).filter((type) => !COMPARED_APART.includes(type));
  for (const type of language === 'python' ? others : [])
    findings.push(...differing('data', ...(both(type) ?? ['', ''])));
  const picture = both('image/png');
  if (picture !== undefined) findings.push(...comparePictures(...picture));
  return findings;
}

function comparePictures(ours: string, theirs: string): readonly Finding[] {
  const [mine, other] = mapBoth([ours, theirs], (text) => readPicture(Buffer.from(text, 'base64')));
  const isNear = (a: number, b: number): boolean => Math.abs(a - b) <= SIZE_TOLERANCE * b;
  const isAlike =
    isNear(mine.width, other.width) &&
    isNear(mine.height, other.height) &&
    Math.abs(mine.ink - other.ink) <= INK_TOLERANCE &&
    (mine.ink > 0 || other.ink === 0);
  const described = ({ width, height, ink }: typeof mine): string =>
    `${width} x ${height}, ${(100 * ink).toFixed(1)} % drawn`;
  return isAlike ? [] : [{ kind: 'picture', ours: described(mine), theirs: described(other) }];
}

const mapBoth = <From, To>(
  [first, second]: readonly [From, From],
  change: (from: From) => To,
): readonly [To, To] => [change(first), change(second)];

const ENTITIES: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  nbsp: ' ',
  times: '×',
};

/** What one reads in the page: cells of tables one after the other, no styles and scripts. */
function textOfHtml(html: string): string {
  const text = html
    .replaceAll(/<(style|script)\b[^]*?<\/\1>/gi, ' ')
    .replaceAll(/<!--[^]*?-->/g, ' ')
    .replaceAll(/<\/t[dh]>/gi, ' | ')
    .replaceAll(/<[^>]*>/g, ' ')
    .replaceAll(/&#(\d+);/g, (_, code: string) => String.fromCodePoint(Number(code)))
    .replaceAll(/&#x([0-9a-f]+);/gi, (_, code: string) => String.fromCodePoint(parseInt(code, 16)))
    .replaceAll(/&(\w+);/g, (entity, name: string) => ENTITIES[name] ?? entity);
  return inWords(text);
}
