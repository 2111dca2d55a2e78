// One notebook with both languages and data that moves, through nbconvert.
import { readFileSync } from 'node:fs';
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

describe.skipIf(isMissing('R', 'jupyter', 'build'))('a notebook in two languages', () => {
  let jupyter: JupyterEnvironment;

  beforeAll(async () => {
    jupyter = await createJupyterEnvironment();
  }, 120_000);
  afterAll(() => jupyter.close());

  test('runs R and Python cells, shares a frame both ways and writes a file', async () => {
    const file = (name: string): string => path.join(jupyter.directory, name);
    writeNotebook(file('both.ipynb'), 'rserver-r', [
      'sales <- data.frame(month = factor(c("Jan", "Feb"), levels = c("Jan", "Feb")), total = c(120, NA))',
      '%share sales',
      '%%python\nimport matplotlib.pyplot as plt\nsales["twice"] = sales.total * 2\nplt.plot(sales.total);\nprint(sales.dtypes["month"])',
      '%share sales --to r --as doubled',
      'cat(doubled$twice, levels(doubled$month))',
      '%pull doubled doubled.csv',
    ]);

    const run = await jupyter.run('jupyter', nbconvertArguments(file('both.ipynb'), 'out.ipynb'));

    expect(run.code, run.stderr).toBe(0);
    const [, , python = [], , r = []] = readOutputs(file('out.ipynb'));
    expect(textOf(python)).toContain('category');
    expect(imagesOf(python)).toHaveLength(1);
    expect(textOf(r)).toBe('240 NA Jan Feb');
    expect(readFileSync(file('doubled.csv'), 'utf8')).toBe(
      '"month","total","twice"\n"Jan",120,240\n"Feb",NA,NA\n',
    );
  }, 120_000);
});
