// Executions on the event stream: the same as `POST /sessions/{id}/execute`, and a connection that breaks costs nothing.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { AuditEntry } from '../../../src/server/index.js';
import { startServer, type EventClient, type TestServer } from './harness.js';

type Frame = Readonly<Record<string, unknown>>;

let server: TestServer;
let token: string;
let id: string;
let audit: AuditEntry[];

beforeEach(async () => {
  audit = [];
  server = await startServer({ audit: (entry) => audit.push(entry) });
  token = await server.token();
  id = await server.session(token);
});

afterEach(async () => {
  await server.close();
});

const executionId = 'd6c1a3de-3c1f-4f0f-8b5f-0d3f5c1f0a02';
const ok = { success: true, errorMessage: '', outputParameters: [], consoleOutput: '' };

function send(client: EventClient, body: object, more: object = {}): void {
  client.socket.send(JSON.stringify({ type: 'execute', executionId, body, ...more }));
}

/** All frames up to the first that fits. */
async function framesUntil(client: EventClient, fits: (frame: Frame) => boolean): Promise<Frame[]> {
  for (;;) {
    const frames = client.events as unknown as Frame[];
    const index = frames.findIndex(fits);
    if (index >= 0) return frames.slice(0, index + 1);
    await new Promise((resolve) => client.socket.once('message', resolve));
  }
}

const isAnswer = ({ type }: Frame): boolean => type === 'answer';

describe('an execution on the event stream', () => {
  test('is answered after its events, in the form of the HTTP answer', async () => {
    const client = await server.watch(token, id);

    send(client, { code: 'print one\nset x 5', outputParameters: ['x'], source: 'typed' });

    expect(await framesUntil(client, isAnswer)).toEqual([
      { type: 'stream', executionId, name: 'stdout', text: 'one\n' },
      { type: 'finished', executionId },
      {
        type: 'answer',
        executionId,
        statusCode: 200,
        body: { ...ok, outputParameters: [{ name: 'x', value: 5 }], changedFiles: [] },
      },
    ]);
    const history = await server.call('GET', `/sessions/${id}/history`, { token });
    expect(history.body).toEqual(['typed']);
    expect(audit.at(-1)).toMatchObject({
      operation: 'executeCode',
      user: expect.stringMatching(/./) as string,
      address: '127.0.0.1',
      target: { id },
      statusCode: 200,
    });
  });

  test('that fails in its code is an answer without success', async () => {
    const client = await server.watch(token, id);

    send(client, { code: 'fail no such thing' });

    expect((await framesUntil(client, isAnswer)).at(-1)).toMatchObject({
      statusCode: 200,
      body: { success: false, errorMessage: 'no such thing' },
    });
  });

  test.each([
    ['without code', {}, '"code" must be a text'],
    ['with names that are none', { code: '', outputParameters: [1] }, '"outputParameters"'],
    [
      'with values that have no name',
      { code: '', inputParameters: [{ value: 1 }] },
      '{name, value}',
    ],
  ])('%s is refused', async (_what, body, words) => {
    const client = await server.watch(token, id);

    send(client, body);

    expect((await framesUntil(client, isAnswer)).at(-1)).toMatchObject({
      statusCode: 400,
      body: { code: 'API_BAD_REQUEST', message: expect.stringContaining(words) as string },
    });
  });

  test('needs a token that is valid now, not only when the stream was opened', async () => {
    const client = await server.watch(token, id);

    send(client, { code: 'print one' }, { authorization: 'Bearer of bad news' });

    expect((await framesUntil(client, isAnswer)).at(-1)).toMatchObject({
      statusCode: 401,
      body: { code: 'API_UNAUTHENTICATED' },
    });
    expect(server.runtime.executions).toEqual([]);
    expect(audit.at(-1)).toMatchObject({ statusCode: 401, code: 'API_UNAUTHENTICATED' });
  });

  test('in the session of somebody else is refused', async () => {
    const client = await server.watch(token, id);
    const { access_token: other } = await server.login('bob');

    send(client, { code: 'print one' }, { authorization: `Bearer ${other}` });

    expect((await framesUntil(client, isAnswer)).at(-1)).toMatchObject({
      statusCode: 404,
      body: { code: 'API_SESSION_NOT_FOUND' },
    });
  });

  test('whose process ends is answered before the stream is closed', async () => {
    const client = await server.watch(token, id);

    send(client, { code: 'exit' });

    expect((await framesUntil(client, isAnswer)).at(-1)).toMatchObject({
      statusCode: 410,
      body: { code: 'API_SESSION_GONE' },
    });
    expect(await client.closed).toBe(1000);
  });

  test('waits for what runs before it', async () => {
    const client = await server.watch(token, id);
    const other = server.execute(token, id, { code: 'print begun\nwait' });
    await framesUntil(client, ({ type }) => type === 'stream');

    send(client, { code: 'print two' });
    await framesUntil(client, ({ type }) => type === 'queued');
    await server.call('POST', `/sessions/${id}/cancel`, { token });
    await other;

    const own = (await framesUntil(client, isAnswer)).filter(
      (frame) => frame['executionId'] === executionId,
    );
    expect(own.map(({ type }) => type)).toEqual([
      'queued',
      'started',
      'stream',
      'finished',
      'answer',
    ]);
  });
});

