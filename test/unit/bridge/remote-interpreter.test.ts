import { beforeEach, describe, expect, test, vi } from 'vitest';
import type { Connect } from '../../../src/bridge/configuration.js';
import type { InputRequester } from '../../../src/jupyter/index.js';
import { FakeKernel } from '../../helpers/fake-kernel.js';
import {
  FakeHost,
  FakeRemote,
  clientError,
  connectionTo,
  type AgentCall,
  type FakeScript,
} from '../../helpers/fake-remote.js';

let remote: FakeRemote;

/** Runs cells as an echo: the value is the code. */
const echo: FakeScript = ({ agentCall, send, done }) => {
  if (agentCall?.call !== 'run') return undefined;
  send({ type: 'result', data: { 'text/plain': agentCall.code ?? '' }, metadata: {} });
  done();
  return undefined;
};

function callsNamed(name: string): readonly string[] {
  return remote.calls.filter((call) => call.split(' ')[0] === name);
}

/** The code that was run by the agent. */
function codesRun(): readonly (string | undefined)[] {
  return remote.requests
    .filter(({ code }) => code.startsWith('{"call":"run"'))
    .map(({ code }) => (JSON.parse(code) as AgentCall).code);
}

const ok = { status: 'ok', userExpressions: {}, payload: [] };

beforeEach(() => {
  remote = new FakeRemote(['events', 'source'], echo);
});

/** A front end whose person can answer. */
const somebody: InputRequester = { allowed: true, requestInput: () => Promise.resolve('') };

describe('leaving', () => {
  test.each([
    ['R', 'q()'],
    ['R', ' quit("no")\n'],
    ['python', 'exit'],
    ['python', 'quit()'],
  ] as const)('at a console ends the console: %s, %s', async (language, code) => {
    const kernel = new FakeKernel(remote, { language });

    const { result } = await kernel.run(code, { input: somebody });

    expect(result).toEqual({
      status: 'ok',
      payload: [{ source: 'ask_exit', keepkernel: false }],
    });
    expect(codesRun()).toEqual([]);
  });

  test.each([
    ['in a notebook', { input: somebody, cellId: 'a' }],
    ['in a batch run', {}],
  ])('%s is the session’s to answer', async (_where, parts) => {
    const kernel = new FakeKernel(remote, { language: 'python' });

    await kernel.run('exit()', parts);

    expect(codesRun()).toEqual(['exit()']);
  });
});

describe('what the kernel says of itself', () => {
  test.each([
    ['R', { name: 'R', mimetype: 'text/x-r-source', file_extension: '.r', pygments_lexer: 'r' }],
    [
      'python',
      {
        name: 'python',
        mimetype: 'text/x-python',
        file_extension: '.py',
        pygments_lexer: 'ipython3',
      },
    ],
  ] as const)('%s is static, before anything is connected', (language, info) => {
    const connect = vi.fn<Connect>();

    const kernel = new FakeKernel(remote, { language, connect });

    expect(kernel.interpreter.info).toMatchObject({
      implementation: 'rserver-kernel',
      implementationVersion: '1.2.3',
      languageInfo: info,
    });
    expect(connect).not.toHaveBeenCalled();
  });
});

