// The checks of ipykernel's test_message_spec.py that hold for any kernel, against the echo kernel on real sockets.
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { KernelClient, KernelMessage } from '../../helpers/kernel-client.js';
import type { RequestChannel } from '../../../src/jupyter/transport/transport.js';
import { openKernel, type OpenKernel } from './open-kernel.js';

let open: OpenKernel;
let client: KernelClient;

beforeAll(async () => {
  open = await openKernel();
  client = open.client;
});

afterAll(async () => {
  await open.close();
});

const text = expect.any(String) as string;
const whole = expect.any(Number) as number;

/** Sends a request; gives its reply and what IOPub had between busy and idle. Each message is checked. */
async function ask(
  type: string,
  content: object,
  channel: RequestChannel = 'shell',
): Promise<{ reply: KernelMessage; published: KernelMessage[] }> {
  const id = client.send(channel, type, content);
  const reply = await client.expect(channel, type.replace('_request', '_reply'), id);
  await client.expectBusy(id);
  const published = await client.drainUntilIdle(id);
  for (const message of [reply, ...published]) checkEnvelope(message, id);
  if (type !== 'usage_request') expect(reply.content['status']).toMatch(/^(ok|error)$/);
  return { reply, published };
}

function checkEnvelope(message: KernelMessage, parentId: string): void {
  expect(message.header).toEqual({
    msg_id: text,
    msg_type: text,
    session: text,
    username: text,
    version: expect.stringMatching(/^5\.\d+$/) as string,
    date: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z$/) as string,
  });
  expect(message.parentHeader.msg_id).toBe(parentId);
  expect(message.metadata).toBeTypeOf('object');
}

async function run(code: string, fields: object = {}): ReturnType<typeof ask> {
  return await ask('execute_request', { code, ...fields });
}

test('execute', async () => {
  const { reply, published } = await run('');

  expect(reply.content).toEqual({
    status: 'ok',
    execution_count: whole,
    payload: [],
    user_expressions: {},
  });
  expect(reply.metadata).toEqual({
    started: text,
    dependencies_met: true,
    engine: text,
    status: 'ok',
  });
  expect(published.map(({ header }) => header.msg_type)).toEqual(['execute_input']);
});

test('execute silent', async () => {
  const before = await run('1+1', { silent: true });
  const after = await run('1+1', { silent: true });

  expect([before.published, after.published]).toEqual([[], []]);
  expect(after.reply.content['execution_count']).toBe(before.reply.content['execution_count']);
});

test('execute error', async () => {
  const { reply, published } = await run('fail ZeroDivisionError division by zero');

  const error = {
    ename: 'ZeroDivisionError',
    evalue: 'division by zero',
    traceback: [text],
  };
  expect(reply.content).toMatchObject({ status: 'error', ...error });
  expect(published.at(-1)).toMatchObject({ header: { msg_type: 'error' }, content: error });
});

test('execute increments the count', async () => {
  const first = (await run('')).reply.content['execution_count'] as number;
  const second = (await run('')).reply.content['execution_count'] as number;

  expect(second).toBe(first + 1);
});

test('execute stop on error', async () => {
  const failing = client.sendExecute('print 1\nhold a\nfail Oops 2');
  const waiting = client.sendExecute('print hello');
  const last = client.sendExecute('print world');
  // Answered at once, and after the others have arrived.
  client.send('shell', 'kernel_info_request', {});
  await client.next('shell');
  open.interpreter.release('a');

  const statuses = new Map<unknown, unknown>();
  for (let n = 0; n < 3; n += 1) {
    const { parentHeader, content } = await client.next('shell');
    statuses.set(parentHeader.msg_id, content['status']);
  }
  await client.drainUntilIdle(last);

  expect([failing, waiting, last].map((id) => statuses.get(id))).toEqual([
    'error',
    'aborted',
    'aborted',
  ]);
  expect((await run('')).reply.content['status']).toBe('ok');
});

test('execute stop on error leaves other requests alone', async () => {
  const failing = client.sendExecute('hold a\nfail Oops 2');
  const waiting = client.sendExecute('print hello');
  client.send('shell', 'kernel_info_request', {});
  client.send('shell', 'comm_info_request', {});
  client.send('shell', 'inspect_request', { code: 'print', cursor_pos: 5 });

  const statuses: unknown[] = [];
  for (let n = 0; n < 3; n += 1) statuses.push((await client.next('shell')).content['status']);
  open.interpreter.release('a');
  await client.expectExecuteReply(failing, { status: 'error' });
  await client.expectExecuteReply(waiting, { status: 'aborted' });

  expect(statuses).toEqual(['ok', 'ok', 'ok']);
  await client.drainUntilIdle(waiting);
});

