// The example notebooks run, again and again, and their results are what the text around them says.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  createJupyterEnvironment,
  type JupyterEnvironment,
} from '../helpers/jupyter-environment.js';
import {
  nbconvertArguments,
  imagesOf,
  readOutputs,
  textOf,
  writeNotebook,
  type KernelName,
  type NotebookOutput,
} from '../helpers/notebook.js';
import { isMissing, PROJECT_ROOT } from '../helpers/requirements.js';

const NOTEBOOKS = ['iris-python.ipynb', 'manual-transmission-r.ipynb', 'quickstart-r.ipynb'];

/** What calls of services showed as their outputs. */
function consumed(outputs: readonly (readonly NotebookOutput[])[]): readonly string[] {
  return outputs
    .flat()
    .map((output) => textOf([output]))
    .filter((text) => text.startsWith('iris_species: '));
}

describe.skipIf(isMissing('R', 'jupyter', 'build'))('example notebooks', () => {
  let jupyter: JupyterEnvironment;
  beforeAll(async () => {
    jupyter = await createJupyterEnvironment();
  });
  afterAll(() => jupyter.close());

  async function execute(name: string) {
    const output = path.join(jupyter.directory, name);
    const notebook = path.join(PROJECT_ROOT, 'examples', name);
    const run = await jupyter.run('jupyter', nbconvertArguments(notebook, output));
    expect(run.code, run.stderr).toBe(0);
    return readOutputs(output);
  }

  test('iris-python goes from login to a deleted service, and does so again', async () => {
    await execute('iris-python.ipynb');
    const outputs = await execute('iris-python.ipynb');

    const text = outputs.map(textOf).join('\n');
    expect(text).toContain('the first flower is  I. versicolor');
    expect(text).toContain('the second flower is I. virginica');
    expect(text).toContain('model there: False - names: {}');
    expect(text).toContain('model there: True - the first flower is I. versicolor');
    expect(text).toContain('Service Iris V1.0 published.');
    expect(consumed(outputs)).toEqual([
      'iris_species: vector [1]\n["I. versicolor"]',
      'iris_species: vector [1]\n["I. virginica"]',
      'iris_species: vector [1]\n["I. setosa"]',
      'iris_species: character\nI. setosa',
    ]);
    expect(text).toContain('Service Iris V1.0 changed.');
    expect(text).toMatch(/Services\nname +version[\s\S]*Iris +V1\.0[\s\S]*Iris +V2\.0/);
    expect(textOf(outputs.at(-1) ?? [])).toMatch(
      /^Service Iris V2\.0 deleted\.\nService Iris V1\.0 deleted\.\nSnapshot "Iris Snapshot" \(.+\) deleted\.\n$/,
    );
    expect(outputs.flatMap(imagesOf).length).toBeGreaterThanOrEqual(1);
  });

  test('manual-transmission-r publishes, is called for 0.6418125, and tidies up', async () => {
    await execute('manual-transmission-r.ipynb');
    const outputs = await execute('manual-transmission-r.ipynb');

    const text = outputs.map(textOf).join('\n');
    const answers = [...text.matchAll(/^answer: numeric\n(.*)$/gm)].map((match) =>
      Number(match[1]),
    );
    expect(answers.map((answer) => answer.toFixed(7))).toEqual([
      '0.6418125', // in the session
      '0.6418125', // the test call
      '0.6418125', // the service
      '64.2000000', // the changed service
    ]);
    expect(text).toMatch(
      /answers: data\.frame 3 x 3\n +hp +wt +answer\n[\s\S]*?120 +2\.8 +0\.64181/,
    );
    expect(text).toMatch(/outputData: data\.frame 2 x 1\n +am_Pred\n0\.64181/);
    expect(text).toMatch(/TransmissionModel +v1\.0\.0 +Realtime/);
    expect(textOf(outputs.at(-1) ?? [])).toMatch(
      /deleted\.\nService TransmissionService v1\.0\.0 deleted\.\nService TransmissionModel v1\.0\.0 deleted\.\n$/,
    );
    expect(outputs.flatMap(imagesOf)).toHaveLength(1);
  });

  test('quickstart-r fits, plots, answers 0.6418125, snapshots and restores', async () => {
    const outputs = await execute('quickstart-r.ipynb');

    const text = outputs.map(textOf).join('\n');
    expect(text).toContain('0.6418125');
    expect(outputs.flatMap(imagesOf).length).toBeGreaterThanOrEqual(1);
    expect(text).not.toMatch(/Error/);
  });

  /** Runs the cells of a section of the README, and a last one. */
  async function executeReadme(title: string, kernelName: KernelName, lastCell: string) {
    const readme = readFileSync(path.join(PROJECT_ROOT, 'README.md'), 'utf8');
    const section = readme.split(/^(?=## )/m).find((text) => text.startsWith(`## ${title}`)) ?? '';
    const cells = [...section.matchAll(/```text\n([\s\S]*?)\n```/g)].map((match) => match[1] ?? '');
    const file = path.join(jupyter.directory, `${kernelName}.ipynb`);
    writeNotebook(file, kernelName, [...cells, lastCell]);
    const run = await jupyter.run('jupyter', nbconvertArguments(file));
    expect(run.code, run.stderr).toBe(0);
    return readOutputs(file).map(textOf);
  }

  test('the cells of the README run as they stand there', async () => {
    const lastCell = 'print(clf.predict([[7, 3.2, 4.7, 1.4]]))';

    const texts = await executeReadme('Five minutes', 'rserver-python', lastCell);

    expect(texts.length).toBeGreaterThanOrEqual(6);
    expect(texts[1]).toContain('result: vector');
    expect(texts.at(-1)).toBe('[1]\n');
  });

  test('the service of the README is published and called', async () => {
    const texts = await executeReadme('Publish and consume', 'rserver-r', '%services Cars');

    expect(texts[1]).toMatch(/Test call:\nanswer: numeric\n0\.6418125/);
    expect(texts[2]).toContain('answer: numeric\n0.98720');
    expect(texts[2]).toContain('answers: data.frame 32 x 3');
    expect(texts.at(-1)).toBe('There are no services.');
  });

  test('the committed notebooks hold no outputs', () => {
    for (const name of NOTEBOOKS) {
      const file = path.join(PROJECT_ROOT, 'examples', name);
      expect(readFileSync(file, 'utf8')).not.toContain('execute_result');
      expect(readOutputs(file).flat()).toEqual([]);
    }
  });
});
