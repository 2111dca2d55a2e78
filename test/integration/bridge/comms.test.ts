// Comm messages of front ends on their way through the bridge and a real server into a real Python, and back.
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import type { CommMessage } from '../../../src/jupyter/index.js';
import { FakeHost, OutputRecorder, noInput } from '../../helpers/fake-remote.js';
import { isMissing } from '../../helpers/requirements.js';
import { MODES, TestSite, type TestKernel } from './harness.js';

const TARGET = `def opened(comm, message):
    def echo(received):
        print("got", received["content"]["data"])
        comm.send(received["content"]["data"], buffers=received["buffers"])
    comm.on_msg(echo)
get_ipython().kernel.comm_manager.register_target("echo", opened)`;

const OPEN: CommMessage = { type: 'open', commId: 'c1', targetName: 'echo', data: {} };

async function deliver(kernel: TestKernel, message: CommMessage) {
  const output = new OutputRecorder();
  const { signal } = new AbortController();
  const handled = await kernel.interpreter.handleComm?.(message, output, noInput, signal);
  return { handled, outputs: output.outputs };
}

describe.skipIf(isMissing('jupyterlab')).each(MODES)('comms (%s)', (mode) => {
  let site: TestSite;
  beforeAll(async () => {
    site = await TestSite.start();
  });
  afterEach(() => site.endKernels());
  afterAll(async () => {
    await site.close();
  });

  test('a message and its bytes reach the session and come back, with what was printed before them', async () => {
    const kernel = await site.kernel({ language: 'python', mode });
    await kernel.ok(TARGET);
    const bytes = Buffer.alloc(300_000, 7);

    const open = await deliver(kernel, OPEN);
    const message: CommMessage = {
      type: 'message',
      commId: 'c1',
      data: { text: 'ü😀"\n' },
      buffers: [bytes],
    };
    const echo = await deliver(kernel, message);

    expect(open).toEqual({ handled: true, outputs: [] });
    expect(echo).toEqual({
      handled: true,
      outputs: [
        { stream: 'stdout', text: `got {'text': 'ü😀"\\n'}\n` },
        { comm: { ...message, metadata: {} } },
      ],
    });
  });

  test('a session that is taken over keeps its comms', async () => {
    const first = await site.kernel({ language: 'python', mode });
    await first.ok(TARGET);
    await deliver(first, OPEN);
    const id = await first.sessionId();
    const second = await site.kernel({ language: 'python', mode });
    const host = new FakeHost();
    second.interpreter.start(host);

    await second.ok(`%session attach ${id}`);
    await vi.waitFor(() => {
      expect(host.commCalls.at(-1)).toBe('adopt c1 echo');
    });
    const { handled } = await deliver(second, { type: 'message', commId: 'c1', data: {} });

    expect(handled).toBe(true);
  });

  test('what many threads show at once arrives whole', async () => {
    const kernel = await site.kernel({ language: 'python', mode });

    const { displays } = await kernel.ok(`import sys, threading
sys.setswitchinterval(1e-6)
def show(number):
    for _ in range(20):
        display({"text/plain": str(number) * 100000}, raw=True)
threads = [threading.Thread(target=show, args=(n,)) for n in range(5)]
for thread in threads: thread.start()
for thread in threads: thread.join()`);

    const texts = displays.map((data) => data['text/plain'] as string).sort();
    expect(texts.map((text) => text.length)).toEqual(Array(100).fill(100_000));
    expect(texts.map((text) => text.at(0)).join('')).toBe(
      [0, 1, 2, 3, 4].map((number) => String(number).repeat(20)).join(''),
    );
  });

  test('a callback that does not end can be interrupted, and the session goes on', async () => {
    const kernel = await site.kernel({ language: 'python', mode });
    await kernel.ok(`import time
def opened(comm, message):
    print("waiting", flush=True)
    time.sleep(120)
get_ipython().kernel.comm_manager.register_target("slow", opened)`);
    const controller = new AbortController();
    const output = new OutputRecorder();

    const delivered = kernel.interpreter.handleComm?.(
      { ...OPEN, targetName: 'slow' },
      output,
      noInput,
      controller.signal,
    );
    await output.whenText('waiting');
    controller.abort();
    const handled = await delivered;

    expect(handled).toBe(false);
    expect(output.text()).toContain('KeyboardInterrupt');
    expect((await kernel.ok('1 + 1')).value).toBe('2');
  });
});

test('R sessions know no comms', async () => {
  const site = await TestSite.start();
  const kernel = await site.kernel({ language: 'R', mode: 'extensions' });

  const { handled } = await deliver(kernel, OPEN);
  await site.close();

  expect(handled).toBe(false);
});
