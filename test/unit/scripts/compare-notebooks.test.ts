// The comparison of notebooks finds what differs, and nothing else; its list and its document are kept up.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { deflateSync } from 'node:zlib';
import { format, resolveConfig } from 'prettier';
import { describe, expect, test } from 'vitest';
import { compareCells } from '../../../scripts/compare-notebooks/compare.js';
import { fillCompared } from '../../../scripts/compare-notebooks/document.js';
import {
  check,
  readKnownDifferences,
} from '../../../scripts/compare-notebooks/known-differences.js';
import { listNotebooks, NOTEBOOKS } from '../../../scripts/compare-notebooks/notebooks.js';
import {
  shownCells,
  type Language,
  type ShownCell,
  type StoredNotebook,
} from '../../../scripts/compare-notebooks/outputs.js';
import { readPicture } from '../../../scripts/compare-notebooks/png.js';

type Outputs = NonNullable<StoredNotebook['cells'][number]['outputs']>;

function shown(language: Language, outputs: Outputs): ShownCell {
  const [cell] = shownCells({ cells: [{ cell_type: 'code', source: 'x', outputs }] }, language);
  if (cell === undefined) throw new Error('no cell');
  return cell;
}

const kinds = (language: Language, ours: Outputs, theirs: Outputs): readonly string[] =>
  compareCells(shown(language, ours), shown(language, theirs), language).map(({ kind }) => kind);

const stream = (name: string, text: string): Outputs[number] => ({
  output_type: 'stream',
  name,
  text,
});

const value = (data: Record<string, unknown>, type = 'execute_result'): Outputs[number] => ({
  output_type: type,
  data,
});

/** A grey picture of 8 bits; `drawn` pixels at its end are black. */
function picture(width: number, height: number, drawn: number): string {
  const rows = Buffer.alloc((width + 1) * height, 200);
  for (let row = 0; row < height; row += 1) rows[row * (width + 1)] = 0;
  rows.fill(0, rows.length - drawn);
  const chunk = (type: string, data: Buffer): Buffer => {
    const size = Buffer.alloc(4);
    size.writeUInt32BE(data.length);
    return Buffer.concat([size, Buffer.from(type), data, Buffer.alloc(4)]);
  };
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header[8] = 8;
  const file = Buffer.concat([
    Buffer.alloc(8),
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(rows)),
    chunk('IEND', Buffer.alloc(0)),
  ]);
  return file.toString('base64');
}

describe('cells are alike', () => {
  test('when streams come in other pieces, colours and addresses', () => {
    const ours = [
      stream('stdout', 'a\n'),
      stream('stdout', '\u001b[31mb\u001b[0m at 0x7f00aa11bb\n'),
    ];
    const theirs = [stream('stdout', 'a\nb at 0x55cc66dd77\n')];

    expect(kinds('python', ours, theirs)).toEqual([]);
  });

  test('when R prints what IRkernel sends as text', () => {
    const theirs = [value({ 'text/plain': '[1] 1' }, 'display_data'), stream('stdout', 'b\n')];

    expect(kinds('r', [stream('stdout', '[1] 1\nb\n')], theirs)).toEqual([]);
  });

  test('when HTML has other markup and the same cells', () => {
    const ours = value({ 'text/html': '<table><tr><td>1</td><td>a &lt; b</td></tr></table>' });
    const theirs = value({
      'text/html':
        '<style>td {}</style>\n<table>\n<tr><td> 1</td><td><i>a &#60; b</i></td></tr></table>',
    });

    expect(kinds('python', [ours], [theirs])).toEqual([]);
  });

  test('when an R error is worded for the other kernel', () => {
    const ours = {
      output_type: 'error',
      ename: 'Error',
      evalue: 'no',
      traceback: ['Error in f(1) : no', 'Traceback:', '2: stop("no") at In[3]#1', '1: f(1)'],
    };
    const theirs = {
      output_type: 'error',
      ename: 'ERROR',
      evalue: 'Error in f(1): no\n',
      traceback: [
        'Error in f(1): no\nTraceback:\n\n1. f(1)\n2. stop("no")   # at line 1 of file <text>',
      ],
    };

    expect(kinds('r', [ours], [theirs])).toEqual([]);
    expect(kinds('r', [{ ...ours, evalue: 'yes' }], [theirs])).toEqual(['evalue']);
    expect(kinds('r', [{ ...ours, traceback: ['1: f(1)'] }], [theirs])).toEqual(['traceback']);
  });
});

