// A slow cell in JupyterLab: a line tells that it runs, and nothing of it is in the saved notebook.
import { beforeAll, expect, test } from 'vitest';
import { describeInLab, type NotebookPage } from '../helpers/lab.js';

const NOTEBOOK = 'slow.ipynb';

interface SavedNotebook {
  readonly cells: readonly { readonly outputs: readonly { readonly output_type: string }[] }[];
}

describeInLab('a slow cell in JupyterLab', (lab) => {
  let notebook: NotebookPage;

  beforeAll(async () => {
    notebook = await lab().open(NOTEBOOK, 'rserver-r', [
      'Sys.sleep(6)',
      'Sys.sleep(5)\ncat("over\\n")\n42',
      'Sys.sleep(5)\nstop("went wrong")',
    ]);
  });

  const line = (index: number) => notebook.output(index).getByText(/^Running \d+ s$/);

  test('has a line as long as it has shown nothing', async () => {
    await notebook.run(0);
    await line(0).waitFor();
    await notebook.output(0).getByText('Running 4 s').waitFor();
    await notebook.screenshot('lab-progress-running');
    await line(0).waitFor({ state: 'detached' });

    await notebook.run(1);
    await line(1).waitFor();
    await notebook.output(1).getByText('over').waitFor();
    expect(await line(1).count()).toBe(0);

    await notebook.run(2);
    await line(2).waitFor();
    await notebook.output(2).getByText('went wrong').first().waitFor();
    expect(await line(2).count()).toBe(0);
    await notebook.idle();
    await notebook.screenshot('lab-progress-over');
  });

  test('leaves no trace in the saved notebook', async () => {
    await notebook.save();

    const text = lab().savedText(NOTEBOOK);
    const { cells } = JSON.parse(text) as SavedNotebook;
    expect(cells.map(({ outputs }) => outputs.map((output) => output.output_type))).toEqual([
      [],
      ['stream', 'execute_result'],
      ['error'],
      [], // the one below the last, which JupyterLab adds
    ]);
    expect(text).not.toContain('Running');
  });
});
