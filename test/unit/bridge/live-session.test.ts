import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { silentLogger } from '../../../src/base/index.js';
import type { AgentCommMessage } from '../../../src/bridge/agent/agent-comms.js';
import { languageOf } from '../../../src/bridge/language/languages.js';
import { LiveSession, type RunRequest, type RunResult } from '../../../src/bridge/live-session.js';
import { createRunSink } from '../../../src/bridge/outputs.js';
import { FakeRemote, OutputRecorder, clientError, fakeAgent } from '../../helpers/fake-remote.js';

const LIMITS = { executeTimeoutMs: 0, interruptTimeoutMs: 2000 };
const SESSION = 'session-1';
const BROKEN_NOTE =
  'The connection to the server broke while this cell ran: values and pictures of that time may be missing.\n';
const agentOptions = { silent: false, storeHistory: true, executionCount: 1, userExpressions: {} };

let remote: FakeRemote;
let output: OutputRecorder;
let comms: AgentCommMessage[];

async function openSession(display: 'rich' | 'plain' = 'rich', isNew = true): Promise<LiveSession> {
  return LiveSession.open(
    {
      client: remote,
      id: SESSION,
      name: 'test',
      isOwn: true,
      isNew,
      language: languageOf('R'),
      agent: fakeAgent,
      onComm: (message) => comms.push(message),
      logger: silentLogger,
    },
    display,
    new AbortController().signal,
  );
}

function request(code: string, parts: Partial<RunRequest> = {}): RunRequest {
  return { code, source: code, inputParameters: [], outputParameters: [], agentOptions, ...parts };
}

function run(
  session: LiveSession,
  code: string,
  parts: Partial<RunRequest> = {},
  signal = new AbortController().signal,
  limits = LIMITS,
): Promise<RunResult> {
  return session.run(request(code, parts), createRunSink(output, 'result'), signal, limits);
}

/** Settles to the error a promise rejects with. */
function failure(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => undefined,
    (error: unknown) => error,
  );
}

beforeEach(() => {
  vi.useFakeTimers();
  remote = new FakeRemote();
  output = new OutputRecorder();
  comms = [];
  remote.addSession('test');
});

afterEach(() => {
  vi.useRealTimers();
});

