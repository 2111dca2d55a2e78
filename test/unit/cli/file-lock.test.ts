// The lock that lets one of several kernels start the server.
import { existsSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { tryLock } from '../../../src/cli/file-lock.js';

const STALE_AFTER_MS = 60_000;
/** Larger than any process id that a system gives out. */
const DEAD_PID = 2 ** 30;

describe('a lock between processes', () => {
  let directory: string;
  let file: string;
  beforeEach(() => {
    directory = mkdtempSync(path.join(tmpdir(), 'rsk-'));
    file = path.join(directory, 'lock');
  });
  afterEach(() => {
    rmSync(directory, { recursive: true });
  });

  test('is had by one at a time', () => {
    const first = tryLock(file, STALE_AFTER_MS);

    expect(first).toBeDefined();
    expect(tryLock(file, STALE_AFTER_MS)).toBeUndefined();
    first?.release();
    expect(tryLock(file, STALE_AFTER_MS)).toBeDefined();
  });

  test('of a dead process is taken over', () => {
    writeFileSync(file, `${DEAD_PID} abc`);

    expect(tryLock(file, STALE_AFTER_MS)).toBeDefined();
    expect(readdirSync(directory)).toEqual(['lock']);
  });

  test('of a living process that hangs is taken over when it is too old', () => {
    writeFileSync(file, `${process.pid} abc`);
    const longAgo = new Date(Date.now() - STALE_AFTER_MS - 1000);
    utimesSync(file, longAgo, longAgo);

    expect(tryLock(file, STALE_AFTER_MS)).toBeDefined();
  });

  test('a holder that was taken over does not release the lock of its successor', () => {
    const first = tryLock(file, STALE_AFTER_MS);
    writeFileSync(file, `${process.pid} successor`);

    first?.release();

    expect(existsSync(file)).toBe(true);
  });
});
