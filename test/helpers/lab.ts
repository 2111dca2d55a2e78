// JupyterLab 4 with our kernels in headless Chromium, and a notebook page by what a person sees and clicks.
// Screenshots go to test-output/ (not kept in git), to be looked at.
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import {
  chromium,
  type Browser,
  type Locator,
  type Page,
  type WebSocketRoute,
} from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect } from 'vitest';
import { createJupyterEnvironment, type JupyterEnvironment } from './jupyter-environment.js';
import { urlOfServer } from './jupyter-server.js';
import { writeNotebook, type KernelName } from './notebook.js';
import { chromiumPath, isMissing, PROJECT_ROOT, venvBin } from './requirements.js';

const SCREENSHOTS = path.join(PROJECT_ROOT, 'test-output');
const TOKEN = 'lab-test';
const FOLDER = 'work';

/**
 * The tests of one file, with a JupyterLab and a browser which they share. They are skipped where one of them, or R, is
 * missing, and fail when a script of the page fails.
 *
 * @param tests - Gets what gives the running Lab.
 */
export function describeInLab(title: string, tests: (lab: () => Lab) => void): void {
  describe.skipIf(isMissing('R', 'jupyterlab', 'chromium', 'build'))(title, () => {
    let lab: Lab;
    beforeAll(async () => {
      lab = await Lab.start();
    });
    afterEach(async ({ task }) => {
      if (task.result?.state === 'fail') await lab.screenshots(task.name);
      expect(lab.takeExceptions()).toEqual([]);
    });
    afterAll(() => lab.close());
    tests(() => lab);
  });
}

/** A JupyterLab of one's own, with a browser. */
export class Lab {
  readonly jupyter: JupyterEnvironment;
  /** The folder that it shows. */
  readonly folder: string;
  readonly #exceptions: string[] = [];
  readonly #server: ChildProcess;
  readonly #url: string;
  readonly #browser: Browser;

