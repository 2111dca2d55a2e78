// JupyterLab 4 with our kernels in headless Chromium, and a notebook page by what a person sees and clicks.
// Screenshots go to test-output/ (not kept in git), to be looked at.
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { chromium, type Browser, type Locator, type Page } from 'playwright-core';
import { createJupyterEnvironment, type JupyterEnvironment } from './jupyter-environment.js';
import { urlOfServer } from './jupyter-server.js';
import { writeNotebook, type KernelName } from './notebook.js';
import { chromiumPath, PROJECT_ROOT, venvBin } from './requirements.js';

const SCREENSHOTS = path.join(PROJECT_ROOT, 'test-output');
const TOKEN = 'lab-test';

/** A JupyterLab of one's own, with a browser. */
export class Lab {
  readonly jupyter: JupyterEnvironment;
  readonly #server: ChildProcess;
  readonly #url: string;
  readonly #browser: Browser;

  static async start(): Promise<Lab> {
    mkdirSync(SCREENSHOTS, { recursive: true });
    const jupyter = await createJupyterEnvironment();
    mkdirSync(path.join(jupyter.directory, 'work'));
    turnOffNews(jupyter.directory);
    const server = spawn(
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
    const url = await urlOfServer(server);
    return new Lab(jupyter, server, url, await launchBrowser(jupyter.directory));
  }

  private constructor(
    jupyter: JupyterEnvironment,
    server: ChildProcess,
    url: string,
    browser: Browser,
  ) {
    this.jupyter = jupyter;
    this.#server = server;
    this.#url = url;
    this.#browser = browser;
  }

  /** Writes a notebook and opens it in a page of its own. */
  async open(name: string, kernel: KernelName, cells: readonly string[]): Promise<NotebookPage> {
    writeNotebook(path.join(this.jupyter.directory, 'work', name), kernel, [...cells]);
    const page = await this.#browser.newPage({ viewport: { width: 1200, height: 1500 } });
    await page.goto(`${this.#url}lab/tree/${name}?token=${TOKEN}&reset`);
    page.setDefaultTimeout(60_000);
    const notebook = new NotebookPage(page);
    await notebook.ready();
    return notebook;
  }

  async close(): Promise<void> {
    await this.#browser.close();
    this.#server.kill('SIGTERM');
    await this.jupyter.close();
  }
}

/** No question about news in front of the notebook. */
function turnOffNews(directory: string): void {
  const settings = path.join(directory, 'config/lab/user-settings/@jupyterlab/apputils-extension');
  mkdirSync(settings, { recursive: true });
  writeFileSync(
    path.join(settings, 'notification.jupyterlab-settings'),
    JSON.stringify({ fetchNews: 'false', checkForUpdates: false }),
  );
}

function launchBrowser(directory: string): Promise<Browser> {
  return chromium.launch({
    executablePath: chromiumPath ?? '',
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      `--disk-cache-dir=${mkdtempSync(path.join(directory, 'chromium-'))}`,
    ],
  });
}

/** A notebook page of JupyterLab 4, by what a person sees and clicks. */
export class NotebookPage {
  readonly page: Page;

  constructor(page: Page) {
    this.page = page;
  }

  async ready(): Promise<void> {
    await this.page.locator('.jp-Notebook .jp-CodeCell').first().waitFor();
    await this.idle();
  }

  idle(): Promise<void> {
    return this.page
      .locator('.jp-Notebook-ExecutionIndicator[data-status="idle"]')
      .waitFor({ timeout: 60_000 });
  }

  cell(index: number): Locator {
    return this.page.locator('.jp-Notebook .jp-CodeCell').nth(index);
  }

  output(index: number): Locator {
    return this.cell(index).locator('.jp-OutputArea-output');
  }

  async run(index: number): Promise<void> {
    // The prompt says that the front end has sent it: `[*]` or a number. While a notebook is being opened, its cells
    // are drawn anew and lose what was typed into them.
    const sent = this.cell(index).locator('.jp-InputPrompt', { hasText: /[*\d]/ });
    for (let attempt = 0; attempt < 5 && !(await sent.isVisible()); attempt += 1) {
      await this.cell(index).locator('.cm-content').click();
      await this.page.keyboard.press('Shift+Enter');
      await sent.waitFor({ timeout: 5_000 }).catch(() => undefined);
    }
    await sent.waitFor();
  }

  async interrupt(): Promise<void> {
    await this.page.locator('[data-command="notebook:interrupt-kernel"]').first().click();
  }

  async restart(): Promise<void> {
    await this.page.locator('[data-command="notebook:restart-kernel"]').first().click();
    await this.page.locator('.jp-Dialog .jp-mod-accept').click();
    await this.idle();
  }

  /** @param name - Without the ending. */
  async screenshot(name: string): Promise<void> {
    await this.page.screenshot({ path: path.join(SCREENSHOTS, `${name}.png`) });
  }

  close(): Promise<void> {
    return this.page.close();
  }
}
