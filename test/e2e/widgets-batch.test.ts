// Widgets in a batch run: nobody moves them, and their state is kept in the notebook.
import path from 'node:path';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  createJupyterEnvironment,
  type JupyterEnvironment,
} from '../helpers/jupyter-environment.js';
import { nbconvertArguments, readOutputs, textOf, writeNotebook } from '../helpers/notebook.js';
import { isMissing } from '../helpers/requirements.js';

interface WidgetState {
  readonly model_name: string;
  readonly state: { readonly value?: unknown; readonly outputs?: unknown };
}

describe.skipIf(isMissing('jupyterlab', 'build'))('widgets in a batch run', () => {
  let jupyter: JupyterEnvironment;
  beforeAll(async () => {
    jupyter = await createJupyterEnvironment();
  });
  afterAll(async () => {
    await jupyter.close();
  });

  test('their last state is saved, and what an Output captures is no output of its cell', async () => {
    const inside = (name: string): string => path.join(jupyter.directory, name);
    writeNotebook(inside('widgets.ipynb'), 'rserver-python', [
      'import ipywidgets as w\nslider = w.IntSlider(value=4)\nslider.value = 5\nslider',
      "out = w.Output()\ndisplay(out)\nwith out:\n    print('captured')\nprint('not captured')",
    ]);

    const arguments_ = nbconvertArguments(inside('widgets.ipynb'), 'run.ipynb');
    const { code, stderr } = await jupyter.run('jupyter', arguments_);

    expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' });
    const states = statesOf(inside('run.ipynb'));
    expect(stateOf(states, 'IntSliderModel')?.value).toBe(5);
    expect(stateOf(states, 'OutputModel')?.outputs).toEqual([
      { output_type: 'stream', name: 'stdout', text: 'captured\n' },
    ]);
    const [, [, printed] = []] = readOutputs(inside('run.ipynb'));
    expect(textOf(printed === undefined ? [] : [printed])).toBe('not captured\n');
  });
});

function statesOf(file: string): readonly WidgetState[] {
  const { metadata } = JSON.parse(readFileSync(file, 'utf8')) as {
    metadata: {
      widgets?: Record<string, { readonly state: Readonly<Record<string, WidgetState>> }>;
    };
  };
  const kept = metadata.widgets?.['application/vnd.jupyter.widget-state+json'];
  return Object.values(kept?.state ?? {});
}

function stateOf(states: readonly WidgetState[], model: string): WidgetState['state'] | undefined {
  return states.find(({ model_name: name }) => name === model)?.state;
}
