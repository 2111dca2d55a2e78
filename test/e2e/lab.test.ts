// JupyterLab 4 in headless Chromium: what a person does with the mouse and the keyboard.
// Screenshots go to test-output/ (not kept in git), to be looked at.
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { chromium, type Browser, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  createJupyterEnvironment,
  type JupyterEnvironment,
} from '../helpers/jupyter-environment.js';
import { writeNotebook, type KernelName } from '../helpers/notebook.js';
import { urlOfServer } from '../helpers/jupyter-server.js';
import { chromiumPath, isMissing, PROJECT_ROOT, venvBin } from '../helpers/requirements.js';

const SCREENSHOTS = path.join(PROJECT_ROOT, 'test-output');
const TOKEN = 'lab-test';

/** What each language needs typed. */
const LANGUAGES = [
  {
    kernel: 'rserver-r',
    plot: 'plot(1:10)',
    table: 'head(mtcars)',
    sleep: 'kept <- 17\nprint("begun")\nSys.sleep(120)',
    state: 'kept + 1',
    stateText: '[1] 18',
    gone: 'exists("kept")',
    goneText: '[1] FALSE',
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

describe.skipIf(isMissing('R', 'jupyterlab', 'chromium', 'build'))('JupyterLab', () => {
  let jupyter: JupyterEnvironment;
  let server: ChildProcess;
  let url: string;
  let browser: Browser;

  beforeAll(async () => {
    mkdirSync(SCREENSHOTS, { recursive: true });
    jupyter = await createJupyterEnvironment();
    mkdirSync(path.join(jupyter.directory, 'work'));
    // No question about news in front of the notebook.
    const settings = path.join(
      jupyter.directory,
      'config/lab/user-settings/@jupyterlab/apputils-extension',
    );
    mkdirSync(settings, { recursive: true });
    writeFileSync(
      path.join(settings, 'notification.jupyterlab-settings'),
      JSON.stringify({ fetchNews: 'false', checkForUpdates: false }),
    );
    server = spawn(
      venvBin('jupyter'),
      [
        'lab',
        '--no-browser',
        '--allow-root',
        '--ServerApp.port=0',
        `--IdentityProvider.token=${TOKEN}`,
        '--ServerApp.root_dir=work',
      ],
      { cwd: jupyter.directory, env: jupyter.env, stdio: ['ignore', 'ignore', 'pipe'] },
    );
    url = await urlOfServer(server);
    browser = await chromium.launch({
      executablePath: chromiumPath ?? '',
      args: [
        '--no-sandbox',
        '--disable-gpu',
        '--disable-quic',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
        `--disk-cache-dir=${mkdtempSync(path.join(jupyter.directory, 'chromium-'))}`,
      ],
    });
  });
  afterAll(async () => {
    await browser.close();
    server.kill('SIGTERM');
    await jupyter.close();
  });

  test.each(LANGUAGES)(
    'runs cells, shows a plot and a table, interrupts and restarts ($kernel)',
    async (language) => {
      const name = `${language.kernel}.ipynb`;
      writeNotebook(path.join(jupyter.directory, 'work', name), language.kernel, [
        language.plot,
        language.table,
        '%snapshot create from-lab\n%snapshot list',
        language.sleep,
        language.state,
        language.gone,
      ]);
      const page = await browser.newPage({ viewport: { width: 1200, height: 1500 } });
      await page.goto(`${url}lab/tree/${name}?token=${TOKEN}&reset`);
      page.setDefaultTimeout(60_000);
      const notebook = new NotebookPage(page);
      await notebook.ready();

      await notebook.run(0);
      await notebook.output(0).locator('img').waitFor();
      await notebook.run(1);
      await notebook.output(1).locator('table').waitFor();
      await notebook.run(2);
      await notebook.output(2).getByText('from-lab').first().waitFor();
      await page.screenshot({ path: path.join(SCREENSHOTS, `lab-${language.kernel}-1.png`) });

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
      await page.screenshot({ path: path.join(SCREENSHOTS, `lab-${language.kernel}-2.png`) });

      await notebook.restart();
      await notebook.run(5);
      await notebook.output(5).getByText(language.goneText, { exact: true }).waitFor();
      await page.screenshot({ path: path.join(SCREENSHOTS, `lab-${language.kernel}-3.png`) });

      const width = await notebook
        .output(0)
        .locator('img')
        .evaluate((image) => (image as unknown as { naturalWidth: number }).naturalWidth);
      expect(width).toBeGreaterThan(300);
      await page.close();
    },
  );
});

/** A notebook page of JupyterLab 4, by what a person sees and clicks. */
class NotebookPage {
  readonly #page: Page;

  constructor(page: Page) {
    this.#page = page;
  }

  async ready(): Promise<void> {
    await this.#page.locator('.jp-Notebook .jp-CodeCell').first().waitFor();
    await this.#page.locator('.jp-Notebook-ExecutionIndicator[data-status="idle"]').waitFor();
  }

  cell(index: number) {
    return this.#page.locator('.jp-Notebook .jp-CodeCell').nth(index);
  }

  output(index: number) {
    return this.cell(index).locator('.jp-OutputArea-output');
  }

  async run(index: number): Promise<void> {
    // The prompt says that the front end has sent it: `[*]` or a number. While a notebook is being opened, its cells
    // are drawn anew and lose what was typed into them.
    const sent = this.cell(index).locator('.jp-InputPrompt', { hasText: /[*\d]/ });
    for (let attempt = 0; attempt < 5 && !(await sent.isVisible()); attempt += 1) {
      await this.cell(index).locator('.cm-content').click();
      await this.#page.keyboard.press('Shift+Enter');
      await sent.waitFor({ timeout: 5_000 }).catch(() => undefined);
    }
    await sent.waitFor();
  }

  async interrupt(): Promise<void> {
    await this.#page.locator('[data-command="notebook:interrupt-kernel"]').first().click();
  }

  async restart(): Promise<void> {
    await this.#page.locator('[data-command="notebook:restart-kernel"]').first().click();
    await this.#page.locator('.jp-Dialog .jp-mod-accept').click();
    await this.#page.locator('.jp-Notebook-ExecutionIndicator[data-status="idle"]').waitFor();
  }
}