describe.each([
  ['event stream', ['events', 'source']],
  ['console reading', []],
] as const)('by %s', (_title, extensions) => {
  const channel = extensions.length > 0 ? 'events' : 'console';

  beforeEach(() => {
    for (const name of extensions) remote.extensions.add(name);
  });

  test('the agent is installed once, set to the channel', async () => {
    const session = await openSession();
    remote.script = (execution) => {
      execution.done();
      return undefined;
    };

    await run(session, '1');
    await run(session, '2');

    const calls = remote.requests.map(
      ({ code }) => JSON.parse(code) as { call: string; channel?: string },
    );
    expect(calls.map(({ call }) => call)).toEqual(['install', 'run', 'run']);
    expect(calls[0]?.channel).toBe(channel);
    expect(session.channel).toBe(channel);
  });

  test('text, displays and the value come in the order in which they were made', async () => {
    const session = await openSession();
    remote.script = (execution) => {
      execution.print('a\n');
      execution.send({
        type: 'display',
        data: { 'text/plain': 'd' },
        metadata: {},
        display_id: 'i',
      });
      execution.print('b\n');
      execution.send({ type: 'clear', wait: true });
      execution.send({
        type: 'display',
        data: { 'text/plain': 'e' },
        metadata: {},
        display_id: 'i',
        update: true,
      });
      execution.send({ type: 'result', data: { 'text/plain': '1' }, metadata: {} });
      execution.done();
      return undefined;
    };

    const result = await run(session, '1');

    expect(output.outputs).toEqual([
      { stream: 'stdout', text: 'a\n' },
      { display: { data: { 'text/plain': 'd' }, metadata: {}, displayId: 'i' } },
      { stream: 'stdout', text: 'b\n' },
      { clear: true },
      { update: { data: { 'text/plain': 'e' }, metadata: {}, displayId: 'i' } },
      { result: { data: { 'text/plain': '1' }, metadata: {} } },
    ]);
    expect(result).toMatchObject({ success: true, done: { status: 'ok' }, error: undefined });
  });

  test('text after the agent is done is not the user’s', async () => {
    const session = await openSession();
    remote.script = (execution) => {
      execution.send({ type: 'error', ename: 'E', evalue: 'v', traceback: ['E: v'] });
      execution.done('error');
      execution.print('Error: v\n', 'stderr');
      return { success: false, errorMessage: 'Error: v' };
    };

    const result = await run(session, 'stop("v")');

    expect(output.outputs).toEqual([]);
    expect(result).toMatchObject({
      success: false,
      error: { ename: 'E' },
      done: { status: 'error' },
    });
  });

  test('front ends that are behind with reading make the program wait, and lose nothing', async () => {
    const session = await openSession();
    let catchUp = (): void => undefined;
    remote.script = (execution) => {
      output.behind = new Promise((resolve) => {
        catchUp = () => {
          output.behind = undefined;
          resolve();
        };
      });
      execution.print('first\n');
      execution.print('second\n');
      execution.done();
      return undefined;
    };

    const running = run(session, 'many()');
    await vi.advanceTimersByTimeAsync(10_000);
    const shown = output.text();
    catchUp();
    await vi.advanceTimersByTimeAsync(0);

    expect(await running).toMatchObject({ success: true, done: { status: 'ok' } });
    expect(shown).toBe(channel === 'events' ? 'first\n' : 'first\nsecond\n');
    expect(output.text()).toBe('first\nsecond\n');
  });

  test('text is shown while the code runs', async () => {
    const session = await openSession();
    let finish = (): void => undefined;
    remote.script = async (execution) => {
      execution.print('first\n');
      await new Promise<void>((resolve) => {
        finish = resolve;
      });
      execution.print('second\n');
      execution.done();
      return undefined;
    };

    const running = run(session, 'slow()');
    await vi.advanceTimersByTimeAsync(channel === 'events' ? 0 : 100);

    expect(output.text()).toBe('first\n');
    finish();
    await running;
    expect(output.text()).toBe('first\nsecond\n');
  });

  test('a missing agent is installed and the cell sent again; its complaint is not shown', async () => {
    const session = await openSession();
    let isMissing = true;
    remote.script = (execution) => {
      if (isMissing) {
        isMissing = false;
        execution.print("Error: object '.rserver_kernel' not found\n", 'stderr');
        return { success: false, errorMessage: 'agent not found' };
      }
      execution.print('ok\n');
      execution.done();
      return undefined;
    };

    await run(session, '1');

    expect(output.outputs).toEqual([{ stream: 'stdout', text: 'ok\n' }]);
    const calls = remote.requests.map(({ code }) => (JSON.parse(code) as { call: string }).call);
    expect(calls).toEqual(['install', 'run', 'install', 'run']);
  });

  test('an agent that is missing again and again is told', async () => {
    const session = await openSession();
    remote.script = () => ({ success: false, errorMessage: 'agent not found' });

    expect(await failure(run(session, '1'))).toMatchObject({ code: 'BRIDGE_AGENT' });
  });

  test('a program that begins like a complaint is shown all the same', async () => {
    const session = await openSession();
    remote.script = (execution) => {
      execution.print('Traceback (most recent call last) is a line of Python\n');
      execution.print('more\n');
      execution.done();
      return undefined;
    };

    await run(session, '1');

    expect(output.text()).toBe('Traceback (most recent call last) is a line of Python\nmore\n');
  });

  test('plain code is sent as it is and its text comes back', async () => {
    const session = await openSession('plain');
    remote.script = (execution) => {
      execution.print('[1] 2\n');
      return undefined;
    };

    const result = await run(session, '1 + 1', { agentOptions: undefined });

    expect(remote.requests).toEqual([
      channel === 'events' ? { code: '1 + 1', source: '1 + 1' } : { code: '1 + 1' },
    ]);
    expect(output.outputs).toEqual([{ stream: 'stdout', text: '[1] 2\n' }]);
    expect(result).toMatchObject({ success: true, lastText: '[1] 2\n' });
  });

  test('an interrupt asks the server to cancel, and the run ends by its answer', async () => {
    const session = await openSession();
    const stop = new AbortController();
    remote.script = async (execution) => {
      await execution.cancelled;
      execution.send({ type: 'error', ename: 'Interrupt', evalue: '', traceback: [] });
      execution.done('error');
      return { success: false, errorMessage: 'interrupted' };
    };

    const running = run(session, 'Sys.sleep(99)', {}, stop.signal);
    await vi.advanceTimersByTimeAsync(10);
    stop.abort();

    expect(await running).toMatchObject({ success: false, error: { ename: 'Interrupt' } });
    expect(remote.calls.filter((call) => call.startsWith('sessions.cancel'))).toEqual([
      `sessions.cancel ${SESSION}`,
    ]);
    expect(session.isIdle).toBe(true);
  });

  test('code that does not stop is left alone after a while, and the next cell waits for it', async () => {
    const session = await openSession();
    const stop = new AbortController();
    let finish = (): void => undefined;
    remote.script = async (execution) => {
      if (execution.agentCall?.code === 'next') {
        execution.print('next\n');
        execution.done();
        return undefined;
      }
      await new Promise<void>((resolve) => {
        finish = resolve;
      });
      return undefined;
    };

    const running = failure(run(session, 'stubborn', {}, stop.signal));
    await vi.advanceTimersByTimeAsync(10);
    stop.abort();
    await vi.advanceTimersByTimeAsync(LIMITS.interruptTimeoutMs);

    expect(await running).toMatchObject({ code: 'BRIDGE_INTERRUPT_IGNORED' });
    expect(session.isIdle).toBe(false);
    const next = run(session, 'next');
    await vi.advanceTimersByTimeAsync(1000);
    expect(output.text()).toContain('still busy');
    finish();
    await vi.advanceTimersByTimeAsync(0);
    await next;
    expect(output.text()).toContain('next\n');
  });

  test('the time limit of a cell interrupts it and says so', async () => {
    const session = await openSession();
    remote.script = async (execution) => {
      await execution.cancelled;
      execution.done('error');
      return { success: false, errorMessage: 'interrupted' };
    };

    const running = failure(
      run(session, 'slow', {}, undefined, { executeTimeoutMs: 5000, interruptTimeoutMs: 2000 }),
    );
    await vi.advanceTimersByTimeAsync(5000);

    expect(await running).toMatchObject({ code: 'BRIDGE_EXECUTE_TIMEOUT' });
  });

  test('an interrupt that the server does not take says why', async () => {
    const session = await openSession();
    const stop = new AbortController();
    remote.script = () => new Promise(() => undefined);
    remote.fail('sessions.cancel', clientError('CLIENT_UNREACHABLE'));
    remote.fail('sessions.cancel', clientError('CLIENT_UNREACHABLE'));

    const running = failure(run(session, 'slow', {}, stop.signal));
    await vi.advanceTimersByTimeAsync(10);
    stop.abort();
    await vi.advanceTimersByTimeAsync(LIMITS.interruptTimeoutMs);

    expect(await running).toMatchObject({
      code: 'BRIDGE_INTERRUPT_IGNORED',
      message: expect.stringContaining('could not be asked') as string,
    });
  });

  test('a query answers when the session is idle, and not while it is busy', async () => {
    const session = await openSession();
    let finish = (): void => undefined;
    remote.script = async (execution) => {
      if (execution.agentCall?.call === 'complete') {
        execution.send({ type: 'reply', content: { matches: ['mean'] } });
        return undefined;
      }
      await new Promise<void>((resolve) => {
        finish = resolve;
      });
      execution.done();
      return undefined;
    };

    const idle = await session.query((agent) => agent.completeCode('me', 2), 1000);
    const running = run(session, 'slow');
    await vi.advanceTimersByTimeAsync(10);
    const busy = await session.query((agent) => agent.completeCode('me', 2), 1000);
    finish();
    await running;

    expect(idle).toEqual({ matches: ['mean'] });
    expect(busy).toBeUndefined();
    expect(output.outputs).toEqual([]);
  });

  test('a query that takes too long is given up, and the next cell waits for its end', async () => {
    const session = await openSession();
    let finish = (): void => undefined;
    const order: string[] = [];
    remote.script = async (execution) => {
      order.push(String(execution.agentCall?.call));
      if (execution.agentCall?.call === 'complete') {
        await new Promise<void>((resolve) => {
          finish = resolve;
        });
        order.push('end of complete');
      }
      return undefined;
    };

    const query = session.query((agent) => agent.completeCode('me', 2), 300);
    await vi.advanceTimersByTimeAsync(300);
    const running = run(session, '1');
    await vi.advanceTimersByTimeAsync(10);
    finish();
    await vi.advanceTimersByTimeAsync(0);
    await running;

    expect(await query).toBeUndefined();
    expect(order).toEqual(['complete', 'end of complete', 'run']);
  });

  test('a session that is gone is told by the run', async () => {
    const session = await openSession();
    remote.removeSession(SESSION);

    expect(await failure(run(session, '1'))).toMatchObject({ code: 'CLIENT_SESSION_GONE' });
  });

  test('an agent that cannot be installed is told', async () => {
    remote.fail('sessions.answer', clientError('CLIENT_STATUS', { statusCode: 500 }));

    expect(await failure(openSession())).toMatchObject({ code: 'CLIENT_STATUS' });
  });

  describe('when the answer is lost', () => {
    const lost = clientError('CLIENT_OUTCOME_UNKNOWN');

    test('a cell that ran shows its output once and is told to have run', async () => {
      const session = await openSession();
      let runs = 0;
      remote.script = (execution) => {
        if (execution.agentCall?.call === 'run') {
          runs += 1;
          execution.print('hello\n');
          execution.done();
          remote.fail('sessions.answer', lost);
        }
        return undefined;
      };

      const running = run(session, 'cat("hello")');
      await vi.advanceTimersByTimeAsync(60_000);

      expect(await running).toMatchObject({ success: true, done: { status: 'ok' } });
      expect(output.text()).toBe(
        'hello\nThe connection broke while this cell ran; it ran once, to its end.\n',
      );
      expect(runs).toBe(1);
    });

    test('a cell that still runs is followed to its end', async () => {
      const session = await openSession();
      let finish = (): void => undefined;
      remote.script = async (execution) => {
        if (execution.agentCall?.call !== 'run') return undefined;
        execution.print('one\n');
        execution.loseAnswer();
        await new Promise<void>((resolve) => {
          finish = resolve;
        });
        execution.print('two\n');
        execution.done();
        return undefined;
      };

      const running = run(session, 'slow()');
      await vi.advanceTimersByTimeAsync(20_000);
      finish();
      await vi.advanceTimersByTimeAsync(20_000);

      expect(await running).toMatchObject({ success: true, done: { status: 'ok' } });
      expect(output.text()).toBe(
        'one\ntwo\nThe connection broke while this cell ran; it ran once, to its end.\n',
      );
    });

    test('a cell that never arrived is told not to have run, and is not sent again', async () => {
      const session = await openSession();
      remote.fail('sessions.execute', lost);

      const running = failure(run(session, 'x <- 1'));
      await vi.advanceTimersByTimeAsync(60_000);

      expect(await running).toMatchObject({ code: 'BRIDGE_NOT_RUN' });
      expect(remote.requests.filter(({ code }) => code.includes('x <- 1'))).toEqual([]);
    });

    test('the same code that ran before does not count as this run', async () => {
      const session = await openSession('plain');
      await run(session, 'x <- 1', { agentOptions: undefined });
      remote.fail('sessions.execute', lost);

      const running = failure(run(session, 'x <- 1', { agentOptions: undefined }));
      await vi.advanceTimersByTimeAsync(60_000);

      expect(await running).toMatchObject({ code: 'BRIDGE_NOT_RUN' });
    });

    test('a server that stays away leaves the outcome unknown', async () => {
      const session = await openSession();
      remote.script = () => {
        remote.fail('sessions.answer', lost);
        remote.breakEvents(SESSION);
        remote.isEventsOpenable = false;
        for (let count = 0; count < 500; count += 1) {
          remote.fail('sessions.consoleOutput', clientError('CLIENT_UNREACHABLE'));
        }
        return undefined;
      };

      const running = failure(run(session, 'x <- 1'));
      await vi.advanceTimersByTimeAsync(120_000);

      expect(await running).toMatchObject({
        code: 'BRIDGE_OUTCOME_UNKNOWN',
        message: expect.stringContaining('may have run') as string,
      });
    });

    test('plain code that ran leaves only its success unknown', async () => {
      const session = await openSession('plain');
      remote.script = (execution) => {
        if (execution.request.code === 'x <- 1') remote.fail('sessions.answer', lost);
        return undefined;
      };

      const running = failure(run(session, 'x <- 1', { agentOptions: undefined }));
      await vi.advanceTimersByTimeAsync(60_000);

      expect(await running).toMatchObject({
        code: 'BRIDGE_OUTCOME_UNKNOWN',
        message: expect.stringContaining('ran to its end') as string,
      });
    });

    test('a session that died meanwhile is told to be gone', async () => {
      const session = await openSession();
      remote.script = (execution) => {
        execution.loseAnswer();
        return new Promise(() => undefined);
      };

      const running = failure(run(session, 'crash()'));
      await vi.advanceTimersByTimeAsync(10);
      remote.removeSession(SESSION);
      await vi.advanceTimersByTimeAsync(60_000);

      expect(await running).toMatchObject({ code: 'CLIENT_SESSION_GONE' });
    });

    test('outputs are fetched anew when the cell ran', async () => {
      const session = await openSession();
      remote.script = (execution) => {
        if (execution.agentCall?.call === 'run') {
          execution.done();
          remote.fail('sessions.answer', lost);
          return undefined;
        }
        const names = execution.request.outputParameters ?? [];
        return { outputParameters: names.map((name) => ({ name, value: 1 })) };
      };

      const running = run(session, 'x <- 1', { outputParameters: ['x'] });
      await vi.advanceTimersByTimeAsync(60_000);

      expect(await running).toMatchObject({ outputParameters: [{ name: 'x', value: 1 }] });
    });
  });
});