test('no stop on error', async () => {
  const failing = client.sendExecute('fail Oops 2', { stop_on_error: false });
  const waiting = client.sendExecute('print hello');

  await client.expectExecuteReply(failing, { status: 'error' });
  await client.expectExecuteReply(waiting, { status: 'ok' });
  await client.drainUntilIdle(waiting);
});

test('user expressions', async () => {
  const { reply } = await run('', { user_expressions: { foo: '1+1' } });

  expect(reply.content['user_expressions']).toEqual({
    foo: { status: 'ok', data: { 'text/plain': '2' }, metadata: {} },
  });
});

test('user expressions fail', async () => {
  const { reply } = await run('', { user_expressions: { foo: 'fail' } });

  expect(reply.content['user_expressions']).toEqual({
    foo: { status: 'error', ename: text, evalue: text, traceback: [] },
  });
});

test('object info (inspect)', async () => {
  const { reply } = await ask('inspect_request', { code: 'print', cursor_pos: 5 });

  expect(reply.content).toEqual({
    status: 'ok',
    found: true,
    data: { 'text/plain': 'help on print, level 0' },
    metadata: {},
  });
});

test('object info detail', async () => {
  const { reply } = await ask('inspect_request', {
    code: 'print',
    cursor_pos: 5,
    detail_level: 1,
  });

  expect(reply.content).toMatchObject({
    found: true,
    data: { 'text/plain': 'help on print, level 1' },
  });
});

test('object info missing', async () => {
  const { reply } = await ask('inspect_request', { code: '?', cursor_pos: 1 });

  expect(reply.content).toEqual({ status: 'ok', found: false, data: {}, metadata: {} });
});

test('complete', async () => {
  const { reply } = await ask('complete_request', { code: 'wa', cursor_pos: 2 });

  expect(reply.content).toEqual({
    status: 'ok',
    matches: ['warn', 'wait'],
    cursor_start: 0,
    cursor_end: 2,
    metadata: expect.any(Object) as object,
  });
});

test.each(['shell', 'control'] as const)('kernel info on %s', async (channel) => {
  const { reply } = await ask('kernel_info_request', {}, channel);

  expect(reply.content).toEqual({
    status: 'ok',
    protocol_version: '5.5',
    implementation: text,
    implementation_version: text,
    language_info: { name: text, version: text, mimetype: text, file_extension: text },
    banner: text,
    help_links: [{ text, url: text }],
    debugger: false,
    supported_features: ['kernel subshells'],
  });
});

test('connect', async () => {
  const { reply } = await ask('connect_request', {});

  expect(reply.content).toEqual({
    status: 'ok',
    shell_port: open.info.shellPort,
    iopub_port: open.info.iopubPort,
    stdin_port: open.info.stdinPort,
    control_port: open.info.controlPort,
    hb_port: open.info.heartbeatPort,
  });
});

test('comm info', async () => {
  const { reply } = await ask('comm_info_request', {});

  expect(reply.content).toEqual({ status: 'ok', comms: {} });
});

test('subshells', async () => {
  const { reply: created } = await ask('create_subshell_request', {}, 'control');
  const id = created.content['subshell_id'];
  const { reply: listed } = await ask('list_subshell_request', {}, 'control');
  const executed = client.sendExecute('1+1', {}, { header: { subshell_id: id } });
  const reply = await client.expect('shell', 'execute_reply', executed);
  await client.drainUntilIdle(executed);
  const { reply: deleted } = await ask('delete_subshell_request', { subshell_id: id }, 'control');
  const { reply: none } = await ask('list_subshell_request', {}, 'control');

  expect(created.content).toEqual({ status: 'ok', subshell_id: text });
  expect(listed.content).toEqual({ status: 'ok', subshell_id: [id] });
  expect(reply.parentHeader['subshell_id']).toBe(id);
  expect(reply.content).toMatchObject({ status: 'ok', execution_count: 1 });
  expect([deleted.content, none.content]).toEqual([
    { status: 'ok' },
    { status: 'ok', subshell_id: [] },
  ]);
});

