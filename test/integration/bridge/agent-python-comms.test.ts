// Comms of the Python agent inside a real Python with IPython: widgets, targets of the user's, threads.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { AgentMessage } from '../../../src/bridge/agent/agent.js';
import type { AgentCommMessage } from '../../../src/bridge/agent/agent-comms.js';
import { PythonAgentHost, type Channel, type Outcome } from '../../helpers/python-agent-host.js';
import { isMissing, venvBin } from '../../helpers/requirements.js';

const PYTHON = venvBin('python');
const isPythonMissing = isMissing('python');

const CHANNELS: readonly Channel[] = ['events', 'console'];
const DONE = { type: 'done', status: 'ok', user_expressions: {}, payload: [] } as const;
const handled = (isHandled: boolean): AgentMessage => ({
  type: 'reply',
  content: { handled: isHandled },
});
const printed = (text: string): AgentMessage => ({ type: 'stream', name: 'stdout', text });

const hosts: PythonAgentHost[] = [];
async function startHost(
  channel: Channel,
  parameters: readonly string[] = [],
  program?: 'jupyter-session.py',
): Promise<PythonAgentHost> {
  const host = new PythonAgentHost(PYTHON, channel, parameters, program);
  hosts.push(host);
  await host.install();
  return host;
}
afterAll(async () => {
  await Promise.all(hosts.map((host) => host.close()));
});

/** Hands over a message of the front end. */
function deliver(
  host: PythonAgentHost,
  message: Partial<AgentCommMessage> & Pick<AgentCommMessage, 'action' | 'comm_id'>,
  requestId = 'request-of-comm',
): Promise<Outcome> {
  const whole: AgentCommMessage = { type: 'comm', data: {}, metadata: {}, ...message };
  return host.execute(host.agent.comms?.messageCode(whole, requestId) ?? '');
}

/** As a widget manager tells of a change. */
function change(host: PythonAgentHost, id: string, state: object): Promise<Outcome> {
  return deliver(host, {
    action: 'message',
    comm_id: id,
    data: { method: 'update', state: { ...state }, buffer_paths: [] },
    metadata: { version: '2.1.0' },
  });
}

const commsOf = ({ messages }: Outcome): readonly AgentCommMessage[] =>
  messages.filter((message) => message.type === 'comm');

/** What messages after the opening say of a widget's state. */
const changesOf = (outcome: Outcome): readonly unknown[] =>
  commsOf(outcome).flatMap(({ action, data }) => (action === 'message' ? [data['state']] : []));

const stderrOf = ({ messages }: Outcome): string =>
  messages
    .map((message) => (message.type === 'stream' && message.name === 'stderr' ? message.text : ''))
    .join('');

/** The text that a cell prints. */
async function print(host: PythonAgentHost, expression: string): Promise<string> {
  const { messages } = await host.run(`print(${expression})`);
  return messages
    .map((message) => (message.type === 'stream' ? message.text : ''))
    .join('')
    .trim();
}

