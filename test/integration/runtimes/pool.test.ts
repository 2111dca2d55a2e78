import { mkdirSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { afterEach, expect, test } from 'vitest';
import {
  createRuntimePool,
  type RuntimePool,
  type RuntimePoolOptions,
} from '../../../src/runtimes/index.js';
import { describeLanguage, languages, run, temporaryFolder } from './support.js';

describeLanguage('Python', 'the pool', () => {
  const workRoot = temporaryFolder();
  let created: RuntimePool | undefined;
  const create = (options: Partial<RuntimePoolOptions> = {}): RuntimePool =>
    (created = createRuntimePool({
      workRoot,
      env: process.env,
      r: { warmCount: 0 },
      ...options,
      python: { command: languages.Python.workerCommand.command, ...options.python },
    }));
  afterEach(async () => {
    await created?.close();
    expect(readdirSync(workRoot)).toEqual([]);
  });

  test('hands out a warm process at once', async () => {
    const pool = create();
    await pool.warm();
    const before = pool.status();

    const runtime = await Promise.race([
      pool.acquire('Python'),
      new Promise((resolve) => setImmediate(resolve, 'late')),
    ]);

    expect(before).toEqual([
      { runtimeType: 'R', maxPoolSize: 80, activeCount: 0, currentPoolSize: 0, canOpen: true },
      { runtimeType: 'Python', maxPoolSize: 80, activeCount: 0, currentPoolSize: 1, canOpen: true },
    ]);
    expect(runtime).not.toBe('late');
    expect(pool.status()[1]).toMatchObject({ activeCount: 1, currentPoolSize: 1 });
  });

  test('a caller that comes early gets the process that is just starting', async () => {
    const pool = create({ firstType: 'Python' });

    const runtime = await pool.acquire('Python');

    expect((await run(runtime, '6 * 7')).text).toBe('42\n');
    expect(pool.status()[1]).toMatchObject({ activeCount: 1, currentPoolSize: 1 });
  });

  test('fills up again behind a caller', async () => {
    const pool = create();
    await pool.warm();

    await pool.acquire('Python');

    await expect.poll(() => pool.status()[1]?.currentPoolSize, { timeout: 20_000 }).toBe(2);
  });

  test('a warm process has not been seen by anybody', async () => {
    const pool = create();
    await pool.warm();

    const runtime = await pool.acquire('Python');

    expect(await runtime.listObjects()).toEqual([]);
    expect(await run(runtime, 'print("first")')).toMatchObject({
      text: 'first\n',
      changedFiles: [],
    });
  });

  test('refuses more than the largest number, and takes one again when another has ended', async () => {
    const pool = create({ python: { warmCount: 0, maxPoolSize: 1 } });
    const first = await pool.acquire('Python');

    await expect(pool.acquire('Python')).rejects.toMatchObject({
      code: 'RUNTIME_POOL_FULL',
      message: 'All 1 Python processes are in use.',
    });
    expect(pool.status()[1]?.canOpen).toBe(false);
    await first.close();
    const second = await pool.acquire('Python');

    expect((await run(second, '1')).text).toBe('1\n');
  });

  test('a process that was killed makes room for the next caller', async () => {
    const pool = create({ python: { maxPoolSize: 1 } });
    const first = await pool.acquire('Python');
    const pid = Number((await run(first, 'import os; print(os.getpid())')).text);
    process.kill(pid, 'SIGKILL');
    await first.exited;

    const second = await pool.acquire('Python');

    expect((await run(second, '1')).text).toBe('1\n');
  });

  test('a language that is not there does no harm until somebody asks for it', async () => {
    const pool = create({ r: { command: 'no-such-R' } });
    await pool.warm();

    await expect(pool.acquire('R')).rejects.toMatchObject({ code: 'RUNTIME_SPAWN' });
    await pool.acquire('Python');
  });

  test('closing ends processes in use, warm ones and starting ones', async () => {
    const pool = create();
    await pool.warm();
    const used = await pool.acquire('Python');
    const starting = pool.acquire('Python').catch((error: unknown) => error);

    await pool.close();

    await expect(used.exited).resolves.toMatchObject({ exitCode: 0 });
    await expect(starting).resolves.toMatchObject({ code: 'RUNTIME_EXITED' });
    expect(pool.status()[1]).toMatchObject({ activeCount: 0, currentPoolSize: 0, canOpen: false });
    await expect(pool.acquire('Python')).rejects.toMatchObject({ code: 'RUNTIME_EXITED' });
  });

  test('folders of servers that are gone are removed, those of living ones stay', async () => {
    mkdirSync(path.join(workRoot, 'server-999999999-dead'));
    const living = create({ python: { warmCount: 0 } });

    const other = createRuntimePool({
      workRoot,
      env: process.env,
      r: { warmCount: 0 },
      python: { warmCount: 0 },
    });

    expect(readdirSync(workRoot)).toHaveLength(2);
    await living.close();
    await other.close();
  });
});
