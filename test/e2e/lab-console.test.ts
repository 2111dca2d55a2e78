// JupyterLab's console beside a notebook: cells in the notebook's session, and the lines of earlier ones with the arrow up.
import { expect, test } from 'vitest';
import { describeInLab } from '../helpers/lab.js';
import { openConsole } from '../helpers/lab-console.js';
import type { KernelName } from '../helpers/notebook.js';

const LANGUAGES = [
  {
    kernel: 'rserver-r',
    assign: 'shared <- 40',
    several: 'twice <- function(x) {\n  2 * x\n}\ntwice(shared)',
    plot: 'plot(1:3)',
  },
  {
    kernel: 'rserver-python',
    assign: 'shared = 40',
    several: 'def twice(x):\n    return 2 * x\n\ntwice(shared)',
    plot: 'import matplotlib.pyplot as plt\nplt.plot([1, 2]);',
  },
] as const satisfies readonly (Record<string, string> & { kernel: KernelName })[];

describeInLab('the console panel of JupyterLab', (lab) => {
  test.each(LANGUAGES)(
    'shares the session of its notebook, takes several lines and shows plots ($kernel)',
    async ({ kernel, assign, several, plot }) => {
      const notebook = await lab().open(`console-${kernel}.ipynb`, kernel, [assign]);
      await notebook.run(0);
      await notebook.idle();
      const panel = await openConsole(notebook);

      await panel.run('shared + 2');
      await panel.shows('42');
      await panel.run(several);
      await panel.shows('80');
      await panel.run(plot);
      await panel.outputs.locator('img').waitFor();
      await notebook.screenshot(`lab-console-${kernel}`);

      await notebook.close();
    },
  );

  test.each(LANGUAGES)(
    'brings lines back with the arrow up, also those of an earlier kernel ($kernel)',
    async ({ kernel, assign }) => {
      const earlier = await lab().open(`earlier-${kernel}.ipynb`, kernel, [assign]);
      await earlier.run(0);
      await earlier.idle();
      await earlier.restart();
      const panel = await openConsole(earlier);

      await panel.bringsBack(assign);
      await panel.clear();
      await panel.run('100 + 11');
      await panel.shows('111');
      await panel.run('200 + 22');
      await panel.shows('222');

      expect(await panel.lineBefore()).toBe('200 + 22');
      expect(await panel.lineBefore()).toBe('100 + 11');
      expect(await panel.lineBefore()).toBe(assign);
      await earlier.screenshot(`lab-console-history-${kernel}`);
      await earlier.close();
    },
  );
});