test('comm messages with buffers', async () => {
  const opened = client.send('shell', 'comm_open', {
    comm_id: 'c1',
    target_name: 'echo',
    data: {},
  });
  await client.drainUntilIdle(opened);
  const bytes = Buffer.from([1, 2, 3]);
  const id = client.send(
    'shell',
    'comm_msg',
    { comm_id: 'c1', data: { a: 1 } },
    { metadata: { version: '2.1.0' }, buffers: [bytes] },
  );

  const answer = (await client.drainUntilIdle(id)).find(
    ({ header }) => header.msg_type === 'comm_msg',
  );

  expect(answer?.content).toEqual({ comm_id: 'c1', data: { a: 1 } });
  expect(answer?.buffers).toEqual([bytes]);
});

test('single payload', async () => {
  const { reply } = await run('page one\n1');

  expect(reply.content['payload']).toEqual([
    { source: 'page', data: { 'text/plain': 'one' }, start: 0 },
  ]);
});

test('usage', async () => {
  const { reply } = await ask('usage_request', {}, 'control');

  expect(reply.content).toMatchObject({ pid: whole, kernel_memory: whole, cpu_count: whole });
});

test.each([
  ['a = 1', { status: 'complete' }],
  ['a = 1 \\', { status: 'incomplete', indent: '  ' }],
  ['?!', { status: 'invalid' }],
])('is complete: %s', async (code, expected) => {
  const id = client.send('shell', 'is_complete_request', { code });

  const content = await client.expectReply('shell', 'is_complete_reply', id);
  await client.drainUntilIdle(id);

  expect(content).toEqual(expected);
});

test('history range and tail', async () => {
  await run('history one', { store_history: true });
  const { reply: tail } = await ask('history_request', {
    hist_access_type: 'tail',
    raw: true,
    output: false,
    n: 1,
    session: 0,
  });
  const { reply: range } = await ask('history_request', {
    hist_access_type: 'range',
    raw: true,
    output: false,
    start: 1,
    stop: 2,
    session: 0,
  });

  expect(tail.content).toEqual({ status: 'ok', history: [[1, whole, 'history one']] });
  expect(range.content).toEqual({ status: 'ok', history: [[1, 1, '']] });
});

test('history search', async () => {
  const asked: unknown[] = [];
  open.interpreter.history = (request) => {
    asked.push(request);
    return Promise.resolve([[1, 2, 'found']]);
  };
  const content = { hist_access_type: 'search', pattern: 'f*', raw: false, output: true };
  const { reply } = await ask('history_request', { ...content, n: 5, unique: true });
  const { reply: bare } = await ask('history_request', { ...content, n: null });
  Reflect.deleteProperty(open.interpreter, 'history');

  expect([reply.content, bare.content]).toEqual([
    { status: 'ok', history: [[1, 2, 'found']] },
    { status: 'ok', history: [[1, 2, 'found']] },
  ]);
  const fields = { accessType: 'search', pattern: 'f*', raw: false, output: true };
  expect(asked).toEqual([
    { ...fields, count: 5, unique: true },
    { ...fields, count: undefined, unique: false },
  ]);
});

test('stream', async () => {
  const { published } = await run('print hi');

  expect(published.map(({ content }) => content).slice(1)).toEqual([
    { name: 'stdout', text: 'hi\n' },
  ]);
});

test('display data', async () => {
  const { published } = await run('show 1');

  expect(published.map(({ content }) => content).slice(1)).toEqual([
    { data: { 'text/plain': '1' }, metadata: {}, transient: {} },
  ]);
});

test('update display data', async () => {
  const { published } = await run('show-as d1 old\nupdate d1 new');

  expect(published.map(({ header, content }) => [header.msg_type, content]).slice(1)).toEqual([
    [
      'display_data',
      { data: { 'text/plain': 'old' }, metadata: {}, transient: { display_id: 'd1' } },
    ],
    [
      'update_display_data',
      { data: { 'text/plain': 'new' }, metadata: {}, transient: { display_id: 'd1' } },
    ],
  ]);
});

test('clear output', async () => {
  const { published } = await run('clear\nclear wait');

  expect(published.map(({ content }) => content).slice(1)).toEqual([
    { wait: false },
    { wait: true },
  ]);
});
