// JupyterLab 4 in headless Chromium: completer, tooltip, Contextual Help and the variable panel, also while a cell runs.
import { expect, test } from 'vitest';
import { describeInLab, type NotebookPage } from '../helpers/lab.js';
import type { KernelName } from '../helpers/notebook.js';

const LANGUAGES = [
  {
    kernel: 'rserver-r',
    prepare: 'speeds <- data.frame(dist = 1:3, top_speed = c(1.5, 2, 3))\nratio <- 0.5',
    member: 'speeds$top',
    memberMatch: 'top_speed',
    call: 'median(',
    help: /Median Value/,
    calls: 'median(1:3)\nlapply(1:3, sqrt)',
    helpForms: [/Median Value/, /Apply a Function over a List/],
    wait: 'print("begun")\nSys.sleep(60)',
    variable: 'speeds',
    type: /data\.frame/,
    children: ['dist', 'top_speed'],
  },
  {
    kernel: 'rserver-python',
    prepare: 'speeds = {"dist": 1, "top_speed": 2}\nratio = 0.5',
    member: 'speeds["top',
    memberMatch: 'top_speed',
    call: 'sorted(',
    help: /Return a new list/,
    calls: 'sorted([2, 1])\nlen([2, 1])',
    helpForms: [/Return a new list/, /Return the number of items/],
    wait: 'import time\nprint("begun")\ntime.sleep(60)',
    variable: 'speeds',
    type: /dict/,
    children: ['dist', 'top_speed'],
  },
] as const satisfies readonly (Record<string, unknown> & { kernel: KernelName })[];

describeInLab('JupyterLab', (lab) => {
  test.each(LANGUAGES)(
    'completes, helps and lists the variables, also while a cell runs ($kernel)',
    async (language) => {
      const { kernel } = language;
      const notebook = await lab().open(`answers-${kernel}.ipynb`, kernel, [
        language.prepare,
        '',
        language.wait,
      ]);
      const { page } = notebook;

      await notebook.run(0);
      await notebook.idle();
      await openVariables(notebook);
      await page.locator('.jp-SideBar [data-id="jp-debugger-sidebar"]').click();
      const tree = page.locator('.jp-DebuggerVariables');
      await tree.getByText(language.variable, { exact: false }).first().waitFor();
      await notebook.screenshot(`lab-variables-${kernel}`);

      await notebook.type(1, language.member);
      await page.keyboard.press('Tab');
      await notebook.screenshot(`lab-completer-${kernel}`);
      await expectCompleted(notebook, language.memberMatch);

      await notebook.type(1, language.call);
      await page.keyboard.press('Shift+Tab');
      await page.locator('.jp-Tooltip').getByText(language.help).first().waitFor();
      await notebook.screenshot(`lab-tooltip-${kernel}`);
      await page.keyboard.press('Escape');

      await notebook.run(2);
      await notebook.output(2).getByText('begun').waitFor();
      await notebook.type(1, language.member);
      await page.keyboard.press('Tab');
      await expectCompleted(notebook, language.memberMatch);
      await notebook.screenshot(`lab-busy-${kernel}`);
      await notebook.interrupt();
      await notebook.close();
    },
  );

  test.each(LANGUAGES)(
    'shows help that follows the cursor, also while a cell runs ($kernel)',
    async (language) => {
      const { kernel, helpForms } = language;
      const notebook = await lab().open(`help-${kernel}.ipynb`, kernel, [
        language.calls,
        language.wait,
      ]);
      const { page } = notebook;
      const panel = page.locator('.jp-Inspector');
      const toLine = (line: number) =>
        notebook
          .cell(0)
          .locator('.cm-line')
          .nth(line)
          .click({ position: { x: 12, y: 8 } });

      await notebook.choose('Help', 'Show Contextual Help');
      await toLine(0);
      await panel.getByText(helpForms[0]).first().waitFor();
      await notebook.screenshot(`lab-inspector-${kernel}-1`);
      await toLine(1);
      await panel.getByText(helpForms[1]).first().waitFor();
      await notebook.screenshot(`lab-inspector-${kernel}-2`);
      expect(await panel.locator('h2').count()).toBe(kernel === 'rserver-r' ? 1 : 0);

      await notebook.run(1);
      await notebook.output(1).getByText('begun').waitFor();
      await toLine(0);
      await panel.getByText(helpForms[0]).first().waitFor();
      await notebook.running(1);
      await notebook.screenshot(`lab-inspector-${kernel}-busy`);
      await notebook.interrupt();
      await notebook.close();
    },
  );
});

/** The button takes no notice of a click while the notebook is being set up. */
async function openVariables({ page }: NotebookPage): Promise<void> {
  const button = page.locator('.jp-DebuggerBugButton').first();
  const isOn = page.locator('.jp-DebuggerBugButton[aria-pressed="true"]').first();
  for (let attempt = 0; attempt < 5 && !(await isOn.isVisible()); attempt += 1) {
    await button.click();
    await isOn.waitFor({ timeout: 10_000 }).catch(() => undefined);
  }
}

/** The completer offers a match, or puts it in at once when there is no other. */
async function expectCompleted(notebook: NotebookPage, match: string): Promise<void> {
  const { page } = notebook;
  const offered = page.locator('.jp-Completer-match', { hasText: match });
  const done = notebook.cell(1).locator('.cm-content', { hasText: match });
  await offered.or(done).first().waitFor();
  if (await offered.first().isVisible()) await page.keyboard.press('Enter');
  await done.waitFor();
}
