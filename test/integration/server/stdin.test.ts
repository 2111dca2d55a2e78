// Input for code that runs in a session: asked for and answered on the event stream.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { MAX_INPUT_LENGTH, type SessionEvent } from '../../../src/api/index.js';
import { startServer, type Answer, type EventClient, type TestServer } from './harness.js';

const executionId = 'd6c1a3de-3c1f-4f0f-8b5f-0d3f5c1f0a02';
const canAnswer = { 'RServer-Input': 'events', 'RServer-Execution-Id': executionId };

let server: TestServer;
let token: string;
let id: string;

async function start(options: Parameters<typeof startServer>[0] = {}): Promise<void> {
  server = await startServer(options);
  token = await server.token();
  id = await server.session(token);
}

beforeEach(() => start());
afterEach(() => server.close());

type Execution = Promise<
  Answer<{ success?: boolean; errorMessage?: string; consoleOutput?: string }>
>;

const execute = (code: string, headers: Record<string, string> = canAnswer): Execution =>
  server.execute(token, id, { code }, { headers });

type Question = Extract<SessionEvent, { type: 'input_request' }>;

/** The next question that this watcher sees. */
async function question(watcher: EventClient, skip = 0): Promise<Question> {
  const find = (): Question | undefined =>
    watcher.events.filter((event) => event.type === 'input_request')[skip];
  for (;;) {
    const found = find();
    if (found !== undefined) return found;
    await new Promise((resolve) => watcher.socket.once('message', resolve));
  }
}

const take = (watcher: EventClient, { inputId }: Question): void => {
  watcher.socket.send(JSON.stringify({ type: 'input_taken', inputId }));
};

const reply = (watcher: EventClient, { inputId }: Question, value: string | null): void => {
  watcher.socket.send(JSON.stringify({ type: 'input_reply', inputId, value }));
};

describe('code that asks for input', () => {
  test('is answered by a watcher, and the answer is nowhere but in the code', async () => {
    const watcher = await server.watch(token, id);
    const running = execute('print before\npassword Pin?\nwarn after');
    const asked = await question(watcher);
    const seenBefore = [...watcher.events];

    reply(watcher, asked, '1234');
    const { body } = await running;
    const history = await server.call('GET', `/sessions/${id}/history`, { token });

    expect(seenBefore).toEqual([
      { type: 'stream', executionId, name: 'stdout', text: 'before\n' },
      {
        type: 'input_request',
        executionId,
        inputId: asked.inputId,
        prompt: 'Pin?',
        password: true,
      },
    ]);
    // The fake program prints what it is told; the server adds nothing.
    expect(body).toMatchObject({ success: true, consoleOutput: 'before\n1234\nafter\n' });
    expect(history.body).toEqual(['print before\npassword Pin?\nwarn after']);
  });

  test('takes the end of input, an empty line, and a long one', async () => {
    const watcher = await server.watch(token, id);
    const long = '\u0001'.repeat(MAX_INPUT_LENGTH);
    const running = execute('ask 1\nask 2\nask 3');

    reply(watcher, await question(watcher, 0), null);
    reply(watcher, await question(watcher, 1), '');
    reply(watcher, await question(watcher, 2), long);

    expect((await running).body.consoleOutput).toBe(`end\n\n${long}\n`);
  });

  test('fails at once when its client did not say that it answers', async () => {
    await server.watch(token, id);

    const { body } = await execute('ask Name?', {});

    expect(body).toMatchObject({
      success: false,
      errorMessage:
        'Input was asked for, but nobody can be asked here: this run allows no input. Write the value into the code, or pass it as an input of the run.',
    });
  });

  test('fails with the words of a client that cannot answer', async () => {
    const watcher = await server.watch(token, id);
    const running = execute('ask Name?');
    const { inputId } = await question(watcher);

    watcher.socket.send(JSON.stringify({ type: 'input_reply', inputId, error: 'Nobody at home.' }));

    expect((await running).body).toMatchObject({ success: false, errorMessage: 'Nobody at home.' });
  });

  test('is not disturbed by frames that are no answer to it', async () => {
    const watcher = await server.watch(token, id);
    const running = execute('ask Name?\nask Again?');
    const first = await question(watcher);
    for (const frame of [
      'no json',
      '[]',
      'null',
      '{"type":"something new"}',
      '{"type":"input_reply"}',
      `{"type":"input_reply","inputId":"${first.inputId}","value":7}`,
      '{"type":"input_reply","inputId":"other","value":"x"}',
    ]) {
      watcher.socket.send(frame);
    }

    reply(watcher, first, 'ann');
    reply(watcher, first, 'bob');
    reply(watcher, await question(watcher, 1), 'cleo');

    expect((await running).body.consoleOutput).toBe('ann\ncleo\n');
  });

  test('can be cancelled while it waits; a late answer goes nowhere', async () => {
    const watcher = await server.watch(token, id);
    const running = execute('ask Name?');
    const asked = await question(watcher);

    await server.call('POST', `/sessions/${id}/cancel`, { token });
    const { body } = await running;
    reply(watcher, asked, 'late');
    const next = execute('ask Name?');
    reply(watcher, await question(watcher, 1), 'in time');

    expect(body.success).toBe(false);
    expect((await next).body.consoleOutput).toBe('in time\n');
    expect(server.runtime.inputAnswers).toEqual([{ status: 'ok', text: 'in time' }]);
  });

  test('ends with its session', async () => {
    const watcher = await server.watch(token, id);
    const running = execute('ask Name?');
    await question(watcher);

    await server.call('DELETE', `/sessions/${id}`, { token });

    expect((await running).statusCode).toBe(410);
  });
});

describe('a request for input that nobody takes', () => {
  const NOBODY = 'Input was asked for, but nobody who could answer is connected to the session.';

  beforeEach(async () => {
    await server.close();
    await start({ limits: { inputPatienceMs: 50 } });
  });

  test('fails after a while, and the session can be used again', async () => {
    await server.watch(token, id);
    const first = await execute('ask Name?');
    const second = await execute('print alive');

    expect(first.body).toMatchObject({ success: false, errorMessage: NOBODY });
    expect(second.body.consoleOutput).toBe('alive\n');
  });

  test('or whose taker goes away fails likewise, though others watch', async () => {
    await server.watch(token, id);
    const watcher = await server.watch(token, id);
    const running = execute('ask Name?');
    take(watcher, await question(watcher));

    watcher.close();

    expect((await running).body).toMatchObject({ success: false, errorMessage: NOBODY });
  });

  test('is no longer one when it was taken: then it waits as long as it takes', async () => {
    const taker = await server.watch(token, id);
    const running = execute('ask Name?');
    const asked = await question(taker);
    take(taker, asked);
    // Later than a request which nobody takes, in another session, is given up.
    const other = await server.session(token);
    await server.execute(
      token,
      other,
      { code: 'ask x' },
      { headers: { 'RServer-Input': 'events' } },
    );

    reply(taker, asked, 'ann');

    expect((await running).body.consoleOutput).toBe('ann\n');
  });
});

test('a watcher that comes back is shown what is still open, and can answer', async () => {
  const watcher = await server.watch(token, id);
  const running = execute('ask Name?');
  const asked = await question(watcher);
  take(watcher, asked);
  watcher.close();
  await watcher.closed;

  const again = await server.watch(token, id);
  const shown = await question(again);
  reply(again, shown, 'ann');

  expect(shown).toEqual(asked);
  expect((await running).body.consoleOutput).toBe('ann\n');
});
