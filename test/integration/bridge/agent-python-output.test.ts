// What Python cells show, by the Python agent in a real Python: as ipykernel shows it, unless a title says otherwise.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { AgentMessage } from '../../../src/bridge/agent/agent.js';
import { PythonAgentHost, type Outcome } from '../../helpers/python-agent-host.js';
import { isMissing, venvBin } from '../../helpers/requirements.js';

const PYTHON = venvBin('python');
const isPythonMissing = isMissing('python');

const DONE = { type: 'done', status: 'ok', user_expressions: {}, payload: [] } as const;
const printed = (text: string): AgentMessage => ({ type: 'stream', name: 'stdout', text });

const hosts: PythonAgentHost[] = [];
async function startHost(...parameters: readonly string[]): Promise<PythonAgentHost> {
  const host = new PythonAgentHost(PYTHON, 'events', parameters);
  hosts.push(host);
  await host.install();
  return host;
}
afterAll(async () => {
  await Promise.all(hosts.map((host) => host.close()));
});

/** The mime types of each display and result, sorted. */
function typesOf({ messages }: Outcome): readonly string[][] {
  return messages.flatMap((message) =>
    message.type === 'display' || message.type === 'result'
      ? [Object.keys(message.data).sort()]
      : [],
  );
}

function streamsOf(outcome: Outcome, name: 'stdout' | 'stderr'): string {
  return outcome.messages
    .map((message) => (message.type === 'stream' && message.name === name ? message.text : ''))
    .join('');
}

const valueOf = (outcome: Outcome): unknown =>
  outcome.messages.find((message) => message.type === 'result')?.data['text/plain'];

