import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { OutputRecorder } from '../../helpers/fake-remote.js';
import { isMissing } from '../../helpers/requirements.js';
import { LANGUAGES, MODES, TestSite, sessionPython, type TestKernel } from './harness.js';
import { hasPythonPackages, snippets } from './snippets.js';

const combinations = MODES.flatMap((mode) => LANGUAGES.map((language) => ({ mode, language })));

describe.skipIf(isMissing('R')).each(combinations)(
  'cells in $language, $mode',
  ({ mode, language }) => {
    const code = snippets(language);
    let site: TestSite;
    let kernel: TestKernel;

    beforeAll(async () => {
      site = await TestSite.start();
      kernel = await site.kernel({ language, mode });
    });

    afterAll(async () => {
      await site.close();
    });

    test('the value of a cell is its result', async () => {
      const { outputs, value } = await kernel.ok('x = 20\nx + 22');

      expect(outputs).toHaveLength(1);
      expect(value).toBe(language === 'R' ? '[1] 42' : '42');
    });

    test('stdout and stderr come apart, in the order in which they were written', async () => {
      const { outputs } = await kernel.ok(
        [code.print('one'), code.printError('two'), code.print('three é 🙂')].join('\n'),
      );

      expect(outputs).toEqual([
        { stream: 'stdout', text: 'one\n' },
        { stream: 'stderr', text: 'two\n' },
        { stream: 'stdout', text: 'three é 🙂\n' },
      ]);
    });

    test('values before the last one show as the language shows them', async () => {
      const { outputs } = await kernel.ok('1\n2\nNone_ = 3');

      const texts = outputs.map(
        (output) => 'display' in output && output.display.data['text/plain'],
      );
      expect(texts).toEqual(language === 'R' ? ['[1] 1', '[1] 2'] : []);
    });

    test('a failing cell is an error with the user’s own frames, shown once; the session lives on', async () => {
      const { result, text } = await kernel.run(
        `${code.assign('kept', '5')}\n${code.failingFunction}\n${code.print('never')}`,
      );
      const next = await kernel.ok('kept');

      expect(result).toMatchObject({
        status: 'error',
        evalue: expect.stringContaining('went wrong') as string,
      });
      const traceback = result.status === 'error' ? result.traceback.join('\n') : '';
      expect(traceback).toContain('inner');
      expect(traceback).not.toContain('rserver_kernel');
      expect(text).toBe('');
      expect(next.value).toContain('5');
    });

    test('code that is no code is an error', async () => {
      expect((await kernel.run('1 +* 2')).result).toMatchObject({ status: 'error' });
    });

    test('two plots are two pictures', async (context) => {
      if (language === 'python' && !hasPythonPackages(sessionPython, 'matplotlib'))
        context.skip('needs matplotlib');

      const { outputs } = await kernel.ok(code.twoPlots);

      const pictures = outputs
        .flatMap((output) =>
          'display' in output ? [output.display] : 'result' in output ? [output.result] : [],
        )
        .filter(({ data }) => 'image/png' in data);
      expect(pictures).toHaveLength(2);
      for (const { data } of pictures) {
        const bytes = Buffer.from(String(data['image/png']), 'base64');
        expect(bytes.subarray(1, 4).toString()).toBe('PNG');
      }
    });

    test('a data frame is a table', async (context) => {
      if (language === 'python' && !hasPythonPackages(sessionPython, 'pandas'))
        context.skip('needs pandas');

      const { outputs } = await kernel.ok(code.dataFrame);

      expect(outputs).toMatchObject([
        {
          result: {
            data: {
              'text/html': expect.stringContaining('<table') as string,
              'text/plain': expect.stringContaining('total') as string,
            },
          },
        },
      ]);
    });

    test('text is shown while the cell runs', async () => {
      const output = new OutputRecorder();
      const sessionId = await kernel.sessionId();
      const client = site.client();

      const running = kernel.run(code.printAndWaitForFile('before', 'go', 'after'), { output });
      await output.whenText('before');
      const early = output.text();
      await client.files.upload(sessionId, 'go', Buffer.from('go'));
      const { text } = await running;
      await client.close();

      expect(early).toBe('before\n');
      expect(text).toBe('before\nafter\n');
    });

    test('many lines all come, in order, once', async () => {
      const { stdout } = await kernel.ok(code.printLines(20_000));

      const lines = stdout.split('\n');
      expect(lines).toHaveLength(20_001);
      expect(
        lines.every((line, index) => index === 20_000 || line === `line ${(index + 1).toString()}`),
      ).toBe(true);
    });

    test('the front end’s expressions are evaluated', async () => {
      const { result } = await kernel.run('y = 6', {
        userExpressions: { a: 'y * 7', b: 'no_such_name' },
      });

      expect(result).toMatchObject({
        status: 'ok',
        userExpressions: {
          a: { status: 'ok', data: { 'text/plain': expect.stringContaining('42') as string } },
          b: { status: 'error' },
        },
      });
    });

    test('names, help and completeness are answered, and at once while a cell runs', async () => {
      await kernel.ok(code.assign('my_long_name', '1'));
      const { interpreter } = kernel;

      const completions = await interpreter.complete('"🙂"; my_lo', 11);
      const help = await interpreter.inspect(code.documented, 2, 0);
      const complete = await interpreter.isComplete('1 + 1');
      const incomplete = await interpreter.isComplete('f(');
      const output = new OutputRecorder();
      const stop = new AbortController();
      const running = kernel.run(`${code.print('started')}\n${code.sleep(60)}`, {
        output,
        signal: stop.signal,
      });
      await output.whenText('started');
      const startedAt = performance.now();
      const busy = await interpreter.complete('my_lo', 5);
      const busyMs = performance.now() - startedAt;
      stop.abort();
      await running;

      expect(completions).toMatchObject({ matches: ['my_long_name'], start: 6, end: 11 });
      expect(help).toMatchObject({ found: true });
      expect(complete).toEqual({ status: 'complete' });
      expect(incomplete).toMatchObject({ status: 'incomplete' });
      expect(busy).toMatchObject({ matches: ['my_long_name'], start: 0, end: 5 });
      expect(busyMs).toBeLessThan(50);
    });

    test('a silent cell shows no value', async () => {
      expect((await kernel.run('1 + 1', { silent: true, storeHistory: false })).outputs).toEqual(
        [],
      );
    });

    test('a lost helper is installed again, and the cell runs once', async () => {
      await kernel.ok(code.assign('count', '0'));
      await kernel.run(code.removeAgent);

      const { outputs } = await kernel.ok(`${code.assign('count', 'count + 1')}\ncount`);

      expect(outputs).toHaveLength(1);
      expect(outputs).toMatchObject([
        { result: { data: { 'text/plain': expect.stringMatching(/1$/) as string } } },
      ]);
    });

    test('the history of the session shows what was typed', async () => {
      await kernel.ok('123 + 456');
      const client = site.client();

      const history = await client.sessions.history(await kernel.sessionId());
      await client.close();

      const typed = history.filter((entry) => entry.includes('123 + 456'));
      expect(typed).toHaveLength(1);
      if (mode === 'extensions') expect(typed).toEqual(['123 + 456']);
    });

    test('nothing of ours is in the workspace', async () => {
      const client = site.client();

      const names = await client.workspace.list(await kernel.sessionId());
      await client.close();

      expect(names.filter((name) => name.includes('rserver'))).toEqual([]);
    });

    test('in plain display text comes back, errors too, and nothing is installed', async () => {
      const plain = await site.kernel({ language, mode, settings: { display: 'plain' } });

      const printed = await plain.run(code.print('hello'));
      const failed = await plain.run(code.failingFunction);
      const history = await plain.ok('%history --session');
      await plain.end();

      expect(printed.outputs).toEqual([{ stream: 'stdout', text: 'hello\n' }]);
      expect(failed.result).toMatchObject({
        status: 'error',
        evalue: expect.stringContaining('went wrong') as string,
      });
      expect(history.values[0]).toEqual([code.print('hello'), code.failingFunction]);
    });
  },
);
