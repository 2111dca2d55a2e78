import net from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { RuntimeProcessError } from '../../../src/runtimes/index.js';
import { FakeRuntimeFactory, type FakeExecution } from '../../helpers/fake-runtime.js';
import { failure, startServer, type TestServer } from './harness.js';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** Executions that wait until the test lets them go; `begun` settles when the code of that name runs. */
class Gate {
  readonly #begun = new Map<string, () => void>();
  readonly #ended = new Map<string, () => void>();
  readonly order: string[] = [];

  readonly script = async (execution: FakeExecution): Promise<string | undefined> => {
    this.order.push(execution.code);
    await execution.stdout(`begin ${execution.code}\n`);
    this.#begun.get(execution.code)?.();
    const end = new Promise<undefined>((resolve) => {
      this.#ended.set(execution.code, () => {
        resolve(undefined);
      });
    });
    return Promise.race([end, execution.interrupted.then(() => 'interrupted')]);
  };

  begun(code: string): Promise<void> {
    return new Promise((resolve) => {
      if (this.order.includes(code)) resolve();
      else this.#begun.set(code, resolve);
    });
  }

  end(code: string): void {
    this.#ended.get(code)?.();
  }
}

let server: TestServer;
let token: string;

async function start(runtimes?: FakeRuntimeFactory): Promise<void> {
  server = await startServer(runtimes === undefined ? {} : { runtimes });
  token = await server.token();
}

beforeEach(async () => {
  await start();
});

afterEach(async () => {
  await server.close();
});

async function restart(runtimes: FakeRuntimeFactory): Promise<void> {
  await server.close();
  await start(runtimes);
}

const notFound = (id: string, rest = '.') =>
  failure('API_SESSION_NOT_FOUND', 'NotFoundException', `There is no session ${id}${rest}`);

describe('POST and GET /sessions', () => {
  test('a session is R unless Python is asked for, and its owner sees it in the list', async () => {
    const made = await server.call<{ sessionId: string }>('POST', '/sessions', {
      token,
      body: { name: 'Session 1', runtimeType: 'Python' },
    });
    const second = await server.session(token);

    expect(made.statusCode).toBe(201);
    expect(made.headers['rserver-extensions']).toBe(
      'events, source, restore, stdin, snapshots, executions',
    );
    expect(made.body.sessionId).toMatch(UUID);
    const { statusCode, body } = await server.call('GET', '/sessions', { token });
    expect(statusCode).toBe(200);
    expect(body).toEqual([
      { id: made.body.sessionId, name: 'Session 1', owner: 'admin', runtimeType: 'Python' },
      { id: second, name: `session-${second.slice(0, 8)}`, owner: 'admin', runtimeType: 'R' },
    ]);
  });

  test.each([[undefined], [{}], [{ name: null, snapshotId: null, runtimeType: null }]])(
    'a body of %j makes an R session',
    async (body) => {
      const { statusCode } = await server.call('POST', '/sessions', { token, body });

      expect(statusCode).toBe(201);
      expect(server.runtime.runtimeType).toBe('R');
    },
  );

  test('an unknown language is a bad request, an unknown snapshot is not found', async () => {
    const julia = await server.call('POST', '/sessions', { token, body: { runtimeType: 'Julia' } });
    const lost = await server.call('POST', '/sessions', { token, body: { snapshotId: 'x' } });

    expect([julia.statusCode, julia.body]).toMatchObject([400, { code: 'API_BAD_REQUEST' }]);
    expect([lost.statusCode, lost.body]).toEqual([
      404,
      failure('API_SNAPSHOT_NOT_FOUND', 'NotFoundException', 'There is no snapshot x.'),
    ]);
    expect(server.runtimes.runtimes).toEqual([]);
  });

  test('a full pool answers 503 and when to come back; a closed session makes room', async () => {
    await restart(new FakeRuntimeFactory({ maxPoolSize: 1 }));
    const id = await server.session(token);

    const full = await server.call('POST', '/sessions', { token, body: {} });

    expect([full.statusCode, full.headers['retry-after'], full.body]).toEqual([
      503,
      '5',
      failure('API_BUSY', 'BackEndBusyException', 'All 1 R processes are in use.'),
    ]);
    await server.call('DELETE', `/sessions/${id}`, { token });
    await server.session(token);
  });

  test('a language that does not start is told in words', async () => {
    server.runtimes.failNextWith = new RuntimeProcessError('RUNTIME_SPAWN', 'R is not installed.');

    const { statusCode, body } = await server.call('POST', '/sessions', { token, body: {} });

    expect([statusCode, body]).toEqual([
      503,
      failure('API_RUNTIME_UNAVAILABLE', 'ConfigurationException', 'R is not installed.'),
    ]);
  });

  test('what nobody foresaw is 500 with an id and no details', async () => {
    server.runtimes.failNextWith = new Error('secret');

    const { statusCode, body } = await server.call('POST', '/sessions', { token, body: {} });

    expect([statusCode, body]).toEqual([
      500,
      failure(
        'API_INTERNAL',
        'InternalServerErrorException',
        expect.stringMatching(/^Internal error [0-9a-f-]{36}\.$/) as string,
      ),
    ]);
  });
});