describe('connecting', () => {
  test('happens in the background, and the first cell waits for it', async () => {
    const kernel = new FakeKernel(remote);

    kernel.interpreter.start(new FakeHost());
    const { result, outputs } = await kernel.run('1 + 1');

    expect(result).toEqual(ok);
    expect(outputs).toEqual([{ result: { data: { 'text/plain': '1 + 1' }, metadata: {} } }]);
    expect(callsNamed('sessions.create')).toHaveLength(1);
  });

  test('a cell before the start connects by itself', async () => {
    expect((await new FakeKernel(remote).run('1')).result).toEqual(ok);
  });

  test('a failure is the first cell’s error, and the next cell tries again', async () => {
    const connect = vi
      .fn<Connect>()
      .mockRejectedValueOnce(clientError('CLIENT_AUTH'))
      .mockResolvedValue(connectionTo(remote));
    const kernel = new FakeKernel(remote, { connect });

    kernel.interpreter.start(new FakeHost());
    await vi.waitFor(() => {
      expect(connect).toHaveBeenCalledOnce();
    });
    const first = await kernel.run('1');
    const second = await kernel.run('1');

    expect(first.result).toMatchObject({
      status: 'error',
      ename: 'CLIENT_AUTH',
      evalue: 'fake CLIENT_AUTH',
      traceback: ['CLIENT_AUTH: fake CLIENT_AUTH', expect.stringMatching(/^What to try: /)],
    });
    expect(first.outputs).toEqual([]);
    expect(second.result).toEqual(ok);
    expect(connect).toHaveBeenCalledTimes(2);
  });

  test('a server without room for a session is told, and nothing is left behind', async () => {
    remote.fail('sessions.create', clientError('CLIENT_STATUS', { statusCode: 503 }));
    const kernel = new FakeKernel(remote);

    expect((await kernel.run('1')).result).toMatchObject({ ename: 'CLIENT_STATUS' });
    expect((await kernel.run('1')).result).toEqual(ok);
  });

  test('a session whose agent cannot be installed is closed again', async () => {
    remote.fail('sessions.answer', clientError('CLIENT_STATUS', { statusCode: 500 }));
    const kernel = new FakeKernel(remote);

    expect((await kernel.run('1')).result).toMatchObject({ ename: 'CLIENT_STATUS' });
    expect(remote.live.size).toBe(0);
  });

  test('an interrupted wait ends the cell, and the connecting goes on', async () => {
    let connected = (): void => undefined;
    const connect = vi.fn<Connect>(
      () =>
        new Promise((resolve) => {
          connected = () => {
            resolve(connectionTo(remote));
          };
        }),
    );
    const kernel = new FakeKernel(remote, { connect });
    const stop = new AbortController();

    const first = kernel.run('1', { signal: stop.signal });
    await vi.waitFor(() => {
      expect(connect).toHaveBeenCalledOnce();
    });
    stop.abort();
    const { result } = await first;
    connected();
    const second = await kernel.run('2');

    expect(result).toMatchObject({ status: 'error', ename: 'Interrupt' });
    expect(second.result).toEqual(ok);
    expect(connect).toHaveBeenCalledOnce();
    expect(codesRun()).toEqual(['2']);
  });

  test('a password is asked of the cell that waits', async () => {
    const connect: Connect = async (_configuration, askSecret) => {
      expect(await askSecret('Password of ada: ')).toBe('secret');
      return connectionTo(remote);
    };
    const requestInput = vi.fn<InputRequester['requestInput']>().mockResolvedValue('secret');
    const kernel = new FakeKernel(remote, { connect });

    kernel.interpreter.start(new FakeHost());
    const { result } = await kernel.run('1', { input: { allowed: true, requestInput } });

    expect(result).toEqual(ok);
    expect(requestInput).toHaveBeenCalledExactlyOnceWith('Password of ada: ', { password: true });
  });

  test('a front end that cannot be asked for a password is told what to set', async () => {
    const connect: Connect = async (_configuration, askSecret) => {
      await askSecret('Password: ');
      return connectionTo(remote);
    };

    const { result } = await new FakeKernel(remote, { connect }).run('1');

    expect(result).toMatchObject({ ename: 'BRIDGE_INPUT_UNAVAILABLE' });
  });

  test('a mistake in this program is not taken for a failure of the cell', async () => {
    const connect: Connect = () => Promise.reject(new TypeError('bug'));

    await expect(new FakeKernel(remote, { connect }).run('1')).rejects.toThrow('bug');
  });
});

describe('the name of the session', () => {
  test('holds the file name of the notebook, not its folders', async () => {
    await new FakeKernel(remote, { notebookName: '/home/ada/secret project/sales.ipynb' }).run('1');

    expect([...remote.live.values()].map(({ entry }) => entry.name)).toEqual([
      expect.stringMatching(/^sales\.ipynb \(R, [0-9a-f]{8}\)$/),
    ]);
  });

  test('differs between kernels without a notebook', async () => {
    await new FakeKernel(remote).run('1');
    await new FakeKernel(remote).run('1');

    const names = [...remote.live.values()].map(({ entry }) => entry.name);
    expect(new Set(names).size).toBe(2);
  });
});

