// How batch runs end: a clean stop, a failure, a time limit. Status, exit code, and nothing left on the server.
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import {
  createJupyterEnvironment,
  type JupyterEnvironment,
} from '../helpers/jupyter-environment.js';
import { readOutputs, textOf, writeNotebook, type KernelName } from '../helpers/notebook.js';
import { isMissing, PROJECT_ROOT } from '../helpers/requirements.js';

const EXECUTE_WITH_LIMIT = path.join(PROJECT_ROOT, 'test/e2e/python/execute_with_limit.py');

describe.skipIf(isMissing('R', 'jupyter', 'build'))('the end of a batch run', () => {
  let jupyter: JupyterEnvironment;
  const file = (name: string): string => path.join(jupyter.directory, name);

  beforeAll(async () => {
    jupyter = await createJupyterEnvironment();
  });
  afterEach(async () => {
    const status = await jupyter.rserverKernel('status');
    expect(status.stdout, 'no session is left on the server').toMatch(/sessions:? +0\b/i);
  });
  afterAll(() => jupyter.close());

  describe('papermill', () => {
    const papermill = (name: string, ...options: string[]) =>
      jupyter.run('papermill', [file(`${name}.ipynb`), file(`${name}-out.ipynb`), ...options]);
    const outputsOf = (name: string) => readOutputs(file(`${name}-out.ipynb`)).map(textOf);

    test.each([
      { kernel: 'rserver-r', code: 'quit()' },
      { kernel: 'rserver-r', code: 'q("no", status = 0)' },
      { kernel: 'rserver-python', code: 'import sys\nsys.exit()' },
      { kernel: 'rserver-python', code: 'raise SystemExit(0)' },
    ] as const)('$code is a clean stop ($kernel)', async ({ kernel, code }) => {
      writeNotebook(file('quit.ipynb'), kernel, ['print("before")', code, 'print("after")']);

      const run = await papermill('quit');

      expect(run.code, run.stderr).toBe(0);
      const texts = outputsOf('quit');
      expect(texts[0]).toContain('before');
      expect(texts.at(-1)).toBe('');
    });

    test.each([
      { kernel: 'rserver-r', code: 'quit(status = 3)' },
      { kernel: 'rserver-python', code: 'import sys\nsys.exit(3)' },
    ] as const)('$code is a failure ($kernel)', async ({ kernel, code }) => {
      writeNotebook(file('status.ipynb'), kernel, [code, 'print("after")']);

      const run = await papermill('status');

      expect(run.code).toBe(1);
      expect(run.stderr).toContain('PapermillExecutionError');
    });

    test.each([
      {
        kernel: 'rserver-r',
        code: 'for (i in 1:3) cat(paste0("line ", i, "\\n"))\nmessage("to stderr")',
      },
      {
        kernel: 'rserver-python',
        code: 'import sys\nfor i in (1, 2, 3): print("line", i)\nprint("to stderr", file=sys.stderr)',
      },
    ] as const)('--log-output shows what the cells print ($kernel)', async ({ kernel, code }) => {
      writeNotebook(file('log.ipynb'), kernel, [code]);

      const run = await papermill('log', '--log-output');

      expect(run.code, run.stderr).toBe(0);
      const logged = run.stderr.replaceAll(/ +$/gm, '');
      expect(logged).toMatch(/line 1\n[\s\S]*line 2\n[\s\S]*line 3\n/);
      expect(logged).toContain('to stderr');
    });

    test('--progress-bar counts the cells', async () => {
      writeNotebook(file('bar.ipynb'), 'rserver-r', ['1', '2', '3']);

      const run = await papermill('bar', '--progress-bar');

      expect(run.code, run.stderr).toBe(0);
      expect(run.stderr).toContain('3/3');
    });

    test.each([
      { kernel: 'rserver-r', use: 'cat(deparse(list(n, flag, word, some, none)))' },
      { kernel: 'rserver-python', use: 'print((n, flag, word, some, none))' },
    ] as const)('parameters of every kind arrive ($kernel)', async ({ kernel, use }) => {
      const set = kernel === 'rserver-r' ? 'n <- 0' : 'n = 0';
      writeNotebook(file('kinds.ipynb'), kernel, [{ source: set, tags: ['parameters'] }, use]);
      const yaml = '{n: 2.5, flag: true, word: "a \\"b\\" \\\\", some: [1, 2], none: null}';

      const run = await papermill('kinds', '-y', yaml);

      expect(run.code, run.stderr).toBe(0);
      expect(outputsOf('kinds').at(-1)?.trim()).toBe(
        kernel === 'rserver-r'
          ? String.raw`list(2.5, TRUE, "a \"b\" \\", list(1, 2), NULL)`
          : String.raw`(2.5, True, 'a "b" \\', [1, 2], None)`,
      );
    });

    test('a cell over --execution-timeout fails the run', async () => {
      writeNotebook(file('limit.ipynb'), 'rserver-r', ['cat("before\\n")\nSys.sleep(60)']);

      const run = await papermill('limit', '--execution-timeout', '3');

      expect(run.code).toBe(1);
      expect(run.stderr).toContain('timed out');
      expect(outputsOf('limit')[0]).toContain('before\n');
    });
  });

  const SLEEPERS = [
    { kernel: 'rserver-r', cells: ['cat("before\\n")\nSys.sleep(60)', 'cat("after")'] },
    {
      kernel: 'rserver-python',
      cells: ['print("before")\nimport time; time.sleep(60)', 'print("after")'],
    },
  ] as const satisfies readonly { kernel: KernelName; cells: readonly string[] }[];

  describe('nbclient', () => {
    const execute = (name: string, ...options: string[]) =>
      jupyter.run('python', [EXECUTE_WITH_LIMIT, file(name), ...options]);

    test.each(SLEEPERS)('a cell over its limit ends the run ($kernel)', async (notebook) => {
      writeNotebook(file('stop.ipynb'), notebook.kernel, notebook.cells);

      const run = await execute('stop.ipynb', '3', 'stop');

      expect(run.stdout, run.stderr).toBe('CellTimeoutError\n');
      expect(readOutputs(file('stop.ipynb')).map(textOf)).toEqual([
        expect.stringMatching(/^before\n(?:(?:Keyboard)?Interrupt: .*)?$/),
        '',
      ]);
    });

    test.each(SLEEPERS)('or is interrupted, which is an error ($kernel)', async (notebook) => {
      writeNotebook(file('interrupt.ipynb'), notebook.kernel, notebook.cells);

      const run = await execute('interrupt.ipynb', '3', 'interrupt');

      expect(run.stdout, run.stderr).toBe('CellExecutionError\n');
      const [slow = [], after = []] = readOutputs(file('interrupt.ipynb'));
      expect(slow.map((output) => output.output_type)).toEqual(['stream', 'error']);
      expect(after).toEqual([]);
    });
  });

  describe('jupyter execute', () => {
    test.each([
      { kernel: 'rserver-r', code: 'stop("boom")' },
      { kernel: 'rserver-python', code: 'raise ValueError("boom")' },
    ] as const)('ends with 0, or with 1 when a cell fails ($kernel)', async ({ kernel, code }) => {
      writeNotebook(file('works.ipynb'), kernel, ['print(6 * 7)']);
      writeNotebook(file('fails.ipynb'), kernel, [code]);

      const works = await jupyter.run('jupyter', ['execute', '--inplace', file('works.ipynb')]);
      const fails = await jupyter.run('jupyter', ['execute', file('fails.ipynb')]);

      expect(works.code, works.stderr).toBe(0);
      expect(readOutputs(file('works.ipynb')).map(textOf)[0]).toContain('42');
      expect(fails.code).toBe(1);
      expect(fails.stderr).toContain('boom');
    });
  });

  describe('jupyter run', () => {
    const run = (kernel: KernelName, name: string, code: string) => {
      writeFileSync(file(name), code);
      return jupyter.run('jupyter', ['run', `--kernel=${kernel}`, file(name)]);
    };

    test.each([
      {
        kernel: 'rserver-r',
        code: 'x <- 6\ncat(x * 7, "\\n")',
        failing: 'cat("so far\\n")\nstop("boom")',
      },
      { kernel: 'rserver-python', code: 'x = 6\nprint(x * 7)', failing: 'print("so far")\n1 / 0' },
    ] as const)('prints, and fails when the script does ($kernel)', async (script) => {
      const works = await run(script.kernel, 'works.txt', script.code);
      const fails = await run(script.kernel, 'fails.txt', script.failing);

      expect({ code: works.code, stdout: works.stdout.trim() }, works.stderr).toEqual({
        code: 0,
        stdout: '42',
      });
      expect(fails.code).toBe(1);
      expect(fails.stdout).toBe('so far\n');
      expect(fails.stderr).toMatch(/boom|ZeroDivisionError/);
    });

    test('shows beginning and end of much text, and %output fetches all', async () => {
      writeFileSync(file('long.R'), 'for (i in 1:50000) cat(i, "\\n", sep = "")');
      writeFileSync(file('fetch.R'), '%output long.txt');

      const cut = await jupyter.run(
        'jupyter',
        ['run', '--kernel=rserver-r', file('long.R'), file('fetch.R')],
        { env: { RSERVER_OUTPUT_LIMIT_BYTES: '1000' } },
      );

      expect(cut.code, cut.stderr).toBe(0);
      expect(cut.stdout.length).toBeLessThan(20_000);
      expect(cut.stdout).toMatch(
        /^1\n2\n3\n[^]*\n50000\n288894 bytes written to [^\n]*long.txt\.\n$/,
      );
      expect(cut.stderr).toMatch(/text \(\d+ bytes, \d+ lines\) left out here/);
      const all = Array.from({ length: 50_000 }, (_, index) => `${index + 1}\n`).join('');
      expect(readFileSync(file('long.txt'), 'utf8')).toBe(all);
    });
  });
});
