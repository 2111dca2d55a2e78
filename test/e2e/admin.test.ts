// The admin page in headless Chromium, against the embedded server with real R: what a person sees and clicks.
// Screenshots go to test-output/ (not kept in git), to be looked at.
import { mkdirSync } from 'node:fs';
import { createServer, request as httpRequest, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { chromium, type Browser, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { openRealServer, type RealServer } from '../helpers/real-server.js';
import { chromiumPath, isMissing, PROJECT_ROOT } from '../helpers/requirements.js';

const SCREENSHOTS = path.join(PROJECT_ROOT, 'test-output');
const HOSTILE = '<img src=x onerror="console.error(1)">';
const PREFIX = '/science';

describe.skipIf(isMissing('R', 'chromium', 'build'))('the admin page', () => {
  let server: RealServer;
  let proxy: Server;
  let browser: Browser;
  let page: Page;
  let token: string;
  /** What the browser complains of: violations of the policy, exceptions, failed loads. */
  let complaints: string[];

  beforeAll(async () => {
    mkdirSync(SCREENSHOTS, { recursive: true });
    server = await openRealServer({
      adminPage: path.join(PROJECT_ROOT, 'dist', 'server', 'admin'),
    });
    proxy = await openPrefixProxy(server.url);
    browser = await chromium.launch({
      executablePath: chromiumPath ?? '',
      args: ['--no-sandbox', '--disable-gpu'],
    });
    const credentials = { username: 'admin', password: 'admin password' };
    token = (await call<{ access_token: string }>('login', credentials)).access_token;
  });
  afterAll(async () => {
    await browser.close();
    proxy.closeAllConnections();
    proxy.close();
    await server.close();
  });
  beforeEach(async () => {
    complaints = [];
    page = await browser.newPage({ viewport: { width: 1200, height: 900 } });
    page.setDefaultTimeout(60_000);
    page.on('console', (message) => {
      if (message.type() === 'error') complaints.push(message.text());
    });
    page.on('pageerror', (error) => complaints.push(error.message));
  });
  afterEach(async () => {
    await page.close();
    expect(complaints).toEqual([]);
  });

  async function call<Body>(route: string, body: unknown): Promise<Body> {
    const response = await fetch(`${server.url}/${route}`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        ...(route !== 'login' && { authorization: `Bearer ${token}` }),
      },
      body: JSON.stringify(body),
    });
    if (!response.ok) throw new Error(await response.text());
    return (await response.json()) as Body;
  }

  async function logIn(url = `${server.url}/`, password = 'admin password'): Promise<void> {
    await page.goto(url);
    await page.getByLabel('User name').fill('admin');
    await page.getByLabel('Password').fill(password);
    await page.keyboard.press('Enter');
  }

  async function openService(name: string): Promise<void> {
    await logIn();
    await page.getByRole('link', { name: `${name}, version 1` }).click();
    await page.getByRole('heading', { name: 'Try it' }).waitFor();
  }

  const screenshot = async (name: string): Promise<void> => {
    await page.screenshot({ path: path.join(SCREENSHOTS, `admin-${name}.png`), fullPage: true });
  };

  test('refuses a wrong password in plain words, and stays logged in over a reload', async () => {
    await logIn(undefined, 'wrong');
    await page.getByText('Wrong user name or password.').waitFor();
    await screenshot('login');
    // The browser itself notes the refused call.
    expect(complaints).toEqual([expect.stringContaining('401')]);
    complaints = [];

    await page.getByLabel('Password').fill('admin password');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Services' }).waitFor();
    await page.reload();
    await page.getByRole('heading', { name: 'Services' }).waitFor();
    await page.getByRole('button', { name: 'Log out' }).click();
    await page.getByLabel('User name').waitFor();
    await page.reload();
    await page.getByLabel('User name').waitFor();
  });

  test('calls a service by the form of its Swagger file: outputs, console, image, curl line', async () => {
    await call('services/transmission/1', {
      code: [
        'cat("working on", label, "\\n")',
        'answer <- hp * 2 + sum(weights)',
        'tbl <- data.frame(a = rows$a * 10, flag = flag)',
        'png("plot.png", 300, 200); plot(1:10); invisible(dev.off())',
      ].join('\n'),
      description: 'Predicts the transmission of a car.',
      inputParameterDefinitions: [
        { name: 'hp', type: 'numeric' },
        { name: 'label', type: 'character' },
        { name: 'flag', type: 'logical' },
        { name: 'weights', type: 'vector' },
        { name: 'rows', type: 'data.frame' },
      ],
      outputParameterDefinitions: [
        { name: 'answer', type: 'numeric' },
        { name: 'tbl', type: 'data.frame' },
      ],
      outputFileNames: ['plot.png'],
      runtimeType: 'R',
    });
    await openService('transmission');

    await page.getByLabel('hp numeric').fill('many');
    await page.getByRole('button', { name: 'Call the service' }).click();
    await page.getByText('hp must be a number.').first().waitFor();
    await page.getByLabel('hp numeric').fill('120');
    await page.getByLabel('label character').fill("it's");
    await page.getByLabel('flag logical').selectOption('true');
    await page.getByLabel('weights vector').fill('1, 2, 3.5');
    await page.getByLabel('rows data.frame').fill('{"a": [1, 2]}');
    await page.getByRole('button', { name: 'Call the service' }).click();
    await page.getByText(/Answered in \d+ ms/).waitFor();

    expect(await page.locator('dd').first().textContent()).toBe('246.5');
    expect(await page.locator('dd').nth(1).locator('tbody td').allTextContents()).toEqual([
      '10',
      'true',
      '20',
      'true',
    ]);
    expect(await page.getByLabel('Console').textContent()).toBe("working on it's \n");
    const width = await page
      .getByAltText('File plot.png')
      .evaluate((image) => (image as unknown as { naturalWidth: number }).naturalWidth);
    expect(width).toBe(300);
    await page.getByText('The same call with curl').click();
    expect(await page.getByLabel('curl line', { exact: true }).textContent()).toBe(
      [
        `curl -X POST '${server.url}/api/transmission/1' \\`,
        `  -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' \\`,
        String.raw`  -d '{"hp":120,"label":"it'\''s","flag":true,"weights":[1,2,3.5],"rows":{"a":[1,2]}}'`,
      ].join('\n'),
    );
    const downloading = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Download plot.png' }).click();
    expect((await downloading).suggestedFilename()).toBe('plot.png');
    await screenshot('service');
    await page.emulateMedia({ colorScheme: 'dark' });
    await screenshot('service-dark');
    await page.setViewportSize({ width: 380, height: 800 });
    await screenshot('service-narrow');
    const overflow = await page.evaluate('document.documentElement.scrollWidth - innerWidth');
    expect(overflow).toBeLessThanOrEqual(0);
  });

  test('runs a batch of pasted CSV to its end, shows each result, and deletes it', async () => {
    await call('services/halver/1', {
      code: 'if (x == 3) stop("three is odd")\ny <- x / 2',
      inputParameterDefinitions: [{ name: 'x', type: 'numeric' }],
      outputParameterDefinitions: [{ name: 'y', type: 'numeric' }],
      runtimeType: 'R',
    });
    await openService('halver');

    await page.getByLabel('Inputs, as JSON or CSV').fill('x\n2\n3\n5');
    await page.getByRole('button', { name: 'Start batch' }).click();
    await page.getByText(/^complete: 3 of 3, 1 failed$/i).waitFor();
    await page.getByText('Results', { exact: true }).click();

    expect(await page.locator('.results > li > details > summary').allTextContents()).toEqual([
      '{"y":1}',
      expect.stringContaining('three is odd'),
      '{"y":2.5}',
    ]);
    await screenshot('batch');
    await page.getByRole('button', { name: /^Delete batch/ }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Delete batch' }).click();
    await page.getByText('The batch is deleted.').waitFor();
    expect(await page.locator('.run').count()).toBe(0);
  });

  test('shows hostile names and descriptions as text, and deletes a service when asked twice', async () => {
    await call('services/hostile/1', {
      code: `y <- ${JSON.stringify(HOSTILE)}; cat(y)`,
      description: HOSTILE,
      outputParameterDefinitions: [{ name: 'y', type: 'character' }],
      runtimeType: 'R',
    });
    await openService('hostile');
    await page.getByRole('button', { name: 'Call the service' }).click();
    await page.getByText(/Answered in/).waitFor();

    expect(await page.getByText(HOSTILE).count()).toBeGreaterThanOrEqual(3);
    expect(await page.locator('img').count()).toBe(0);
    await page.getByRole('button', { name: 'Delete this version' }).click();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await page.getByRole('button', { name: 'Delete this version' }).click();
    await page.getByRole('button', { name: 'Delete service' }).click();
    await page.getByText('Service hostile, version 1 is deleted.').waitFor();
    await page.getByRole('heading', { name: 'Services' }).waitFor();
    expect(await page.getByRole('link', { name: 'hostile, version 1' }).count()).toBe(0);
  });

  test('shows and ends sessions, shows, downloads and deletes snapshots, shows the status', async () => {
    const { sessionId } = await call<{ sessionId: string }>('sessions', { name: HOSTILE });
    await call(`sessions/${sessionId}/snapshot`, { name: 'before lunch' });
    await logIn();

    await page.getByRole('link', { name: 'Status' }).click();
    await page.getByRole('heading', { name: 'Processes' }).waitFor();
    const pool = page.getByRole('row').filter({ hasText: /^R1/ });
    expect(await pool.count()).toBe(1);
    await screenshot('status');
    await page.getByRole('link', { name: 'Sessions' }).click();
    await page.getByText(sessionId).waitFor();
    await screenshot('sessions');
    await page.getByRole('button', { name: 'Close session' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Close session' }).click();
    await page.getByText('You have no sessions.').waitFor();
    await page.getByRole('link', { name: 'Snapshots' }).click();
    const downloading = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Download snapshot before lunch' }).click();
    expect((await downloading).suggestedFilename()).toBe('before lunch.zip');
    await page.getByRole('button', { name: 'Delete snapshot before lunch' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Delete snapshot' }).click();
    await page.getByText('You have no snapshots.').waitFor();
  });

  test('works under a path of a proxy, and every field and button has a name', async () => {
    const { port } = proxy.address() as AddressInfo;
    await logIn(`http://127.0.0.1:${port}${PREFIX}/`);
    await page.getByRole('heading', { name: 'Services' }).waitFor();

    for (const view of ['Sessions', 'Snapshots', 'Status', 'Services']) {
      await page.getByRole('link', { name: view, exact: true }).click();
      await page.getByRole('heading', { name: view, level: 1 }).waitFor();
      expect(await page.locator('nav [aria-current=page]').textContent()).toBe(view);
      expect(await namelessControls(page)).toEqual([]);
    }
    await page.getByRole('link', { name: 'transmission, version 1' }).click();
    await page.getByRole('heading', { name: 'Try it' }).waitFor();
    expect(await namelessControls(page)).toEqual([]);
  });
});

/** HTML of the fields and buttons that a screen reader could say nothing of. */
async function namelessControls(page: Page): Promise<unknown> {
  return page.evaluate(`[...document.querySelectorAll('input, select, textarea, button, progress, a')]
    .filter((control) => {
      const label = control.labels?.[0]?.textContent ?? '';
      const name = control.getAttribute('aria-label') ?? (label || control.textContent);
      return name.trim() === '';
    })
    .map((control) => control.outerHTML)`);
}

/** Passes requests under `PREFIX` on to the server, as a team's web server does. */
async function openPrefixProxy(target: string): Promise<Server> {
  const proxy = createServer((request, response) => {
    const { url = '', method, headers } = request;
    if (!url.startsWith(`${PREFIX}/`)) {
      response.writeHead(404).end();
      return;
    }
    const passed = httpRequest(target + url.slice(PREFIX.length), { method, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 500, answer.headers);
      answer.pipe(response);
    });
    request.pipe(passed);
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  return proxy;
}
