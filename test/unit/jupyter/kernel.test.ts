// The kernel loop over memory, with a toy language. The same over real sockets: test/integration/jupyter.
import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { silentLogger, type Logger } from '../../../src/base/index.js';
import { Kernel } from '../../../src/jupyter/index.js';
import { EchoInterpreter } from '../../helpers/echo-interpreter.js';
import { KernelClient } from '../../helpers/kernel-client.js';
import { MemoryTransport } from '../../helpers/memory-transport.js';

let transport: MemoryTransport;
let interpreter: EchoInterpreter;
let kernel: Kernel;
let client: KernelClient;

beforeEach(async () => {
  transport = new MemoryTransport('key');
  interpreter = new EchoInterpreter();
  kernel = new Kernel({
    interpreter,
    transport,
    abortGraceMs: 0,
    now: () => new Date('2024-05-06T07:08:09.123Z'),
  });
  client = new KernelClient(transport, 'key');
  await kernel.start();
  await client.expectStatus('starting');
  await client.expectStatus('idle');
});

afterEach(async () => {
  await client.close();
});

describe('a cell', () => {
  test('is busy, input, outputs, reply, idle', async () => {
    const id = client.sendExecute('print one\nwarn two\nshow three\n1+1');

    await client.expectBusy(id);
    await client.expectInput(id, 'print one\nwarn two\nshow three\n1+1', 1);
    await client.expectStream(id, 'stdout', 'one\n');
    await client.expectStream(id, 'stderr', 'two\n');
    const display = await client.expect('iopub', 'display_data', id);
    await client.expectResult(id, '2', 1);
    await client.expectIdle(id);
    const reply = await client.expect('shell', 'execute_reply', id);
    expect(display.content).toEqual({
      data: { 'text/plain': 'three' },
      metadata: {},
      transient: {},
    });
    expect({ content: reply.content, metadata: reply.metadata }).toEqual({
      content: { status: 'ok', execution_count: 1, payload: [], user_expressions: {} },
      metadata: {
        started: '2024-05-06T07:08:09.123Z',
        dependencies_met: true,
        engine: reply.header['session'],
        status: 'ok',
      },
    });
  });

  test('reaches the interpreter without its protocol duties', async () => {
    await client.run('x', { user_expressions: { a: '1+2' }, store_history: false });
    const id = client.sendExecute('y', { silent: true }, { metadata: { cellId: 'c-1' } });
    await client.drainUntilIdle(id);
    await client.next('shell');

    expect(interpreter.requests).toEqual([
      {
        code: 'x',
        silent: false,
        storeHistory: false,
        userExpressions: { a: '1+2' },
        executionCount: 0,
      },
      {
        code: 'y',
        silent: true,
        storeHistory: false,
        userExpressions: {},
        executionCount: 0,
        cellId: 'c-1',
      },
    ]);
  });

  test('that is silent shows nothing and keeps the count', async () => {
    const id = client.sendExecute('print one\nshow two\nfail Oops three', {
      silent: true,
      store_history: true,
    });

    await client.expectBusy(id);
    await client.expectIdle(id);
    await client.expectExecuteReply(id, { status: 'error', ename: 'Oops', execution_count: 0 });
  });

  test('that is not stored keeps the count of the last stored one', async () => {
    const stored = await client.run('a');
    const passing = await client.run('b', { store_history: false });
    const next = await client.run('c');

    const counts = [stored, passing, next].map((reply) => reply['execution_count']);
    expect(counts).toEqual([1, 1, 2]);
  });

  test('that fails is an error on IOPub and in the reply', async () => {
    const id = client.sendExecute('print before\nfail ValueError no good');

    await client.expectBusy(id);
    await client.expectInput(id, 'print before\nfail ValueError no good', 1);
    await client.expectStream(id, 'stdout', 'before\n');
    await client.expectError(id, 'ValueError', 'no good');
    await client.expectIdle(id);
    expect(await client.expectReply('shell', 'execute_reply', id)).toEqual({
      status: 'error',
      ename: 'ValueError',
      evalue: 'no good',
      traceback: ['ValueError in line 1'],
      execution_count: 1,
      payload: [],
      user_expressions: {},
    });
  });

  test('whose interpreter throws is an error too, and the kernel goes on', async () => {
    const id = client.sendExecute('throw a bug');
    await client.expectBusy(id);
    await client.expectInput(id, 'throw a bug', 1);
    await client.expectError(id, 'Error', 'a bug');
    await client.expectIdle(id);
    await client.expectExecuteReply(id, { status: 'error', evalue: 'a bug' });

    const next = await client.run('1+1');

    expect(next).toMatchObject({ status: 'ok', execution_count: 2 });
  });

  test('answers user expressions, also failing ones', async () => {
    const reply = await client.run('', { user_expressions: { good: '2+3', bad: 'fail' } });

    expect(reply['user_expressions']).toEqual({
      good: { status: 'ok', data: { 'text/plain': '5' }, metadata: {} },
      bad: { status: 'error', ename: 'Failure', evalue: 'fail', traceback: [] },
    });
  });

  test('hands its payload to the front end', async () => {
    const reply = await client.run('page some help');

    expect(reply['payload']).toEqual([
      { source: 'page', data: { 'text/plain': 'some help' }, start: 0 },
    ]);
  });

  test('shows nothing after its idle', async () => {
    const isTried = new Promise<void>((resolve) => (interpreter.onLate = resolve));
    await client.run('late text');

    await isTried;
    await nextTurn();

    expect(client.unread).toEqual([]);
  });

  test('that is malformed is answered with an error', async () => {
    const id = client.send('shell', 'execute_request', { code: 5 });

    await client.expectBusy(id);
    await client.expectIdle(id);
    await client.expectExecuteReply(id, {
      status: 'error',
      ename: 'JupyterError',
      evalue: '"code" must be a string, got number 5.',
      execution_count: 0,
    });
  });

  test('carries the whole header of the request as parent header', async () => {
    const id = client.sendExecute('', {}, { header: { subshell_id: null, custom: 'kept' } });

    const [, input] = await client.drainUntilIdle(id);
    const reply = await client.next('shell');

    const expected = { msg_id: id, session: client.session, subshell_id: null, custom: 'kept' };
    expect(input?.parentHeader).toMatchObject(expected);
    expect(reply.parentHeader).toMatchObject(expected);
  });

  test('is published under a topic that names kernel and type', async () => {
    const id = client.sendExecute('');

    const message = await client.expect('iopub', 'status', id);
    await client.drainUntilIdle(id);
    await client.next('shell');

    expect(message.topic).toBe(`kernel.${String(message.header['session'])}.status`);
  });
});

