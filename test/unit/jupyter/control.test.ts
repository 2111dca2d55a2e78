// Requests on control that are more than yes and no: usage and debug.
import { afterEach, describe, expect, test } from 'vitest';
import { EchoInterpreter } from '../../helpers/echo-interpreter.js';
import type { KernelClient } from '../../helpers/kernel-client.js';
import { openMemoryKernel } from '../../helpers/open-memory-kernel.js';

let client: KernelClient;

afterEach(async () => {
  await client.close();
});

async function control(type: string, content: object = {}): Promise<Record<string, unknown>> {
  const id = client.send('control', `${type}_request`, content);
  const reply = await client.expectReply('control', `${type}_reply`, id);
  await client.expectBusy(id);
  await client.expectIdle(id);
  return reply;
}

test('usage has the fields that jupyter-resource-usage shows', async () => {
  ({ client } = await openMemoryKernel());

  const first = await control('usage');
  const second = await control('usage');

  const number = expect.any(Number) as number;
  const common = {
    hostname: expect.any(String) as string,
    pid: process.pid,
    kernel_cpu: number,
    kernel_memory: number,
    cpu_count: number,
    host_virtual_memory: {
      total: number,
      available: number,
      used: number,
      free: number,
      percent: number,
    },
  };
  expect(first).toEqual(common);
  expect(second).toEqual({ ...common, host_cpu_percent: number });
});

describe('a debug request', () => {
  async function openWithDebugger(): Promise<EchoInterpreter> {
    const interpreter = new EchoInterpreter();
    interpreter.info = { ...interpreter.info, debugger: true };
    ({ client } = await openMemoryKernel(interpreter));
    return interpreter;
  }

  test('is announced by kernel_info where the interpreter answers it', async () => {
    await openWithDebugger();

    expect(await control('kernel_info')).toMatchObject({
      debugger: true,
      supported_features: ['kernel subshells', 'debugger'],
    });
  });

  test.each([
    [
      { seq: 4, type: 'request', command: 'inspectVariables', arguments: { a: 1 } },
      { request_seq: 4, success: true, body: { variables: [], given: { a: 1 } } },
    ],
    [
      { seq: 5, type: 'request', command: 'attach' },
      { request_seq: 5, success: false, message: 'no attach here', body: {} },
    ],
    [
      { seq: 6, type: 'request', command: 'fail', arguments: {} },
      { request_seq: 6, success: false, message: 'no such frame', body: {} },
    ],
  ])('%j is answered in an envelope', async (content, expected) => {
    await openWithDebugger();

    expect(await control('debug', content)).toEqual({
      type: 'response',
      seq: 1,
      command: content.command,
      ...expected,
    });
  });

  test('is answered while a cell runs', async () => {
    const interpreter = await openWithDebugger();
    const cell = client.sendExecute('hold a');
    const id = client.send('control', 'debug_request', { command: 'inspectVariables' });

    expect(await client.expectReply('control', 'debug_reply', id)).toMatchObject({ success: true });

    interpreter.release('a');
    await client.drainUntilIdle(cell);
    client.forgetUnread();
  });

  test('without a command is an error', async () => {
    await openWithDebugger();

    expect(await control('debug', { seq: 1 })).toMatchObject({ status: 'error' });
  });

  test('shares its numbers with the events', async () => {
    const interpreter = await openWithDebugger();

    interpreter.host.debugEvent({ event: 'initialized' });
    interpreter.host.debugEvent({ event: 'stopped', body: { threadId: 1 } });

    const events = [
      await client.expect('iopub', 'debug_event'),
      await client.expect('iopub', 'debug_event'),
    ];
    expect(events.map(({ content }) => content)).toEqual([
      { type: 'event', seq: 1, event: 'initialized', body: {} },
      { type: 'event', seq: 2, event: 'stopped', body: { threadId: 1 } },
    ]);
    expect(await control('debug', { command: 'inspectVariables' })).toMatchObject({ seq: 3 });
  });
});
