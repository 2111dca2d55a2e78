import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { FakeHost, OutputRecorder } from '../../helpers/fake-remote.js';
import { isMissing } from '../../helpers/requirements.js';
import { LANGUAGES, MODES, TestSite, type ClientChoices, type TestKernel } from './harness.js';
import { snippets } from './snippets.js';

const EXECUTE = /^POST \/sessions\/[^/]+\/execute$|^STREAM execute$/;
const combinations = MODES.flatMap((mode) => LANGUAGES.map((language) => ({ mode, language })));

describe.skipIf(isMissing('R')).each(combinations)(
  'a disturbed way to the server, $language, $mode',
  ({ mode, language }) => {
    const code = snippets(language);
    let site: TestSite;

    const disturbedKernel = (): Promise<TestKernel> =>
      site.kernel({ language, mode, isDisturbed: true });

    beforeAll(async () => {
      site = await TestSite.start();
    });

    afterEach(async () => {
      await site.endKernels();
    });

    afterAll(async () => {
      await site.close();
    });

    test('an answer that is lost: the cell ran once, its output is there once', async () => {
      const kernel = await disturbedKernel();
      await kernel.ok(code.print('ready'));

      const lost = kernel.proxy.breakNext(EXECUTE, 'drop answer');
      const { result, stdout, stderr, value } = await kernel.run(
        `${code.appendLine('runs')}\n${code.print('hello')}\n5`,
      );
      await lost;
      const count = await kernel.ok(code.countLines('runs'));

      expect(result.status).toBe('ok');
      expect(stdout).toBe('hello\n');
      // On the event stream the rest is sent again, and there is nothing to tell.
      expect(stderr).toContain(mode === 'extensions' ? '' : 'it ran once, to its end');
      expect(value).toContain('5');
      expect(count.stdout).toBe('1');
    });

    test('an answer of a failing cell that is lost: the error is told', async () => {
      const kernel = await disturbedKernel();
      await kernel.ok(code.print('ready'));

      void kernel.proxy.breakNext(EXECUTE, 'drop answer');
      const { result } = await kernel.run(code.failingFunction);

      expect(result).toMatchObject({
        status: 'error',
        evalue: expect.stringContaining('went wrong') as string,
      });
    });

    test('a cell that never arrived is sent again where the server is sure, and else is told not to have run', async () => {
      const kernel = await disturbedKernel();
      await kernel.ok(code.assign('x', '1'));

      void kernel.proxy.breakNext(EXECUTE, 'drop request');
      const { result } = await kernel.run(code.assign('x', '2'));
      const x = await kernel.ok('x');

      const isSure = mode === 'extensions';
      expect(result).toMatchObject(isSure ? { status: 'ok' } : { ename: 'BRIDGE_NOT_RUN' });
      expect(x.value).toContain(isSure ? '2' : '1');
    });

    // With extensions the answer is sent again.
    if (mode === 'plain') {
      test('a plain cell whose answer is lost is told to have run', async () => {
        const kernel = await site.kernel({
          language,
          mode,
          isDisturbed: true,
          settings: { display: 'plain' },
        });
        await kernel.run(code.print('ready'));

        void kernel.proxy.breakNext(EXECUTE, 'drop answer');
        const { result, stdout } = await kernel.run(code.print('hello'));

        expect(result).toMatchObject({
          ename: 'BRIDGE_OUTCOME_UNKNOWN',
          evalue: expect.stringContaining('ran to its end') as string,
        });
        expect(stdout).toBe('hello\n');
      });
    }

    test('everything breaks while a cell runs, and comes back: the cell is followed to its end', async () => {
      const kernel = await disturbedKernel();
      const sessionId = await kernel.sessionId();
      const output = new OutputRecorder();
      const client = site.client();

      const running = kernel.run(code.printAndWaitForFile('before', 'go', 'after'), { output });
      await output.whenText('before');
      await kernel.proxy.goDown();
      await kernel.proxy.comeBack();
      await client.files.upload(sessionId, 'go', Buffer.from('go'));
      const { stdout } = await running;
      const next = await kernel.ok(code.print('alive'));
      await client.close();

      expect(stdout.startsWith('before\n')).toBe(true);
      expect(stdout.match(/before/g)).toHaveLength(1);
      expect(next.stdout).toBe('alive\n');
    });

    test('a server that is away fails the cell in plain words, and the next one goes on where it was', async () => {
      const kernel = await disturbedKernel();
      await kernel.ok(code.assign('x', '41'));

      await kernel.proxy.goDown();
      // A request that may be sent twice finds out first: one that may not could be lost in the breaking connection.
      const list = await kernel.run('%session list');
      const away = await kernel.run('x');
      await kernel.proxy.comeBack();
      const back = await kernel.ok('x + 1');

      expect(list.result).toMatchObject({ status: 'error', ename: 'CLIENT_UNREACHABLE' });
      expect(away.result).toMatchObject({ status: 'error', ename: 'CLIENT_UNREACHABLE' });
      expect(back.value).toContain('42');
    });

    test('a server that was started anew has lost the session: told once, then a new one', async () => {
      const kernel = await site.kernel({ language, mode });
      await kernel.ok(code.assign('x', '1'));

      await site.stopServer();
      await site.startServer();
      const outcomes = [await kernel.run('1'), await kernel.run('1'), await kernel.run('1')];

      const names = outcomes.map(({ result }) => (result.status === 'error' ? result.ename : 'ok'));
      expect(names.filter((name) => name === 'BRIDGE_SESSION_GONE')).toHaveLength(1);
      expect(names.at(-1)).toBe('ok');
    });

    test('a session that somebody closed is told to be gone, and the next cell opens a new one', async () => {
      const kernel = await site.kernel({ language, mode });
      const client = site.client();
      await client.sessions.close(await kernel.sessionId());
      await client.close();

      const gone = await kernel.run('1');
      const next = await kernel.ok(code.print('alive'));

      expect(gone.result).toMatchObject({ ename: 'BRIDGE_SESSION_GONE' });
      expect(next.stdout).toBe('alive\n');
    });

    test('a session whose process dies in the middle is told to be gone', async () => {
      const kernel = await site.kernel({ language, mode });
      await kernel.ok(code.print('ready'));

      const { result } = await kernel.run(code.killItself);
      const next = await kernel.ok(code.print('alive'));

      expect(result).toMatchObject({ ename: 'BRIDGE_SESSION_GONE' });
      expect(next.stdout).toBe('alive\n');
    });

    test('a token that has expired is renewed without a word', async () => {
      const kernel = await site.kernel({ language, mode });
      await kernel.ok(code.assign('x', '41'));

      site.passTime(2 * 60 * 60 * 1000);
      const { value, stderr } = await kernel.ok('x + 1');

      expect(value).toContain('42');
      expect(stderr).toBe('');
    });

    test.each([
      ['a wrong URL', { url: 'http://127.0.0.1:9' }, 'CLIENT_UNREACHABLE'],
      ['a wrong password', { password: 'wrong' }, 'CLIENT_AUTH'],
    ])(
      '%s is the first cell’s error, and a later cell works when it is mended',
      async (_title, wrong, ename) => {
        let choices: ClientChoices = wrong;
        const kernel = await site.kernel({ language, mode, choices: () => choices });
        kernel.interpreter.start(new FakeHost());

        const first = await kernel.run('1');
        choices = {};
        const second = await kernel.run('1');

        expect(first.result).toMatchObject({ status: 'error', ename });
        expect(first.result.status === 'error' && first.result.traceback).toHaveLength(2);
        expect(second.result.status).toBe('ok');
      },
    );
  },
);