describe('when the event stream breaks', () => {
  beforeEach(() => {
    remote.extensions.add('events');
  });

  test('in the middle of a run, the rest of the text is read from the console, each piece once', async () => {
    const session = await openSession();
    remote.isEventsOpenable = false;
    let finish = (): void => undefined;
    remote.script = async (execution) => {
      execution.print('one\n');
      remote.breakEvents(SESSION);
      execution.print('two\n');
      await new Promise<void>((resolve) => {
        finish = resolve;
      });
      execution.print('three\n');
      return undefined;
    };

    const running = run(session, '1');
    await vi.advanceTimersByTimeAsync(100);
    const early = output.text();
    finish();
    await running;

    expect(early).toBe('one\ntwo\n');
    expect(output.text()).toBe(`one\ntwo\nthree\n${BROKEN_NOTE}`);
  });

  test('rich outputs still come by a new stream', async () => {
    const session = await openSession();
    let finish = (): void => undefined;
    remote.script = async (execution) => {
      execution.print('one\n');
      remote.breakEvents(SESSION);
      await new Promise<void>((resolve) => {
        finish = resolve;
      });
      execution.print('two\n');
      execution.send({ type: 'result', data: { 'text/plain': '1' }, metadata: {} });
      execution.done();
      return undefined;
    };

    const running = run(session, '1');
    await vi.advanceTimersByTimeAsync(50);
    finish();
    const result = await running;

    expect(output.text()).toBe(`one\ntwo\n${BROKEN_NOTE}`);
    expect(output.outputs).toContainEqual({
      result: { data: { 'text/plain': '1' }, metadata: {} },
    });
    expect(result.done?.status).toBe('ok');
  });

  test('between runs, a new one is opened', async () => {
    const session = await openSession();
    remote.breakEvents(SESSION);
    await vi.advanceTimersByTimeAsync(0);
    remote.script = (execution) => {
      execution.print('a\n');
      execution.done();
      return undefined;
    };

    await run(session, '1');

    expect(session.channel).toBe('events');
    expect(output.text()).toBe('a\n');
  });

  test('between runs and for good, the agent is set to the console', async () => {
    const session = await openSession();
    remote.breakEvents(SESSION);
    remote.isEventsOpenable = false;
    await vi.advanceTimersByTimeAsync(0);
    remote.script = (execution) => {
      execution.send({ type: 'result', data: { 'text/plain': '1' }, metadata: {} });
      execution.done();
      return undefined;
    };

    await run(session, '1');

    expect(session.channel).toBe('console');
    expect(output.outputs).toEqual([{ result: { data: { 'text/plain': '1' }, metadata: {} } }]);
    expect(remote.requests.map(({ code }) => (JSON.parse(code) as { call: string }).call)).toEqual([
      'install',
      'configure',
      'run',
    ]);
  });

  test('and the last frame never comes, the rest is read from the console', async () => {
    const session = await openSession();
    remote.script = (execution) => {
      execution.print('one\n');
      remote.session(SESSION).streams.clear();
      execution.print('two\n');
      return undefined;
    };

    const running = run(session, '1');
    await vi.advanceTimersByTimeAsync(2000);
    await running;

    expect(output.text()).toBe(`one\ntwo\n${BROKEN_NOTE}`);
  });

  test('a stream that does not open at all is done without', async () => {
    remote.isEventsOpenable = false;

    const session = await openSession();

    expect(session.channel).toBe('console');
  });
});

