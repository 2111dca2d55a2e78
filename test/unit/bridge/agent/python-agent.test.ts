import { readdirSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { createPythonAgent } from '../../../../src/bridge/agent/python-agent.js';

const SOURCES = path.resolve(import.meta.dirname, '../../../../src/bridge/agent/python');

describe('createPythonAgent', () => {
  const agent = createPythonAgent();
  const options = { channel: 'console', nonce: 'ab12' } as const;

  test('a run is one call with the source and its options as literals', () => {
    const code = agent.runCode('print("é")\n', {
      silent: false,
      storeHistory: true,
      executionCount: 7,
      userExpressions: { a: 'x' },
    });

    expect(code).toBe(
      '__import__("_rserver_kernel").run("print(\\"\\xe9\\")\\n", ' +
        '"{\\"silent\\":false,\\"storeHistory\\":true,\\"executionCount\\":7,\\"userExpressions\\":{\\"a\\":\\"x\\"}}")',
    );
  });

  test('the other calls name the function of the agent and its arguments', () => {
    expect([
      agent.completeCode('im', 2),
      agent.inspectCode('len', 1, 1),
      agent.isCompleteCode('for x in y:'),
      agent.variablesCode(),
      agent.configureCode(options),
      agent.comms?.listCode(),
      agent.comms?.messageCode(
        { type: 'comm', action: 'close', comm_id: 'c', data: {}, metadata: {} },
        'request-1',
      ),
    ]).toEqual([
      '__import__("_rserver_kernel").complete("im", 2)',
      '__import__("_rserver_kernel").inspect("len", 1, 1)',
      '__import__("_rserver_kernel").is_complete("for x in y:")',
      '__import__("_rserver_kernel").variables()',
      '__import__("_rserver_kernel").configure("{\\"channel\\":\\"console\\",\\"nonce\\":\\"ab12\\"}")',
      '__import__("_rserver_kernel").open_comms()',
      '__import__("_rserver_kernel").comm("{\\"type\\":\\"comm\\",\\"action\\":\\"close\\",\\"comm_id\\":\\"c\\",\\"data\\":{},\\"metadata\\":{}}", "request-1")',
    ]);
  });

  test('the install code is a single line of ASCII that carries every module of the folder', () => {
    const code = agent.installCode(options);

    const modules = readdirSync(SOURCES)
      .filter((file) => file.endsWith('.py') && file !== 'install.py')
      .map((file) =>
        file === '__init__.py' ? '_rserver_kernel' : `_rserver_kernel.${file.slice(0, -3)}`,
      );
    expect(code).toMatch(/^exec\([ -~]*\)$/);
    expect(modules.filter((name) => !code.includes(`"${name}": "`))).toEqual([]);
  });

  test('the same sources have the same digest whatever the options', () => {
    const digests = [options, { channel: 'events', nonce: 'cd34' } as const].map(
      (each) => /"DIGEST": "([0-9a-f]{64})"/.exec(agent.installCode(each))?.[1],
    );

    expect(digests[0]).toBeDefined();
    expect(digests[0]).toBe(digests[1]);
  });

  test.each([
    ["ModuleNotFoundError: No module named '_rserver_kernel'", true],
    ["ImportError: No module named '_rserver_kernel'", true],
    ["ModuleNotFoundError: No module named 'numpyy'", false],
    ['', false],
  ])('%j tells whether the agent is missing', (message, missing) => {
    expect(agent.isMissing(message)).toBe(missing);
  });
});
