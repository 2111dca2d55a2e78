// Subshells (JEP 91): shells beside the main one, with the requests that jupyter_client and JupyterLab make of them.
import { KernelMessage } from '@jupyterlab/services';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { EchoInterpreter } from '../../helpers/echo-interpreter.js';
import type { KernelClient, SendOptions } from '../../helpers/kernel-client.js';
import { openMemoryKernel } from '../../helpers/open-memory-kernel.js';

let client: KernelClient;
let interpreter: EchoInterpreter;

beforeEach(async () => {
  ({ client, interpreter } = await openMemoryKernel());
});

afterEach(async () => {
  await client.close();
});

type Json = Record<string, unknown>;

async function control(type: string, content: object = {}): Promise<Json> {
  const id = client.send('control', `${type}_request`, content);
  const reply = await client.expectReply('control', `${type}_reply`, id);
  await client.drainUntilIdle(id);
  return reply;
}

async function create(): Promise<string> {
  return String((await control('create_subshell'))['subshell_id']);
}

const inSubshell = (id: string): SendOptions => ({ header: { subshell_id: id } });

/** Starts a cell that waits for `release`, and reads what it shows until then. */
async function hold(name: string, options: SendOptions = {}): Promise<string> {
  const id = client.sendExecute(`hold ${name}`, {}, options);
  await client.expectBusy(id);
  await client.expect('iopub', 'execute_input', id);
  await client.expectStream(id, 'stdout', 'holding\n');
  return id;
}

test('subshells are made, listed and deleted', async () => {
  const none = await control('list_subshell');
  const [a, b] = [await create(), await create()];
  const both = await control('list_subshell');
  const deleted = await control('delete_subshell', { subshell_id: a });

  expect(none).toEqual({ status: 'ok', subshell_id: [] });
  expect(both).toEqual({ status: 'ok', subshell_id: [a, b] });
  expect(deleted).toEqual({ status: 'ok' });
  expect(await control('list_subshell')).toEqual({ status: 'ok', subshell_id: [b] });
  expect(new Set([a, b]).size).toBe(2);
});

test.each([[{ subshell_id: 'none' }], [{}]])('deleting %j is an error', async (content) => {
  expect(await control('delete_subshell', content)).toMatchObject({ status: 'error' });
});

test('a message as JupyterLab builds it reaches its subshell', async () => {
  const id = await create();
  const { header, content } = KernelMessage.createMessage({
    msgType: 'execute_request',
    channel: 'shell',
    username: 'lab',
    session: 'lab-session',
    subshellId: id,
    content: { code: '1+2', silent: false },
  });

  client.send('shell', 'execute_request', content, { header: { ...header } });

  await client.expectExecuteReply(header.msg_id, { status: 'ok', execution_count: 1 });
  await client.drainUntilIdle(header.msg_id);
  expect(interpreter.requests.map(({ subshellId }) => subshellId)).toEqual([id]);
});

describe('while a cell runs in the main shell', () => {
  test('what may run beside runs at once in a subshell', async () => {
    const subshell = await create();
    const main = await hold('a');

    const id = client.sendExecute('beside me', {}, inSubshell(subshell));

    await client.expectBusy(id);
    await client.expectInput(id, 'beside me', 1);
    await client.expectStream(id, 'stdout', 'me\n');
    await client.expectIdle(id);
    await client.expectBusy(main); // the last status tells the truth
    await client.expectExecuteReply(id, { status: 'ok', execution_count: 1 });
    interpreter.release('a');
    await client.drainUntilIdle(main);
    await client.expectExecuteReply(main, { status: 'ok' });
  });

  test('code for the session waits for its turn', async () => {
    const subshell = await create();
    const main = await hold('a');
    const beside = client.sendExecute('print sub', {}, inSubshell(subshell));
    const next = client.sendExecute('print main');
    const info = client.send('shell', 'kernel_info_request', {}, inSubshell(subshell));
    await client.expectReply('shell', 'kernel_info_reply', info);

    const meanwhile = await client.drainUntilIdle(info);
    interpreter.release('a');
    await client.drainUntilIdle(next);

    expect(meanwhile.filter(({ parentHeader }) => parentHeader.msg_id === beside)).toEqual([]);
    const replies = [];
    for (let n = 0; n < 3; n += 1) replies.push((await client.next('shell')).parentHeader.msg_id);
    expect(replies).toEqual([main, beside, next]);
  });

  test.each(['complete', 'inspect', 'is_complete', 'comm_info'])(
    '%s is answered in a subshell',
    async (type) => {
      const subshell = await create();
      const main = await hold('a');

      const content = { code: 'pr', cursor_pos: 2 };
      const id = client.send('shell', `${type}_request`, content, inSubshell(subshell));
      const reply = await client.expectReply('shell', `${type}_reply`, id);
      interpreter.release('a');
      await client.drainUntilIdle(main);

      expect(reply['status']).not.toBe('error');
      client.forgetUnread();
    },
  );

  test('a subshell that is asked for input is answered by its own reply', async () => {
    const subshell = await create();
    const main = client.sendExecute('hold a\nask main?');
    const asked = client.sendExecute('ask sub?', {}, inSubshell(subshell));
    await client.drainUntilIdle(await whenHolding());
    interpreter.release('a');
    const first = await client.next('stdin');
    client.sendInput('to main', first);
    const second = await client.next('stdin');

    client.send('stdin', 'input_reply', { value: 'to sub' }, inSubshell(subshell));

    await client.expectExecuteReply(main, { status: 'ok' });
    await client.expectExecuteReply(asked, { status: 'ok' });
    const outputs = await client.drainUntilIdle(asked);
    expect([first.content['prompt'], second.content['prompt']]).toEqual(['main?', 'sub?']);
    expect(outputs.map(({ content }) => content['text'])).toContain('got to sub\n');
  });

  /** A request that is answered after everything so far has begun. */
  async function whenHolding(): Promise<string> {
    const id = client.send('shell', 'kernel_info_request', {});
    await client.expectReply('shell', 'kernel_info_reply', id);
    return id;
  }
});