describe.skipIf(isPythonMissing)('with IPython', { timeout: 30_000 }, () => {
  let host: PythonAgentHost;
  beforeAll(async () => {
    host = await startHost();
  });

  test('a representation may bring metadata, and a bundle may bring types of its own', async () => {
    const outcome = await host.run(`class Both:
    def _repr_html_(self): return "<b>x</b>", {"isolated": True}
    def _repr_mimebundle_(self, include=None, exclude=None):
        return {"text/plain": "x", "application/x-own": {"a": [1]}}, {"application/x-own": {"m": 1}}
Both()`);

    expect(outcome.messages).toEqual([
      {
        type: 'result',
        data: { 'text/plain': 'x', 'text/html': '<b>x</b>', 'application/x-own': { a: [1] } },
        metadata: { 'text/html': { isolated: true }, 'application/x-own': { m: 1 } },
      },
      DONE,
    ]);
  });

  test('an object may show itself in place of being shown', async () => {
    const outcome = await host.run(`class Itself:
    def _ipython_display_(self): print("by itself")
Itself()`);

    expect(outcome.messages).toEqual([printed('by itself\n'), DONE]);
  });

  test.each([
    ['HTML("<i>h</i>")', ['text/html', 'text/plain']],
    ['Markdown("*m*")', ['text/markdown', 'text/plain']],
    ['Latex("$x$")', ['text/latex', 'text/plain']],
    ['Math("x^2")', ['text/latex', 'text/plain']],
    ['JSON({"a": 1})', ['application/json', 'text/plain']],
    ['SVG("<svg xmlns=\'http://www.w3.org/2000/svg\'></svg>")', ['image/svg+xml', 'text/plain']],
    ['Javascript("1")', ['application/javascript', 'text/plain']],
    ['IFrame("about:blank", 1, 1)', ['text/html', 'text/plain']],
    ['GeoJSON({"type": "Point"})', ['application/geo+json', 'text/plain']],
    ['Code("x = 1", language="python")', ['text/html', 'text/latex', 'text/plain']],
    ['Audio([0, 1] * 50, rate=1000)', ['text/html', 'text/plain']],
    ['Video(url="about:blank")', ['text/html', 'text/plain']],
    ['Image(url="about:blank")', ['text/html', 'text/plain']],
    ['FileLink("x.csv")', ['text/html', 'text/plain']],
  ])('%s has its mime types', async (expression, types) => {
    const outcome = await host.run(`from IPython.display import *\ndisplay(${expression})`);

    expect(typesOf(outcome)).toEqual([types]);
  });

  test('a formatter of the user’s is asked', async () => {
    const outcome = await host.run(`formatters = get_ipython().display_formatter.formatters
formatters["text/html"].for_type(complex, lambda value: "<b>%s</b>" % value)
1j`);

    expect(outcome.messages).toEqual([
      { type: 'result', data: { 'text/plain': '1j', 'text/html': '<b>1j</b>' }, metadata: {} },
      DONE,
    ]);
  });

  test('%precision changes how numbers are shown', async () => {
    await host.run('%precision 3');
    const short = await host.run('3.14159265');
    await host.run('%precision');
    const long = await host.run('3.14159265');

    expect([valueOf(short), valueOf(long)]).toEqual(['3.142', '3.14159265']);
  });

  test.each([
    ['an image of PIL', 'from PIL import Image as I\nI.new("RGB", (4, 4), "red")', 'image/png'],
    [
      'a chart of altair',
      'import altair, pandas\naltair.renderers.enable("mimetype")\naltair.Chart(pandas.DataFrame({"a": [1]})).mark_point().encode(x="a")',
      /^application\/vnd\.vegalite\.v\d+[+.]json$/,
    ],
    [
      'a styled data frame',
      'import pandas\npandas.DataFrame({"a": [1, 2]}).style.highlight_max()',
      'text/html',
    ],
  ])('%s is shown as what it is', async (_case, source, mime) => {
    const [types = []] = typesOf(await host.run(source));

    expect(types.some((type) => (typeof mime === 'string' ? type === mime : mime.test(type)))).toBe(
      true,
    );
  });

  test('a figure of plotly is shown as its own type, and as HTML where that is not known', async () => {
    const outcome = await host.run(
      'import plotly.graph_objects as go\ngo.Figure(go.Scatter(y=[1, 2]))',
    );

    expect(typesOf(outcome).at(-1)).toEqual(['application/vnd.plotly.v1+json', 'text/html']);
  });

  test('a figure that is the last value is shown once', async () => {
    const outcome = await host.run(
      'import matplotlib.pyplot as plt\nfig, ax = plt.subplots()\nax.plot([1, 2])\nfig',
    );

    expect(typesOf(outcome)).toEqual([
      ['image/png', 'text/plain'],
      ['image/png', 'text/plain'],
    ]);
  });

  test.each([
    ['svg', ['image/svg+xml', 'text/plain']],
    ['jpeg', ['image/jpeg', 'text/plain']],
    ['png', ['image/png', 'text/plain']],
  ])('figure_format %s decides how figures are drawn', async (format, types) => {
    const outcome = await host.run(`import matplotlib.pyplot as plt
get_ipython().run_line_magic("config", "InlineBackend.figure_format = '${format}'")
plt.plot([1, 2])
plt.show()`);

    expect(typesOf(outcome)).toEqual([types]);
  });

  test('%tb shows the failure of the cell before, with the lines of the user', async () => {
    await host.run('def fails():\n    return {}["missing"]\nfails()');

    const outcome = await host.run('%tb');

    expect(streamsOf(outcome, 'stderr')).toContain('return {}["missing"]');
    expect(streamsOf(outcome, 'stderr')).toContain("KeyError: 'missing'");
  });

  test('chained failures are told in the order in which they came', async () => {
    const { messages } = await host.run(
      'try:\n    1 / 0\nexcept ZeroDivisionError as error:\n    raise KeyError("k") from error',
    );

    const error = messages.find((message) => message.type === 'error');
    const traceback = error?.traceback.join('\n') ?? '';
    expect(error?.ename).toBe('KeyError');
    expect(traceback).toMatch(
      /ZeroDivisionError: division by zero[^]*direct cause[^]*KeyError: 'k'/,
    );
  });

  test('a failure may render its own traceback', async () => {
    const { messages } = await host.run(`class Own(Exception):
    def _render_traceback_(self): return ["my own", "lines"]
raise Own("x")`);

    expect(messages[0]).toEqual({
      type: 'error',
      ename: 'Own',
      evalue: 'x',
      traceback: ['my own', 'lines'],
    });
  });

  test('a group of failures names the cell, not a file of IPython’s', async () => {
    const { messages } = await host.run('raise ExceptionGroup("all", [ValueError(1)])', {
      executionCount: 91,
    });

    const error = messages.find((message) => message.type === 'error');
    expect(error?.traceback.join('\n')).toContain('File "Cell In[91]", line 1');
  });

  test('a task made without an await runs on in later cells', async () => {
    const made = await host.run(`import asyncio
async def steps():
    print("one")
    await asyncio.sleep(0.001)
    print("two")
    return 3
task = asyncio.create_task(steps())
print("made")`);
    const later = await host.run('await task');

    expect(made.messages).toEqual([printed('made\none\n'), DONE]);
    expect(streamsOf(later, 'stdout')).toBe('two\n');
    expect(valueOf(later)).toBe('3');
  });

  test('asyncio.run works in a cell, unlike in ipykernel', async () => {
    const outcome = await host.run(
      'import asyncio\nasync def main():\n    task = asyncio.create_task(asyncio.sleep(0, 4))\n    return await task\nasyncio.run(main())',
    );

    expect(valueOf(outcome)).toBe('4');
  });

  test('a progress line that rewrites itself comes whole, colours included', async () => {
    const texts: string[] = [];
    const bar = 'print("\\r\\x1b[32m%3d%%\\x1b[0m" % n, end="", flush=True)';
    const outcome = await host.run(`for n in (0, 50, 100): ${bar}`, {}, (text) => texts.push(text));

    const green = (text: string): string => `\r\u001b[32m${text}\u001b[0m`;
    expect(texts.join('')).toBe(green('  0%') + green(' 50%') + green('100%'));
    expect(streamsOf(outcome, 'stdout')).toBe('\r  0%\r 50%\r100%');
  });

  test('tqdm’s notebook bar is a widget that moves while the cell runs', async () => {
    const outcome = await host.run(
      'from tqdm.notebook import tqdm\nfor n in tqdm(range(3)): print(n)',
    );

    const values = outcome.messages.flatMap((message): readonly (string | number)[] => {
      if (message.type === 'stream') return [message.text];
      const state = message.type === 'comm' ? message.data['state'] : undefined;
      const value = (state as { value?: unknown } | undefined)?.value;
      return message.type === 'comm' && message.action === 'message' && typeof value === 'number'
        ? [value]
        : [];
    });
    expect(values).toEqual(['0\n1\n2\n', 3]);
    expect(streamsOf(outcome, 'stderr')).toBe('');
  });

  test('libraries see that they are in a notebook', async () => {
    const outcome = await host.run(
      'type(get_ipython()).__name__, "IPKernelApp" in get_ipython().config, get_ipython().kernel.comm_manager is not None',
    );

    expect(valueOf(outcome)).toBe("('ZMQInteractiveShell', True, True)");
  });

  test('dates in what is sent become ISO text', async () => {
    const outcome = await host.run(
      'import datetime\ndisplay({"application/json": {"day": datetime.date(2026, 11, 23)}}, raw=True)',
    );

    expect(outcome.messages[0]).toMatchObject({
      data: { 'application/json': { day: '2026-11-23' } },
    });
  });
});

describe.skipIf(isPythonMissing)('without IPython', { timeout: 30_000 }, () => {
  let host: PythonAgentHost;
  beforeAll(async () => {
    host = await startHost('--without-ipython');
  });

  test('an object may show itself in place of being shown', async () => {
    const outcome = await host.run(`class Itself:
    def _ipython_display_(self): print("by itself")
display(Itself())
Itself()`);

    expect(outcome.messages).toEqual([printed('by itself\nby itself\n'), DONE]);
  });

  test('a display is updated by its handle', async () => {
    const outcome = await host.run('h = display("x", display_id="id")\nh.update("y")');

    const shown = { type: 'display', metadata: {}, display_id: 'id' };
    expect(outcome.messages).toEqual([
      { ...shown, data: { 'text/plain': "'x'" } },
      { ...shown, data: { 'text/plain': "'y'" }, update: true },
      DONE,
    ]);
  });
});
