import { mkdir, mkdtemp, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { buffer } from 'node:stream/consumers';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { listFolder } from '../../../../src/server/snapshots/folder.js';
import { measureZip, openZip } from '../../../../src/server/snapshots/zip.js';
import { unzip } from '../../../helpers/zip.js';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'rserver-zip-'));
});

afterEach(async () => {
  await rm(folder, { recursive: true });
});

async function fill(): Promise<void> {
  await writeFile(path.join(folder, 'workspace.RData'), Buffer.alloc(100_000, 7));
  await mkdir(path.join(folder, 'files', 'empty'), { recursive: true });
  await writeFile(path.join(folder, 'files', 'Übung.csv'), 'a,b\n1,2\n');
  await writeFile(path.join(folder, 'files', 'nothing.txt'), '');
  await writeFile(path.join(folder, 'files', '..\\evil'), 'x');
  await symlink('/etc/hostname', path.join(folder, 'files', 'link'));
  await utimes(path.join(folder, 'workspace.RData'), 1_700_000_000, 1_700_000_000);
}

test('the zip holds every file and empty folder, no link, and no name that leads out of it', async () => {
  await fill();

  const entries = await listFolder(folder);
  const bytes = await buffer(openZip(folder, entries).stream);

  expect(await unzip(bytes)).toEqual({
    'files/.._evil': 'x',
    'files/empty/': '',
    'files/nothing.txt': '',
    'files/Übung.csv': 'a,b\n1,2\n',
    'workspace.RData': '\x07'.repeat(100_000),
  });
});

test('its size is known before it is made', async () => {
  await fill();
  const entries = await listFolder(folder);

  const { stream, size } = openZip(folder, entries);
  const bytes = await buffer(stream);

  expect(size).toBe(bytes.length);
  expect(measureZip(entries)).toBe(bytes.length);
});

test('an empty folder gives the smallest zip', () => {
  expect(measureZip([])).toBe(22);
});

test('a size beyond 4 GiB counts the longer records', () => {
  const entry = { name: 'a', isDirectory: false, modifiedAt: new Date(0) };
  const size = 5 * 1024 ** 3;

  const overhead = measureZip([{ ...entry, size }]) - size;

  expect(overhead).toBeGreaterThan(measureZip([{ ...entry, size: 10 }]) - 10);
});

test('a file that grew since it was listed fails the stream instead of breaking the zip', async () => {
  await fill();
  const entries = await listFolder(folder);
  await writeFile(path.join(folder, 'files', 'nothing.txt'), 'more');

  await expect(buffer(openZip(folder, entries).stream)).rejects.toThrow(/unexpected number/);
});