describe('the queue of cells', () => {
  test('runs them one at a time, in order', async () => {
    const first = client.sendExecute('ask name?');
    const second = client.sendExecute('print two');
    await client.expectBusy(first);
    await client.expectInput(first, 'ask name?', 1);

    const runningMeanwhile = interpreter.requests.length;
    client.sendInput('x', await client.next('stdin'));
    await client.expectStream(first, 'stdout', 'got x\n');
    await client.expectIdle(first);
    await client.expectBusy(second);
    await client.expectInput(second, 'print two', 2);
    await client.expectStream(second, 'stdout', 'two\n');
    await client.expectIdle(second);

    expect(runningMeanwhile).toBe(1);
    await client.expectExecuteReply(first, { status: 'ok', execution_count: 1 });
    await client.expectExecuteReply(second, { status: 'ok', execution_count: 2 });
  });

  test('is aborted by a cell that fails', async () => {
    const failing = client.sendExecute('fail Oops');
    const waiting = [client.sendExecute('a'), client.sendExecute('b')];

    await client.drainUntilIdle(failing);
    await client.expectExecuteReply(failing, { status: 'error' });
    for (const id of waiting) {
      await client.expectBusy(id);
      await client.expectIdle(id);
      expect(await client.expectReply('shell', 'execute_reply', id)).toEqual({
        status: 'aborted',
        execution_count: 1,
      });
    }
    expect(interpreter.requests.map(({ code }) => code)).toEqual(['fail Oops']);
  });

  test('goes on after a cell that fails when the front end wants it so', async () => {
    const failing = client.sendExecute('fail Oops', { stop_on_error: false });
    const next = client.sendExecute('a');

    await client.drainUntilIdle(failing);
    await client.drainUntilIdle(next);

    await client.expectExecuteReply(failing, { status: 'error' });
    await client.expectExecuteReply(next, { status: 'ok' });
  });

  test('runs what is sent after the failed cell was answered', async () => {
    const failing = client.sendExecute('fail Oops');
    await client.expectExecuteReply(failing, { status: 'error' });
    const next = client.sendExecute('a');

    await client.expectExecuteReply(next, { status: 'ok' });
    await client.drainUntilIdle(failing);
    await client.drainUntilIdle(next);
  });

  test('holds up no other request', async () => {
    const cell = client.sendExecute('wait');
    await client.expectBusy(cell);
    await client.expectInput(cell, 'wait', 1);
    await client.expectStream(cell, 'stdout', 'waiting\n');

    const complete = client.send('shell', 'complete_request', { code: 'pr', cursor_pos: 2 });
    await client.expectReply('shell', 'complete_reply', complete);
    await client.expectBusy(complete);
    await client.expectIdle(complete);

    // The cell still runs, and the last status says so.
    await client.expectBusy(cell);
    await kernel.close();
    await client.drainUntilIdle(cell);
    await client.next('shell');
  });
});

