// Input for cells: from the code in the session to the person at the front end, and back.
import { randomUUID } from 'node:crypto';
import { stripVTControlCharacters } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { createDeferred, silentLogger } from '../../../src/base/index.js';
import { createZeromqTransport, Kernel, type InputRequester } from '../../../src/jupyter/index.js';
import { OutputRecorder } from '../../helpers/fake-remote.js';
import { KernelClient } from '../../helpers/kernel-client.js';
import { isMissing } from '../../helpers/requirements.js';
import { freePlace, withPorts } from '../jupyter/open-kernel.js';
import { LANGUAGES, TestSite, type TestKernel } from './harness.js';

const programs = {
  R: {
    ask: 'answer <- readline("Name? ")',
    password: 'answer <- askpass("Pin? ")',
    show: 'cat(answer)',
    printFirst: 'cat("before\\n")',
    ename: 'Error',
    interrupted: 'Interrupt',
  },
  python: {
    ask: 'answer = input("Name? ")',
    password: 'from getpass import getpass\nanswer = getpass("Pin? ")',
    show: 'print(answer, end="")',
    printFirst: 'print("before")',
    ename: 'StdinNotImplementedError',
    interrupted: 'KeyboardInterrupt',
  },
} as const;

/** A person who answers one question after the other. */
function person(
  ...answers: readonly string[]
): InputRequester & { readonly asked: readonly (readonly [string, boolean])[] } {
  const left = [...answers];
  const asked: (readonly [string, boolean])[] = [];
  return {
    allowed: true,
    asked,
    requestInput: (prompt, { password = false } = {}) => {
      asked.push([prompt, password]);
      const answer = left.shift();
      return answer === undefined ? Promise.reject(new Error(prompt)) : Promise.resolve(answer);
    },
  };
}

describe.skipIf(isMissing('R')).each(LANGUAGES)('input in %s', (language) => {
  const code = programs[language];
  let site: TestSite;

  beforeAll(async () => {
    site = await TestSite.start();
  });
  afterEach(() => site.endKernels());
  afterAll(async () => {
    await site.close();
  });

  test('is asked for after all that was printed, and nothing of it is printed', async () => {
    const kernel = await site.kernel({ language, mode: 'extensions' });
    const output = new OutputRecorder();
    const seen: string[] = [];
    const input: InputRequester = {
      allowed: true,
      requestInput: (prompt, options) => {
        seen.push(output.text(), prompt, String(options?.password));
        return Promise.resolve('Zoë 🙂');
      },
    };

    const cell = await kernel.run(`${code.printFirst}\n${code.ask}`, { output, input });
    const shown = await kernel.ok(code.show);

    expect(cell.result.status).toBe('ok');
    expect(seen).toEqual(['before\n', 'Name? ', 'false']);
    expect(cell.text).toBe('before\n');
    expect(shown.stdout).toBe('Zoë 🙂');
  });

  test('works without the agent, too', async () => {
    const kernel = await site.kernel({
      language,
      mode: 'extensions',
      settings: { display: 'plain' },
    });

    const input = person('ann');
    await kernel.run(code.ask, { input });
    const shown = await kernel.run(code.show);

    expect(input.asked).toEqual([['Name? ', false]]);
    expect(shown.stdout).toBe('ann');
  });

  test('is asked for as a password, which no history keeps', async () => {
    const kernel = await site.kernel({ language, mode: 'extensions' });
    if (language === 'R') await kernel.ok('askpass <- function(...) getOption("askpass")(...)');
    const input = person('hunter2');

    await kernel.run(code.password, { input });
    const shown = await kernel.ok(code.show);
    const sessionId = await kernel.sessionId();
    const client = site.client();
    const history = await client.sessions.history(sessionId);
    await client.close();
    const own = await kernel.interpreter.history({
      accessType: 'tail',
      count: 100,
      output: true,
      raw: true,
    });

    expect(input.asked).toEqual([['Pin? ', true]]);
    expect(shown.stdout).toBe('hunter2');
    expect(JSON.stringify([history, own.slice(0, -1)])).not.toContain('hunter2');
  });

  test('that nobody can give fails in plain words', async () => {
    const kernel = await site.kernel({ language, mode: 'extensions' });

    const { result } = await kernel.run(code.ask);

    expect(result).toMatchObject({
      status: 'error',
      ename: code.ename,
      evalue: expect.stringContaining('nobody can be asked here') as string,
    });
  });

  test.each(['rich', 'plain'] as const)(
    'fails in plain words on a connection without the event stream, display %s',
    async (display) => {
      const kernel = await site.kernel({ language, mode: 'plain', settings: { display } });

      const { result } = await kernel.run(code.ask, { input: person('unheard') });
      const next = await kernel.run(code.printFirst);

      expect(JSON.stringify(result)).toContain('nobody can be asked here');
      expect(result.status).toBe('error');
      expect(next.stdout).toBe('before\n');
    },
  );

  test('ends with an interrupt of the cell, and the next cell asks anew', async () => {
    const kernel = await site.kernel({ language, mode: 'extensions' });
    const stop = new AbortController();
    const isAsked = createDeferred<undefined>();
    const late = createDeferred<string>();
    const running = kernel.run(code.ask, {
      signal: stop.signal,
      input: {
        allowed: true,
        requestInput: () => {
          isAsked.resolve(undefined);
          return late.promise;
        },
      },
    });
    await isAsked.promise;

    stop.abort();
    const { result } = await running;
    late.resolve('too late');
    await kernel.run(code.ask, { input: person('in time') });
    const shown = await kernel.ok(code.show);

    expect(result).toMatchObject({ status: 'error', ename: code.interrupted });
    // How the question waited is nothing to the person.
    expect(JSON.stringify(result)).not.toContain('threading');
    expect(shown.stdout).toBe('in time');
  });

  test
    .skipIf(language !== 'python')
    .each([
      'input("? ")',
      'sys.stdin.readline()',
      'sys.stdin.read()',
      'sys.stdin.readlines()',
      '[line for line in sys.stdin]',
      'next(sys.stdin)',
    ])('an interrupt of %s shows the frames of the cell alone', async (call) => {
    const kernel = await site.kernel({ language, mode: 'extensions' });
    const stop = new AbortController();
    const input: InputRequester = {
      allowed: true,
      requestInput: () => {
        stop.abort();
        return new Promise(() => undefined);
      },
    };

    const { result } = await kernel.run(`import sys\ndef ask():\n    return ${call}\nask()`, {
      signal: stop.signal,
      input,
    });

    const { traceback } = result as { readonly traceback: readonly string[] };
    const shown = stripVTControlCharacters(traceback.join('\n'));
    expect(shown).toContain(`return ${call}`);
    expect(shown).toContain('KeyboardInterrupt');
    expect(shown).not.toMatch(/rserver_runtime|stdin\.py|self\.|_source/);
  });

  test('is still asked for once, and answered, when the connection breaks meanwhile', async () => {
    const kernel = await site.kernel({ language, mode: 'extensions', isDisturbed: true });
    await kernel.ok(code.printFirst);
    let askedCount = 0;
    const input: InputRequester = {
      allowed: true,
      requestInput: () => {
        askedCount += 1;
        kernel.proxy.breakTunnels();
        return Promise.resolve('ann');
      },
    };

    const { result } = await kernel.run(code.ask, { input });
    const shown = await kernel.ok(code.show);

    expect(result.status).toBe('ok');
    expect(askedCount).toBe(1);
    expect(shown.stdout).toBe('ann');
  });

  test('that a kernel waited for when it went away leaves the session usable', async () => {
    const kernel = await site.kernel({
      language,
      mode: 'extensions',
      settings: { onExit: 'keep' },
    });
    const sessionId = await kernel.sessionId();
    const isAsked = createDeferred<undefined>();
    void kernel.run(code.ask, {
      input: {
        allowed: true,
        requestInput: () => {
          isAsked.resolve(undefined);
          return new Promise<never>(() => undefined);
        },
      },
    });
    await isAsked.promise;

    await kernel.end();
    const other = await site.kernel({ language, mode: 'extensions' });
    await other.ok(`%session attach ${sessionId}`);
    const { stdout } = await other.ok(code.printFirst);

    expect(stdout).toBe('before\n');
  }, 60_000);
});

