// Much output in batch runs: nothing of it is lost, and it stays in order.
import { createHash } from 'node:crypto';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  createJupyterEnvironment,
  type JupyterEnvironment,
} from '../helpers/jupyter-environment.js';
import { nbconvertArguments, readOutputs, textOf, writeNotebook } from '../helpers/notebook.js';
import { isMissing } from '../helpers/requirements.js';

const LINES = 1_000_000;
/** One line of 100 bytes, its number first. */
const lineOf = (number: number): string => `${number.toString().padStart(9)} ${'x'.repeat(89)}\n`;

describe.skipIf(isMissing('R', 'jupyter', 'build'))('much output in a batch run', () => {
  let jupyter: JupyterEnvironment;
  const file = (name: string): string => path.join(jupyter.directory, name);
  beforeAll(async () => {
    jupyter = await createJupyterEnvironment();
  });
  afterAll(() => jupyter.close());

  test.each([
    {
      kernel: 'rserver-r',
      code: `tail <- strrep("x", 89)\nfor (i in 0:99) cat(sprintf("%9d %s\\n", i * 10000L + 0:9999, tail), sep = "")`,
    },
    {
      kernel: 'rserver-python',
      code: 'tail = "x" * 89\nfor i in range(1000000): print("%9d %s" % (i, tail))',
    },
  ] as const)('100 MB of text arrive byte for byte ($kernel)', async ({ kernel, code }) => {
    writeNotebook(file('long.ipynb'), kernel, [code, 'print("after")']);

    const run = await jupyter.run('jupyter', nbconvertArguments(file('long.ipynb')));

    expect(run.code, run.stderr).toBe(0);
    const [long = [], after = []] = readOutputs(file('long.ipynb'));
    const text = textOf(long);
    expect(text.length).toBe(LINES * 100);
    expect(digestOf([text])).toBe(digestOf(expectedLines()));
    expect(textOf(after)).toContain('after');
  });

  test.each([
    {
      kernel: 'rserver-r',
      code: 'for (i in 1:200) { cat("out", i, "\\n"); message("err ", i) }',
      line: { stdout: (i: number) => `out ${i} \n`, stderr: (i: number) => `err ${i}\n` },
    },
    {
      kernel: 'rserver-python',
      code: 'import sys\nfor i in range(1, 201):\n    print("out", i)\n    print("err", i, file=sys.stderr)',
      line: { stdout: (i: number) => `out ${i}\n`, stderr: (i: number) => `err ${i}\n` },
    },
  ] as const)('stdout and stderr stay in turn ($kernel)', async ({ kernel, code, line }) => {
    writeNotebook(file('turns.ipynb'), kernel, [code]);

    const run = await jupyter.run('jupyter', nbconvertArguments(file('turns.ipynb')));

    expect(run.code, run.stderr).toBe(0);
    const [outputs = []] = readOutputs(file('turns.ipynb'));
    const numbers = Array.from({ length: 200 }, (_, index) => index + 1);
    expect(textOf(outputs.filter(({ name }) => name === 'stdout'))).toBe(
      numbers.map(line.stdout).join(''),
    );
    expect(textOf(outputs.filter(({ name }) => name === 'stderr'))).toBe(
      numbers.map(line.stderr).join(''),
    );
  });

  test.each([
    {
      kernel: 'rserver-r',
      code: 'for (i in 1:10000) cat("\\r", i, "of 10000")\ncat("\\n")',
      last: ' 10000 of 10000\n',
    },
    {
      kernel: 'rserver-python',
      code: 'for i in range(1, 10001): print("\\r", i, "of 10000", end="")\nprint()',
      last: ' 10000 of 10000\n',
    },
  ] as const)('a progress bar comes out as its last state ($kernel)', async (bar) => {
    writeNotebook(file('bar.ipynb'), bar.kernel, [bar.code]);

    const run = await jupyter.run('jupyter', nbconvertArguments(file('bar.ipynb')));
    const collapse = ['nbconvert', '--to', 'notebook', '--inplace', '--coalesce-streams'];
    const collapsed = await jupyter.run('jupyter', [...collapse, file('bar.ipynb')]);

    expect(run.code, run.stderr).toBe(0);
    expect(collapsed.code, collapsed.stderr).toBe(0);
    expect(textOf(readOutputs(file('bar.ipynb'))[0] ?? [])).toBe(bar.last);
  });
});

function* expectedLines(): Generator<string> {
  for (let number = 0; number < LINES; number += 1) yield lineOf(number);
}

function digestOf(texts: Iterable<string>): string {
  const hash = createHash('sha256');
  for (const text of texts) hash.update(text);
  return hash.digest('hex');
}