describe('an interrupt', () => {
  test('is answered at once, ends the cell and aborts those behind it', async () => {
    const cell = client.sendExecute('wait');
    const behind = client.sendExecute('print never');
    await client.expectBusy(cell);
    await client.expectInput(cell, 'wait', 1);
    await client.expectStream(cell, 'stdout', 'waiting\n');

    const interrupt = client.send('control', 'interrupt_request', {});
    const reply = await client.expectReply('control', 'interrupt_reply', interrupt);
    const messages = await client.drainUntilIdle(cell);

    expect(reply).toEqual({ status: 'ok' });
    expect(messages.at(-1)).toMatchObject({
      header: { msg_type: 'error' },
      content: { ename: 'KeyboardInterrupt' },
    });
    const replies = [await client.next('shell'), await client.next('shell')];
    expect(
      replies.map(({ parentHeader, content }) => [parentHeader.msg_id, content['status']]),
    ).toEqual(
      expect.arrayContaining([
        [cell, 'error'],
        [behind, 'aborted'],
      ]),
    );
    expect(interpreter.requests.map(({ code }) => code)).toEqual(['wait']);
  });

  test('with nothing running changes nothing', async () => {
    const interrupt = client.send('control', 'interrupt_request', {});
    await client.expectReply('control', 'interrupt_reply', interrupt);
    await client.expectBusy(interrupt);
    await client.expectIdle(interrupt);

    expect(await client.run('1+1')).toMatchObject({ status: 'ok' });
  });

  test('does not abort what is sent after it', async () => {
    const cell = client.sendExecute('wait');
    await client.expectBusy(cell);
    await client.expectInput(cell, 'wait', 1);
    await client.expectStream(cell, 'stdout', 'waiting\n');

    client.send('control', 'interrupt_request', {});
    const after = client.sendExecute('print after');
    await client.drainUntilIdle(after);

    await client.expectExecuteReply(cell, { status: 'error' });
    await client.expectExecuteReply(after, { status: 'ok' });
    await client.next('control');
  });
});

describe('input', () => {
  test('is asked of the front end that runs the cell, after the text before it', async () => {
    const cell = client.sendExecute('print hello\nask-secret Password:');

    const request = await client.expect('stdin', 'input_request', cell);
    client.sendInput('s3cret', request);
    await client.expectExecuteReply(cell, { status: 'ok' });

    expect(request.content).toEqual({ prompt: 'Password:', password: true });
    await client.expectBusy(cell);
    await client.expectInput(cell, 'print hello\nask-secret Password:', 1);
    await client.expectStream(cell, 'stdout', 'hello\ngot s3cret\n');
    await client.expectIdle(cell);
  });

  test('takes a reply without a parent, as jupyter console sends it', async () => {
    const cell = client.sendExecute('ask name?');
    await client.next('stdin');

    client.send('stdin', 'input_reply', { value: 'ann' });

    await client.expectExecuteReply(cell, { status: 'ok' });
    const messages = await client.drainUntilIdle(cell);
    expect(messages.at(-1)?.content).toEqual({ name: 'stdout', text: 'got ann\n' });
  });

  test('ignores a reply to something else', async () => {
    const cell = client.sendExecute('ask name?');
    const request = await client.next('stdin');

    client.send('stdin', 'input_reply', { value: 'x' }, { parentHeader: { msg_id: 'other' } });
    client.sendInput('ann', request);

    await client.expectExecuteReply(cell, { status: 'ok' });
    const messages = await client.drainUntilIdle(cell);
    expect(messages.at(-1)?.content).toEqual({ name: 'stdout', text: 'got ann\n' });
  });

  test('fails at once where the front end allows none', async () => {
    const cell = client.sendExecute('ask name?', { allow_stdin: false });

    await client.expectExecuteReply(cell, {
      status: 'error',
      ename: 'InputUnavailableError',
      evalue: 'Input was asked for ("name?"), but this front end allows none.',
    });
    await client.drainUntilIdle(cell);
  });

  test('fails when the front end answers with an error', async () => {
    const cell = client.sendExecute('ask name?');
    const request = await client.next('stdin');

    client.send('stdin', 'input_reply', { status: 'error' }, { parentHeader: request.header });

    await client.expectExecuteReply(cell, { status: 'error', ename: 'InputUnavailableError' });
    await client.drainUntilIdle(cell);
  });

  test('is given up on interrupt', async () => {
    const cell = client.sendExecute('ask name?');
    await client.next('stdin');

    const interrupt = client.send('control', 'interrupt_request', {});

    await client.expectExecuteReply(cell, { status: 'error', ename: 'KeyboardInterrupt' });
    await client.drainUntilIdle(cell);
    await client.expectReply('control', 'interrupt_reply', interrupt);
    client.forgetUnread();
  });
});