describe('a new stream after one that broke', () => {
  const resume = (client: EventClient, count: number): void => {
    client.socket.send(JSON.stringify({ type: 'resume', executionId, count }));
  };

  test('gets what is missing of an execution that runs, and then the rest', async () => {
    const first = await server.watch(token, id);
    send(first, { code: 'print one\nprint two\nwait' });
    await framesUntil(first, (frame) => frame['text'] === 'two\n');
    first.close();
    const second = await server.watch(token, id);

    resume(second, 1);
    await framesUntil(second, ({ type }) => type === 'stream');
    await server.call('POST', `/sessions/${id}/cancel`, { token });

    expect(await framesUntil(second, isAnswer)).toEqual([
      { type: 'resumed', executionId, state: 'complete' },
      { type: 'stream', executionId, name: 'stdout', text: 'two\n' },
      { type: 'finished', executionId },
      expect.objectContaining({ type: 'answer', statusCode: 200 }),
    ]);
  });

  test('gets the answer of an execution that ended meanwhile', async () => {
    const first = await server.watch(token, id);
    send(first, { code: 'print one' });
    await framesUntil(first, isAnswer);
    const second = await server.watch(token, id);

    resume(second, 0);

    const frames = await framesUntil(second, isAnswer);
    expect(frames.map(({ type }) => type)).toEqual(['resumed', 'stream', 'finished', 'answer']);
  });

  test('is told of an execution that never arrived', async () => {
    const client = await server.watch(token, id);

    resume(client, 0);

    expect(await framesUntil(client, ({ type }) => type === 'resumed')).toEqual([
      { type: 'resumed', executionId, state: 'unknown' },
    ]);
  });

  test('is told when too much was printed to keep it', async () => {
    const first = await server.watch(token, id);
    send(first, { code: `print ${'x'.repeat(300_000)}\nprint end` });
    await framesUntil(first, isAnswer);
    const second = await server.watch(token, id);

    resume(second, 0);
    const [refused] = await framesUntil(second, ({ type }) => type === 'resumed');
    resume(second, 1);

    expect(refused).toEqual({ type: 'resumed', executionId, state: 'cut' });
    const frames = await framesUntil(second, isAnswer);
    expect(frames.filter(({ type }) => type === 'stream')).toEqual([
      { type: 'stream', executionId, name: 'stdout', text: 'end\n' },
    ]);
  });

  test('keeps an execution in the queue that would be dropped with its client', async () => {
    const first = await server.watch(token, id);
    const other = server.execute(token, id, { code: 'print begun\nwait' });
    await framesUntil(first, ({ type }) => type === 'stream');
    send(first, { code: 'print two' });
    await framesUntil(first, ({ type }) => type === 'queued');
    first.close();
    const second = await server.watch(token, id);
    resume(second, 1);
    await framesUntil(second, ({ type }) => type === 'resumed');

    await server.call('POST', `/sessions/${id}/cancel`, { token });
    await other;

    const answer = (await framesUntil(second, isAnswer)).at(-1);
    expect(answer).toMatchObject({ executionId, body: { success: true } });
  });
});
