import { describe, expect, test } from 'vitest';
import { kindOf, valueDisplay } from '../../../../src/bridge/display/values.js';

describe('values of output parameters', () => {
  test.each([
    [5, 'numeric'],
    ['a', 'character'],
    [true, 'logical'],
    [null, 'null'],
    [[], 'vector'],
    [[1, null, 'NaN'], 'vector'],
    [
      [
        [1, 2],
        [3, 4],
      ],
      'matrix',
    ],
    [[[1, 2], [3]], 'list'],
    [[1, [2]], 'list'],
    [{ a: [1], b: ['x'] }, 'data.frame'],
    [{ a: [1], b: ['x', 'y'] }, 'list'],
    [{ a: 1 }, 'list'],
    [{}, 'list'],
  ])('%j is a %s', (value, kind) => {
    expect(kindOf(value)).toBe(kind);
  });

  test('a number shows its name, type and value', () => {
    expect(valueDisplay('x', 4.5)).toEqual({
      data: { 'text/plain': 'x: numeric\n4.5' },
      metadata: { rserver: { name: 'x', type: 'numeric', value: 4.5 } },
    });
  });

  test('a vector shows its length; missing values are NA', () => {
    expect(valueDisplay('v', [1, null, 'NaN'])).toEqual({
      data: { 'text/plain': 'v: vector [3]\n[1, NA, "NaN"]' },
      metadata: { rserver: { name: 'v', type: 'vector', shape: '[3]', value: [1, null, 'NaN'] } },
    });
  });

  test('a data frame is a table; its text is escaped', () => {
    const value = { name: ['<b>', null], total: [1.5, 20] };

    expect(valueDisplay('df', value)).toEqual({
      data: {
        'text/plain': 'df: data.frame 2 x 2\nname  total\n<b>     1.5\nNA       20',
        'text/html':
          '<table>\n<caption style="white-space: nowrap">df: data.frame 2 x 2</caption>\n' +
          '<thead><tr><th style="text-align: left">name</th><th style="text-align: right">total</th></tr></thead>\n' +
          '<tbody>\n<tr><td style="text-align: left">&lt;b&gt;</td><td style="text-align: right">1.5</td></tr>\n' +
          '<tr><td style="text-align: left">NA</td><td style="text-align: right">20</td></tr>\n</tbody>\n</table>',
      },
      metadata: { rserver: { name: 'df', type: 'data.frame', shape: '2 x 2', value } },
    });
  });

  test('a matrix is shown by rows', () => {
    const { data } = valueDisplay('m', [
      [1, 2],
      [30, 4],
    ]);

    expect(data['text/plain']).toBe('m: matrix 2 x 2\n[,1]  [,2]\n   1     2\n  30     4');
  });

  test('a long table shows its ends and says so; long JSON stays out', () => {
    const column = Array.from({ length: 100_000 }, (_, index) => index);

    const { data } = valueDisplay('df', { a: column });

    const lines = String(data['text/plain']).split('\n');
    expect(lines).toHaveLength(64);
    expect(lines.at(-1)).toBe('(first and last 30 of 100000 rows)');
    expect(Object.keys(data)).toEqual(['text/plain', 'text/html']);
  });
});
