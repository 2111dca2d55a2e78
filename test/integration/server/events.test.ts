import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import { FakeRuntimeFactory } from '../../helpers/fake-runtime.js';
import { failure, startServer, type TestServer } from './harness.js';

const UUID = /^[0-9a-f-]{36}$/;

let server: TestServer;
let token: string;
let id: string;

async function start(options: Parameters<typeof startServer>[0] = {}): Promise<void> {
  server = await startServer(options);
  token = await server.token();
  id = await server.session(token);
}

beforeEach(async () => {
  await start();
});

afterEach(async () => {
  await server.close();
});

const eventsUrl = (): string => `${server.url.replace('http', 'ws')}/sessions/${id}/events`;
const executionId = 'd6c1a3de-3c1f-4f0f-8b5f-0d3f5c1f0a01';

describe('the event stream of a session', () => {
  test('carries text and data in order, then the end, under the client’s execution id', async () => {
    const watcher = await server.watch(token, id);

    const answer = await server.execute(
      token,
      id,
      { code: 'print one\nwarn two\nemit {"x":1}\nprint dré' },
      { headers: { 'RServer-Execution-Id': executionId } },
    );

    expect(await watcher.finished()).toEqual([
      { type: 'stream', executionId, name: 'stdout', text: 'one\n' },
      { type: 'stream', executionId, name: 'stderr', text: 'two\n' },
      { type: 'data', executionId, data: '{"x":1}' },
      { type: 'stream', executionId, name: 'stdout', text: 'dré\n' },
      { type: 'finished', executionId },
    ]);
    expect(answer.body.consoleOutput).toBe('one\ntwo\ndré\n');
  });

  test('gives executions without an id one each, and repeats nothing of the past', async () => {
    await server.execute(token, id, { code: 'print before' });
    const watcher = await server.watch(token, id);

    await server.execute(token, id, { code: 'print a' });
    await server.execute(token, id, { code: 'fail b' });

    const events = await watcher.finished(2);
    const [first, second] = [events[0]?.executionId, events[2]?.executionId];
    expect(first).toMatch(UUID);
    expect(second).not.toBe(first);
    expect(events).toEqual([
      { type: 'stream', executionId: first, name: 'stdout', text: 'a\n' },
      { type: 'finished', executionId: first },
      { type: 'finished', executionId: second },
    ]);
  });

  test('tells when an execution has to wait, and when its turn has come', async () => {
    const watcher = await server.watch(token, id);
    const second = 'd6c1a3de-3c1f-4f0f-8b5f-0d3f5c1f0a02';
    const seen = (count: number): Promise<void> =>
      vi.waitFor(() => {
        expect(watcher.events).toHaveLength(count);
      });
    const run = (code: string, name: string) =>
      server.execute(token, id, { code }, { headers: { 'RServer-Execution-Id': name } });

    const running = run('print begun\nwait', executionId);
    await seen(1);
    const queued = run('print x', second);
    await seen(2);
    await server.call('POST', `/sessions/${id}/cancel`, { token });
    await Promise.all([running, queued]);

    expect((await watcher.finished(2)).slice(1)).toEqual([
      { type: 'queued', executionId: second },
      { type: 'finished', executionId },
      { type: 'started', executionId: second },
      { type: 'stream', executionId: second, name: 'stdout', text: 'x\n' },
      { type: 'finished', executionId: second },
    ]);
  });

  test('goes to every watcher', async () => {
    const watchers = await Promise.all([server.watch(token, id), server.watch(token, id)]);

    await server.execute(token, id, { code: 'print x' });

    const [first, second] = await Promise.all(watchers.map((watcher) => watcher.finished()));
    expect(first).toEqual(second);
    expect(first).toHaveLength(2);
  });

  test('brings long text as bytes to those who ask for it, as JSON to others', async () => {
    const [watcher, other] = [
      await server.watch(token, id),
      new WebSocket(eventsUrl(), {
        headers: { authorization: `Bearer ${token}`, 'RServer-Stream-Text': 'bytes' },
      }),
    ];
    const frames: [text: string, isBinary: boolean][] = [];
    other.on('message', (data: Buffer, isBinary) => frames.push([data.toString(), isBinary]));
    await once(other, 'open');
    const text = 'é "x" '.repeat(2000);
    const head = { type: 'stream', executionId, name: 'stdout' };

    await server.execute(
      token,
      id,
      { code: `print ${text}\nprint a` },
      { headers: { 'RServer-Execution-Id': executionId } },
    );

    const events = await watcher.finished();
    await vi.waitFor(() => {
      expect(frames).toHaveLength(3);
    });
    other.close();
    expect(events[0]).toEqual({ ...head, text: `${text}\n` });
    expect(frames).toEqual([
      [`${JSON.stringify(head)}\n${text}\n`, true],
      [JSON.stringify({ ...head, text: 'a\n' }), false],
      [JSON.stringify({ type: 'finished', executionId }), false],
    ]);
  });

  test('keeps order and loses nothing over many executions', async () => {
    const watcher = await server.watch(token, id);
    const expected: string[] = [];

    for (let index = 0; index < 300; index += 1) {
      const { body } = await server.execute(token, id, {
        code: `print ${index}\nemit ${index}\nwarn ${index}`,
      });
      expected.push(body.consoleOutput ?? '');
    }

    const events = await watcher.finished(300);
    const text = events.map((event) => (event.type === 'stream' ? event.text : '')).join('');
    expect(text).toBe(expected.join(''));
    expect(events.map((event) => event.type).join()).toBe(
      Array<string>(300).fill('stream,data,stream,finished').join(),
    );
  });

  test('the client may leave the console out of the answer; the server still has it', async () => {
    const { body } = await server.execute(
      token,
      id,
      { code: 'print x' },
      { headers: { 'RServer-Console-Output': 'events' } },
    );
    const later = await server.call('GET', `/sessions/${id}/console-output`, { token });

    expect(body.consoleOutput).toBe('');
    expect(later.body).toEqual({ consoleOutput: 'x\n' });
  });

  test('ends with the session', async () => {
    const watcher = await server.watch(token, id);

    await server.call('DELETE', `/sessions/${id}`, { token });

    expect(await watcher.closed).toBe(1000);
  });

  test('ends with the process, after the execution that it took along', async () => {
    const watcher = await server.watch(token, id);

    await server.execute(
      token,
      id,
      { code: 'print last\nexit' },
      { headers: { 'RServer-Execution-Id': executionId } },
    );
    await watcher.closed;

    expect(watcher.events[0]).toEqual({
      type: 'stream',
      executionId,
      name: 'stdout',
      text: 'last\n',
    });
  });
});

