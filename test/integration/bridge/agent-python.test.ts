// The Python agent inside a real Python, with and without IPython, over both channels.
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseAgentMessages, type AgentMessage } from '../../../src/bridge/agent/agent.js';
import { createPythonAgent } from '../../../src/bridge/agent/python-agent.js';
import { createProcessRuntime, pythonLanguage, type Runtime } from '../../../src/runtimes/index.js';
import {
  joinStreams,
  PythonAgentHost,
  type Channel,
  type Outcome,
} from '../../helpers/python-agent-host.js';
import { isMissing, venvBin } from '../../helpers/requirements.js';

const PYTHON = venvBin('python');
const isPythonMissing = isMissing('python');

const DONE = { type: 'done', status: 'ok', user_expressions: {}, payload: [] } as const;
const FAILED = { ...DONE, status: 'error' } as const;
const text = (name: 'stdout' | 'stderr', value: string): AgentMessage => ({
  type: 'stream',
  name,
  text: value,
});
const result = (plain: string): AgentMessage => ({
  type: 'result',
  data: { 'text/plain': plain },
  metadata: {},
});

const SETUPS: readonly (readonly [string, Channel, readonly string[]])[] = [
  ['IPython on the events channel', 'events', []],
  ['IPython on the console channel', 'console', []],
  ['plain Python on the events channel', 'events', ['--without-ipython']],
  ['plain Python on the console channel', 'console', ['--without-ipython']],
];

const hosts: PythonAgentHost[] = [];
async function startHost(
  channel: Channel,
  parameters: readonly string[] = [],
  program?: 'jupyter-session.py',
) {
  const host = new PythonAgentHost(PYTHON, channel, parameters, program);
  hosts.push(host);
  const installed = await host.install();
  return { host, installed };
}
afterAll(async () => {
  await Promise.all(hosts.map((host) => host.close()));
});

function errorOf(outcome: Outcome) {
  const found = outcome.messages.find((message) => message.type === 'error');
  if (found === undefined) throw new Error(JSON.stringify(outcome));
  return found;
}

function replyOf(outcome: Outcome) {
  const [message] = outcome.messages;
  if (message?.type !== 'reply' || outcome.messages.length !== 1) {
    throw new Error(JSON.stringify(outcome));
  }
  return message.content;
}

/** Width and height of a PNG in base64. */
function pngSize(value: unknown): readonly [number, number] {
  const png = Buffer.from(value as string, 'base64');
  expect(png.subarray(1, 4).toString('latin1')).toBe('PNG');
  return [png.readUInt32BE(16), png.readUInt32BE(20)];
}