/** The back end of a kernel behind real sockets, with a front end. */
async function onSockets(
  kernel: TestKernel,
): Promise<{ readonly client: KernelClient; readonly close: () => Promise<void> }> {
  const place = freePlace('tcp');
  const running = new Kernel({
    interpreter: kernel.interpreter,
    transport: createZeromqTransport({ info: place.info, logger: silentLogger }),
    logger: silentLogger,
  });
  const info = withPorts(place.info, await running.start());
  const client = await KernelClient.connect(info, { identity: randomUUID() });
  return {
    client,
    close: async () => {
      try {
        await client.close();
      } finally {
        await running.close();
        place.remove();
      }
    },
  };
}

describe.skipIf(isMissing('R')).each(LANGUAGES)('over real sockets, %s', (language) => {
  const code = programs[language];
  let site: TestSite;
  let client: KernelClient;
  let close: () => Promise<void>;

  beforeAll(async () => {
    site = await TestSite.start();
    ({ client, close } = await onSockets(await site.kernel({ language, mode: 'extensions' })));
    await client.run(code.printFirst);
  });
  afterAll(async () => {
    await close();
    await site.close();
  });

  test('the front end is asked on stdin, and its reply is the answer', async () => {
    const id = client.sendExecute(`${code.ask}\n${code.show}`);
    const request = await client.expect('stdin', 'input_request', id);
    client.sendInput('ann', request);
    const reply = await client.expectReply('shell', 'execute_reply', id);
    const messages = await client.drainUntilIdle(id);

    expect(request.content).toEqual({ prompt: 'Name? ', password: false });
    expect(reply['status']).toBe('ok');
    expect(messages.map(({ content }) => content['text']).filter(Boolean)).toEqual(['ann']);
  });

  test('a cell that allows no input fails, and says what to do', async () => {
    const id = client.sendExecute(code.ask, { allow_stdin: false });
    const reply = await client.expectReply('shell', 'execute_reply', id);
    await client.drainUntilIdle(id);

    expect(reply).toMatchObject({ status: 'error', ename: code.ename });
    expect(reply['evalue']).toContain('Write the value into the code');
  });

  test('an interrupt ends the wait', async () => {
    const id = client.sendExecute(code.ask);
    await client.expect('stdin', 'input_request', id);

    const interrupt = client.send('control', 'interrupt_request', {});
    await client.expectReply('control', 'interrupt_reply', interrupt);
    const reply = await client.expectReply('shell', 'execute_reply', id);
    await client.drainUntilIdle(id);

    expect(reply).toMatchObject({ status: 'error', ename: code.interrupted });
  });
});