test('another user’s session cannot be seen, used or ended', async () => {
  const id = await server.session(token);
  const bob = await server.token('bob');

  const list = await server.call('GET', '/sessions', { token: bob });
  const calls = await Promise.all([
    server.execute(bob, id, { code: 'print x' }),
    server.call('POST', `/sessions/${id}/cancel`, { token: bob }),
    server.call('GET', `/sessions/${id}/console-output`, { token: bob }),
    server.call('GET', `/sessions/${id}/history`, { token: bob }),
    server.call('GET', `/sessions/${id}/events`, { token: bob }),
    server.call('GET', `/sessions/${id}/files`, { token: bob }),
    server.call('GET', `/sessions/${id}/workspace`, { token: bob }),
    server.call('POST', `/sessions/${id}/snapshot`, { token: bob, body: {} }),
    server.call('DELETE', `/sessions/${id}`, { token: bob }),
    server.call('DELETE', `/sessions/${id}/force`, { token: bob }),
  ]);

  expect(list.body).toEqual([]);
  for (const { statusCode, body } of calls) {
    expect([statusCode, body]).toEqual([404, notFound(id)]);
  }
  expect(server.runtime.isClosed).toBe(false);
});

describe('POST /sessions/{id}/execute', () => {
  test('inputs go in before the code runs and outputs come out after it, all five fields sent', async () => {
    const id = await server.session(token);

    const { statusCode, body } = await server.execute(token, id, {
      code: 'print hello\nset result [1,2.5]\nfile plot.png x',
      inputParameters: [{ name: 'x', value: { a: [null, 'é'] } }, { name: 'y' }],
      outputParameters: ['result', 'x', 'y'],
    });

    expect(statusCode).toBe(200);
    expect(body).toEqual({
      success: true,
      errorMessage: '',
      outputParameters: [
        { name: 'result', value: [1, 2.5] },
        { name: 'x', value: { a: [null, 'é'] } },
        { name: 'y', value: null },
      ],
      consoleOutput: 'hello\n',
      changedFiles: ['plot.png'],
    });
  });

  test('a program that fails is no HTTP error', async () => {
    const id = await server.session(token);

    const { statusCode, body } = await server.execute(token, id, {
      code: 'print before\nfail object not found',
    });

    expect([statusCode, body]).toEqual([
      200,
      {
        success: false,
        errorMessage: 'object not found',
        outputParameters: [],
        consoleOutput: 'before\n',
        changedFiles: [],
      },
    ]);
  });

  test('an output that does not exist fails the execution and is named', async () => {
    const id = await server.session(token);

    const { body } = await server.execute(token, id, { code: '', outputParameters: ['nothing'] });

    expect(body).toMatchObject({
      success: false,
      errorMessage: "Output parameter 'nothing': the workspace has no object of this name.",
    });
  });

  test.each([
    [{}, "body must have required property 'code'"],
    [{ code: 1 }, 'body/code must be string'],
    [{ code: '', inputParameters: {} }, 'body/inputParameters must be array'],
    [
      { code: '', inputParameters: [{}] },
      "body/inputParameters/0 must have required property 'name'",
    ],
    [{ code: '', outputParameters: [1] }, 'body/outputParameters/0 must be string'],
  ])('a body of %j is a bad request', async (body, message) => {
    const id = await server.session(token);

    const answer = await server.call('POST', `/sessions/${id}/execute`, { token, body });

    expect([answer.statusCode, answer.body]).toEqual([
      400,
      failure('API_BAD_REQUEST', 'BadRequestException', message),
    ]);
  });

  test('null fields count as absent', async () => {
    const id = await server.session(token);

    const { statusCode } = await server.call('POST', `/sessions/${id}/execute`, {
      token,
      body: { code: 'print x', inputParameters: null, outputParameters: null },
    });

    expect(statusCode).toBe(200);
  });

  test('an unknown session is not found, and without a token it is 401', async () => {
    const lost = await server.execute(token, 'x', { code: '' });
    const locked = await server.execute('bad', 'x', { code: '' });

    expect([lost.statusCode, lost.body]).toEqual([404, notFound('x')]);
    expect(locked.statusCode).toBe(401);
  });

  test('a text of several megabytes goes in and comes out unchanged', async () => {
    const id = await server.session(token);
    const value = 'ü"\\\u2028'.repeat(1_000_000);

    const { body } = await server.execute(token, id, {
      code: '',
      inputParameters: [{ name: 'text', value }],
      outputParameters: ['text'],
    });

    expect(body.outputParameters?.[0]?.value === value).toBe(true);
  });

  test('a body past the limit is refused', async () => {
    await server.close();
    server = await startServer({ limits: { maxBodyBytes: 1000 } });
    token = await server.token();
    const id = await server.session(token);

    const { statusCode, body } = await server.execute(token, id, { code: 'x'.repeat(1000) });

    expect([statusCode, body]).toMatchObject([413, { code: 'API_TOO_LARGE' }]);
  });
});

