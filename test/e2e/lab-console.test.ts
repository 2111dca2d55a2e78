// JupyterLab's console beside a notebook: cells in the notebook's session, and the lines of earlier ones with the arrow up.
import { expect, test } from 'vitest';
import type { Locator } from 'playwright-core';
import { describeInLab, type NotebookPage } from '../helpers/lab.js';
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

async function openConsole(notebook: NotebookPage): Promise<ConsolePanel> {
  const { page } = notebook;
  await notebook.cell(0).click({ button: 'right' });
  await page.locator('.lm-Menu-itemLabel', { hasText: 'New Console for Notebook' }).click();
  const panel = new ConsolePanel(page.locator('.jp-CodeConsole'));
  // The banner comes with the kernel's answer: from then on it is ready.
  await page.locator('.jp-CodeConsole-banner', { hasText: 'rserver-kernel' }).waitFor();
  return panel;
}

/** The console panel, by what a person types and sees. */
class ConsolePanel {
  readonly outputs: Locator;
  readonly #input: Locator;

  constructor(panel: Locator) {
    this.outputs = panel.locator('.jp-OutputArea-output');
    this.#input = panel.locator('.jp-CodeConsole-input .cm-content');
  }

  async run(code: string): Promise<void> {
    await this.#input.click();
    await this.#input.page().keyboard.insertText(code);
    await this.#input.press('Shift+Enter');
  }

  shows(text: string): Promise<void> {
    return this.outputs.getByText(text, { exact: true }).waitFor();
  }

  /** What the arrow up puts in place of the line. */
  async lineBefore(): Promise<string> {
    const before = await this.#input.innerText();
    await this.#input.press('ArrowUp');
    await expect
      .poll(() => this.#input.innerText(), { timeout: 2_000 })
      .not.toBe(before)
      .catch(() => undefined);
    return this.#input.innerText();
  }

  /**
   * Lab asks the kernel for its history when the panel opens. A key that comes before the answer finds an empty history,
   * and goes on with it until something is typed.
   */
  async bringsBack(line: string): Promise<void> {
    const typeAndLookBack = async (): Promise<string> => {
      await this.#input.click();
      await this.#input.page().keyboard.insertText('x');
      await this.clear();
      return this.lineBefore();
    };
    await expect.poll(typeAndLookBack, { timeout: 10_000 }).toBe(line);
  }

  async clear(): Promise<void> {
    await this.#input.press('Control+A');
    await this.#input.press('Delete');
  }
}
