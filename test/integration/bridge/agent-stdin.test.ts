// The agents in sessions whose server has no way to ask, as a genuine R Server: reading from the keyboard fails at once.
import { afterAll, describe, expect, test } from 'vitest';
import type { AgentMessage } from '../../../src/bridge/agent/agent.js';
import { PythonAgentHost } from '../../helpers/python-agent-host.js';
import { RAgentHost } from '../../helpers/r-agent-host.js';
import { isMissing } from '../../helpers/requirements.js';
import { sessionPython } from './harness.js';

const NO_WAY =
  'Input was asked for, but there is no way to ask over this connection to the server. Write the value into the code, or pass it by %inputs.';

const errorOf = (messages: readonly AgentMessage[]): object | undefined =>
  messages.find((message) => message.type === 'error');

const textOf = (messages: readonly AgentMessage[]): string =>
  messages.map((message) => (message.type === 'stream' ? message.text : '')).join('');

describe.skipIf(isMissing('R'))('R without a way to ask', () => {
  const host = new RAgentHost('console');
  afterAll(() => host.close());

  test.each([
    'readline("Name? ")',
    'readLines(stdin(), 1)',
    'readLines("stdin")',
    'readLines()',
    'scan()',
    'scan(file("stdin"))',
    'menu(c("a", "b"))',
  ])('%s fails in plain words', async (call) => {
    await host.install();

    const { messages } = await host.run(call);

    expect(errorOf(messages)).toMatchObject({ ename: 'Error', evalue: NO_WAY });
  });

  test('files and texts are read as ever', async () => {
    const { messages } = await host.run(
      'cat(readLines(textConnection("a b")), scan(text = "1 2", quiet = TRUE))',
    );

    expect(textOf(messages)).toBe('a b 1 2');
  });

  test('without the agent R is what it was', async () => {
    const { error } = await host.execute(
      '.rserver_kernel$remove(); stopifnot(is.null(attr(readline, "mask")), !any(grepl("state", deparse(readline))), !any(grepl("is_input", deparse(body(readLines)))))',
    );

    expect(error).toBe('');
  });
});

describe.each([
  ['IPython', []],
  ['plain Python', ['--without-ipython']],
] as const)('%s without a way to ask', (_name, parameters) => {
  const host = new PythonAgentHost(sessionPython, 'console', parameters);
  afterAll(() => host.close());

  test.each([
    'input("Name? ")',
    'import getpass; getpass.getpass()',
    'import sys; sys.stdin.readline()',
    'import sys; list(sys.stdin)',
  ])('%s fails in plain words', async (call) => {
    await host.install();

    const { messages } = await host.run(call);

    const error = errorOf(messages);
    expect(error).toMatchObject({ ename: 'StdinNotImplementedError', evalue: NO_WAY });
    // How it came about in the agent is nothing to the person.
    expect(JSON.stringify(error)).not.toMatch(/stdin\.py|refuse/);
  });

  test('what a cell puts in the place of input() stays', async () => {
    await host.run('import builtins; builtins.input = lambda prompt="": "canned"');

    const { messages } = await host.run('print(input())');

    expect(textOf(messages)).toBe('canned\n');
  });
});