describe('a subshell', () => {
  test('counts its own cells', async () => {
    const subshell = await create();
    await client.run('main 1');
    await client.run('main 2');

    const id = client.sendExecute('sub 1', {}, inSubshell(subshell));
    await client.expectExecuteReply(id, { execution_count: 1 });
    await client.drainUntilIdle(id);

    expect(await client.run('main 3')).toMatchObject({ execution_count: 3 });
  });

  test('has its own queue: a failing cell stops only those behind it in the same shell', async () => {
    const subshell = await create();
    const main = await hold('a');
    const failing = client.sendExecute('fail Oops no', {}, inSubshell(subshell));
    const stopped = client.sendExecute('print no', {}, inSubshell(subshell));
    const other = client.sendExecute('print yes');

    interpreter.release('a');
    await client.drainUntilIdle(other);

    const statuses = new Map<unknown, unknown>();
    for (let n = 0; n < 4; n += 1) {
      const { parentHeader, content } = await client.next('shell');
      statuses.set(parentHeader.msg_id, content['status']);
    }
    expect([main, failing, stopped, other].map((id) => statuses.get(id))).toEqual([
      'ok',
      'error',
      'aborted',
      'ok',
    ]);
    client.forgetUnread();
  });

  test('an interrupt stops the cells of all shells', async () => {
    const subshell = await create();
    const main = await hold('a');
    const waiting = client.sendExecute('print never', {}, inSubshell(subshell));

    const interrupt = client.send('control', 'interrupt_request', {});
    await client.expectReply('control', 'interrupt_reply', interrupt);

    const replies = [await client.next('shell'), await client.next('shell')];
    expect(replies.map(({ parentHeader }) => parentHeader.msg_id).sort()).toEqual(
      [main, waiting].sort(),
    );
    expect(
      replies.find(({ parentHeader }) => parentHeader.msg_id === waiting)?.content['status'],
    ).toBe('aborted');
    client.forgetUnread();
    const after = client.sendExecute('1+1', {}, inSubshell(subshell));
    await client.expectExecuteReply(after, { status: 'ok' });
    await client.drainUntilIdle(after);
  });

  test('asks the history for its own lines', async () => {
    const subshell = await create();
    const asked: unknown[] = [];
    interpreter.history = (request) => {
      asked.push(request.subshellId);
      return Promise.resolve([]);
    };
    const content = { hist_access_type: 'range', session: 0 };

    for (const options of [{}, inSubshell(subshell)]) {
      const id = client.send('shell', 'history_request', content, options);
      await client.expectReply('shell', 'history_reply', id);
      await client.drainUntilIdle(id);
    }

    expect(asked).toEqual([undefined, subshell]);
  });

  test('that is deleted lets its running cell end and aborts those that wait', async () => {
    const subshell = await create();
    const running = await hold('a', inSubshell(subshell));
    const waiting = client.sendExecute('print never', {}, inSubshell(subshell));

    const deleted = client.send('control', 'delete_subshell_request', { subshell_id: subshell });
    await client.expectReply('control', 'delete_subshell_reply', deleted);
    await client.expectExecuteReply(waiting, { status: 'aborted' });
    interpreter.release('a');

    await client.expectExecuteReply(running, { status: 'ok' });
    await client.drainUntilIdle(running);
  });

  test('that is deleted hands its comm messages to the main shell', async () => {
    const subshell = await create();
    const open = { comm_id: 'c1', target_name: 'echo', data: {} };
    await client.drainUntilIdle(client.send('shell', 'comm_open', open, inSubshell(subshell)));
    const main = await hold('a');
    const waiting = client.send(
      'shell',
      'comm_msg',
      { comm_id: 'c1', data: { print: 'kept' } },
      inSubshell(subshell),
    );

    await control('delete_subshell', { subshell_id: subshell });
    const late = client.send('shell', 'comm_close', { comm_id: 'c1' }, inSubshell(subshell));
    interpreter.release('a');
    await client.drainUntilIdle(main);
    const kept = await client.drainUntilIdle(waiting);
    await client.drainUntilIdle(late);

    expect(kept.map(({ content }) => content['text'])).toContain('kept\n');
    expect(interpreter.commMessages.map(({ type }) => type)).toEqual(['open', 'message', 'close']);
    client.forgetUnread();
  });

  test.each(['execute', 'complete', 'kernel_info'])(
    '%s for one that is not there is an error',
    async (type) => {
      const id = client.send('shell', `${type}_request`, { code: 'a' }, inSubshell('gone'));

      await client.expectBusy(id);
      await client.expectIdle(id);
      expect(await client.expectReply('shell', `${type}_reply`, id)).toMatchObject({
        status: 'error',
        evalue: 'There is no subshell "gone" in this kernel.',
      });
    },
  );

  test.each([[null], ['']])('with the id %j means the main shell', async (id) => {
    const request = client.sendExecute('1', {}, { header: { subshell_id: id } });

    await client.expectExecuteReply(request, { status: 'ok', execution_count: 1 });
    await client.drainUntilIdle(request);
    expect(interpreter.requests[0]?.subshellId).toBeUndefined();
  });
});