describe('a cell', () => {
  test('goes to the agent with its number, and the history shows what was typed', async () => {
    const kernel = new FakeKernel(remote);

    await kernel.run('x <- 1', { executionCount: 7, userExpressions: { a: 'x' } });

    expect(remote.requests.at(-1)).toEqual({
      code: JSON.stringify({
        call: 'run',
        code: 'x <- 1',
        silent: false,
        storeHistory: true,
        executionCount: 7,
        userExpressions: { a: 'x' },
        requestId: 'request-1',
        known: 0,
      }),
      source: 'x <- 1',
    });
  });

  test('brings back user expressions and payload', async () => {
    remote.script = ({ send }) => {
      const user_expressions = { a: { status: 'ok', data: {}, metadata: {} } } as const;
      send({ type: 'done', status: 'ok', user_expressions, payload: [{ source: 'page' }] });
      return undefined;
    };

    const { result } = await new FakeKernel(remote).run('?mean');

    expect(result).toEqual({
      status: 'ok',
      userExpressions: { a: { status: 'ok', data: {}, metadata: {} } },
      payload: [{ source: 'page' }],
    });
  });

  test('that fails is an error with the user’s own traceback', async () => {
    remote.script = ({ send, done }) => {
      send({ type: 'error', ename: 'ZeroDivisionError', evalue: 'no', traceback: ['a', 'b'] });
      done('error');
      return { success: false, errorMessage: 'x' };
    };

    expect((await new FakeKernel(remote).run('1/0')).result).toEqual({
      status: 'error',
      ename: 'ZeroDivisionError',
      evalue: 'no',
      traceback: ['a', 'b'],
    });
  });

  test('of white space only, runs nothing', async () => {
    expect((await new FakeKernel(remote).run(' \n')).result).toEqual(ok);
    expect(remote.calls).toEqual([]);
  });

  test('without code still evaluates the front end’s expressions', async () => {
    const { result } = await new FakeKernel(remote).run('%lsmagic', {
      userExpressions: { a: '1' },
    });

    expect(result).toEqual(ok);
    expect(codesRun()).toEqual(['']);
  });

  test('in plain display is sent as it is, and a failure is read from the server’s words', async () => {
    remote.script = ({ print }) => {
      print('before\n');
      return { success: false, errorMessage: 'Error in f() : no' };
    };
    const kernel = new FakeKernel(remote, { settings: { display: 'plain' } });

    const { result, outputs } = await kernel.run('f()');

    expect(remote.requests).toEqual([{ code: 'f()', source: 'f()' }]);
    expect(outputs).toEqual([{ stream: 'stdout', text: 'before\n' }]);
    expect(result).toEqual({
      status: 'error',
      ename: 'Error',
      evalue: 'no',
      traceback: ['Error in f() : no'],
    });
  });

  test('in plain display has no user expressions, and says so', async () => {
    const kernel = new FakeKernel(remote, { settings: { display: 'plain' } });

    const { result } = await kernel.run('1', { userExpressions: { a: 'x' } });

    expect(result).toMatchObject({ userExpressions: { a: { status: 'error' } } });
  });

  test('that is interrupted in plain display is named as an interrupt', async () => {
    const stop = new AbortController();
    remote.script = async ({ cancelled }) => {
      queueMicrotask(() => {
        stop.abort();
      });
      await cancelled;
      return { success: false, errorMessage: 'stopped' };
    };
    const kernel = new FakeKernel(remote, { language: 'python', settings: { display: 'plain' } });

    const { result } = await kernel.run('sleep', { signal: stop.signal });

    expect(result).toMatchObject({ status: 'error', ename: 'KeyboardInterrupt' });
  });
});

