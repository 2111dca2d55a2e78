import { beforeEach, expect, test, vi } from 'vitest';
import type { CommMessage } from '../../../../src/jupyter/index.js';
import { FakeKernel } from '../../../helpers/fake-kernel.js';
import {
  FakeHost,
  FakeRemote,
  OutputRecorder,
  noInput,
  type FakeRun,
} from '../../../helpers/fake-remote.js';

const SLIDER = {
  type: 'comm',
  action: 'open',
  comm_id: 'slider',
  target_name: 'jupyter.widget',
  data: { state: {} },
  metadata: {},
} as const;
const CHANGE: CommMessage = {
  type: 'message',
  commId: 'slider',
  data: { method: 'update', state: { value: 5 } },
};

let remote: FakeRemote;
let host: FakeHost;
let kernel: FakeKernel;

beforeEach(() => {
  remote = new FakeRemote(['events', 'source'], (run) => {
    run.done();
    return undefined;
  });
  host = new FakeHost();
  kernel = new FakeKernel(remote, { language: 'python' });
  kernel.interpreter.start(host);
});

/** A message of the front end; the session answers it by a script. */
async function deliver(
  message: CommMessage,
  script: (run: FakeRun) => ReturnType<FakeRemote['script']>,
  signal = new AbortController().signal,
) {
  const output = new OutputRecorder();
  remote.script = script;
  const handled = await kernel.interpreter.handleComm?.(message, output, noInput, signal);
  return { handled, outputs: output.outputs };
}

const reply = (run: FakeRun, handled: boolean): void => {
  run.send({ type: 'reply', content: { handled } });
};

test('a message goes to the session as one execution that its history does not show', async () => {
  await kernel.run('1');
  const { length } = remote.requests;

  const { handled, outputs } = await deliver(CHANGE, (run) => {
    run.print('value: 5\n');
    run.send({ ...SLIDER, action: 'message', data: { state: { value: 6 } } });
    reply(run, true);
    return undefined;
  });

  expect(handled).toBe(true);
  expect(outputs).toEqual([
    { stream: 'stdout', text: 'value: 5\n' },
    { comm: { type: 'message', commId: 'slider', data: { state: { value: 6 } }, metadata: {} } },
  ]);
  const sent = remote.requests.slice(length);
  expect(sent.map(({ source }) => source)).toEqual(['']);
  expect(JSON.parse(sent[0]?.code ?? '')).toEqual({
    call: 'comm',
    requestId: 'request-1',
    message: {
      type: 'comm',
      action: 'message',
      comm_id: 'slider',
      data: { method: 'update', state: { value: 5 } },
      metadata: {},
    },
  });
});

test('the session may know neither the comm nor the target', async () => {
  await kernel.run('1');

  const { handled } = await deliver(CHANGE, (run) => {
    reply(run, false);
    return undefined;
  });

  expect(handled).toBe(false);
});

test('with display=plain nothing of ours is in the session to be asked', async () => {
  const plain = new FakeKernel(remote, { language: 'python', settings: { display: 'plain' } });
  await plain.run('1');
  const { length } = remote.requests;

  const handled = await plain.interpreter.handleComm?.(
    CHANGE,
    new OutputRecorder(),
    noInput,
    new AbortController().signal,
  );

  expect(handled).toBe(false);
  expect(remote.requests).toHaveLength(length);
});

test('a comm is not opened where no session could know it', async () => {
  const alone = new FakeKernel(remote, { language: 'python' });

  const handled = await alone.interpreter.handleComm?.(
    { type: 'open', commId: 'c', targetName: 'mine', data: {} },
    new OutputRecorder(),
    noInput,
    new AbortController().signal,
  );

  expect(handled).toBe(false);
  // The session is being opened meanwhile.
  expect(remote.requests.filter(({ code }) => !code.includes('"install"'))).toEqual([]);
});

test('an interrupted callback leaves its comm open', async () => {
  await kernel.run('1');
  const controller = new AbortController();

  const { handled } = await deliver(
    CHANGE,
    async (run) => {
      controller.abort();
      await run.cancelled;
      return { success: false, errorMessage: 'KeyboardInterrupt' };
    },
    controller.signal,
  );

  expect(handled).toBe(true);
});

test('a session that is lost while it is asked is an error, and its comms are closed', async () => {
  await kernel.run('1');
  remote.removeSession('session-1');

  const delivered = deliver(CHANGE, () => undefined);

  await expect(delivered).rejects.toThrow('is gone from the server');
  expect(host.commCalls.at(-1)).toBe('closeAll');
});

test('a comm message after the end of a cell still reaches the front end', async () => {
  remote.script = (run) => {
    run.done();
    run.send(SLIDER);
    return undefined;
  };

  const { outputs } = await kernel.run('1');

  expect(outputs).toEqual([
    {
      comm: {
        type: 'open',
        commId: 'slider',
        targetName: 'jupyter.widget',
        data: { state: {} },
        metadata: {},
      },
    },
  ]);
});

test('a comm message that comes with a completion goes out beside the cells', async () => {
  await kernel.run('1');
  remote.script = (run) => {
    run.send({ ...SLIDER, action: 'close', data: {} });
    run.send({ type: 'reply', content: { matches: [], cursor_start: 0, cursor_end: 0 } });
    return undefined;
  };

  await kernel.interpreter.complete('a', 1);

  expect(host.background.outputs).toEqual([
    { comm: { type: 'close', commId: 'slider', data: {}, metadata: {} } },
  ]);
});

test('another session closes the comms of the one before', async () => {
  await kernel.run('1');
  const before = host.commCalls.length;

  await kernel.run('%session new');

  expect(host.commCalls.slice(before)).toEqual(['closeAll']);
});

test('the comms of a session that is taken over are made known', async () => {
  await kernel.run('1');
  remote.addSession('theirs', 'Python');
  remote.script = (run) => {
    if (run.agentCall?.call === 'listComms') {
      run.send({ type: 'reply', content: { comms: { slider: 'jupyter.widget' } } });
    } else run.done();
    return undefined;
  };

  await kernel.run('%session attach theirs');

  await vi.waitFor(() => {
    expect(host.commCalls.slice(-2)).toEqual(['closeAll', 'adopt slider jupyter.widget']);
  });
});
