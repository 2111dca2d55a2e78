// The notes by which kernels find running servers.
import { chmodSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  ensureRuntimeDirectory,
  listRecords,
  readRecord,
  recordFile,
  recordKey,
  removeRecord,
  writeRecord,
  type ServerRecord,
} from '../../../src/cli/server-records.js';
import { fakeMachine } from '../../helpers/machine.js';

const RECORD: ServerRecord = {
  kind: 'embedded',
  url: 'http://127.0.0.1:40000',
  pid: 4711,
  host: hostname(),
  version: '1.2.3',
  startedAtIso: '2026-01-02T03:04:05.000Z',
  dataDirectory: '/data',
  username: 'ada',
  secret: 'abc',
};

describe('records of running servers', () => {
  let directory: string;
  let file: string;
  beforeEach(() => {
    directory = mkdtempSync(path.join(tmpdir(), 'rsk-'));
    file = recordFile(directory, 'embedded', 'key');
  });
  afterEach(() => {
    rmSync(directory, { recursive: true });
  });

  test('are read as they were written', () => {
    writeRecord(file, RECORD);

    expect(readRecord(file)).toEqual(RECORD);
    expect(listRecords(directory)).toEqual([{ file, record: RECORD }]);
  });

  test.skipIf(process.platform === 'win32')('are for their owner only', () => {
    writeRecord(file, RECORD);
    expect(statSync(file).mode & 0o777).toBe(0o600);

    chmodSync(file, 0o666);
    expect(readRecord(file)).toBeUndefined();
  });

  test('half a record is none', () => {
    writeFileSync(file, '{"kind":"embedded","url":"http', { mode: 0o600 });

    expect(readRecord(file)).toBeUndefined();
  });

  test('of another machine that shares the folder are not listed', () => {
    writeRecord(file, { ...RECORD, host: 'elsewhere' });

    expect(listRecords(directory)).toEqual([]);
  });

  test('are removed by their own process only', () => {
    writeRecord(file, RECORD);

    removeRecord(file, 1);
    expect(readRecord(file)).toEqual(RECORD);
    removeRecord(file, RECORD.pid);
    expect(readRecord(file)).toBeUndefined();
  });

  test('lie under names that differ when anything about the server differs', () => {
    expect(recordKey(['a', 'b'])).toBe(recordKey(['a', 'b']));
    expect(
      new Set([recordKey(['a', 'b']), recordKey(['ab', '']), recordKey(['b', 'a'])]).size,
    ).toBe(3);
  });

  test.skipIf(process.platform === 'win32')('lie in a folder that is closed to others', () => {
    const runtime = path.join(directory, 'run');

    expect(ensureRuntimeDirectory(fakeMachine({ RSERVER_RUNTIME_DIR: runtime }))).toBe(runtime);
    expect(statSync(runtime).mode & 0o777).toBe(0o700);
  });

  test('a runtime folder that is a file is refused', () => {
    const runtime = path.join(directory, 'run');
    writeFileSync(runtime, '');

    expect(() => ensureRuntimeDirectory(fakeMachine({ RSERVER_RUNTIME_DIR: runtime }))).toThrow(
      expect.objectContaining({ code: 'CONFIG_DIRECTORY' }),
    );
  });
});