describe('code around magics', () => {
  test('runs in order; the last value is the result, earlier ones show as R shows them', async () => {
    remote.script = ({ agentCall, send, done }) => {
      const code = agentCall?.code ?? '';
      const data = code.includes('rich')
        ? { 'text/plain': 'r', 'text/html': '<b>r</b>' }
        : { 'text/plain': `value of ${code.replaceAll('#\n', '')}` };
      send({ type: 'result', data, metadata: {} });
      done();
      return undefined;
    };

    const { outputs } = await new FakeKernel(remote).run('a\n%time rich\n%config\nb\n%lsmagic');

    expect(outputs.map((output) => Object.keys(output)[0])).toEqual([
      'stream',
      'display',
      'stream',
      'display',
      'result',
      'display',
    ]);
    expect(outputs[0]).toEqual({ stream: 'stdout', text: 'value of a\n' });
    expect(outputs[4]).toMatchObject({ result: { data: { 'text/plain': 'value of b' } } });
  });

  test('in Python shows only the last value', async () => {
    const { outputs } = await new FakeKernel(remote, { language: 'python' }).run('a\n%config\nb');

    expect(outputs.map((output) => Object.keys(output)[0])).toEqual(['display', 'result']);
  });

  test('keeps its line numbers', async () => {
    await new FakeKernel(remote).run('%config\n\nx <- 1\n%config\ny');

    expect(codesRun()).toEqual(['#\n\nx <- 1', '#\n#\n#\n#\ny']);
    expect(remote.requests.at(-1)?.source).toBe('y');
  });

  test('does not run after a failure', async () => {
    remote.script = ({ agentCall, send, done }) => {
      if (agentCall?.call !== 'run') return undefined;
      send({ type: 'error', ename: 'E', evalue: '', traceback: [] });
      done('error');
      return { success: false };
    };

    const { result } = await new FakeKernel(remote).run('stop()\n%config\nb');

    expect(result).toMatchObject({ status: 'error', ename: 'E' });
    expect(codesRun()).toEqual(['stop()']);
  });

  test('does not run at all when a magic is called wrongly', async () => {
    const { result } = await new FakeKernel(remote).run('x <- 1\n%inputs a=oops');

    expect(result).toMatchObject({ ename: 'BRIDGE_INPUT_VALUE' });
    expect(remote.requests).toEqual([]);
  });
});

describe('a session that is gone', () => {
  test('is told once in plain words, no cell is run again, and the next cell opens a new one', async () => {
    const kernel = new FakeKernel(remote);
    await kernel.run('x <- 1');
    remote.removeSession('session-1');

    const gone = await kernel.run('x');
    const next = await kernel.run('y');

    expect(gone.result).toMatchObject({
      status: 'error',
      ename: 'BRIDGE_SESSION_GONE',
      evalue: expect.stringContaining('variables and files are lost') as string,
    });
    expect(JSON.stringify(gone.result)).toContain('%session new');
    expect(next.result).toEqual(ok);
    expect(codesRun()).toEqual(['x <- 1', 'y']);
  });
});

describe('a server that is away', () => {
  test('fails the cell, and the next cell connects anew and goes on in the same session', async () => {
    const connect = vi
      .fn<Connect>()
      .mockImplementation(() => Promise.resolve(connectionTo(remote)));
    const kernel = new FakeKernel(remote, { connect });
    await kernel.run('x <- 1');
    remote.fail('sessions.execute', clientError('CLIENT_UNREACHABLE'));

    const away = await kernel.run('x');
    const back = await kernel.run('x');

    expect(away.result).toMatchObject({ ename: 'CLIENT_UNREACHABLE' });
    expect(back.result).toEqual(ok);
    expect(connect).toHaveBeenCalledTimes(2);
    expect(callsNamed('sessions.create')).toHaveLength(1);
    expect(codesRun()).toEqual(['x <- 1', 'x']);
  });

  test('and comes back without the session: told once, then a new one', async () => {
    const kernel = new FakeKernel(remote);
    await kernel.run('x <- 1');
    remote.fail('sessions.execute', clientError('CLIENT_UNREACHABLE'));
    await kernel.run('x');
    remote.removeSession('session-1');

    expect((await kernel.run('x')).result).toMatchObject({ ename: 'BRIDGE_SESSION_GONE' });
    expect((await kernel.run('x')).result).toEqual(ok);
  });

  test('is, when embedded, known to have lost the session', async () => {
    const connect: Connect = () => Promise.resolve(connectionTo(remote, 'embedded'));
    const kernel = new FakeKernel(remote, { connect });
    await kernel.run('x <- 1');
    remote.fail('sessions.execute', clientError('CLIENT_UNREACHABLE'));

    expect((await kernel.run('x')).result).toMatchObject({ ename: 'BRIDGE_SESSION_GONE' });
    expect((await kernel.run('x')).result).toEqual(ok);
    expect(callsNamed('sessions.create')).toHaveLength(2);
  });
});

