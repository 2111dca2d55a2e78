import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { readLanguageCell } from '../../../src/bridge/companion-questions.js';
import { Digests } from '../../../src/bridge/transfer/digests.js';
import { formatOf, nameFromFile } from '../../../src/bridge/transfer/formats.js';
import { LARGE_BYTES, mayTransfer } from '../../../src/bridge/transfer/progress.js';

describe('the format of a file', () => {
  test.each([
    ['a.csv', 'csv'],
    ['A.CSV', 'csv'],
    ['b.feather', 'arrow'],
    ['c.RData', 'rdata'],
    ['d.png', 'file'],
  ])('%s is %s', (file, format) => {
    expect(formatOf('push', undefined, file)).toBe(format);
  });

  test('is what was asked for', () => {
    expect(formatOf('push', 'json', 'a.csv')).toBe('json');
    expect(() => formatOf('push', 'xls', 'a.csv')).toThrow('%push has no format "xls"');
  });

  test.each([
    ['data/sales 2024.csv', 'sales_2024'],
    ['2024.csv', 'x2024'],
    ['été.parquet', 'été'],
  ])('gives %s the name %s', (file, name) => {
    expect(nameFromFile(file)).toBe(name);
  });
});

describe('checksums', () => {
  const digest = createHash('sha256').update('some bytes').digest('hex');

  test('equal ones let the bytes pass', async () => {
    const stream = Readable.from([Buffer.from('some '), Buffer.from('bytes')]);

    expect(await text(stream.pipe(new Digests(undefined, ['sha256', digest])))).toBe('some bytes');
  });

  test('different ones fail at the end', async () => {
    const stream = Readable.from([Buffer.from('other bytes')]);

    await expect(
      text(stream.pipe(new Digests(undefined, ['sha256', digest]))),
    ).rejects.toMatchObject({ code: 'BRIDGE_TRANSFER_DAMAGED' });
  });
});

describe('the question before a large transfer', () => {
  function screen(answer: string | undefined): {
    readonly printed: string[];
    readonly ask: (bytes: number, isSure: boolean) => Promise<boolean>;
  } {
    const printed: string[] = [];
    const input = {
      allowed: answer !== undefined,
      requestInput: (prompt: string) => {
        printed.push(prompt);
        return Promise.resolve(answer ?? '');
      },
    };
    const nothing = (): void => undefined;
    const print = (line: string): void => void printed.push(line);
    const parts = { input, print, show: nothing, update: nothing };
    return { printed, ask: (bytes, isSure) => mayTransfer('t.csv', bytes, 7, isSure, parts) };
  }

  test('is not asked of a small one, nor when the answer is given', async () => {
    const { printed, ask } = screen('n');

    expect(await ask(LARGE_BYTES - 1, false)).toBe(true);
    expect(await ask(LARGE_BYTES, true)).toBe(true);
    expect(printed).toEqual([]);
  });

  test('names bytes and rows, and anything but yes is no', async () => {
    const { printed, ask } = screen('');

    expect(await ask(LARGE_BYTES, false)).toBe(false);
    expect(printed).toEqual([
      't.csv: 100.0 MB, 7 rows. Transfer it? [y/N] ',
      'Nothing was transferred.',
    ]);
  });

  test('is a line of text where nobody can answer', async () => {
    const { printed, ask } = screen(undefined);

    expect(await ask(LARGE_BYTES, false)).toBe(true);
    expect(printed).toEqual(['t.csv: 100.0 MB, 7 rows']);
  });
});

test('a cell of a language is told from others by its first line', () => {
  expect(readLanguageCell('%%r\nx')).toEqual({ language: 'R', body: 'x', offset: 4 });
  expect(readLanguageCell('\n%%python  \r\ny')).toEqual({
    language: 'python',
    body: 'y',
    offset: 13,
  });
  expect(readLanguageCell('%%rush\nx')).toBeUndefined();
  expect(readLanguageCell('x\n%%r\ny')).toBeUndefined();
});