describe.skipIf(isMissing('R')).each(LANGUAGES)('an event stream that breaks, %s', (language) => {
  const code = snippets(language);
  let site: TestSite;

  beforeAll(async () => {
    site = await TestSite.start();
  });

  afterAll(async () => {
    await site.close();
  });

  test('in the middle of a cell loses no text, doubles none, and rich results still come', async () => {
    const kernel = await site.kernel({ language, mode: 'extensions', isDisturbed: true });
    const sessionId = await kernel.sessionId();
    const output = new OutputRecorder();
    const client = site.client();

    const running = kernel.run(`${code.printAndWaitForFile('before', 'go', 'after')}\n6 * 7`, {
      output,
    });
    await output.whenText('before');
    kernel.proxy.breakTunnels();
    await client.files.upload(sessionId, 'go', Buffer.from('go'));
    const { stdout, result } = await running;
    const next = await kernel.ok('6 * 7');
    await client.close();

    expect(stdout).toBe('before\nafter\n');
    expect(result.status).toBe('ok');
    expect(next.value).toContain('42');
  });

  test('and cannot be opened again leaves the plain way', async () => {
    const kernel = await site.kernel({ language, mode: 'extensions', isDisturbed: true });
    await kernel.ok(code.print('ready'));
    kernel.proxy.refuseTunnels();
    kernel.proxy.breakTunnels();
    // By the time that this is answered the kernel has noticed.
    await kernel.ok('%session list');

    const first = await kernel.ok(code.print('first'));
    const { value, stdout } = await kernel.ok(`${code.print('hello')}\n6 * 7`);
    const info = await kernel.ok('%session');

    expect(first.stdout).toBe('first\n');
    expect(info.text + JSON.stringify(info.displays)).toContain('console reading');
    expect(stdout).toBe('hello\n');
    expect(value).toContain('42');
  });
});