  static async start(): Promise<Lab> {
    mkdirSync(SCREENSHOTS, { recursive: true });
    const jupyter = await createJupyterEnvironment();
    mkdirSync(path.join(jupyter.directory, FOLDER));
    turnOffNews(jupyter.directory);
    const server = spawn(
      venvBin('jupyter'),
      [
        'lab',
        '--no-browser',
        '--allow-root',
        '--ServerApp.port=0',
        `--IdentityProvider.token=${TOKEN}`,
        `--ServerApp.root_dir=${FOLDER}`,
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
    this.folder = path.join(jupyter.directory, FOLDER);
    this.#server = server;
    this.#url = url;
    this.#browser = browser;
  }

  /** Writes a notebook and opens it in a page of its own. */
  async open(name: string, kernel: KernelName, cells: readonly string[]): Promise<NotebookPage> {
    writeNotebook(path.join(this.folder, name), kernel, [...cells]);
    const page = await this.#browser.newPage({ viewport: { width: 1200, height: 1500 } });
    page.setDefaultTimeout(30_000);
    page.on('pageerror', (error) => this.#exceptions.push(error.stack ?? error.message));
    // That there are changes which are not saved, when a page is left.
    page.on('dialog', (dialog) => void dialog.accept());
    await page.goto(`${this.#url}lab/tree/${name}?token=${TOKEN}&reset`);
    const notebook = new NotebookPage(page);
    await notebook.ready();
    return notebook;
  }

  /** The text of a notebook as it was saved. */
  savedText(name: string): string {
    return readFileSync(path.join(this.folder, name), 'utf8');
  }

  /** The scripts of all pages that failed, since the last call. */
  takeExceptions(): string[] {
    return this.#exceptions.splice(0);
  }

  /** Screenshots of all pages, which tell why a test has failed. */
  async screenshots(name: string): Promise<void> {
    const pages = this.#browser.contexts().flatMap((context) => context.pages());
    const prefix = `failed-${name.replaceAll(/\W+/g, '-')}`;
    for (const [index, page] of pages.entries()) {
      await page.screenshot({ path: path.join(SCREENSHOTS, `${prefix}-${index}.png`) });
    }
  }

  /** The process of a notebook's kernel. */
  async kernelProcessOf(name: string): Promise<number> {
    const response = await fetch(`${this.#url}api/sessions?token=${TOKEN}`);
    const sessions = (await response.json()) as { path: string; kernel: { id: string } }[];
    const id = sessions.find((session) => session.path === name)?.kernel.id;
    if (id === undefined) throw new Error(`${name} has no kernel`);
    const processes = execFileSync('ps', ['-eo', 'pid=,args='], { encoding: 'utf8' }).split('\n');
    const line = processes.find((text) => text.includes(`kernel-${id}.json`));
    if (line === undefined) throw new Error(`the kernel ${id} has no process`);
    return Number.parseInt(line, 10);
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

  /** By the status bar: the circle in the toolbar is that of an idle kernel before there is one. */
  idle(): Promise<void> {
    return this.page
      .locator('.jp-StatusBar-TextItem', { hasText: /\| Idle/ })
      .waitFor({ timeout: 60_000 });
  }

  async busy(): Promise<void> {
    await this.page.locator('.jp-StatusBar-TextItem', { hasText: /\| Busy/ }).waitFor();
  }

  cell(index: number): Locator {
    return this.page.locator('.jp-Notebook .jp-CodeCell').nth(index);
  }

  output(index: number): Locator {
    return this.cell(index).locator('.jp-OutputArea-output');
  }

  /** All that a cell shows. */
  async text(index: number): Promise<string> {
    return (await this.output(index).allInnerTexts()).join('\n');
  }

  /** Types into a cell, in place of what it holds. */
  async type(index: number, text: string): Promise<void> {
    await this.cell(index).locator('.cm-content').click();
    await this.page.keyboard.press('Control+A');
    await this.page.keyboard.press('Delete');
    await this.page.keyboard.insertText(text);
  }

  /** The cell waits for its turn or runs. */
  async running(index: number): Promise<void> {
    await this.cell(index).locator('.jp-InputPrompt', { hasText: '*' }).waitFor();
  }

  /** The box in which a cell asks its question. */
  question(index: number): Locator {
    return this.cell(index).locator('.jp-Stdin-input');
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
    await this.accept();
    await this.idle();
  }

  /** Says yes to what JupyterLab tells or asks. */
  async accept(): Promise<void> {
    await this.page.locator('.jp-Dialog .jp-mod-accept').click();
  }

  async save(): Promise<void> {
    const saved = this.page.waitForResponse(
      (response) =>
        response.request().method() === 'PUT' && response.url().includes('/api/contents'),
    );
    await this.page.locator('.jp-NotebookPanel-toolbar [data-jp-item-name="save"]').click();
    await saved;
  }

  /** Loads the page anew; the notebook is there again, its kernel may still be busy. */
  async reload(): Promise<void> {
    await this.page.reload();
    await this.cell(0).waitFor();
  }

  /** Loads the page anew, with a connection to the kernel that can be cut. */
  async holdConnection(): Promise<{ cut: () => Promise<void>; restore: () => void }> {
    let isCut = false;
    const sides: Pick<WebSocketRoute, 'close'>[] = [];
    await this.page.routeWebSocket(/\/channels/, async (socket) => {
      if (isCut) await socket.close();
      else sides.push(socket, socket.connectToServer());
    });
    await this.reload();
    await this.idle();
    return {
      cut: async () => {
        isCut = true;
        await Promise.all(sides.splice(0).map((side) => side.close()));
      },
      restore: () => {
        isCut = false;
      },
    };
  }

  /** Chooses a command by its menu in the bar, e.g. `Help`, and its name. */
  async choose(menu: string, item: string): Promise<void> {
    await this.page.locator('.lm-MenuBar-itemLabel', { hasText: menu }).click();
    await this.page.locator('.lm-Menu-itemLabel', { hasText: item }).click();
  }

  /** @param name - Without the ending. */
  async screenshot(name: string): Promise<void> {
    await this.page.screenshot({ path: path.join(SCREENSHOTS, `${name}.png`) });
  }

  close(): Promise<void> {
    return this.page.close();
  }
}