test('a watcher that does not answer cannot hold up the end of the server', async () => {
  const watcher = await server.watch(token, id);
  watcher.socket.pause();

  await server.server.close();

  expect(watcher.socket.readyState).toBe(WebSocket.OPEN);
});

describe('back pressure', () => {
  const CHUNK = 'x'.repeat(64 * 1024);
  const CHUNK_COUNT = 400;

  function printer(): { runtimes: FakeRuntimeFactory; printed: () => number } {
    let printed = 0;
    const runtimes = new FakeRuntimeFactory({
      script: async (execution) => {
        for (; printed < CHUNK_COUNT; printed += 1) await execution.stdout(CHUNK);
      },
    });
    return { runtimes, printed: () => printed };
  }

  test('a watcher that does not read holds the program back, and gets all when it reads again', async () => {
    await server.close();
    const { runtimes, printed } = printer();
    await start({ runtimes, limits: { maxEventBufferBytes: 256 * 1024 } });
    const watcher = await server.watch(token, id);
    watcher.socket.pause();

    const running = server.execute(token, id, { code: '' });
    const held = await untilStill(printed);
    watcher.socket.resume();
    const { body } = await running;
    const events = await watcher.finished();

    expect(held).toBeLessThan(CHUNK_COUNT);
    const text = events.map((event) => (event.type === 'stream' ? event.text : '')).join('');
    expect(text.length).toBe(CHUNK_COUNT * CHUNK.length);
    expect(body.consoleOutput === text).toBe(true);
  });

  test('a watcher that never reads is dropped, and the program goes on', async () => {
    await server.close();
    const { runtimes } = printer();
    await start({ runtimes, limits: { maxEventBufferBytes: 256 * 1024, eventStallMs: 100 } });
    const watcher = await server.watch(token, id);
    watcher.socket.pause();

    const { body } = await server.execute(token, id, { code: '' });

    expect(body.consoleOutput?.length).toBe(CHUNK_COUNT * CHUNK.length);
    watcher.socket.resume();
    expect(await watcher.closed).toBe(1006);
  });

  /** Waits until a figure has not changed over 20 answers of the server. */
  async function untilStill(figure: () => number): Promise<number> {
    let last = -1;
    for (let stillCount = 0; stillCount < 20;) {
      await server.call('GET', '/status', { token });
      stillCount = figure() === last && last > 0 ? stillCount + 1 : 0;
      last = figure();
    }
    return last;
  }
});

describe('the handshake', () => {
  interface Refusal {
    readonly statusCode: number | undefined;
    readonly body: unknown;
  }

  async function shake(route: string, headers: Record<string, string>): Promise<Refusal> {
    const request = httpRequest(server.url + route, {
      headers: {
        connection: 'Upgrade',
        upgrade: 'websocket',
        'sec-websocket-version': '13',
        'sec-websocket-key': Buffer.alloc(16).toString('base64'),
        ...headers,
      },
    });
    request.end();
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    const chunks: Buffer[] = [];
    for await (const chunk of response) chunks.push(chunk as Buffer);
    return {
      statusCode: response.statusCode,
      body: JSON.parse(Buffer.concat(chunks).toString()) as unknown,
    };
  }

  test('is refused without a token, for an unknown session, another’s session and another path', async () => {
    const bearer = { authorization: `Bearer ${token}` };
    const bob = { authorization: `Bearer ${await server.token('bob')}` };

    const refusals = await Promise.all([
      shake(`/sessions/${id}/events`, {}),
      shake('/sessions/x/events', bearer),
      shake(`/sessions/${id}/events`, bob),
      shake('/elsewhere', bearer),
    ]);

    const lost = (session: string) =>
      failure('API_SESSION_NOT_FOUND', 'NotFoundException', `There is no session ${session}.`);
    expect(refusals).toEqual([
      {
        statusCode: 401,
        body: failure(
          'API_UNAUTHENTICATED',
          'UnauthorizedException',
          'Unauthorized (invalid or expired access token).',
        ),
      },
      { statusCode: 404, body: lost('x') },
      { statusCode: 404, body: lost(id) },
      {
        statusCode: 404,
        body: failure(
          'API_ROUTE_NOT_FOUND',
          'NotFoundException',
          'There is no WebSocket at this path.',
        ),
      },
    ]);
  });

  test('is all that the path takes', async () => {
    const { statusCode, body } = await server.call('GET', `/sessions/${id}/events`, { token });

    expect([statusCode, body]).toEqual([
      400,
      failure(
        'API_BAD_REQUEST',
        'BadRequestException',
        'This path takes a WebSocket handshake only.',
      ),
    ]);
  });
});