describe('while an execution is pending', () => {
  let gate: Gate;
  let id: string;

  beforeEach(async () => {
    gate = new Gate();
    await restart(new FakeRuntimeFactory({ script: gate.script }));
    id = await server.session(token);
  });

  test('the console can be read', async () => {
    const running = server.execute(token, id, { code: 'a' });
    await gate.begun('a');

    const during = await server.call('GET', `/sessions/${id}/console-output`, { token });
    gate.end('a');
    await running;
    const after = await server.call('GET', `/sessions/${id}/console-output`, { token });

    expect([during.statusCode, during.body]).toEqual([200, { consoleOutput: 'begin a\n' }]);
    expect(after.body).toEqual({ consoleOutput: 'begin a\n' });
  });

  test('cancel interrupts it, and what waits runs all the same', async () => {
    const first = server.execute(token, id, { code: 'first' });
    await gate.begun('first');
    const second = server.execute(token, id, { code: 'second' });

    const cancel = await server.call('POST', `/sessions/${id}/cancel`, { token });
    const interrupted = await first;
    await gate.begun('second');
    gate.end('second');

    expect([cancel.statusCode, cancel.body]).toEqual([200, 'Cancelled.']);
    expect(interrupted.body).toMatchObject({ success: false, errorMessage: 'interrupted' });
    expect((await second).body).toMatchObject({ success: true });
  });

  test('executions of one session run one after the other, those of another at once', async () => {
    const other = await server.session(token);
    const first = server.execute(token, id, { code: 'first' });
    await gate.begun('first');
    const second = server.execute(token, id, { code: 'second' });

    const elsewhere = server.execute(token, other, { code: 'elsewhere' });
    await gate.begun('elsewhere');
    gate.end('elsewhere');
    await elsewhere;
    expect(gate.order).toEqual(['first', 'elsewhere']);
    gate.end('first');
    await first;
    await gate.begun('second');
    gate.end('second');
    await second;
    expect(gate.order).toEqual(['first', 'elsewhere', 'second']);
  });

  test('a queued execution whose client goes away is never run; a running one goes on', async () => {
    const going = new AbortController();
    const running = server.execute(token, id, { code: 'running' }, { signal: going.signal });
    await gate.begun('running');
    const queued = rawExecute('queued');
    await queued.sent;
    const last = server.execute(token, id, { code: 'last' });

    going.abort();
    await expect(running).rejects.toMatchObject({ name: 'AbortError' });
    await queued.hangUp();
    gate.end('running');
    await gate.begun('last');
    gate.end('last');
    await last;

    expect(gate.order).toEqual(['running', 'last']);
    const { body } = await server.call('GET', `/sessions/${id}/history`, { token });
    expect(body).toEqual(['running', 'last']);
  });

  test('workspace calls wait for it', async () => {
    const running = server.execute(token, id, { code: 'a' });
    await gate.begun('a');
    const order: string[] = [];

    const list = server.call('GET', `/sessions/${id}/workspace`, { token }).then((answer) => {
      order.push('list');
      return answer;
    });
    const files = await server.call('GET', `/sessions/${id}/files`, { token });
    order.push('files');
    gate.end('a');
    await running;

    expect(files.body).toEqual([]);
    expect((await list).body).toEqual([]);
    expect(order).toEqual(['files', 'list']);
  });

  test('closing the session answers the running and the queued execution', async () => {
    const first = server.execute(token, id, { code: 'first' });
    await gate.begun('first');
    const second = server.execute(token, id, { code: 'second' });

    const closed = await server.call('DELETE', `/sessions/${id}`, { token });

    expect([closed.statusCode, closed.body]).toEqual([200, 'Closed.']);
    const gone = failure('API_SESSION_GONE', 'SessionGoneException', 'The session was closed.');
    expect((await first).body).toEqual(gone);
    // It may have come after the close: then there is no session any more.
    expect([410, 404]).toContain((await second).statusCode);
    expect(gate.order).toEqual(['first']);
  });

  test('closing the server answers it, too', async () => {
    const running = server.execute(token, id, { code: 'a' });
    await gate.begun('a');

    await server.server.close();

    expect((await running).statusCode).toBe(410);
  });

  /** An execute on a socket of its own, which can be hung up on. */
  function rawExecute(code: string): { sent: Promise<void>; hangUp: () => Promise<void> } {
    const body = JSON.stringify({ code });
    const socket = net.connect(Number(new URL(server.url).port), '127.0.0.1');
    const sent = new Promise<void>((resolve) => {
      socket.write(
        `POST /sessions/${id}/execute HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\n` +
          `Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
        () => {
          // An answer on another connection shows that the server has read this one, too.
          void server.call('GET', '/status', { token }).then(() => {
            resolve();
          });
        },
      );
    });
    const hangUp = async (): Promise<void> => {
      await new Promise<void>((resolve) => {
        socket.once('close', () => {
          resolve();
        });
        socket.destroy();
      });
      await server.call('GET', '/status', { token });
    };
    return { sent, hangUp };
  }
});

describe('GET /sessions/{id}/history', () => {
  test('records what the person typed where the client says so, else the code', async () => {
    const id = await server.session(token);
    await server.execute(token, id, { code: 'print a' });
    await server.execute(token, id, { code: 'wrapped(print b)', source: 'print b' });

    const { statusCode, body } = await server.call('GET', `/sessions/${id}/history`, { token });

    expect([statusCode, body]).toEqual([200, ['print a', 'print b']]);
  });
});

describe('the end of a session', () => {
  test.each([
    ['', 'Closed.', 'The session was closed.'],
    ['/force', 'Killed.', 'The session was closed by force.'],
  ])('DELETE %s ends its process; afterwards it is not found', async (suffix, text, reason) => {
    const id = await server.session(token);

    const { statusCode, body } = await server.call('DELETE', `/sessions/${id}${suffix}`, { token });

    expect([statusCode, body]).toEqual([200, text]);
    expect(server.runtime.isClosed).toBe(true);
    const again = await server.call('DELETE', `/sessions/${id}${suffix}`, { token });
    expect([again.statusCode, again.body]).toEqual([404, notFound(id, ` any more. ${reason}`)]);
    expect((await server.call('GET', '/sessions', { token })).body).toEqual([]);
  });

  test('a process that ends under an execution is told with its exit code; then 404, workspace 410', async () => {
    const id = await server.session(token);

    const during = await server.execute(token, id, { code: 'exit' });

    const words = 'The R process of the session has ended (exit code 1).';
    const gone = (message: string) => failure('API_SESSION_GONE', 'SessionGoneException', message);
    expect([during.statusCode, during.body]).toEqual([410, gone(words)]);
    const after = await server.execute(token, id, { code: 'print x' });
    expect([after.statusCode, after.body]).toEqual([404, notFound(id, ` any more. ${words}`)]);
    const workspace = await server.call('GET', `/sessions/${id}/workspace`, { token });
    expect([workspace.statusCode, workspace.body]).toEqual([
      410,
      gone(`Session ${id} is gone. ${words}`),
    ]);
    const bob = await server.token('bob');
    const foreign = await server.call('GET', `/sessions/${id}/workspace`, { token: bob });
    expect([foreign.statusCode, foreign.body]).toEqual([404, notFound(id)]);
  });

  test('a process that is killed while idle takes its session along', async () => {
    const id = await server.session(token);

    server.runtime.exit({ signal: 'SIGKILL', stderrTail: 'out of memory\n' });

    const { statusCode, body } = await server.call('GET', `/sessions/${id}/history`, { token });
    expect([statusCode, body]).toEqual([
      404,
      notFound(
        id,
        ' any more. The R process of the session has ended (signal SIGKILL). It last wrote: out of memory',
      ),
    ]);
  });

  test('the server tells when it has sessions and when it has none', async () => {
    const changes: boolean[] = [];
    const stop = server.server.onIdleChange((isIdle) => changes.push(isIdle));

    const first = await server.session(token);
    const second = await server.session(token);
    expect(server.server.sessionCount()).toBe(2);
    await server.call('DELETE', `/sessions/${first}`, { token });
    await server.call('DELETE', `/sessions/${second}/force`, { token });
    stop();
    await server.session(token);

    expect(changes).toEqual([false, true]);
  });
});
