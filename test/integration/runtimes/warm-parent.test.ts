// Sessions that are copies of one process: what they share, what they must not share, and how they end.
// What a session can do at all is tested for copies too, in r-runtime.test.ts, python-runtime.test.ts and stdin.test.ts.
import { spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { createRuntimePool, type Runtime, type RuntimePool } from '../../../src/runtimes/index.js';
import type { RuntimeSource } from '../../../src/runtimes/runtime-source.js';
import { childrenOf, memoryOf, processesWith, processStatus } from '../../helpers/processes.js';
import {
  describeLanguage,
  hasPythonModule,
  isRunning,
  languages,
  newSource,
  pythonCommand,
  run,
  runAndThen,
  temporaryFolder,
} from './support.js';

const LANGUAGES = ['R', 'Python'] as const;

/** The same in both languages. */
const CODE = {
  R: {
    pid: 'cat(Sys.getpid())',
    random: 'cat(runif(3))',
    folders: 'cat(getwd(), tempdir(), Sys.getenv("TMPDIR"))',
    assign: 'x <- 41',
    use: 'cat(x + 1)',
    exit: 'message("last words"); .Internal(quit("no", 7, FALSE))',
    busy: 'getOption("rserver.emit")("started"); repeat {}',
    forks: 'library(parallel); job <- mcparallel(Sys.sleep(60)); cat(job$pid)',
    much: 'x <- numeric(3e8)',
    plot: 'png("a.png"); plot(1:10); invisible(dev.off())',
  },
  Python: {
    pid: 'import os; print(os.getpid())',
    random: 'import random; print(random.random(), random.random())',
    folders: 'import os, tempfile; print(os.getcwd(), tempfile.gettempdir(), os.environ["TMPDIR"])',
    assign: 'x = 41',
    use: 'print(x + 1)',
    exit: 'import os, sys; print("last words", file=sys.stderr); os._exit(7)',
    busy: 'import rserver_runtime; rserver_runtime.emit("started")\nwhile True: pass',
    forks:
      'import os, time\npid = os.fork()\nif pid == 0:\n  time.sleep(60)\n  os._exit(0)\nprint(pid)',
    much: 'x = bytearray(3 * 10 ** 9)',
    plot: 'import matplotlib.pyplot as p; p.plot([1, 2]); p.savefig("a.png")',
  },
} as const;

for (const language of LANGUAGES) {
  const code = CODE[language];
  describeLanguage(language, `copies of a warm ${language}`, () => {
    const workRoot = temporaryFolder();
    let source: RuntimeSource;
    const opened: Runtime[] = [];
    beforeAll(() => {
      source = newSource(languages[language], workRoot);
    });
    afterEach(async () => {
      for (const runtime of opened.splice(0)) await runtime.close();
    });
    afterAll(() => source.close());
    const open = async (from = source): Promise<Runtime> => {
      const runtime = await from.start(AbortSignal.abort());
      opened.push(runtime);
      expect(from.hasCopied).toBe(true);
      return runtime;
    };
    const pidOf = async (runtime: Runtime): Promise<number> =>
      Number((await run(runtime, code.pid)).text);
    const parentOf = async (runtime: Runtime): Promise<number> =>
      processStatus(await pidOf(runtime))?.parentPid ?? 0;

    test('have one parent, and lead a process group each', async () => {
      const [first, second] = [await open(), await open()];

      const pids = [await pidOf(first), await pidOf(second)];

      expect(await parentOf(first)).toBe(await parentOf(second));
      expect(pids.map((pid) => processStatus(pid)?.groupId)).toEqual(pids);
    });

    test('share most of their memory', async () => {
      const runtime = await open();

      const { Rss, Private_Dirty } = memoryOf(await pidOf(runtime));

      expect(Private_Dirty).toBeLessThan(Rss / 2);
    });

    test('do not share variables, random numbers, working and temporary folders', async () => {
      const [first, second] = [await open(), await open()];
      await run(first, code.assign);

      const alike = [await run(first, code.random), await run(second, code.random)];
      const places = [await run(first, code.folders), await run(second, code.folders)];

      expect(await second.listObjects()).not.toContain('x');
      expect(alike[0]?.text).not.toBe(alike[1]?.text);
      const [ours, theirs] = places.map(({ text }) => text.trim().split(' '));
      expect(ours).toHaveLength(3);
      for (const [index, folder] of (ours ?? []).entries()) {
        expect(existsSync(folder)).toBe(true);
        expect(folder.startsWith(workRoot)).toBe(true);
        expect(folder).not.toBe(theirs?.[index]);
      }
    });

    test('draw plots', async () => {
      const runtime = await open();

      expect(await run(runtime, code.plot)).toMatchObject({
        success: true,
        changedFiles: ['a.png'],
      });
    });

    test('twenty at once come up, and leave no zombies', async () => {
      const runtimes = await Promise.all(Array.from({ length: 20 }, () => open()));
      const parent = await parentOf(runtimes[0] as Runtime);
      const pids = await Promise.all(runtimes.map(pidOf));

      await Promise.all(runtimes.map((runtime) => runtime.close()));

      expect(new Set(pids).size).toBe(20);
      const exits = await Promise.all(runtimes.map((runtime) => runtime.exited));
      expect(exits.map(({ exitCode }) => exitCode)).toEqual(Array.from({ length: 20 }, () => 0));
      expect(childrenOf(parent)).toEqual([]);
    });

    test('tell how they ended, each the truth about itself', async () => {
      const runtimes = [await open(), await open(), await open()];
      const [exiting, killed, crashed] = runtimes as [Runtime, Runtime, Runtime];
      const pids = [await pidOf(killed), await pidOf(crashed)];

      const failure = expect(run(exiting, code.exit)).rejects.toMatchObject({
        code: 'RUNTIME_EXITED',
        facts: { exitCode: 7 },
      });
      process.kill(pids[0] ?? 0, 'SIGKILL');
      process.kill(pids[1] ?? 0, 'SIGABRT');

      await failure;
      expect(await Promise.all(runtimes.map((runtime) => runtime.exited))).toMatchObject([
        { exitCode: 7, signal: null, stderrTail: 'last words\n' },
        { exitCode: null, signal: 'SIGKILL' },
        { exitCode: null, signal: 'SIGABRT' },
      ]);
    });

    test('are gone with what they forked, though that held their channel open', async () => {
      const runtime = await open();
      const pid = await pidOf(runtime);
      const forked = Number((await run(runtime, code.forks)).text);
      expect(isRunning(forked)).toBe(true);

      process.kill(pid, 'SIGKILL');

      await expect(runtime.exited).resolves.toMatchObject({ signal: 'SIGKILL' });
      expect(isRunning(forked)).toBe(false);
    });

    test('keep the limit of memory that the server sets', async () => {
      const limited = newSource(languages[language], workRoot, {
        limits: { memoryBytes: 1024 ** 3 },
      });
      try {
        const outcome = await run(await open(limited), code.much);

        expect(outcome.success).toBe(false);
        expect(outcome.errorMessage).toContain('The server allows a session 1024 MB of memory.');
      } finally {
        await limited.close();
      }
    });

    test('go on when the parent is killed, and the next ones have a new parent', async () => {
      const before = await open();
      await run(before, code.assign);
      const parent = await parentOf(before);
      process.kill(parent, 'SIGKILL');
      await vi.waitFor(() => {
        expect(isRunning(parent)).toBe(false);
      }, 10_000);

      const after = await open();

      expect((await run(before, code.use)).text.trim()).toBe('42');
      expect((await run(after, code.pid)).success).toBe(true);
      const [pid, next] = [await pidOf(before), await parentOf(after)];
      expect(next).not.toBe(parent);
      expect(processStatus(next)).toBeDefined();
      await before.close();
      expect(isRunning(pid)).toBe(false);
    });

    test('that are busy end with a server that is killed', async () => {
      const folder = temporaryFolder();
      const server = spawn(
        process.execPath,
        ['--import', 'tsx', '--input-type=module', '-e', serverProgram(language, folder)],
        {
          cwd: path.resolve(import.meta.dirname, '../../..'),
          stdio: ['ignore', 'pipe', 'inherit'],
        },
      );
      const lines = createInterface({ input: server.stdout });
      await new Promise((resolve) => lines.once('line', resolve));
      const processes = processesWith(`${folder}/server-`);

      server.kill('SIGKILL');

      expect(processes.length).toBeGreaterThanOrEqual(2);
      await vi.waitFor(() => {
        expect(processesWith(`${folder}/server-`)).toEqual([]);
        expect(readdirSync(folder)).toEqual([]);
      }, 20_000);
    });

    test('are interrupted without the others', async () => {
      const [busy, other] = [await open(), await open()];
      await run(other, code.assign);

      const outcome = await runAndThen(busy, code.busy, () => {
        busy.interrupt();
      });

      expect(outcome.success).toBe(false);
      expect((await run(other, code.use)).text.trim()).toBe('42');
      expect((await run(busy, code.pid)).success).toBe(true);
    });
  });
}

describe('a process that cannot be copied', () => {
  const workRoot = temporaryFolder();
  let source: RuntimeSource | undefined;
  afterEach(() => source?.close());

  test('is started for each session, and no parent is kept', async () => {
    const started: number[] = [];
    const language = {
      ...languages.Python,
      workerCommand: {
        command: process.execPath,
        args: [path.resolve(import.meta.dirname, '../../fixtures/runtimes/worker.mjs')],
        env: {},
      },
      rehearsal: { parent: [], session: [] },
    };
    source = newSource(language, workRoot);

    const runtimes = [
      await source.start(AbortSignal.abort()),
      await source.start(AbortSignal.abort()),
    ];
    for (const runtime of runtimes) started.push(Number((await run(runtime, 'pid')).text));

    expect(source.hasCopied).toBe(false);
    expect(started.map((pid) => processStatus(pid)?.parentPid)).toEqual([process.pid, process.pid]);
    expect(processesWith(workRoot).sort()).toEqual(started.sort());
    for (const runtime of runtimes) await runtime.close();
  });
});

describeLanguage('Python', 'the pool', () => {
  const workRoot = temporaryFolder();
  let pool: RuntimePool | undefined;
  afterEach(() => pool?.close());

  test.each([
    [1, 'copies where processes are kept warm'],
    [0, 'programs of their own where none are'],
  ])('with %i warm gives out %s', async (warmCount) => {
    pool = createRuntimePool({
      workRoot,
      env: process.env,
      r: { warmCount: 0 },
      python: { command: pythonCommand, warmCount },
    });
    const runtime = await pool.acquire('Python');

    const pid = Number((await run(runtime, CODE.Python.pid)).text);

    expect(processStatus(pid)?.parentPid === process.pid).toBe(warmCount === 0);
  });

  test.skipIf(!hasPythonModule('IPython'))('gives out copies that have IPython', async () => {
    pool = createRuntimePool({
      workRoot,
      env: process.env,
      r: { warmCount: 0 },
      python: { command: pythonCommand },
      firstType: 'Python',
    });
    await pool.warm();
    const runtime = await pool.acquire('Python');

    const code = 'import sys; print("IPython" in sys.modules, "stack_data" in sys.modules)';

    expect((await run(runtime, code)).text).toBe('True True\n');
    // The first interrupt of a child program would read it.
    const known = 'import linecache, subprocess; print(subprocess.__file__ in linecache.cache)';
    expect((await run(runtime, known)).text).toBe('True\n');
  });

  test('gives who waits already a program, and the next ones copies', async () => {
    pool = createRuntimePool({
      workRoot,
      env: process.env,
      r: { warmCount: 0 },
      python: { command: pythonCommand },
      firstType: 'Python',
      awaitedType: 'Python',
    });
    const first = await pool.acquire('Python');
    const second = await pool.acquire('Python');

    const pids = [];
    for (const runtime of [first, second]) {
      pids.push(Number((await run(runtime, CODE.Python.pid)).text));
    }

    expect(pids.map((pid) => processStatus(pid)?.parentPid === process.pid)).toEqual([true, false]);
  });
});

/** A server with one session that never stops. */
const serverProgram = (language: 'R' | 'Python', folder: string): string => `
import { createRuntimePool } from ${JSON.stringify(path.resolve(import.meta.dirname, '../../../src/runtimes/index.ts'))};
const pool = createRuntimePool({
  workRoot: ${JSON.stringify(folder)}, env: process.env, firstType: ${JSON.stringify(language)},
  python: { command: ${JSON.stringify(pythonCommand)} },
});
const runtime = await pool.acquire(${JSON.stringify(language)});
void runtime.execute(
  { code: ${JSON.stringify(CODE[language].busy)}, inputParameters: [], outputParameters: [] },
  (event) => { if (event.type === 'data') console.log('busy'); },
);
`;
