// The interpreter that answers before its back end is there.
import { describe, expect, test } from 'vitest';
import { silentLogger } from '../../../src/base/index.js';
import { interpreterInfo } from '../../../src/bridge/language/interpreter-info.js';
import { DeferredInterpreter } from '../../../src/cli/deferred-interpreter.js';
import type {
  ExecuteOutput,
  ExecuteRequest,
  InputRequester,
  Interpreter,
  InterpreterHost,
} from '../../../src/jupyter/index.js';

const INFO = interpreterInfo('R', '1.2.3');
const HOST = { name: 'host' } as unknown as InterpreterHost;

/** Says what was called on it. */
function fakeInterpreter(calls: string[]): Interpreter {
  return {
    info: { ...INFO, banner: 'loaded' },
    start: (host) => {
      expect(host).toBe(HOST);
      calls.push('start');
    },
    execute: ({ code }) => {
      calls.push(`execute ${code}`);
      return Promise.resolve({ status: 'ok' });
    },
    complete: () => Promise.resolve({ matches: [], start: 0, end: 0 }),
    inspect: () => Promise.resolve({ found: false }),
    isComplete: () => Promise.resolve({ status: 'complete' }),
    history: () => Promise.resolve([]),
    shutdown: (restart) => {
      calls.push(`shutdown ${String(restart)}`);
      return Promise.resolve();
    },
  };
}

function run(interpreter: Interpreter, code: string) {
  return interpreter.execute(
    { code } as ExecuteRequest,
    {} as ExecuteOutput,
    {} as InputRequester,
    new AbortController().signal,
  );
}

describe('an interpreter that is still loading', () => {
  test('says who it is at once', () => {
    const interpreter = new DeferredInterpreter(
      INFO,
      () => new Promise<never>(() => undefined),
      silentLogger,
    );

    expect(interpreter.info.languageInfo.name).toBe('R');
  });

  test('runs the first cell when it is there, started before', async () => {
    const calls: string[] = [];
    const interpreter = new DeferredInterpreter(
      INFO,
      () => Promise.resolve(fakeInterpreter(calls)),
      silentLogger,
    );
    interpreter.start(HOST);

    expect(await run(interpreter, '1')).toEqual({ status: 'ok' });
    expect(calls).toEqual(['start', 'execute 1']);
    expect(interpreter.info.banner).toBe('loaded');
  });

  test('that cannot be loaded fails each cell, and shuts down in peace', async () => {
    const interpreter = new DeferredInterpreter(
      INFO,
      () => Promise.reject(new Error('broken installation')),
      silentLogger,
    );
    interpreter.start(HOST);

    await expect(run(interpreter, '1')).rejects.toThrow('broken installation');
    await expect(interpreter.shutdown(false)).resolves.toBeUndefined();
  });

  test('that nobody started has nothing to shut down', async () => {
    const calls: string[] = [];
    const interpreter = new DeferredInterpreter(
      INFO,
      () => Promise.resolve(fakeInterpreter(calls)),
      silentLogger,
    );

    await interpreter.shutdown(true);

    expect(calls).toEqual([]);
  });
});
