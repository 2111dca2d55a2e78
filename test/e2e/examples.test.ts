// The two commands' notebooks: both examples run, and their results are what the text around them says.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  createJupyterEnvironment,
  type JupyterEnvironment,
} from '../helpers/jupyter-environment.js';
import { imagesOf, readOutputs, textOf, writeNotebook } from '../helpers/notebook.js';
import { isMissing, PROJECT_ROOT } from '../helpers/requirements.js';

describe.skipIf(isMissing('R', 'jupyter', 'build'))('example notebooks', () => {
  let jupyter: JupyterEnvironment;
  beforeAll(async () => {
    jupyter = await createJupyterEnvironment();
  });
  afterAll(() => jupyter.close());

  async function execute(name: string) {
    const output = path.join(jupyter.directory, name);
    const run = await jupyter.run('jupyter', [
      'nbconvert',
      '--to',
      'notebook',
      '--execute',
      '--output',
      output,
      path.join(PROJECT_ROOT, 'examples', name),
    ]);
    expect(run.code, run.stderr).toBe(0);
    return readOutputs(output);
  }

  test('iris-python trains, predicts, snapshots and restores', async () => {
    const outputs = await execute('iris-python.ipynb');

    const text = outputs.map(textOf).join('\n');
    expect(text).toContain('I. versicolor');
    expect(text).toContain('I. virginica');
    expect(outputs.flatMap(imagesOf).length).toBeGreaterThanOrEqual(1);
    expect(text).not.toMatch(/Error|Traceback/);
  });

  test('quickstart-r fits, plots, answers 0.6418125, snapshots and restores', async () => {
    const outputs = await execute('quickstart-r.ipynb');

    const text = outputs.map(textOf).join('\n');
    expect(text).toContain('0.6418125');
    expect(outputs.flatMap(imagesOf).length).toBeGreaterThanOrEqual(1);
    expect(text).not.toMatch(/Error/);
  });

  test('the cells of the README run as they stand there', async () => {
    const readme = readFileSync(path.join(PROJECT_ROOT, 'README.md'), 'utf8');
    const section = /## Five minutes[\s\S]*?\n## /.exec(readme)?.[0] ?? '';
    const cells = [...section.matchAll(/```text\n([\s\S]*?)\n```/g)].map((match) => match[1] ?? '');
    const file = path.join(jupyter.directory, 'readme.ipynb');
    writeNotebook(file, 'rserver-python', [...cells, 'print(clf.predict([[7, 3.2, 4.7, 1.4]]))']);

    const run = await jupyter.run('jupyter', [
      'nbconvert',
      '--to',
      'notebook',
      '--execute',
      '--inplace',
      file,
    ]);

    expect(run.code, run.stderr).toBe(0);
    const outputs = readOutputs(file);
    expect(cells.length).toBeGreaterThanOrEqual(5);
    expect(textOf(outputs[1] ?? [])).toContain('result: vector');
    expect(textOf(outputs.at(-1) ?? [])).toBe('[1]\n');
  });

  test('the committed notebooks hold no outputs', () => {
    for (const name of ['iris-python.ipynb', 'quickstart-r.ipynb']) {
      const file = path.join(PROJECT_ROOT, 'examples', name);
      expect(readFileSync(file, 'utf8')).not.toContain('execute_result');
      expect(readOutputs(file).flat()).toEqual([]);
    }
  });
});
