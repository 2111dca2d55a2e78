// The console panel which JupyterLab opens beside a notebook.
import type { Locator } from 'playwright-core';
import { expect } from 'vitest';
import type { NotebookPage } from './lab.js';

/** Opens one; that of a subshell runs beside the cells of the notebook. */
export async function openConsole(
  notebook: NotebookPage,
  kind: 'Console' | 'Subshell Console' = 'Console',
): Promise<ConsolePanel> {
  const { page } = notebook;
  await notebook.cell(0).click({ button: 'right' });
  await page.locator('.lm-Menu-itemLabel', { hasText: `New ${kind} for Notebook` }).click();
  const panel = new ConsolePanel(page.locator('.jp-CodeConsole'));
  // The banner comes with the kernel's answer: from then on it is ready.
  await page.locator('.jp-CodeConsole-banner', { hasText: 'rserver-kernel' }).waitFor();
  return panel;
}

/** The console panel, by what a person types and sees. */
export class ConsolePanel {
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
