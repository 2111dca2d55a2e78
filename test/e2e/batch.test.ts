// Batch runs: nbconvert and papermill, right results, right exit codes, no session left behind.
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  createJupyterEnvironment,
  type JupyterEnvironment,
} from '../helpers/jupyter-environment.js';
import {
  imagesOf,
  nbconvertArguments,
  readOutputs,
  textOf,
  writeNotebook,
} from '../helpers/notebook.js';
import { isMissing } from '../helpers/requirements.js';

describe.skipIf(isMissing('R', 'jupyter', 'build'))('batch runs', () => {
  let jupyter: JupyterEnvironment;
  const file = (name: string): string => path.join(jupyter.directory, name);
  const convert = (name: string, ...options: string[]) =>
    jupyter.run('jupyter', nbconvertArguments(file(name), `out-${name}`, ...options));

  beforeAll(async () => {
    jupyter = await createJupyterEnvironment();
  });
  afterAll(() => jupyter.close());

  test('nbconvert runs an R notebook: text, a table, a plot, a warning', async () => {
    writeNotebook(file('r.ipynb'), 'rserver-r', [
      'x <- 21\nx * 2',
      'head(mtcars, 2)',
      'plot(1:10)\nlines(1:10)\nhist(rnorm(5))',
      'f <- function() { warning("careful"); "done" }\nf()',
    ]);

    const run = await convert('r.ipynb');

    expect(run.code, run.stderr).toBe(0);
    const [value = [], table = [], plots = [], warned = []] = readOutputs(file('out-r.ipynb'));
    expect(textOf(value)).toBe('[1] 42');
    expect(Object.keys(table[0]?.data ?? {})).toEqual(
      expect.arrayContaining(['text/plain', 'text/html']),
    );
    expect(imagesOf(plots)).toHaveLength(2);
    expect(textOf(warned)).toContain('Warning message:\nIn f() : careful');
    expect(textOf(warned)).toContain('[1] "done"');
  });

  test('nbconvert runs a Python notebook: text, a table, a figure', async () => {
    writeNotebook(file('py.ipynb'), 'rserver-python', [
      'x = 21\nprint("hello")\nx * 2',
      'import pandas as pd\npd.DataFrame({"a": [1, 2]})',
      'import matplotlib.pyplot as plt\nplt.plot([1, 2]);',
    ]);

    const run = await convert('py.ipynb');

    expect(run.code, run.stderr).toBe(0);
    const [value = [], table = [], figure = []] = readOutputs(file('out-py.ipynb'));
    expect(textOf(value)).toBe('hello\n42');
    expect(table[0]?.data?.['text/html']).toBeDefined();
    expect(imagesOf(figure)).toHaveLength(1);
  });

  test.each([
    { kernel: 'rserver-r', code: 'stop("boom")' },
    { kernel: 'rserver-python', code: 'raise ValueError("boom")' },
  ] as const)('a failing cell makes nbconvert exit with 1 ($kernel)', async ({ kernel, code }) => {
    writeNotebook(file('fails.ipynb'), kernel, ['1', code, 'print("not reached")']);

    const run = await convert('fails.ipynb');

    expect(run.code).toBe(1);
    expect(run.stderr).toContain('boom');
    expect(run.stderr).not.toContain('not reached"\n');
  });

  test('--allow-errors keeps the error as an output and goes on', async () => {
    writeNotebook(file('allowed.ipynb'), 'rserver-r', ['stop("boom")', '1 + 1']);

    const run = await convert('allowed.ipynb', '--allow-errors');

    expect(run.code, run.stderr).toBe(0);
    const [failed = [], after = []] = readOutputs(file('out-allowed.ipynb'));
    expect(failed.map((output) => output.output_type)).toEqual(['error']);
    expect(failed[0]?.evalue).toBe('boom');
    expect(textOf(after)).toBe('[1] 2');
  });

  test.each([
    { kernel: 'rserver-r', cell: 'alpha <- 1\nname <- "none"', use: 'cat(alpha * 2, name)' },
    { kernel: 'rserver-python', cell: 'alpha = 1\nname = "none"', use: 'print(alpha * 2, name)' },
  ] as const)('papermill injects parameters ($kernel)', async ({ kernel, cell, use }) => {
    writeNotebook(file('params.ipynb'), kernel, [{ source: cell, tags: ['parameters'] }, use]);

    const run = await jupyter.run('papermill', [
      file('params.ipynb'),
      file('params-out.ipynb'),
      '-p',
      'alpha',
      '21',
      '-p',
      'name',
      'Ada',
    ]);

    expect(run.code, run.stderr).toBe(0);
    expect(textOf(readOutputs(file('params-out.ipynb')).at(-1) ?? []).trim()).toBe('42 Ada');
  });

  test('papermill fails with the failing cell and keeps its error', async () => {
    writeNotebook(file('pfail.ipynb'), 'rserver-r', ['stop("boom")']);

    const run = await jupyter.run('papermill', [file('pfail.ipynb'), file('pfail-out.ipynb')]);

    expect(run.code).toBe(1);
    expect(run.stderr).toContain('boom');
  });

  test('a run over its time limit is interrupted, and the kernel goes on', async () => {
    writeNotebook(file('slow.ipynb'), 'rserver-r', ['Sys.sleep(60)', '"after"']);

    const run = await convert(
      'slow.ipynb',
      '--ExecutePreprocessor.timeout=3',
      '--ExecutePreprocessor.interrupt_on_timeout=True',
      '--allow-errors',
    );

    expect(run.code, run.stderr).toBe(0);
    const [slow = [], after = []] = readOutputs(file('out-slow.ipynb'));
    expect(slow.map((output) => output.output_type)).toContain('error');
    expect(textOf(after)).toBe('[1] "after"');
  });

  test('after the runs no session is left on the server', async () => {
    const status = await jupyter.rserverKernel('status');

    expect(status.code, status.stderr).toBe(0);
    expect(status.stdout).toMatch(/sessions:? +0\b/i);
  });
});