describe('the end of the kernel', () => {
  test('closes the session and the client', async () => {
    const kernel = new FakeKernel(remote);
    await kernel.run('1');

    await kernel.interpreter.shutdown(false);

    expect(callsNamed('sessions.close')).toEqual(['sessions.close session-1']);
    expect(remote.isClosed).toBe(true);
  });

  test.each([
    ['a restart', true, { restart: 'keep' }],
    ['an end', false, { onExit: 'keep' }],
  ] as const)(
    '%s keeps the session where the settings say so, and the next kernel of the notebook finds it',
    async (_title, isRestart, settings) => {
      const options = { settings, notebookName: '/a/b.ipynb' };
      const kernel = new FakeKernel(remote, options);
      await kernel.run('1');

      await kernel.interpreter.shutdown(isRestart);
      await new FakeKernel(remote, options).run('2');

      expect(callsNamed('sessions.close')).toEqual([]);
      expect(callsNamed('sessions.create')).toHaveLength(1);
      expect(remote.live.get('session-1')?.history).toContain('2');
    },
  );

  test('a restart takes a clean session where nothing else is set', async () => {
    const kernel = new FakeKernel(remote, {
      settings: { onExit: 'keep' },
      notebookName: 'b.ipynb',
    });
    await kernel.run('1');

    await kernel.interpreter.shutdown(true);

    expect(callsNamed('sessions.close')).toHaveLength(1);
  });

  test('a session in which code runs is ended by force', async () => {
    const kernel = new FakeKernel(remote);
    remote.script = () => new Promise(() => undefined);
    void kernel.run('slow');
    await vi.waitFor(() => {
      expect(remote.requests).toHaveLength(2);
    });

    await kernel.interpreter.shutdown(false);

    expect(callsNamed('sessions.closeByForce')).toHaveLength(1);
  });

  test('does not wait longer than clients do for a server that does not answer', async () => {
    const kernel = new FakeKernel(remote);
    await kernel.run('1');
    vi.useFakeTimers();
    remote.sessions.close = () => new Promise(() => undefined);

    const ended = kernel.interpreter.shutdown(false);
    await vi.advanceTimersByTimeAsync(2400);
    vi.useRealTimers();

    await expect(ended).resolves.toBeUndefined();
  });

  test('while a session is being made, closes it when it is there', async () => {
    const kernel = new FakeKernel(remote);
    kernel.interpreter.start(new FakeHost());
    await vi.waitFor(() => {
      expect(callsNamed('sessions.create')).toHaveLength(1);
    });

    await kernel.interpreter.shutdown(false);

    expect(remote.live.size).toBe(0);
  });

  test('while connecting, ends at once', async () => {
    const connect: Connect = (_configuration, _ask, signal) =>
      new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => {
          reject(signal.reason as Error);
        });
      });
    const kernel = new FakeKernel(remote, { connect });
    kernel.interpreter.start(new FakeHost());

    await expect(kernel.interpreter.shutdown(false)).resolves.toBeUndefined();
  });
});

describe('completion', () => {
  test('asks the agent in code points and answers in UTF-16', async () => {
    remote.script = ({ agentCall, send }) => {
      if (agentCall?.call !== 'complete') return undefined;
      expect(agentCall).toEqual({ call: 'complete', code: '"🙂"; me', cursor: 7 });
      send({
        type: 'reply',
        content: {
          matches: ['mean', 'median'],
          cursor_start: 5,
          cursor_end: 7,
          metadata: { a: 1 },
        },
      });
      return undefined;
    };
    const kernel = new FakeKernel(remote);
    await kernel.run('%session');

    expect(await kernel.interpreter.complete('"🙂"; me', 8)).toEqual({
      matches: ['mean', 'median'],
      start: 6,
      end: 8,
      metadata: { a: 1 },
    });
  });

  test('waits for a session that is being opened', async () => {
    const kernel = new FakeKernel(remote);
    kernel.interpreter.start(new FakeHost());

    await kernel.interpreter.complete('me', 2);

    expect(remote.requests.map(({ code }) => code)).toContainEqual(
      expect.stringContaining('"call":"complete"'),
    );
  });

  test('is empty before there is a session', async () => {
    const kernel = new FakeKernel(remote);

    expect(await kernel.interpreter.complete('me', 2)).toEqual({ matches: [], start: 2, end: 2 });
  });

  test.each([
    ['%sn', ['%snapshot'], 0],
    ['x\n%%', ['%%consume', '%%inputs', '%%publish', '%%python', '%%r', '%%time'], 2],
    ['%snapshot re', ['restore'], 10],
    ['%snapshot download a --f', ['--force'], 21],
    ['%session ', ['info', 'list', 'new', 'attach', 'close'], 9],
    ['%connect pro', ['production'], 9],
    ['%config dis', ['display='], 8],
    ['%help ti', ['time'], 6],
  ])('knows magics and their arguments without the session: %j', async (code, matches, start) => {
    const kernel = new FakeKernel(remote);

    expect(await kernel.interpreter.complete(code, code.length)).toEqual({
      matches,
      start,
      end: code.length,
    });
  });

  test('adds IPython’s magics in Python', async () => {
    remote.script = ({ agentCall, send }) => {
      if (agentCall?.call === 'complete') {
        send({
          type: 'reply',
          content: { matches: ['%time', '%timeit'], cursor_start: 0, cursor_end: 3 },
        });
      }
      return undefined;
    };
    const kernel = new FakeKernel(remote, { language: 'python' });
    await kernel.run('%session');

    expect(await kernel.interpreter.complete('%ti', 3)).toMatchObject({
      matches: ['%time', '%timeit'],
    });
  });
});

