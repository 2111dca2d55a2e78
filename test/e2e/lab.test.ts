// JupyterLab 4 in headless Chromium: what a person does with the mouse and the keyboard.
import { expect, test } from 'vitest';
import { describeInLab } from '../helpers/lab.js';
import type { KernelName } from '../helpers/notebook.js';

/** What each language needs typed. */
const LANGUAGES = [
  {
    kernel: 'rserver-r',
    plot: 'plot(1:10)',
    table: 'head(mtcars)',
    sleep: 'kept <- 17\nprint("begun")\nSys.sleep(120)',
    state: 'kept + 1',
    stateText: '18',
    gone: 'exists("kept")',
    goneText: 'FALSE',
  },
  {
    kernel: 'rserver-python',
    plot: 'import matplotlib.pyplot as plt\nplt.plot(range(10));',
    table: 'import pandas as pd\npd.DataFrame({"a": [1, 2]})',
    sleep: 'import time\nkept = 17\nprint("begun")\ntime.sleep(120)',
    state: 'kept + 1',
    stateText: '18',
    gone: '"kept" in globals()',
    goneText: 'False',
  },
] as const satisfies readonly (Record<string, string> & { kernel: KernelName })[];

describeInLab('JupyterLab', (lab) => {
  test.each(LANGUAGES)(
    'runs cells, shows a plot and a table, interrupts and restarts ($kernel)',
    async (language) => {
      const notebook = await lab().open(`${language.kernel}.ipynb`, language.kernel, [
        language.plot,
        language.table,
        '%snapshot create from-lab\n%snapshot list',
        language.sleep,
        language.state,
        language.gone,
      ]);

      await notebook.run(0);
      await notebook.output(0).locator('img').waitFor();
      await notebook.run(1);
      await notebook.output(1).locator('table').waitFor();
      await notebook.run(2);
      await notebook.output(2).getByText('from-lab').first().waitFor();
      await notebook.screenshot(`lab-${language.kernel}-1`);

      await notebook.run(3);
      await notebook.output(3).getByText('begun').waitFor();
      await notebook.interrupt();
      await notebook
        .output(3)
        .getByText(/Interrupt/)
        .first()
        .waitFor();
      await notebook.run(4);
      await notebook.output(4).getByText(language.stateText, { exact: true }).waitFor();
      await notebook.screenshot(`lab-${language.kernel}-2`);

      await notebook.restart();
      await notebook.run(5);
      await notebook.output(5).getByText(language.goneText, { exact: true }).waitFor();
      await notebook.screenshot(`lab-${language.kernel}-3`);

      const width = await notebook
        .output(0)
        .locator('img')
        .evaluate((image) => (image as unknown as { naturalWidth: number }).naturalWidth);
      expect(width).toBeGreaterThan(300);
      await notebook.close();
    },
  );
});