describe('an agent that another kernel in the session has set to its own channel', () => {
  test('to the console: its messages are understood in the text of the stream', async () => {
    remote.extensions.add('events');
    const session = await openSession();
    remote.session(SESSION).channel = 'console';
    remote.script = (execution) => {
      execution.print('a\n');
      execution.send({ type: 'result', data: { 'text/plain': '1' }, metadata: {} });
      execution.done();
      return undefined;
    };

    const { done } = await run(session, '1');

    expect(done?.status).toBe('ok');
    expect(output.outputs).toEqual([
      { stream: 'stdout', text: 'a\n' },
      { result: { data: { 'text/plain': '1' }, metadata: {} } },
    ]);
  });

  test('to the event stream: it is set back before the next cell', async () => {
    const session = await openSession();
    remote.session(SESSION).channel = 'events';
    remote.script = (execution) => {
      execution.send({ type: 'result', data: { 'text/plain': '1' }, metadata: {} });
      execution.done();
      return undefined;
    };

    await run(session, '1');
    const first = [...output.outputs];
    await run(session, '1');

    expect(first).toEqual([]);
    expect(output.outputs).toEqual([{ result: { data: { 'text/plain': '1' }, metadata: {} } }]);
  });
});

describe('a session that is not new', () => {
  test('does not show its last console text again', async () => {
    remote.session(SESSION).console = 'of somebody else\n';
    const session = await openSession('plain', false);
    let finish = (): void => undefined;
    remote.script = async (execution) => {
      remote.session(SESSION).console = 'of somebody else\n';
      await new Promise<void>((resolve) => {
        finish = resolve;
      });
      remote.session(SESSION).console = '';
      execution.print('mine\n');
      return undefined;
    };

    const running = run(session, '1', { agentOptions: undefined });
    await vi.advanceTimersByTimeAsync(500);
    finish();
    await running;

    expect(output.text()).toBe('mine\n');
  });
});

