// The answer of a service: outputs, console, files and errors.
import type { WebServiceResult } from '../../api/index.js';
import { button, make, saveAs, table, type Child } from './dom.js';
import { sizeOf } from './words.js';

const IMAGE_TYPES: Readonly<Record<string, string>> = {
  png: 'image/png',
  jpg: 'image/jpeg',
  jpeg: 'image/jpeg',
  gif: 'image/gif',
  webp: 'image/webp',
  svg: 'image/svg+xml',
};
/** A longer table is cut: the page is to stay usable. */
const MAX_SHOWN_ROWS = 100;

/** @param elapsedMs - Time of the call as the browser saw it. */
export function resultView(result: WebServiceResult, elapsedMs?: number): HTMLElement {
  const { success, errorMessage, outputParameters, consoleOutput, outputFiles } = result;
  const isGood = success === true;
  const took = elapsedMs === undefined ? '' : ` in ${elapsedMs.toFixed(0)} ms`;
  return make(
    'div',
    { class: 'result' },
    make(
      'p',
      { class: isGood ? 'state pass' : 'state fail' },
      `${isGood ? 'Answered' : 'The code failed'}${took}`,
    ),
    isGood ? undefined : make('pre', { class: 'bad' }, errorMessage ?? ''),
    outputs(outputParameters ?? {}),
    consoleOutput === undefined || consoleOutput === ''
      ? undefined
      : section('Console', make('pre', { tabindex: '0', 'aria-label': 'Console' }, consoleOutput)),
    files(outputFiles ?? {}),
  );
}

function section(title: string, ...content: readonly Child[]): HTMLElement {
  return make('section', {}, make('h4', {}, title), ...content);
}

function outputs(values: Readonly<Record<string, unknown>>): HTMLElement | undefined {
  const entries = Object.entries(values);
  if (entries.length === 0) return undefined;
  const list = entries.flatMap(([name, value]) => [
    make('dt', {}, name),
    make('dd', {}, valueView(name, value)),
  ]);
  return section('Outputs', make('dl', {}, ...list));
}

function valueView(name: string, value: unknown): Node {
  const columns = columnsOf(value);
  if (columns !== undefined) return dataFrame(name, columns);
  const isShort = typeof value !== 'object' || value === null;
  const text = typeof value === 'string' ? value : JSON.stringify(value, null, isShort ? 0 : 1);
  return make('pre', { tabindex: isShort ? undefined : '0' }, text);
}

type Columns = readonly (readonly [string, readonly unknown[]])[];

/** Columns of one length are a data frame. */
function columnsOf(value: unknown): Columns | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const entries = Object.entries(value);
  const length = (entries[0]?.[1] as { length?: unknown } | undefined)?.length;
  const isTable = entries.every(([, cells]) => Array.isArray(cells) && cells.length === length);
  return isTable && entries.length > 0 ? entries : undefined;
}

function dataFrame(name: string, columns: Columns): HTMLElement {
  const rowCount = columns[0]?.[1].length ?? 0;
  const rows = Array.from({ length: Math.min(rowCount, MAX_SHOWN_ROWS) }, (_, row) =>
    columns.map(([, cells]) => textOf(cells[row])),
  );
  const rest = rowCount - rows.length;
  return make(
    'div',
    { class: 'scroll', tabindex: '0', role: 'group', 'aria-label': name },
    table(
      name,
      columns.map(([title]) => title),
      rows,
    ),
    rest > 0 ? make('p', { class: 'muted' }, `and ${rest} more rows`) : undefined,
  );
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function files(contents: Readonly<Record<string, string | null>>): HTMLElement | undefined {
  const entries = Object.entries(contents);
  if (entries.length === 0) return undefined;
  return section('Files', ...entries.map(([name, base64]) => fileView(name, base64)));
}

function fileView(name: string, base64: string | null): HTMLElement {
  if (base64 === null) return make('p', { class: 'muted' }, `${name}: the code did not make it`);
  const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
  const type = IMAGE_TYPES[name.split('.').at(-1)?.toLowerCase() ?? ''];
  const blob = new Blob([bytes], { type: type ?? 'application/octet-stream' });
  const save = (): void => {
    saveAs(blob, name);
  };
  return make(
    'figure',
    {},
    type === undefined
      ? undefined
      : make('img', { src: `data:${type};base64,${base64}`, alt: `File ${name}` }),
    make(
      'figcaption',
      { class: 'row' },
      `${name}, ${sizeOf(bytes.length)}`,
      button('Download', save, { class: 'quiet', 'aria-label': `Download ${name}` }),
    ),
  );
}