describe('help on what is under the cursor', () => {
  test('is the magic’s own help on its line', async () => {
    const found = await new FakeKernel(remote).interpreter.inspect('x\n%snapshot li', 6, 0);

    expect(found).toMatchObject({ found: true });
    expect(JSON.stringify(found)).toContain('%snapshot create NAME');
  });

  test('is the agent’s elsewhere', async () => {
    remote.script = ({ agentCall, send }) => {
      if (agentCall?.call === 'inspect') {
        send({
          type: 'reply',
          content: { found: true, data: { 'text/plain': 'doc' }, metadata: {} },
        });
      }
      return undefined;
    };
    const kernel = new FakeKernel(remote);
    await kernel.run('%session');

    expect(await kernel.interpreter.inspect('mean', 2, 1)).toEqual({
      found: true,
      data: { 'text/plain': 'doc' },
      metadata: {},
    });
    expect(await kernel.interpreter.inspect('%time mean', 8, 0)).toMatchObject({ found: true });
  });

  test('is nothing before there is a session', async () => {
    expect(await new FakeKernel(remote).interpreter.inspect('mean', 2, 0)).toEqual({
      found: false,
    });
  });
});

describe('whether code is complete', () => {
  test('is asked of the agent when the session is idle', async () => {
    remote.script = ({ agentCall, send }) => {
      if (agentCall?.call === 'isComplete') {
        send({ type: 'reply', content: { status: 'incomplete' } });
      }
      return undefined;
    };
    const kernel = new FakeKernel(remote);
    await kernel.run('%session');

    expect(await kernel.interpreter.isComplete('  f(1,')).toEqual({
      status: 'incomplete',
      indent: '    ',
    });
  });

  test('is judged here while a cell runs', async () => {
    const kernel = new FakeKernel(remote);
    remote.script = () => new Promise(() => undefined);
    void kernel.run('slow');
    await vi.waitFor(() => {
      expect(remote.requests).toHaveLength(2);
    });

    expect(await kernel.interpreter.isComplete('f(')).toEqual({
      status: 'incomplete',
      indent: '  ',
    });
    expect(await kernel.interpreter.complete('f', 1)).toEqual({ matches: [], start: 1, end: 1 });
    expect(await kernel.interpreter.inspect('f', 1, 0)).toEqual({ found: false });
  });

  test('is judged here when the session takes longer than a console waits', async () => {
    const kernel = new FakeKernel(remote);
    await kernel.run('%session');
    remote.script = () => new Promise(() => undefined);
    vi.useFakeTimers();

    const answer = kernel.interpreter.isComplete('f(1)');
    await vi.advanceTimersByTimeAsync(300);
    vi.useRealTimers();

    expect(await answer).toEqual({ status: 'complete' });
  });
});

describe('the history', () => {
  test('holds stored cells with the text of their values', async () => {
    const kernel = new FakeKernel(remote);
    await kernel.run('a');
    await kernel.run('hidden', { silent: true });
    await kernel.run('unstored', { storeHistory: false });

    const entries = await kernel.interpreter.history({
      accessType: 'tail',
      count: 10,
      output: true,
      raw: true,
    });

    expect(entries).toEqual([[1, 1, ['a', 'a']]]);
  });
});