describe('a difference is found', () => {
  test.each<[string, Outputs, Outputs, readonly string[]]>([
    ['text', [stream('stdout', 'a')], [stream('stdout', 'b')], ['stdout']],
    ['the stream', [stream('stdout', 'a')], [stream('stderr', 'a')], ['stdout', 'stderr']],
    [
      'the order',
      [stream('stdout', 'a'), value({ 'text/plain': '1' })],
      [value({ 'text/plain': '1' }), stream('stdout', 'a')],
      ['order'],
    ],
    [
      'the message type',
      [value({ 'text/plain': '1' }, 'display_data')],
      [value({ 'text/plain': '1' })],
      ['order'],
    ],
    [
      'a missing type',
      [value({ 'text/plain': '1' })],
      [value({ 'text/plain': '1', 'text/html': '1' })],
      ['types'],
    ],
    [
      'cells of a table',
      [value({ 'text/html': '<td>1 2</td>' })],
      [value({ 'text/html': '<td>1</td><td>2</td>' })],
      ['html'],
    ],
    [
      'a chart',
      [value({ 'application/json': { a: 1 } })],
      [value({ 'application/json': { a: 2 } })],
      ['data'],
    ],
    ['nothing shown', [], [value({ 'text/plain': '1' })], ['order', 'types']],
    [
      'an error',
      [{ output_type: 'error', ename: 'A', evalue: 'v', traceback: ['t'] }],
      [{ output_type: 'error', ename: 'B', evalue: 'w', traceback: ['u'] }],
      ['ename', 'evalue', 'traceback'],
    ],
  ])('in %s', (_what, ours, theirs, expected) => {
    expect(kinds('python', ours, theirs)).toEqual(expected);
  });

  test('more types than the other has are none', () => {
    const ours = value({ 'text/plain': '1', 'text/html': '1' });

    expect(kinds('python', [ours], [value({ 'text/plain': '1' })])).toEqual([]);
  });

  test('an output more of ours is skipped over', () => {
    const extra = value({ 'text/html': '' }, 'display_data');
    const both = value({ 'text/plain': '1' });

    expect(kinds('python', [extra, both], [both])).toEqual(['order']);
  });
});

describe('pictures', () => {
  const of = (data: string): Outputs => [value({ 'image/png': data })];

  test.each([
    ['the same', picture(100, 100, 500), []],
    ['a little smaller', picture(95, 95, 450), []],
    ['much smaller', picture(80, 100, 400), ['picture']],
    ['blank', picture(100, 100, 0), ['picture']],
    ['drawn on twice as much', picture(100, 100, 1000), ['picture']],
  ])('%s', (_what, ours, expected) => {
    expect(kinds('r', of(ours), of(picture(100, 100, 500)))).toEqual(expected);
  });

  test.each([
    ['1 and 2', [1, 10, 10, 10], [2, 0, 0, 0]],
    ['3 and 4', [3, 10, 15, 20], [4, 0, 0, 0]],
  ])('rows with the filters %s have their bytes again', (_filters, first, second) => {
    // Both are 10 20 30, stored as differences.
    const packed = Buffer.from([...first, ...second]);
    const file = Buffer.from(picture(3, 2, 0), 'base64');
    const body = deflateSync(packed);
    const header = file.subarray(0, 33);
    const size = Buffer.alloc(4);
    size.writeUInt32BE(body.length);

    const { width, height, ink } = readPicture(
      Buffer.concat([header, size, Buffer.from('IDAT'), body, Buffer.alloc(4)]),
    );

    // Of six pixels two, the first of each row, are like the first.
    expect([width, height, ink]).toEqual([3, 2, 4 / 6]);
  });
});

describe('the list of differences', () => {
  const known = { notebook: 'r/a', cell: 1, kind: 'text', reason: 'why' } as const;
  const found = { notebook: 'r/a', cell: 1, kind: 'text', ours: '1', theirs: '2' } as const;

  test('accepts what it names and nothing else', () => {
    const other = { ...found, cell: 2 };

    expect(check([found, other], [known], ['r/a'])).toEqual({ added: [other], gone: [] });
  });

  test('misses what is gone, in the notebooks that were run', () => {
    expect(check([], [known], ['r/a'])).toEqual({ added: [], gone: [known] });
    expect(check([], [known], ['r/b'])).toEqual({ added: [], gone: [] });
  });

  test('names notebooks that exist, each difference once', () => {
    const { differences } = readKnownDifferences();
    const keys = differences.map(({ notebook, cell, kind }) => `${notebook} ${cell} ${kind}`);

    expect(differences.filter(({ notebook }) => !listNotebooks().includes(notebook))).toEqual([]);
    expect(new Set(keys).size).toBe(keys.length);
  });

  test('is in docs/compared.md (npm run generate)', async () => {
    const file = path.resolve(NOTEBOOKS, '../../docs/compared.md');
    const present = readFileSync(file, 'utf8');
    const options = await resolveConfig(file);

    expect(present).toBe(
      await format(fillCompared(present, readKnownDifferences()), {
        ...options,
        parser: 'markdown',
      }),
    );
  });
});

describe.each(listNotebooks())('notebook %s', (name) => {
  const text = readFileSync(path.join(NOTEBOOKS, `${name}.ipynb`), 'utf8');
  const code = (JSON.parse(text) as StoredNotebook).cells.filter(
    (cell) => cell.cell_type === 'code',
  );

  test('has no outputs, and as many cells as a notebook has', () => {
    expect(code.flatMap(({ outputs = [] }) => outputs)).toEqual([]);
    expect(code.length).toBeGreaterThanOrEqual(15);
  });
});
