// Comms: of the session, in the order of the cells, and of targets in this process, at once.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Comm, CommContent } from '../../../src/jupyter/index.js';
import type { EchoInterpreter } from '../../helpers/echo-interpreter.js';
import type { KernelClient } from '../../helpers/kernel-client.js';
import { openMemoryKernel } from '../../helpers/open-memory-kernel.js';

let client: KernelClient;
let interpreter: EchoInterpreter;
let warnings: string[];

beforeEach(async () => {
  ({ client, interpreter, warnings } = await openMemoryKernel());
});

afterEach(async () => {
  await client.close();
});

async function open(commId: string, targetName = 'echo', data: object = {}): Promise<string> {
  const content = { comm_id: commId, target_name: targetName, data };
  const id = client.send('shell', 'comm_open', content);
  await client.expectBusy(id);
  return id;
}

async function openComms(targetName?: string): Promise<unknown> {
  const content = targetName === undefined ? {} : { target_name: targetName };
  const id = client.send('shell', 'comm_info_request', content);
  const reply = await client.expectReply('shell', 'comm_info_reply', id);
  await client.drainUntilIdle(id);
  return reply['comms'];
}

describe('a comm of the session', () => {
  test('is opened, listed by its target, and closed', async () => {
    await client.expectIdle(await open('c1'));
    const listed = [await openComms(), await openComms('echo'), await openComms('other')];

    const close = client.send('shell', 'comm_close', { comm_id: 'c1', data: { last: true } });
    await client.expectBusy(close);
    await client.expectIdle(close);

    const c1 = { c1: { target_name: 'echo' } };
    expect(listed).toEqual([c1, c1, {}]);
    expect(await openComms()).toEqual({});
    expect(interpreter.commMessages).toEqual([
      { type: 'open', commId: 'c1', targetName: 'echo', data: {}, metadata: {} },
      { type: 'close', commId: 'c1', data: { last: true }, metadata: {} },
    ]);
  });

  test('carries data, metadata and buffers both ways, with the message as parent', async () => {
    await client.expectIdle(await open('c1'));
    const bytes = Buffer.from([0, 255, 10]);

    const id = client.send(
      'shell',
      'comm_msg',
      { comm_id: 'c1', data: { method: 'update', print: 'seen' } },
      { metadata: { version: '2.1.0' }, buffers: [bytes, Buffer.alloc(0)] },
    );

    await client.expectBusy(id);
    await client.expectStream(id, 'stdout', 'seen\n');
    const { content, metadata, buffers } = await client.expect('iopub', 'comm_msg', id);
    await client.expectIdle(id);
    expect({ content, metadata, buffers }).toEqual({
      content: { comm_id: 'c1', data: { method: 'update', print: 'seen' } },
      metadata: { version: '2.1.0' },
      buffers: [bytes, Buffer.alloc(0)],
    });
  });

  test('has its messages handled between the cells, in the order they came', async () => {
    await client.expectIdle(await open('c1'));
    const before = client.sendExecute('hold a');
    const message = client.send('shell', 'comm_msg', { comm_id: 'c1', data: { print: 'm' } });
    const after = client.sendExecute('print after');

    await client.expectBusy(before);
    await client.expectInput(before, 'hold a', 1);
    await client.expectStream(before, 'stdout', 'holding\n');
    interpreter.release('a');

    await client.expectIdle(before);
    await client.expectBusy(message);
    await client.expectStream(message, 'stdout', 'm\n');
    await client.expect('iopub', 'comm_msg', message);
    await client.expectIdle(message);
    await client.expectBusy(after);
    await client.drainUntilIdle(after);
    client.forgetUnread();
  });

  test('is not lost to a cell that fails, nor to an interrupt, while it waits', async () => {
    await client.expectIdle(await open('c1'));
    const failing = client.sendExecute('fail Oops no');
    const first = client.send('shell', 'comm_msg', { comm_id: 'c1', data: { print: '1' } });
    const skipped = client.sendExecute('print skipped');
    await client.drainUntilIdle(first);
    await client.expectExecuteReply(failing, { status: 'error' });
    await client.expectExecuteReply(skipped, { status: 'aborted' });
    const waiting = client.sendExecute('wait');
    const second = client.send('shell', 'comm_msg', { comm_id: 'c1', data: { print: '2' } });
    await client.expectBusy(waiting);
    await client.expectInput(waiting, 'wait', 2);
    await client.expectStream(waiting, 'stdout', 'waiting\n');

    client.send('control', 'interrupt_request', {});
    await client.drainUntilIdle(second);

    expect(interpreter.commMessages.map(({ data }) => data['print'])).toEqual([
      undefined,
      '1',
      '2',
    ]);
    client.forgetUnread();
  });

  test('is opened by a cell, also by a silent one, and closed by it', async () => {
    const id = client.sendExecute('comm-open c1 jupyter.widget\ncomm-send c1 hello', {
      silent: true,
    });
    await client.expectBusy(id);
    const opened = await client.expect('iopub', 'comm_open', id);
    const sent = await client.expect('iopub', 'comm_msg', id);
    await client.expectIdle(id);
    await client.expectExecuteReply(id, { status: 'ok' });
    const listed = await openComms();

    await client.run('comm-close c1');

    expect(opened.content).toEqual({ comm_id: 'c1', target_name: 'jupyter.widget', data: {} });
    expect([sent.content, sent.metadata, sent.buffers.join()]).toEqual([
      { comm_id: 'c1', data: { text: 'hello' } },
      { version: '2.1.0' },
      'bytes',
    ]);
    expect(listed).toEqual({ c1: { target_name: 'jupyter.widget' } });
    expect(await openComms()).toEqual({});
  });

  test('keeps its place among the texts of a cell', async () => {
    const id = client.sendExecute('print a\ncomm-open c1 t\nprint b');

    await client.expectBusy(id);
    await client.expect('iopub', 'execute_input', id);
    await client.expectStream(id, 'stdout', 'a\n');
    await client.expect('iopub', 'comm_open', id);
    await client.expectStream(id, 'stdout', 'b\n');
    await client.expectIdle(id);
    await client.expectExecuteReply(id, { status: 'ok' });
  });

  test.each([
    ['of an unknown target', 'nobody', {}, []],
    [
      'that fails to open',
      'echo',
      { fail: 'not today' },
      ['A comm message could not be handled: "not today"'],
    ],
  ])('%s is closed at once and not listed', async (_name, target, data, logged) => {
    const id = await open('c1', target, data);

    const close = await client.expect('iopub', 'comm_close', id);
    await client.expectIdle(id);

    expect(close.content).toEqual({ comm_id: 'c1', data: {} });
    expect(await openComms()).toEqual({});
    expect(warnings).toEqual(logged);
  });

  test('gives no input, and a mistake in it is logged', async () => {
    await client.expectIdle(await open('c1'));

    const id = client.send('shell', 'comm_msg', { comm_id: 'c1', data: { ask: true } });
    await client.expectBusy(id);
    await client.expectIdle(id);

    expect(warnings).toEqual([
      'A comm message could not be handled: Input was asked for ("?"), but this front end allows none.',
    ]);
  });

  test('can be stopped by an interrupt', async () => {
    await client.expectIdle(await open('c1'));
    const id = client.send('shell', 'comm_msg', { comm_id: 'c1', data: { hold: 'x' } });
    await client.expectBusy(id);
    await client.expectStream(id, 'stdout', 'holding\n');

    client.send('control', 'interrupt_request', {});

    const messages = await client.drainUntilIdle(id);
    expect(messages.map(({ header }) => header.msg_type)).toContain('comm_msg');
    client.forgetUnread();
  });

  test.each([
    ['comm_open', { target_name: 'echo', data: {} }],
    ['comm_open', { comm_id: 'c1', data: {} }],
    ['comm_msg', { comm_id: 7, data: {} }],
    ['comm_msg', { comm_id: 'c1', data: [1] }],
  ])('%s with the content %j is logged and nothing else', async (type, content) => {
    const id = client.send('shell', type, content);

    await client.expectBusy(id);
    await client.expectIdle(id);
    expect(warnings).toHaveLength(1);
    expect(interpreter.commMessages).toEqual([]);
  });

  test('ends with its session: front ends are told; one that was there before can be named', async () => {
    const { comms } = interpreter.host;
    comms.adopt('old', 'jupyter.widget');
    await client.expectIdle(await open('c1'));
    expect(await openComms()).toEqual({
      old: { target_name: 'jupyter.widget' },
      c1: { target_name: 'echo' },
    });

    comms.closeAll();

    const closed = [await client.next('iopub'), await client.next('iopub')];
    expect(closed.map(({ header, content }) => [header.msg_type, content])).toEqual([
      ['comm_close', { comm_id: 'old', data: {} }],
      ['comm_close', { comm_id: 'c1', data: {} }],
    ]);
    expect(await openComms()).toEqual({});
  });
});