describe('the console is asked', () => {
  test('after 100 ms, then less often, up to once a second', async () => {
    const session = await openSession('plain');
    let finish = (): void => undefined;
    remote.script = () =>
      new Promise((resolve) => {
        finish = () => {
          resolve(undefined);
        };
      });
    const reads = (): number =>
      remote.calls.filter((call) => call.startsWith('sessions.consoleOutput')).length;

    const running = run(session, 'slow', { agentOptions: undefined });
    const counts: number[] = [];
    for (const ms of [99, 1, 150, 225, 9525]) {
      await vi.advanceTimersByTimeAsync(ms);
      counts.push(reads());
    }
    finish();
    await running;
    const readsAtEnd = reads();
    await vi.advanceTimersByTimeAsync(5000);

    expect(counts).toEqual([0, 1, 2, 3, 13]);
    expect(reads()).toBe(readsAtEnd);
  });

  test('again when a read failed', async () => {
    const session = await openSession('plain');
    let finish = (): void => undefined;
    remote.script = async (execution) => {
      execution.print('text\n');
      await new Promise<void>((resolve) => {
        finish = resolve;
      });
      return undefined;
    };
    remote.fail('sessions.consoleOutput', clientError('CLIENT_UNREACHABLE'));

    const running = run(session, 'slow', { agentOptions: undefined });
    await vi.advanceTimersByTimeAsync(250);
    const early = output.text();
    finish();
    await running;

    expect(early).toBe('text\n');
    expect(output.text()).toBe('text\n');
  });
});