describe('shutdown', () => {
  test.each(['control', 'shell'] as const)(
    'on %s is answered there and on IOPub, then the interpreter ends and the channels close',
    async (channel) => {
      const id = client.send(channel, 'shutdown_request', { restart: true });

      const reply = await client.expectReply(channel, 'shutdown_reply', id);
      await client.expectBusy(id);
      const published = await client.expect('iopub', 'shutdown_reply', id);
      await client.expectIdle(id);
      await kernel.closed;

      expect([reply, published.content]).toEqual([
        { status: 'ok', restart: true },
        { status: 'ok', restart: true },
      ]);
      expect(interpreter.shutdowns).toEqual([true]);
      expect(transport.isClosed).toBe(true);
    },
  );

  test('ends the running cell and aborts those behind it', async () => {
    const cell = client.sendExecute('wait');
    const behind = client.sendExecute('never');
    await client.expectBusy(cell);

    await kernel.close();

    const replies = [await client.next('shell'), await client.next('shell')];
    expect(
      replies.map(({ parentHeader, content }) => [parentHeader.msg_id, content['status']]),
    ).toEqual([
      [behind, 'aborted'],
      [cell, 'error'],
    ]);
    client.forgetUnread();
  });

  test('happens once, whoever asks for it', async () => {
    await Promise.all([kernel.close(), kernel.close({ restart: true })]);

    expect(interpreter.shutdowns).toEqual([false]);
  });
});