describe.skipIf(isPythonMissing).each(SETUPS)(
  '%s',
  { timeout: 10_000 },
  (_title, channel, parameters) => {
    let host: PythonAgentHost;
    let installed: Outcome;
    beforeAll(async () => {
      ({ host, installed } = await startHost(channel, parameters));
    });

    test('installing says nothing and leaves nothing in the workspace', () => {
      expect(installed).toEqual({ messages: [], error: '', names: [] });
    });

    test('installing again changes nothing and keeps what the session knows', async () => {
      await host.run('kept = 1');
      const again = await host.install();
      const outcome = await host.run('del kept');

      expect(again).toEqual({ messages: [], error: '', names: ['kept'] });
      expect(outcome).toEqual({ messages: [DONE], error: '', names: [] });
    });

    test('text and the value of the last expression come in order', async () => {
      const outcome = await host.run(
        'import sys as _sys\nprint("a")\nprint("b", file=_sys.stderr)\nprint("ü😀")\n40 + 2\ndel _sys\n6 * 7',
      );

      expect(outcome).toEqual({
        messages: [
          text('stdout', 'a\n'),
          text('stderr', 'b\n'),
          text('stdout', 'ü😀\n'),
          result('42'),
          DONE,
        ],
        error: '',
        names: [],
      });
    });

    test.each([
      ['None', 'None'],
      ['an assignment', 'v = 1; del v'],
      ['an expression with a semicolon', '5;'],
      ['a semicolon before a comment', '5;  # quiet'],
      ['nothing', ''],
      ['a comment', '# nothing'],
    ])('%s has no result', async (_case, source) => {
      expect((await host.run(source)).messages).toEqual([DONE]);
    });

    test('a semicolon inside a string hides nothing', async () => {
      expect((await host.run('"a;"')).messages).toEqual([result("'a;'"), DONE]);
    });

    test('a silent run shows no value', async () => {
      expect((await host.run('5', { silent: true, storeHistory: false })).messages).toEqual([DONE]);
    });

    test('the last value is at hand as _ and is not in the workspace', async () => {
      await host.run('21');
      const outcome = await host.run('_ * 2');

      expect(outcome).toEqual({ messages: [result('42'), DONE], error: '', names: [] });
    });

    test('an error names the user’s frames alone and makes the execution fail', async () => {
      await host.run('def divide(a, b):\n    return a / b');
      const outcome = await host.run('divide(1, 0)', { executionCount: 77 });
      await host.run('del divide');

      const error = errorOf(outcome);
      expect(outcome.messages).toEqual([error, FAILED]);
      expect([error.ename, error.evalue]).toEqual(['ZeroDivisionError', 'division by zero']);
      const traceback = error.traceback.join('\n');
      expect(traceback).toContain('In[77]');
      expect(traceback).toContain('return a / b');
      expect(traceback).not.toMatch(/_rserver_kernel|interactiveshell/);
      expect(error.traceback.at(-1)).toBe('ZeroDivisionError: division by zero');
      expect(outcome.error).toBe('ZeroDivisionError: division by zero');
    });

    test('output before an error is kept and nothing after it runs', async () => {
      const outcome = await host.run('print("before")\nraise KeyError("k")\nprint("after")');

      expect(outcome.messages).toEqual([text('stdout', 'before\n'), errorOf(outcome), FAILED]);
    });

    test('a syntax error shows the line and the place', async () => {
      const error = errorOf(await host.run('x = 1\ny = = 2', { executionCount: 55 }));

      expect([error.ename, error.evalue]).toEqual([
        'SyntaxError',
        'invalid syntax (Cell In[55], line 2)',
      ]);
      expect(error.traceback.join('\n')).toMatch(/In\[55\]"?, line 2\n {4}y = = 2\n {8,10}\^\n/);
    });

    test('a compile error after parsing is an error too', async () => {
      const error = errorOf(await host.run('return 3'));

      expect(error.ename).toBe('SyntaxError');
      expect(error.traceback.join('\n')).toContain('return 3');
    });

    test('source that Python cannot read is an error, not a crash', async () => {
      expect(errorOf(await host.run('a = "\0"')).ename).toMatch(/SyntaxError|ValueError/);
      expect((await host.run('1')).messages).toEqual([result('1'), DONE]);
    });

    test.each([
      ['raise SystemExit(3)', '3'],
      ['import sys; sys.exit()', ''],
      ['exit()', ''],
      ['quit()', ''],
    ])('%s ends the cell and not the session', async (source, evalue) => {
      const outcome = await host.run(source);
      const after = await host.run('if "sys" in globals(): del sys');

      const error = errorOf(outcome);
      expect(outcome.messages).toEqual([error, FAILED]);
      expect([error.ename, error.evalue]).toEqual(['SystemExit', evalue]);
      expect(after).toEqual({ messages: [DONE], error: '', names: [] });
    });

    test('an interrupt ends the cell with KeyboardInterrupt and keeps the workspace', async () => {
      const outcome = await host.run(
        'state = "kept"\nimport time as _t\nprint("started\\n", end="", flush=True)\n_t.sleep(60)',
        {},
        (part) => {
          if (part.startsWith('started')) host.interrupt();
        },
      );
      const after = await host.run('print(state); del state, _t');

      const error = errorOf(outcome);
      expect(outcome.messages).toEqual([text('stdout', 'started\n'), error, FAILED]);
      expect([error.ename, error.evalue]).toEqual(['KeyboardInterrupt', '']);
      expect(after).toEqual({ messages: [text('stdout', 'kept\n'), DONE], error: '', names: [] });
    });

    test('await works at top level', async () => {
      const outcome = await host.run(
        'import asyncio as _a\nasync def _f():\n    await _a.sleep(0)\n    return 5\nawait _f()',
      );
      await host.run('del _a, _f');

      expect(outcome.messages).toEqual([result('5'), DONE]);
    });

    test('an interrupt of an await runs the finally part of what it stops', async () => {
      const outcome = await host.run(
        'import asyncio as _a\ntry:\n    print("started\\n", end="", flush=True)\n    await _a.sleep(60)\nfinally:\n    print("tidied")',
        {},
        (part) => {
          if (part.startsWith('started')) host.interrupt();
        },
      );
      await host.run('del _a');

      const error = errorOf(outcome);
      expect(outcome.messages).toEqual([text('stdout', 'started\ntidied\n'), error, FAILED]);
      expect([error.ename, error.evalue]).toEqual(['KeyboardInterrupt', '']);
    });

    test('rich objects bring their representations; bytes come as base64', async () => {
      const outcome = await host.run(
        'class Rich:\n    def __repr__(self): return "rich"\n    def _repr_html_(self): return "<b>rich</b>"\n' +
          '    def _repr_png_(self): return b"\\x89PNG"\nRich()',
      );
      await host.run('del Rich');

      expect(outcome.messages).toEqual([
        {
          type: 'result',
          data: { 'text/plain': 'rich', 'text/html': '<b>rich</b>', 'image/png': 'iVBORw==' },
          metadata: {},
        },
        DONE,
      ]);
    });

    test('a representation that fails is told on stderr and the others are shown', async () => {
      const outcome = await host.run(
        'class Broken:\n    def __repr__(self): return "broken"\n    def _repr_html_(self): raise ValueError("no html")\nBroken()',
      );
      await host.run('del Broken');

      const [stderr, ...rest] = outcome.messages;
      expect(stderr).toMatchObject({ type: 'stream', name: 'stderr' });
      expect(JSON.stringify(stderr)).toContain('ValueError: no html');
      expect(rest).toEqual([result('broken'), DONE]);
    });

    test('a display can be updated by its id, and output cleared', async () => {
      const outcome = await host.run(
        'h = display("one", display_id="here")\nh.update("two")\n' +
          'h.display("three")\ndel h\ntry:\n    from IPython.display import clear_output\nexcept ImportError:\n' +
          '    clear_output = display.clear_output\nclear_output(wait=True)\ndel clear_output',
      );

      const shown = (plain: string, update: boolean): AgentMessage => ({
        type: 'display',
        data: { 'text/plain': plain },
        metadata: {},
        display_id: 'here',
        ...(update ? { update: true } : {}),
      });
      expect(outcome.messages).toEqual([
        shown("'one'", false),
        shown("'two'", true),
        shown("'three'", false),
        { type: 'clear', wait: true },
        DONE,
      ]);
    });

    test('values that JSON does not know become null or text', async () => {
      const outcome = await host.run(
        'display({"application/json": {"a": float("nan"), 1: [float("inf"), {2}]}}, raw=True)',
      );

      expect(outcome.messages).toEqual([
        {
          type: 'display',
          data: { 'application/json': { a: null, 1: [null, [2]] } },
          metadata: {},
        },
        DONE,
      ]);
    });

    test('user expressions are evaluated after the code, each for itself', async () => {
      const outcome = await host.run('n = 4', {
        userExpressions: { good: 'n + 1', bad: 'missing' },
      });
      await host.run('del n');

      const [done] = outcome.messages;
      expect(done).toMatchObject({
        type: 'done',
        status: 'ok',
        user_expressions: {
          good: { status: 'ok', data: { 'text/plain': '5' }, metadata: {} },
          bad: { status: 'error', ename: 'NameError', evalue: "name 'missing' is not defined" },
        },
      });
    });

    test('user expressions are left alone when the code failed', async () => {
      const outcome = await host.run('1/0', { userExpressions: { a: '1' } });

      expect(outcome.messages.at(-1)).toEqual(FAILED);
    });

    test('text redirected by the user does not take messages with it', async () => {
      const outcome = await host.run(
        'import contextlib as _c, io as _io\n_text = _io.StringIO()\nwith _c.redirect_stdout(_text):\n' +
          '    print("caught")\n    display(1)\nprint(_text.getvalue(), end="")\ndel _c, _io, _text',
      );

      expect(outcome.messages).toEqual([
        { type: 'display', data: { 'text/plain': '1' }, metadata: {} },
        text('stdout', 'caught\n'),
        DONE,
      ]);
    });

    test('logging set up in one cell writes to stderr in the next', async () => {
      await host.run(
        'import logging as _l\n_h = _l.StreamHandler()\n_l.getLogger("own").addHandler(_h)',
      );
      const outcome = await host.run('_l.getLogger("own").warning("careful")');
      await host.run('_l.getLogger("own").removeHandler(_h)\ndel _l, _h');

      expect(outcome.messages).toEqual([text('stderr', 'careful\n'), DONE]);
    });

    test('completion knows names, attributes and keywords, counted in code points', async () => {
      await host.run('apple_pie = "x"');
      const names = replyOf(await host.execute(host.agent.completeCode('"😀"; apple_', 11)));
      const attribute = replyOf(
        await host.execute(host.agent.completeCode('apple_pie.startsw', 17)),
      );
      const keyword = replyOf(await host.execute(host.agent.completeCode('contin', 6)));
      await host.run('del apple_pie');

      expect(names).toMatchObject({
        matches: ['apple_pie'],
        cursor_start: 5,
        cursor_end: 11,
        metadata: { _jupyter_types_experimental: [{ text: 'apple_pie', type: 'instance' }] },
      });
      const match = (attribute['matches'] as string[])[0] ?? '';
      expect('apple_pie.startsw'.slice(0, attribute['cursor_start'] as number) + match).toBe(
        'apple_pie.startswith',
      );
      expect(attribute['metadata']).toMatchObject({
        _jupyter_types_experimental: [{ type: 'function' }],
      });
      expect(keyword).toMatchObject({
        matches: ['continue'],
        metadata: { _jupyter_types_experimental: [{ type: 'keyword' }] },
      });
    });

    test('completion of modules after import', async () => {
      const reply = replyOf(await host.execute(host.agent.completeCode('import dataclas', 15)));

      expect(reply).toMatchObject({ matches: ['dataclasses'], cursor_start: 7, cursor_end: 15 });
    });

    test.each([
      ['keys', 'told["fi', ['first']],
      ['attributes', 'told.it', ['items']],
      ['attributes of a literal', '"a".startsw', ['startswith']],
      ['arguments', 'shape(1, wid', ['width=']],
      ['members of a module', 'from json import dum', ['dump', 'dumps']],
    ])('completion of %s', async (_name, code, expected) => {
      await host.run('told = {"first": 1}\ndef shape(x, *, width=2): pass');
      const reply = replyOf(await host.execute(host.agent.completeCode(code, code.length)));
      await host.run('del told, shape');

      expect(reply).toMatchObject({ matches: expected, cursor_end: code.length });
    });

    test('completion tells the arguments of functions', async () => {
      await host.run('def shapely(x, *, width=2): pass');
      const reply = replyOf(await host.execute(host.agent.completeCode('shapel', 6)));
      await host.run('del shapely');

      expect(reply['metadata']).toMatchObject({
        _jupyter_types_experimental: [
          { text: 'shapely', type: 'function', signature: '(x, *, width=2)' },
        ],
      });
    });

    test('the kernel is told everything at first, then only what changes', async () => {
      const told = async (code: string, known: number) => {
        const { messages } = await host.run(code, { known });
        return messages.filter((message) => message.type === 'workspace');
      };
      const [first] = await told('1', 0);
      const known = first?.serial ?? 0;

      const made = await told(
        'import json\nclass Slow:\n    def __repr__(self): print("ran")\n    def go(self, far=1): pass\nit = Slow()\nit.x = 1\nd = {"a": 1}',
        known,
      );
      const nothing = await told('1 + 1', known + 1);
      const inPlace = await told('d["b"] = 2', known + 1);
      const gone = await told('del d, it, Slow, json', known + 2);
      const again = await told('1', 0);

      expect(first).toMatchObject({
        full: true,
        spaces: { builtins: expect.arrayContaining(['len:function']) as unknown },
      });
      expect(made[0]?.objects).toEqual(
        expect.arrayContaining([
          {
            name: 'it',
            type: 'Slow',
            size: '',
            value: '<__main__.Slow object>',
            kind: 'instance',
            members: ['x'],
            types: ['instance'],
            access: '.',
            space: '__main__.Slow',
          },
        ]),
      );
      expect(made[0]?.spaces).toMatchObject({
        '__main__.Slow': ['go:function'],
        json: expect.arrayContaining(['dumps:function']) as unknown,
      });
      expect(nothing).toEqual([]);
      expect(inPlace[0]?.objects).toMatchObject([{ name: 'd', members: ['a', 'b'] }]);
      expect([...(gone[0]?.gone ?? [])].sort()).toEqual(['Slow', 'd', 'it', 'json']);
      expect(again).toMatchObject([{ full: true }]);
    });

    test('inspection shows signature and docstring, and at detail 1 the source', async () => {
      await host.run(
        'def area(width, height=2):\n    "Width times height."\n    return width * height',
      );
      const brief = replyOf(await host.execute(host.agent.inspectCode('area(3', 6, 0)));
      const full = replyOf(await host.execute(host.agent.inspectCode('area', 2, 1)));
      const unknown = replyOf(await host.execute(host.agent.inspectCode('nowhere', 3, 0)));
      await host.run('del area');

      const plain = (reply: Record<string, unknown>): unknown =>
        (reply['data'] as Record<string, unknown>)['text/plain'];
      expect(brief).toMatchObject({ found: true, metadata: {} });
      expect(plain(brief)).toMatch(/Signature: +area\(width, height=2\)/);
      expect(plain(brief)).toContain('Width times height.');
      expect(plain(full)).toContain('return width * height');
      expect(unknown).toEqual({ found: false, data: {}, metadata: {} });
    });

    test.each([
      ['1 + 1', { status: 'complete' }],
      ['', { status: 'complete' }],
      ['for x in y:', { status: 'incomplete', indent: '    ' }],
      ['def f():\n    pass', { status: 'incomplete' }],
      ['def f():\n    x = 1\n', { status: 'complete' }],
      ['f(', { status: 'incomplete' }],
      ['"""text', { status: 'incomplete' }],
      ['a = = b', { status: 'invalid' }],
    ])('is-complete of %j', async (code, expected) => {
      expect(replyOf(await host.execute(host.agent.isCompleteCode(code)))).toMatchObject(expected);
    });

    test('the variables are listed with type, size and a short value', async () => {
      await host.run(
        'import os\nn = 1\nwords = ["a", "b"]\nlong = "x" * 500\ndef f(): pass\n_hidden = 1',
      );
      const reply = replyOf(await host.execute(host.agent.variablesCode()));
      await host.run('del os, n, words, long, f, _hidden');

      expect(reply).toEqual({
        variables: [
          { name: 'f', type: 'function', size: '', value: 'function f' },
          {
            name: 'long',
            type: 'str',
            size: '500',
            value: expect.stringMatching(/^'x+\.{3}x+'$/) as string,
          },
          { name: 'n', type: 'int', size: '', value: '1' },
          { name: 'words', type: 'list', size: '2', value: "['a', 'b']" },
        ],
      });
    });

    test('a data frame is shown as a table and described among the variables', async () => {
      const outcome = await host.run(
        'import pandas as pd\ndf = pd.DataFrame({"a": [1, 2], "b": ["x", "y"]})\ndf',
      );
      const reply = replyOf(await host.execute(host.agent.variablesCode()));
      await host.run('del pd, df');

      const [shown, done] = outcome.messages;
      expect(outcome.messages).toHaveLength(2);
      expect(done).toEqual(DONE);
      expect(shown).toMatchObject({
        type: 'result',
        data: {
          'text/plain': '   a  b\n0  1  x\n1  2  y',
          'text/html': expect.stringContaining('<table border="1" class="dataframe">') as unknown,
        },
      });
      expect(reply).toEqual({
        variables: [{ name: 'df', type: 'DataFrame', size: '2 x 2', value: 'columns: a, b' }],
      });
    });

    test('figures come at show and at the end of the cell, between the texts around them', async () => {
      const outcome = await host.run(
        'import matplotlib.pyplot as plt\nprint("first")\nplt.plot([1, 2])\nplt.show()\nprint("second")\n' +
          'plt.figure(figsize=(3, 2))\nplt.plot([2, 1]);',
      );
      const after = await host.run('print(plt.get_fignums())\ndel plt');

      expect(outcome.messages.map((message) => message.type)).toEqual([
        'stream',
        'display',
        'stream',
        'display',
        'done',
      ]);
      const images = outcome.messages.flatMap((message) =>
        message.type === 'display' ? [pngSize(message.data['image/png'])] : [],
      );
      expect(images[0]?.[0]).toBeGreaterThan(500);
      expect(images[0]?.[1]).toBeGreaterThan(380);
      expect(images[1]?.[0]).toBeLessThan(320);
      expect(images[1]?.[1]).toBeLessThan(220);
      expect(after.messages).toEqual([text('stdout', '[]\n'), DONE]);
    });
  },
);

describe.skipIf(isPythonMissing).each(['events', 'console'] as const)(
  'what IPython brings, on the %s channel',
  (channel) => {
    let host: PythonAgentHost;
    beforeAll(async () => {
      ({ host } = await startHost(channel));
    });

    test('get_ipython, In and Out are there in a cell and never in the workspace', async () => {
      await host.run('11', { executionCount: 20 });
      const outcome = await host.run(
        'print(In[20], Out[20], _20, _i20)\nget_ipython().user_ns is globals()',
        {
          executionCount: 25,
        },
      );
      const numbered = await host.run('In[25].splitlines()[0][:5]', { executionCount: 26 });

      expect(outcome).toEqual({
        messages: [text('stdout', '11 11 11 11\n'), result('True'), DONE],
        error: '',
        names: [],
      });
      expect(numbered.messages).toEqual([result("'print'"), DONE]);
    });

    test('what the user assigns to such a name is the user’s', async () => {
      const outcome = await host.run('_ = "mine"\nexit = 5\n1');
      const after = await host.run('print(_, exit)\ndel _, exit');

      expect(outcome.names).toEqual(['_', 'exit']);
      expect(after.messages).toEqual([text('stdout', 'mine 5\n'), DONE]);
      expect(after.names).toEqual([]);
    });

    test('magics, shell commands and help work', async () => {
      const magic = await host.run('%%capture caught\nprint("x")');
      const shell = await host.run('!echo from the shell');
      const help = await host.run('len?');
      await host.run('del caught');

      expect(magic.messages).toEqual([DONE]);
      expect(shell).toMatchObject({
        messages: [text('stdout', expect.stringMatching(/^from the shell\r?\n$/) as string), DONE],
        names: ['caught'],
      });
      expect(help.messages).toEqual([
        {
          ...DONE,
          payload: [
            {
              source: 'page',
              data: {
                'text/plain': expect.stringContaining('Return the number of items') as string,
              },
              start: 0,
            },
          ],
        },
      ]);
    });

    test('an unknown magic is an error, told once', async () => {
      const outcome = await host.run('%nonsense');

      expect(outcome.messages).toEqual([
        {
          type: 'error',
          ename: 'UsageError',
          evalue: 'Line magic function `%nonsense` not found.',
          traceback: ['UsageError: Line magic function `%nonsense` not found.'],
        },
        FAILED,
      ]);
    });

    test('set_next_input is a payload', async () => {
      const outcome = await host.run('get_ipython().set_next_input("x = 1")');

      expect(outcome.messages).toEqual([
        { ...DONE, payload: [{ source: 'set_next_input', text: 'x = 1', replace: false }] },
      ]);
    });

    test('%matplotlib inline and its retina figures work', async () => {
      const outcome = await host.run(
        '%matplotlib inline\n%config InlineBackend.figure_format = "retina"\n' +
          'import matplotlib.pyplot as _plt\n_plt.figure(figsize=(4, 3)); _plt.plot([1, 2]);',
      );
      await host.run('%config InlineBackend.figure_format = "png"\ndel _plt');

      const [shown, done] = outcome.messages;
      expect(done).toEqual(DONE);
      if (shown?.type !== 'display') throw new Error(JSON.stringify(outcome));
      const [width, height] = pngSize(shown.data['image/png']);
      expect(shown.metadata).toEqual({
        'image/png': { width: Math.floor(width / 2), height: Math.floor(height / 2) },
      });
      expect(width).toBeGreaterThan(600);
    });

    test('windows are refused in plain words', async () => {
      const error = errorOf(await host.run('get_ipython().enable_gui("qt")'));

      expect(error.evalue).toBe(
        "a session on a server has no windows: the GUI 'qt' cannot be used",
      );
    });

    test('an error group is told with the frames of the user', async () => {
      const outcome = await host.run('raise ExceptionGroup("both", [ValueError(1), KeyError(2)])');

      const error = errorOf(outcome);
      expect(outcome.messages).toEqual([error, FAILED]);
      expect(error.ename).toBe('ExceptionGroup');
      expect(error.traceback.join('\n')).not.toMatch(/_rserver_kernel|interactiveshell/);
    });

    test('a traceback is written once, and kept for %notebook as it was shown', async () => {
      await host.run(
        'ip = get_ipython(); written = []; original = ip.InteractiveTB.structured_traceback\n' +
          'ip.InteractiveTB.structured_traceback = lambda *a, **k: written.append(a) or original(*a, **k)',
      );
      const error = errorOf(await host.run('1/0', { executionCount: 88, storeHistory: true }));
      const outcome = await host.run(
        'ip.InteractiveTB.structured_traceback = original\n' +
          'kept = getattr(ip.history_manager, "exceptions", {}).get(88)\n' +
          'print(len(written), "".join(kept["traceback"]) if kept else "not kept")\n' +
          'del ip, written, original, kept',
      );

      const [shown] = outcome.messages;
      if (shown?.type !== 'stream') throw new Error(JSON.stringify(outcome));
      // IPython before 9.3 keeps none.
      expect(shown.text.replace('not kept', error.traceback.join(''))).toBe(
        `1 ${error.traceback.join('')}\n`,
      );
    });

    test('a traceback which is only shown goes to stderr and the cell goes on', async () => {
      const outcome = await host.run(
        'try:\n    1/0\nexcept ZeroDivisionError:\n    get_ipython().showtraceback()\nprint("on")',
      );

      const [shown, ...rest] = outcome.messages;
      expect(shown).toMatchObject({ type: 'stream', name: 'stderr' });
      expect(rest).toEqual([text('stdout', 'on\n'), DONE]);
    });

    test('completion offers magics', async () => {
      const reply = replyOf(await host.execute(host.agent.completeCode('%timei', 6)));

      expect(reply).toMatchObject({
        matches: ['%timeit', '%%timeit'],
        cursor_start: 0,
        cursor_end: 6,
      });
    });

    test('%reset empties the workspace and the session goes on', async () => {
      await host.run('left = 1');
      const outcome = await host.run('%reset -f');
      const after = await host.run('get_ipython() is not None');

      expect(outcome).toEqual({ messages: [DONE], error: '', names: [] });
      expect(after).toEqual({ messages: [result('True'), DONE], error: '', names: [] });
    });
  },
);

const SYSTEM_PYTHON = '/usr/bin/python3';

describe.skipIf(isPythonMissing || !existsSync(SYSTEM_PYTHON))('a session without IPython', () => {
  test('works in the Python of the system', async () => {
    const host = new PythonAgentHost(SYSTEM_PYTHON, 'events', ['--without-ipython']);
    hosts.push(host);
    const installed = await host.install();

    const outcome = await host.run('print("a")\n[1, 2]');

    expect(installed).toEqual({ messages: [], error: '', names: [] });
    expect(outcome.messages).toEqual([text('stdout', 'a\n'), result('[1, 2]'), DONE]);
  });

  test('says that magics need it', async () => {
    const { host } = await startHost('events', ['--without-ipython']);

    const error = errorOf(await host.run('%timeit 1'));

    expect(error.traceback.at(-1)).toBe(
      'Magics (%), shell commands (!) and help (?) need IPython, which this session does not have.',
    );
  });
});

describe.skipIf(isPythonMissing)('a session that is a Jupyter kernel itself', () => {
  let host: PythonAgentHost;
  let installed: Outcome;
  beforeAll(async () => {
    ({ host, installed } = await startHost('console', [], 'jupyter-session.py'));
  });

  test('installing says nothing and leaves nothing in the workspace', () => {
    expect(installed).toEqual({ messages: [], error: '', names: [] });
  });

  test('text, displays and the result come as messages, in order, and none by the kernel', async () => {
    const outcome = await host.run(
      'import sys\nprint("a")\ndisplay("shown")\nprint("b", file=sys.stderr)\ndel sys\n6 * 7',
    );

    expect(outcome).toEqual({
      messages: [
        text('stdout', 'a\n'),
        { type: 'display', data: { 'text/plain': "'shown'" }, metadata: {} },
        text('stderr', 'b\n'),
        result('42'),
        DONE,
      ],
      error: '',
      names: [],
    });
  });

  test('an error comes once, with the frames of the user', async () => {
    const outcome = await host.run('def f():\n    1/0\nf()', { executionCount: 31 });
    await host.run('del f');

    const error = errorOf(outcome);
    expect(outcome.messages).toEqual([error, FAILED]);
    expect(outcome.error).toBe('ZeroDivisionError: division by zero');
    const traceback = error.traceback.join('\n');
    expect(traceback).toContain('In[31]');
    expect(traceback).not.toMatch(/_rserver_kernel|interactiveshell/);
  });

  test('In, Out and _ follow the numbers of the notebook', async () => {
    await host.run('"value"', { executionCount: 41 });
    const outcome = await host.run('print(In[41], Out[41], _)', { executionCount: 42 });

    expect(outcome.messages).toEqual([text('stdout', '"value" value value\n'), DONE]);
  });

  test('await works although the kernel’s own loop runs', async () => {
    const outcome = await host.run('import asyncio\nawait asyncio.sleep(0, "slept")');
    await host.run('del asyncio');

    expect(outcome.messages).toEqual([result("'slept'"), DONE]);
  });

  test('magics, help and figures come by messages', async () => {
    const help = await host.run('len?');
    const figure = await host.run('import matplotlib.pyplot as plt\nplt.plot([1, 2]);\ndel plt');

    expect(help.messages).toMatchObject([{ type: 'done', payload: [{ source: 'page' }] }]);
    expect(figure.messages.map((message) => message.type)).toEqual(['display', 'done']);
  });

  test('the shell is given back: code that does not go by the agent prints as before', async () => {
    const outcome = await host.execute('1 / 0');
    const shown = await host.execute('1 + 1');

    expect(outcome.error).toBe('ZeroDivisionError: division by zero');
    expect(shown.messages).toEqual([text('stdout', 'leaked execute_result')]);
  });

  test('completion and inspection work', async () => {
    const reply = replyOf(await host.execute(host.agent.completeCode('contin', 6)));
    const inspection = replyOf(await host.execute(host.agent.inspectCode('len', 3, 0)));

    expect(reply).toMatchObject({ matches: ['continue'] });
    expect(inspection).toMatchObject({ found: true });
  });
});

describe.skipIf(isPythonMissing)('in a runtime of the embedded server', () => {
  const agent = createPythonAgent();
  let runtime: Runtime;
  let workRoot: string;
  beforeAll(async () => {
    workRoot = await mkdtemp(path.join(os.tmpdir(), 'agent-python-'));
    const language = pythonLanguage({ command: PYTHON });
    runtime = await createProcessRuntime({ language, workRoot, env: process.env });
    await execute(agent.installCode({ channel: 'events', nonce: 'ab12' }));
  });
  afterAll(async () => {
    await runtime.close();
    await rm(workRoot, { recursive: true });
  });

  async function execute(code: string, onText?: (text: string) => void) {
    const messages: AgentMessage[] = [];
    const { success, errorMessage } = await runtime.execute(
      { code, inputParameters: [], outputParameters: [] },
      (event) => {
        if (event.type === 'input_request') throw new Error(event.prompt);
        const pieces = event.type === 'stream' ? [event] : parseAgentMessages(event.data);
        for (const message of pieces) {
          if (message === undefined) throw new Error(JSON.stringify(event));
          messages.push(message);
        }
        if (event.type === 'stream') onText?.(event.text);
      },
    );
    // What the server prints of the failure after `done` is not the user's.
    const done = messages.findIndex((message) => message.type === 'done');
    const own = done < 0 ? messages : messages.slice(0, done + 1);
    return { messages: joinStreams(own), success, errorMessage };
  }

  const run = (source: string, onText?: (text: string) => void) =>
    execute(
      agent.runCode(source, {
        silent: false,
        storeHistory: true,
        executionCount: 1,
        userExpressions: {},
      }),
      onText,
    );

  test('text of Python, of child programs and messages come in the order in which they were made', async () => {
    const outcome = await run(
      'import os, sys\nprint("one")\ndisplay(1)\nos.system("echo two")\ndisplay(2)\nprint("three", file=sys.stderr)\n' +
        'display(3)\n!echo four\nos.write(1, b"five\\n")\n6',
    );

    const shown = (plain: string): AgentMessage => ({
      type: 'display',
      data: { 'text/plain': plain },
      metadata: {},
    });
    expect(
      outcome.messages.map((message) =>
        message.type === 'stream'
          ? { ...message, text: message.text.replaceAll('\r\n', '\n') }
          : message,
      ),
    ).toEqual([
      text('stdout', 'one\n'),
      shown('1'),
      text('stdout', 'two\n'),
      shown('2'),
      text('stderr', 'three\n'),
      shown('3'),
      text('stdout', 'four\nfive\n'),
      result('6'),
      DONE,
    ]);
  });

  test('the workspace lists the user’s objects alone', async () => {
    await run('own = [1]\n!echo quiet\n_');

    expect(await runtime.listObjects()).toEqual(['own']);
  });

  test('a failing cell fails for the server too, with the user’s message', async () => {
    const outcome = await run('int("x")');

    expect(outcome.success).toBe(false);
    expect(outcome.errorMessage).toBe("ValueError: invalid literal for int() with base 10: 'x'");
    expect(outcome.messages.map((message) => message.type)).toEqual(['error', 'done']);
  });

  test('an interrupt stops the cell and not the runtime', async () => {
    const outcome = await run('import time\nprint("started")\ntime.sleep(60)', (part) => {
      if (part.startsWith('started')) runtime.interrupt();
    });
    const after = await run('own');

    expect(outcome.messages).toMatchObject([
      text('stdout', 'started\n'),
      { type: 'error', ename: 'KeyboardInterrupt' },
      FAILED,
    ]);
    expect(after.messages).toEqual([result('[1]'), DONE]);
  });

  test('SystemExit ends the cell and not the runtime', async () => {
    const outcome = await run('raise SystemExit(2)');
    const after = await run('own');

    expect(outcome.success).toBe(false);
    expect(outcome.messages).toMatchObject([
      { type: 'error', ename: 'SystemExit', evalue: '2' },
      FAILED,
    ]);
    expect(after.messages).toEqual([result('[1]'), DONE]);
  });

  test('without the agent the failed call tells that it is missing', async () => {
    await execute(
      '__import__("sys").modules.pop("_rserver_kernel"); __import__("sys").meta_path.pop(0)',
    );
    const outcome = await run('1');
    await execute(agent.installCode({ channel: 'events', nonce: 'ab12' }));
    const after = await run('own');

    expect(agent.isMissing(outcome.errorMessage)).toBe(true);
    expect(after.messages).toEqual([result('[1]'), DONE]);
  });
});
