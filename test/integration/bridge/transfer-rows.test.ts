// What %push says of the rows of a file before it sends it: files of real libraries.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { LARGE_BYTES } from '../../../src/bridge/transfer/progress.js';
import { countRows } from '../../../src/bridge/transfer/rows.js';
import { isMissing, venvBin } from '../../helpers/requirements.js';

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'rserver-rows-'));
});

afterAll(() => {
  rmSync(folder, { recursive: true });
});

test.skipIf(isMissing('python'))('the rows of a parquet file stand at its end', async () => {
  const file = path.join(folder, 'sales.parquet');
  const write = `import sys, pandas
pandas.DataFrame({"n": range(12345), "name": ["é"] * 12345}).to_parquet(sys.argv[1])`;
  execFileSync(venvBin('python'), ['-c', write, file]);

  expect(await countRows(file, 'parquet', LARGE_BYTES)).toBe(12_345);
  expect(await countRows(file, 'parquet', LARGE_BYTES - 1)).toBeUndefined();
});

test('a file that is no parquet file says nothing of rows', async () => {
  const file = path.join(folder, 'other.parquet');
  writeFileSync(file, 'n,name\n1,a\n2,b\n');

  expect(await countRows(file, 'parquet', LARGE_BYTES)).toBeUndefined();
});

test('the rows of a csv file are its lines without the names', async () => {
  const file = path.join(folder, 'sales.csv');
  writeFileSync(file, 'n,name\n1,a\n2,b\n');

  expect(await countRows(file, 'csv', LARGE_BYTES)).toBe(2);
});