describe('other requests', () => {
  test('kernel_info is answered on shell and on control', async () => {
    const onShell = client.send('shell', 'kernel_info_request', {});
    const onControl = client.send('control', 'kernel_info_request', {});

    const expected = {
      status: 'ok',
      protocol_version: '5.5',
      implementation: 'echo',
      implementation_version: '1.2.3',
      language_info: {
        name: 'echo',
        version: '1.0',
        mimetype: 'text/x-echo',
        file_extension: '.echo',
      },
      banner: 'Echo, a language of tests',
      help_links: [{ text: 'Echo', url: 'https://example.org/echo' }],
      debugger: false,
      supported_features: ['kernel subshells'],
    };
    expect(await client.expectReply('shell', 'kernel_info_reply', onShell)).toEqual(expected);
    expect(await client.expectReply('control', 'kernel_info_reply', onControl)).toEqual(expected);
    await client.drainUntilIdle(onControl);
    client.forgetUnread();
  });

  test.each([
    [
      'complete_request',
      { code: '😀 pr', cursor_pos: 4 },
      {
        status: 'ok',
        matches: ['print'],
        cursor_start: 2,
        cursor_end: 4,
        metadata: {
          _jupyter_types_experimental: [{ start: 2, end: 4, text: 'print', type: 'command' }],
        },
      },
    ],
    [
      'inspect_request',
      { code: '😀print', cursor_pos: 6, detail_level: 1 },
      {
        status: 'ok',
        found: true,
        data: { 'text/plain': 'help on print, level 1' },
        metadata: {},
      },
    ],
    [
      'inspect_request',
      { code: 'nothing', cursor_pos: 3, detail_level: 0 },
      { status: 'ok', found: false, data: {}, metadata: {} },
    ],
    ['is_complete_request', { code: 'a\\' }, { status: 'incomplete', indent: '  ' }],
    ['is_complete_request', { code: 'a' }, { status: 'complete' }],
    [
      'connect_request',
      {},
      {
        status: 'ok',
        shell_port: 1,
        iopub_port: 2,
        stdin_port: 3,
        control_port: 4,
        hb_port: 5,
      },
    ],
    ['comm_info_request', { target_name: 'jupyter.widget' }, { status: 'ok', comms: {} }],
    [
      'history_request',
      { hist_access_type: 'search', pattern: '*', output: false, raw: true },
      {
        status: 'error',
        ename: 'Error',
        evalue: 'echo keeps no index',
        traceback: ['Error: echo keeps no index'],
      },
    ],
    [
      'complete_request',
      { cursor_pos: 1 },
      {
        status: 'error',
        ename: 'JupyterError',
        evalue: '"code" must be a string, got nothing.',
        traceback: ['JupyterError [JUPYTER_REQUEST_BAD]: "code" must be a string, got nothing.'],
      },
    ],
  ])('%s %j is answered between busy and idle', async (type, content, expected) => {
    const id = client.send('shell', type, content);

    const reply = await client.expect('shell', type.replace('_request', '_reply'), id);
    await client.expectBusy(id);
    await client.expectIdle(id);

    expect([reply.content, reply.metadata]).toEqual([expected, {}]);
  });

  test('history gives what was stored', async () => {
    await client.run('first');
    await client.run('passing', { store_history: false });
    await client.run('second');

    const id = client.send('shell', 'history_request', {
      hist_access_type: 'tail',
      n: 10,
      output: false,
      raw: true,
    });

    expect(await client.expectReply('shell', 'history_reply', id)).toEqual({
      status: 'ok',
      history: [
        [1, 1, 'first'],
        [1, 2, 'second'],
      ],
    });
    await client.drainUntilIdle(id);
  });

  test('a comm of an unknown target is closed at once', async () => {
    const id = client.send('shell', 'comm_open', {
      comm_id: 'c1',
      target_name: 'jupyter.widget',
      data: {},
    });

    await client.expectBusy(id);
    const close = await client.expect('iopub', 'comm_close', id);
    await client.expectIdle(id);

    expect(close.content).toEqual({ comm_id: 'c1', data: {} });
  });

  test.each(['comm_msg', 'comm_close'])(
    '%s for a comm that is not open is only busy and idle',
    async (type) => {
      const id = client.send('shell', type, { comm_id: 'c1', data: {} });

      await client.expectBusy(id);
      await client.expectIdle(id);
    },
  );

  test.each([
    ['shell', 'magic_request'],
    ['shell', 'interrupt_request'],
    ['control', 'execute_request'],
    ['control', 'debug_request'],
    ['stdin', 'execute_request'],
  ] as const)('on %s the unknown type %s is ignored', async (channel, type) => {
    client.send(channel, type, {});

    const info = client.send('shell', 'kernel_info_request', {});

    await client.expectBusy(info);
    await client.expectIdle(info);
    await client.expectReply('shell', 'kernel_info_reply', info);
  });
});

describe('a subscriber', () => {
  test('is welcomed, under the topic it asked for and without a parent', async () => {
    transport.subscribe('kernel.');

    const { topic, content, parentHeader } = await client.expect('iopub', 'iopub_welcome');

    expect({ topic, content, parentHeader }).toEqual({
      topic: 'kernel.',
      content: { subscription: 'kernel.' },
      parentHeader: {},
    });
  });
});

describe('starting', () => {
  test('starts the interpreter once', () => {
    expect(interpreter.startCount).toBe(1);
  });

  test('an interpreter that fails to start leaves a kernel that answers', async () => {
    const lines: string[] = [];
    const logger: Logger = { ...silentLogger, error: (_facts, message) => lines.push(message) };
    const other = new MemoryTransport();
    const failing = new EchoInterpreter();
    failing.start = () => {
      throw new Error('no such server');
    };
    const otherClient = new KernelClient(other);

    await new Kernel({ interpreter: failing, transport: other, logger }).start();
    const id = otherClient.send('shell', 'kernel_info_request', {});

    expect(await otherClient.expectReply('shell', 'kernel_info_reply', id)).toMatchObject({
      status: 'ok',
    });
    expect(lines).toEqual(['The back end did not start: no such server']);
  });
});

test('a back end that does not end holds up the shutdown no longer than it may', async () => {
  const stuck = new EchoInterpreter();
  stuck.isShutdownStuck = true;
  const other = new MemoryTransport();
  const lines: string[] = [];
  const logger: Logger = { ...silentLogger, warn: (_facts, message) => lines.push(message) };
  const slow = new Kernel({ interpreter: stuck, transport: other, logger, shutdownTimeoutMs: 1 });
  await slow.start();

  await slow.close();

  expect(other.isClosed).toBe(true);
  expect(lines).toEqual(['The back end did not end well: The back end did not end within 1 ms.']);
});
