// What is logged, where, and what never is.
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createLogger, logOptionsOf } from '../../../src/cli/log-file.js';
import { fakeMachine } from '../../helpers/machine.js';

describe('the log', () => {
  let directory: string;
  let file: string;
  beforeEach(() => {
    directory = mkdtempSync(path.join(tmpdir(), 'rsk-'));
    file = path.join(directory, 'kernel.log');
  });
  afterEach(() => {
    rmSync(directory, { recursive: true });
  });

  /** The lines, when the last of them has the message. */
  const linesUntil = (message: string) =>
    vi.waitFor(() => {
      const lines = readFileSync(file, 'utf8')
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as Record<string, unknown>);
      expect(lines.at(-1)?.['msg']).toBe(message);
      return lines;
    });

  test('has the lines from its level upwards, in order', async () => {
    const logger = createLogger('warn', file, { part: 'kernel' });

    logger.info({}, 'unheard');
    logger.warn({ count: 1 }, 'first');
    logger.error({}, 'second');

    const lines = await linesUntil('second');
    expect(lines.map(({ msg, part }) => [msg, part])).toEqual([
      ['first', 'kernel'],
      ['second', 'kernel'],
    ]);
    expect(lines[0]).toMatchObject({ count: 1, pid: process.pid });
  });

  test('never holds secrets', async () => {
    const logger = createLogger('info', file);

    logger.info(
      {
        password: 'hunter2',
        headers: { authorization: 'Bearer hunter2' },
        auth: { token: 'hunter2' },
      },
      'login',
    );

    await linesUntil('login');
    expect(readFileSync(file, 'utf8')).not.toContain('hunter2');
  });

  test.skipIf(process.platform === 'win32')('is for its owner only', async () => {
    createLogger('info', file).info({}, 'hello');

    await linesUntil('hello');
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  test('level and file come from the environment; a word that is no level changes nothing', () => {
    expect(
      logOptionsOf(fakeMachine({ RSERVER_LOG_LEVEL: 'debug', RSERVER_LOG_FILE: '/l' }), 'warn'),
    ).toEqual({ level: 'debug', file: '/l' });
    expect(logOptionsOf(fakeMachine({ RSERVER_LOG_LEVEL: 'loud' }), 'warn')).toEqual({
      level: 'warn',
      file: undefined,
    });
  });
});
