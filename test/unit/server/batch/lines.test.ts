import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { BatchResults, readItems, writeItems } from '../../../../src/server/batch/batch-folder.js';
import { linesOf } from '../../../../src/server/batch/lines.js';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'rserver-lines-'));
});

afterEach(async () => {
  await rm(folder, { recursive: true });
});

async function read(content: string): Promise<[number, string][]> {
  const file = path.join(folder, 'file');
  await writeFile(file, content);
  const lines: [number, string][] = [];
  for await (const { start, bytes } of linesOf(file)) lines.push([start, bytes.toString()]);
  return lines;
}

test('a line that was never finished is left out', async () => {
  expect(await read('')).toEqual([]);
  expect(await read('a\n\nbc\nunfinished')).toEqual([
    [0, 'a'],
    [2, ''],
    [3, 'bc'],
  ]);
});

test('only a newline ends a line, and a line may be longer than what is read at once', async () => {
  const long = 'é\u2028\r'.repeat(50_000);

  expect(await read(`${long}\nb\n`)).toEqual([
    [0, long],
    [Buffer.byteLength(long) + 1, 'b'],
  ]);
});

test('items come back as they went, also with line separators in their texts', async () => {
  const items = [{ a: 'x\u2028y\nz' }, {}, { b: [1, null] }];
  await writeItems(folder, items);

  const read: unknown[] = [];
  for await (const { index, item } of readItems(folder)) read[index] = item;

  expect(read).toEqual(items);
});

test('results come in the order of the items; a half-written one is dropped and written anew', async () => {
  await writeItems(folder, [{}, {}, {}]);
  await writeFile(path.join(folder, 'results.jsonl'), '2 {"n":2}\n0 {"n":0}\n1 {"n');
  const textOf = async (results: BatchResults): Promise<string[]> => {
    const texts: string[] = [];
    for await (const result of results.read()) texts.push(result.toString());
    return texts;
  };

  const results = await BatchResults.open(folder, 3, 'write');
  expect([results.count, results.has(1), await textOf(results)]).toEqual([
    2,
    false,
    ['{"n":0}', '{"n":2}'],
  ]);
  await results.append(1, { n: 1 });
  await results.close();

  const again = await BatchResults.open(folder, 3, 'read');
  expect([again.count, await textOf(again)]).toEqual([3, ['{"n":0}', '{"n":1}', '{"n":2}']]);
  await again.close();
});