describe.skipIf(isPythonMissing).each(CHANNELS)(
  'on the %s channel',
  { timeout: 30_000 },
  (channel) => {
    let host: PythonAgentHost;
    beforeAll(async () => {
      host = await startHost(channel);
      await host.run('import ipywidgets as w');
    });

    test('a widget opens its comms with its state, and tells of changes while the cell runs', async () => {
      const outcome = await host.run('s = w.IntSlider(value=3)\nprint("made")\ns.value = 4');

      const [layout, style, slider, update] = commsOf(outcome);
      expect(outcome.messages).toEqual([layout, style, slider, printed('made\n'), update, DONE]);
      expect(slider).toMatchObject({
        action: 'open',
        target_name: 'jupyter.widget',
        data: { state: { _model_name: 'IntSliderModel', value: 3 } },
        metadata: { version: '2.1.0' },
      });
      expect(update).toEqual({
        type: 'comm',
        action: 'message',
        comm_id: slider?.comm_id,
        data: { method: 'update', state: { value: 4 }, buffer_paths: [] },
        metadata: {},
      });
    });

    test('binary state comes as buffers', async () => {
      const outcome = await host.run('image = w.Image(value=b"\\x00\\x01\\xff")');

      expect(commsOf(outcome).at(-1)).toMatchObject({
        data: { buffer_paths: [['value']] },
        buffers: ['AAH/'],
      });
    });

    test('a change from the front end calls the observers, and what they show comes in order', async () => {
      await host.run(
        'a = w.IntSlider()\na.observe(lambda c: (print("now", c["new"]), display("rich")), "value")',
      );
      const id = await print(host, 'a.comm.comm_id');

      const outcome = await change(host, id, { value: 7 });

      const [echo] = commsOf(outcome);
      expect(echo?.data).toMatchObject({ method: 'echo_update', state: { value: 7 } });
      expect(outcome.messages).toEqual([
        echo,
        printed('now 7\n'),
        { type: 'display', data: { 'text/plain': "'rich'" }, metadata: {} },
        handled(true),
      ]);
      expect(await print(host, 'a.value')).toBe('7');
    });

    test('an observer that fails is told on stderr with the user’s line, and the comm stays', async () => {
      await host.run('b = w.IntSlider()\nb.observe(lambda c: 1 / 0, "value")');
      const id = await print(host, 'b.comm.comm_id');

      const outcome = await change(host, id, { value: 7 });

      expect(stderrOf(outcome)).toContain('ZeroDivisionError: division by zero');
      expect(stderrOf(outcome)).toContain('lambda c: 1 / 0');
      expect(stderrOf(outcome)).not.toContain('_rserver_kernel');
      expect(outcome.messages.at(-1)).toEqual(handled(true));
      expect(outcome.error).toBe('');
    });

    test('figures which an observer leaves are shown with its message', async () => {
      await host.run(
        'import matplotlib.pyplot as plt\nc = w.IntSlider()\nc.observe(lambda change: plt.plot([1, 2]), "value")',
      );
      const id = await print(host, 'c.comm.comm_id');

      const outcome = await change(host, id, { value: 7 });

      const display = outcome.messages.find((message) => message.type === 'display');
      expect(Object.keys(display?.data ?? {})).toContain('image/png');
    });

    test('a comm that nobody knows is not handled', async () => {
      const outcome = await deliver(host, { action: 'message', comm_id: 'nobody' });

      expect(outcome.messages).toEqual([handled(false)]);
    });

    test('a target of the user’s is opened and answers with the bytes it was sent', async () => {
      await host.run(
        `def opened(comm, message):
    comm.send({"opened": message["content"]["data"]})
    comm.on_msg(lambda m: comm.send({"echo": m["content"]["data"]}, buffers=m["buffers"]))
    comm.on_close(lambda m: print("closed", m["content"]["data"]))
get_ipython().kernel.comm_manager.register_target("mine", opened)`,
      );

      const open = await deliver(host, {
        action: 'open',
        comm_id: 'c1',
        target_name: 'mine',
        data: { a: 1 },
      });
      const message = await deliver(host, {
        action: 'message',
        comm_id: 'c1',
        data: { b: 2 },
        buffers: ['AAEC'],
      });
      const close = await deliver(host, { action: 'close', comm_id: 'c1', data: { c: 3 } });
      const late = await deliver(host, { action: 'message', comm_id: 'c1' });

      const answer = { type: 'comm', action: 'message', comm_id: 'c1', metadata: {} };
      expect(open.messages).toEqual([{ ...answer, data: { opened: { a: 1 } } }, handled(true)]);
      expect(message.messages).toEqual([
        { ...answer, data: { echo: { b: 2 } }, buffers: ['AAEC'] },
        handled(true),
      ]);
      expect(close.messages).toEqual([printed("closed {'c': 3}\n"), handled(true)]);
      expect(late.messages).toEqual([handled(false)]);
    });

    test.each([
      ['that is not registered', 'nowhere', /^$/],
      ['that fails', 'bad', /ValueError: not today/],
    ])('a target %s refuses the comm', async (_case, name, told) => {
      await host.run(
        'def bad(comm, message): raise ValueError("not today")\nget_ipython().kernel.comm_manager.register_target("bad", bad)',
      );

      const outcome = await deliver(host, { action: 'open', comm_id: 'c2', target_name: name });

      expect(outcome.messages.at(-1)).toEqual(handled(false));
      expect(stderrOf(outcome)).toMatch(told);
      expect(commsOf(outcome)).toEqual([]);
    });

    test('an Output names the request whose outputs it takes: of the cell, or of the message', async () => {
      const cell = await host.run('out = w.Output()\nwith out: print("in")', {
        requestId: 'request-of-cell',
      });
      await host.run(
        'd = w.IntSlider()\nd.observe(out.capture()(lambda c: print("later")), "value")',
      );
      const id = await print(host, 'd.comm.comm_id');
      const message = await change(host, id, { value: 7 });

      expect(changesOf(cell)).toEqual([{ msg_id: 'request-of-cell' }, { msg_id: '' }]);
      expect(changesOf(message)).toEqual([
        { value: 7 },
        { msg_id: 'request-of-comm' },
        { msg_id: '' },
      ]);
    });

    test('the open comms are listed by target', async () => {
      const other = await startHost(channel);
      await other.run('import comm\none = comm.create_comm(target_name="one", comm_id="id-1")');

      const listed = await other.execute(other.agent.comms?.listCode() ?? '');
      const closed = await other.run('one.close({"last": 1})');
      const after = await other.execute(other.agent.comms?.listCode() ?? '');

      expect(listed.messages).toEqual([{ type: 'reply', content: { comms: { 'id-1': 'one' } } }]);
      expect(commsOf(closed)).toEqual([
        { type: 'comm', action: 'close', comm_id: 'id-1', data: { last: 1 }, metadata: {} },
      ]);
      expect(after.messages).toEqual([{ type: 'reply', content: { comms: {} } }]);
    });

    test('an agent of another version takes the comms over', async () => {
      const other = await startHost(channel);
      await other.run(
        'import comm\none = comm.create_comm(target_name="one", comm_id="id-1")\none.on_msg(lambda m: one.send({"still": "here"}))',
      );
      const nonce = '0123456789abcdef';
      const install = other.agent.installCode({ channel, nonce });
      await other.execute(install.replace(/"DIGEST": "\w+"/, '"DIGEST": "of-another-version"'));

      const outcome = await deliver(other, { action: 'message', comm_id: 'id-1' });

      expect(commsOf(outcome).map(({ data }) => data)).toEqual([{ still: 'here' }]);
      expect(outcome.messages.at(-1)).toEqual(handled(true));
    });

    test('a task that waits for a widget goes on when the front end changes it', async () => {
      await host.run(
        `import asyncio
e = w.IntSlider()
def changed(widget):
    future = asyncio.get_running_loop().create_future()
    def observer(change):
        future.set_result(change.new)
        widget.unobserve(observer, "value")
    widget.observe(observer, "value")
    return future
async def wait():
    print("got", await changed(e))
task = asyncio.create_task(wait())`,
      );
      const id = await print(host, 'e.comm.comm_id');

      const outcome = await change(host, id, { value: 9 });

      expect(outcome.messages).toContainEqual(printed('got 9\n'));
    });
  },
);

describe.skipIf(isPythonMissing)('elsewhere', { timeout: 30_000 }, () => {
  test('in a session without IPython no comm is handled', async () => {
    const host = await startHost('events', ['--without-ipython']);

    const outcome = await deliver(host, { action: 'open', comm_id: 'c', target_name: 'any' });
    const listed = await host.execute(host.agent.comms?.listCode() ?? '');

    expect(outcome).toEqual({ messages: [handled(false)], error: '', names: [] });
    expect(listed.messages).toEqual([{ type: 'reply', content: { comms: {} } }]);
  });

  test('in a session that is a Jupyter kernel widgets speak through the agent', async () => {
    const host = await startHost('console', [], 'jupyter-session.py');
    const outcome = await host.run('import ipywidgets as w\nout = w.Output()\nwith out: print(1)', {
      requestId: 'request-of-cell',
    });

    const states = commsOf(outcome).map(({ data }) => data['state'] as Record<string, unknown>);
    expect(states.map(({ _model_name, msg_id }) => _model_name ?? msg_id)).toEqual([
      'LayoutModel',
      'OutputModel',
      'request-of-cell',
      '',
    ]);
  });
});