describe('a target in this process', () => {
  let comm: Comm | undefined;
  let received: CommContent[];
  let closed: CommContent[];

  beforeEach(() => {
    comm = undefined;
    received = [];
    closed = [];
    interpreter.host.comms.registerTarget('here', (opened, { data }) => {
      if (data['refuse'] === true) throw new Error('refused');
      comm = opened;
      opened.onMessage = (content) => {
        received.push(content);
        opened.send({ got: content.data });
      };
      opened.onClose = (content) => closed.push(content);
    });
  });

  test('answers while a cell runs, and the session never hears of it', async () => {
    const cell = client.sendExecute('hold a');
    await client.expectBusy(cell);
    await client.expectInput(cell, 'hold a', 1);
    await client.expectStream(cell, 'stdout', 'holding\n');

    const opened = await open('c1', 'here');
    await client.expectIdle(opened);
    await client.expectBusy(cell);
    const id = client.send('shell', 'comm_msg', { comm_id: 'c1', data: { n: 1 } });
    await client.expectBusy(id);
    const answer = await client.expect('iopub', 'comm_msg', id);
    await client.expectIdle(id);
    await client.expectBusy(cell);
    interpreter.release('a');
    await client.drainUntilIdle(cell);

    expect(answer.content).toEqual({ comm_id: 'c1', data: { got: { n: 1 } } });
    expect(interpreter.commMessages).toEqual([]);
    expect(comm).toMatchObject({ id: 'c1', targetName: 'here' });
    client.forgetUnread();
  });

  test('is told when the front end closes', async () => {
    await client.expectIdle(await open('c1', 'here'));

    const id = client.send('shell', 'comm_close', { comm_id: 'c1', data: { bye: 1 } });
    await client.expectBusy(id);
    await client.expectIdle(id);
    comm?.send({ late: true });

    expect(closed.map(({ data }) => data)).toEqual([{ bye: 1 }]);
    expect(await openComms()).toEqual({});
  });

  test('may close, once', async () => {
    await client.expectIdle(await open('c1', 'here'));

    comm?.close({ done: true });
    comm?.close();

    const message = await client.expect('iopub', 'comm_close');
    expect(message.content).toEqual({ comm_id: 'c1', data: { done: true } });
    expect(await openComms()).toEqual({});
  });

  test('may refuse', async () => {
    const id = await open('c1', 'here', { refuse: true });

    await client.expect('iopub', 'comm_close', id);
    await client.expectIdle(id);
    expect(await openComms()).toEqual({});
    expect(warnings).toEqual(['A comm message could not be served: refused']);
  });

  test('outlives the session', async () => {
    await client.expectIdle(await open('c1', 'here'));

    interpreter.host.comms.closeAll();

    expect(await openComms()).toEqual({ c1: { target_name: 'here' } });
  });
});

describe('output outside of cells', () => {
  test('goes to the last cell that was not silent', async () => {
    const { background } = interpreter.host;
    background.stream('stdout', 'early\n');
    const early = await client.next('iopub');
    const id = client.sendExecute('1+1');
    await client.drainUntilIdle(id);
    await client.next('shell');
    await client.run('', { silent: true });

    background.stream('stderr', 'late\n');
    background.display({ data: { 'text/plain': 'x' }, metadata: {} });
    background.comm({ type: 'open', commId: 'c9', targetName: 't', data: {} });

    expect(early.parentHeader).toEqual({});
    await client.expectStream(id, 'stderr', 'late\n');
    await client.expect('iopub', 'display_data', id);
    await client.expect('iopub', 'comm_open', id);
    expect(await openComms()).toEqual({ c9: { target_name: 't' } });
  });
});
