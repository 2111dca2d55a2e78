// How a process is started, watched and ended, with programs that misbehave on purpose.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { pythonLanguage, type Language } from '../../../src/runtimes/index.js';
import { isRunning, run, start, stdout, temporaryFolder } from './support.js';

const fixture = (file: string, ...args: string[]): Language => ({
  ...pythonLanguage(),
  workerCommand: {
    command: process.execPath,
    args: [path.resolve(import.meta.dirname, '../../fixtures/runtimes', file), ...args],
    env: {},
  },
});

describe('starting a process', () => {
  const workRoot = temporaryFolder();

  test('a missing program is named, with what to do', async () => {
    const language = pythonLanguage({ command: 'no-such-python' });

    await expect(start(language, workRoot)).rejects.toMatchObject({
      code: 'RUNTIME_SPAWN',
      message: "Python cannot be started: there is no program 'no-such-python'.",
      hint: 'Install Python, or name its command in the configuration.',
    });
  });

  test('a program that ends at once is told with its last words', async () => {
    await expect(start(fixture('exits-early.mjs'), workRoot)).rejects.toMatchObject({
      code: 'RUNTIME_SPAWN',
      message: 'Python ended before it was ready: cannot find my library',
      facts: { exitCode: 3 },
    });
  });

  test('a program that says nothing is ended, even if it ignores SIGTERM', async () => {
    await expect(
      start(fixture('silent.mjs'), workRoot, { startTimeoutMs: 300 }),
    ).rejects.toMatchObject({
      code: 'RUNTIME_SPAWN',
      message: 'Python did not come up within 300 ms.',
    });
  });

  test('failed starts leave no folders', async () => {
    await expect(start(fixture('exits-early.mjs'), workRoot)).rejects.toThrow();

    expect(await readdir(workRoot)).toEqual([]);
  });

  test('the environment is passed on, without the settings of this product', async () => {
    const runtime = await start(
      {
        ...fixture('worker.mjs'),
        workerCommand: {
          command: 'sh',
          args: [
            '-c',
            'env | grep -c -e SECRET -e KEPT >&2; exec "$0" "$1"',
            process.execPath,
            fixture('worker.mjs').workerCommand.args[0] ?? '',
          ],
          env: {},
        },
      },
      workRoot,
      { env: { PATH: process.env['PATH'], RSERVER_SECRET: 'x', KEPT: 'y' } },
    );

    await runtime.close();
    await expect(runtime.exited).resolves.toMatchObject({ stderrTail: '1\n' });
  });
});

describe('a process', () => {
  const workRoot = temporaryFolder();

  test('that talks nonsense is ended and reported as garbled', async () => {
    const runtime = await start(fixture('worker.mjs', 'garbage'), workRoot);

    await expect(run(runtime, 'x')).rejects.toMatchObject({ code: 'RUNTIME_GARBLED' });
    await expect(runtime.exited).resolves.toMatchObject({ signal: 'SIGKILL' });
    await runtime.close();
  });

  test('whose markers never come still ends its executions, with all of the text', async () => {
    const runtime = await start(fixture('worker.mjs', 'deaf'), workRoot);

    const outcome = await run(runtime, 'text');

    expect(outcome.events).toEqual([stdout('text')]);
    await runtime.close();
  });

  test('that ignores everything is killed after the given times', async () => {
    const runtime = await start(fixture('worker.mjs', 'stubborn'), workRoot, {
      closeGraceMs: 50,
      killDelayMs: 50,
    });
    const hanging = run(runtime, 'hang');
    const failure = expect(hanging).rejects.toMatchObject({
      code: 'RUNTIME_EXITED',
      facts: { signal: 'SIGKILL' },
    });

    await runtime.close();

    await failure;
    await expect(runtime.exited).resolves.toMatchObject({ signal: 'SIGKILL' });
  });

  test('ends by itself when it is closed, and leaves no folder', async () => {
    const runtime = await start(fixture('worker.mjs'), workRoot);

    await runtime.close();

    await expect(runtime.exited).resolves.toEqual({ exitCode: 0, signal: null, stderrTail: '' });
    await expect(run(runtime, 'x')).rejects.toMatchObject({ code: 'RUNTIME_EXITED' });
    expect(await readdir(workRoot)).toEqual([]);
  });

  test('is ended at once by destroy()', async () => {
    const runtime = await start(fixture('worker.mjs', 'stubborn'), workRoot);

    runtime.destroy();

    await expect(runtime.exited).resolves.toMatchObject({ signal: 'SIGKILL' });
    await runtime.close();
  });

  test.skipIf(process.platform !== 'linux')('dies with a server that is killed', async () => {
    const host = spawn(
      process.execPath,
      [
        '--import',
        'tsx',
        path.resolve(import.meta.dirname, '../../fixtures/runtimes/host.ts'),
        workRoot,
      ],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    const [line] = (await once(host.stdout.setEncoding('utf8'), 'data')) as [string];
    const pid = Number(line);
    expect(isRunning(pid)).toBe(true);

    host.kill('SIGKILL');
    await once(host, 'exit');

    await expect.poll(() => isRunning(pid), { timeout: 5_000 }).toBe(false);
  });
});
