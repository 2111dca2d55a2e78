// What JupyterLab shows when something is lost under a cell: the kernel's process, the connection, the page.
import { existsSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { describeInLab, type Lab, type NotebookPage } from '../helpers/lab.js';
import { openConsole } from '../helpers/lab-console.js';
import type { KernelName } from '../helpers/notebook.js';

/** Cells that wait say so, and go on when the file is there; another file tells that they are done. */
const LANGUAGES = [
  {
    kernel: 'rserver-r',
    keep: 'kept <- 17',
    isKept: 'exists("kept")',
    lost: 'FALSE',
    wait: (go: string, done: string) =>
      `cat("before\\n")\nwhile (!file.exists("${go}")) Sys.sleep(0.05)
for (i in 1:3) cat("after", i, "\\n")\nplot(1:3)\ninvisible(file.create("${done}"))\nresult <- i * 11\nresult`,
    use: 'result + 1',
  },
  {
    kernel: 'rserver-python',
    keep: 'kept = 17',
    isKept: '"kept" in globals()',
    lost: 'False',
    wait: (go: string, done: string) =>
      `import os, time\nprint("before")\nwhile not os.path.exists("${go}"): time.sleep(0.05)
for i in range(1, 4): print("after", i)\nimport matplotlib.pyplot as plt\nplt.plot([1, 2]); plt.show()
open("${done}", "w").close()\nresult = i * 11\nresult`,
    use: 'result + 1',
  },
] as const satisfies readonly (Record<string, unknown> & { kernel: KernelName })[];

describeInLab('JupyterLab', (lab) => {
  test.each(LANGUAGES)(
    'starts a killed kernel anew; the session it left can be taken up again ($kernel)',
    async ({ kernel, keep, isKept, lost, wait }) => {
      const name = `killed-${kernel}.ipynb`;
      const signs = signsOf(lab(), name);
      const notebook = await lab().open(name, kernel, [
        keep,
        '%session',
        wait(signs.go, signs.done),
        isKept,
        '%session list',
        '',
      ]);
      await notebook.run(0);
      await notebook.run(1);
      const id = await sessionId(notebook, 1);
      await notebook.run(2);
      await notebook.output(2).getByText('before').waitFor();

      process.kill(await lab().kernelProcessOf(name), 'SIGKILL');
      await notebook.page.getByText('Kernel Restarting').waitFor();
      await notebook.screenshot(`lab-killed-${kernel}-1`);
      await notebook.accept();
      await notebook.idle();
      await notebook.run(3);
      await notebook.output(3).getByText(lost, { exact: true }).waitFor();
      await notebook.run(4);
      await notebook.output(4).getByText(id).waitFor();
      await notebook.screenshot(`lab-killed-${kernel}-2`);
      const told = `${await notebook.text(3)}${await notebook.text(4)}`;
      expect(told.split('A session of an earlier kernel of this notebook')).toHaveLength(2);
      expect(told).toContain(`%session attach ${id.slice(0, 8)} takes it up`);
      expect(await notebook.cell(2).locator('.jp-InputPrompt').textContent()).not.toContain('*');

      signs.letGo();
      await notebook.type(5, `%session attach ${id}\nkept + 1`);
      await notebook.run(5);
      await notebook.output(5).getByText('18', { exact: true }).waitFor();
      await notebook.screenshot(`lab-killed-${kernel}-3`);
      await notebook.close();
    },
  );

  test.each(LANGUAGES)(
    'shows what a cell did while the connection was lost ($kernel)',
    async ({ kernel, wait }) => {
      const name = `offline-${kernel}.ipynb`;
      const signs = signsOf(lab(), name);
      const notebook = await lab().open(name, kernel, [wait(signs.go, signs.done)]);
      const connection = await notebook.holdConnection();
      await notebook.run(0);
      await notebook.output(0).getByText('before').waitFor();

      await connection.cut();
      signs.letGo();
      await expect.poll(() => existsSync(signs.done), { timeout: 20_000 }).toBe(true);
      expect(await notebook.output(0).getByText('after').count()).toBe(0);
      connection.restore();

      await notebook.output(0).getByText('33', { exact: true }).waitFor();
      await notebook.screenshot(`lab-offline-${kernel}`);
      expect(await notebook.text(0)).toMatch(/before\s+after 1\s+after 2\s+after 3/);
      expect(await notebook.output(0).locator('img').count()).toBe(1);
      await notebook.close();
    },
  );

  test.each(LANGUAGES)(
    'finds the cell still running when the page is loaded anew ($kernel)',
    async ({ kernel, wait, use }) => {
      const name = `reloaded-${kernel}.ipynb`;
      const signs = signsOf(lab(), name);
      const notebook = await lab().open(name, kernel, [wait(signs.go, signs.done), use]);
      await notebook.run(0);
      await notebook.output(0).getByText('before').waitFor();
      await notebook.save();

      await notebook.reload();
      await notebook.busy();
      await notebook.output(0).getByText('before').waitFor();
      await notebook.run(1);
      await notebook.running(1);
      await notebook.screenshot(`lab-reloaded-${kernel}-1`);
      signs.letGo();

      await notebook.output(1).getByText('34', { exact: true }).waitFor();
      await notebook.screenshot(`lab-reloaded-${kernel}-2`);
      await notebook.close();
    },
  );

  test.each(LANGUAGES)(
    'shows the output of a cell again after the page was loaded anew, also while it runs ($kernel)',
    async ({ kernel, wait }) => {
      const name = `again-${kernel}.ipynb`;
      const signs = signsOf(lab(), name);
      const notebook = await lab().open(name, kernel, [wait(signs.go, signs.done), '%output']);
      await notebook.run(0);
      await notebook.output(0).getByText('before').waitFor();
      await notebook.reload();
      await notebook.busy();
      const panel = await openConsole(notebook, 'Subshell Console');

      await panel.run('%output');
      await panel.outputs.getByText('before').waitFor();
      await notebook.screenshot(`lab-again-${kernel}-1`);
      await notebook.run(1);
      await notebook.running(1);
      signs.letGo();
      await panel.shows('33');
      await panel.outputs.locator('img').waitFor();
      await notebook.output(1).getByText('33', { exact: true }).waitFor();
      await notebook.output(1).locator('img').waitFor();

      await notebook.screenshot(`lab-again-${kernel}-2`);
      const all = /^before\s+after 1\s+after 2\s+after 3\s+33$/;
      expect((await panel.outputs.allInnerTexts()).join('\n').trim()).toMatch(all);
      expect((await notebook.text(1)).trim()).toMatch(all);
      await notebook.close();
    },
  );
});

/** The files with which a cell is let go on, and tells that it has. */
function signsOf(lab: Lab, name: string): { go: string; done: string; letGo: () => void } {
  const go = path.join(lab.jupyter.directory, `${name}-go`);
  const done = path.join(lab.jupyter.directory, `${name}-done`);
  return {
    go,
    done,
    letGo: () => {
      writeFileSync(go, '');
    },
  };
}

async function sessionId(notebook: NotebookPage, index: number): Promise<string> {
  const shown = notebook.output(index).getByText(/id +[\da-f-]{36}/);
  const id = /id +([\da-f-]{36})/.exec((await shown.textContent()) ?? '')?.[1];
  if (id === undefined) throw new Error('no session id is shown');
  return id;
}
