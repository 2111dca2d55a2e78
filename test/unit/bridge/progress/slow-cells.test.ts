// Which cells get a progress line, and what it says of the work around their code.
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { BridgeSettings, Connection } from '../../../../src/bridge/configuration.js';
import type { ExecuteRequest, InputRequester } from '../../../../src/jupyter/index.js';
import { FakeKernel } from '../../../helpers/fake-kernel.js';
import { FakeRemote, OutputRecorder, connectionTo, noInput } from '../../../helpers/fake-remote.js';

const somebody: InputRequester = { allowed: true, requestInput: () => Promise.resolve('') };

let remote: FakeRemote;
let output: OutputRecorder;
/** Ends the code that runs. */
let finish: () => void;

beforeEach(() => {
  vi.useFakeTimers();
  output = new OutputRecorder();
  remote = new FakeRemote(['events'], async ({ agentCall, done }) => {
    if (agentCall?.call !== 'run') return undefined;
    await new Promise<void>((resolve) => (finish = resolve));
    done();
    return undefined;
  });
});
afterEach(() => {
  vi.useRealTimers();
});

/** What was shown while a cell of five seconds ran. */
async function linesOf(
  cell: { readonly input: InputRequester } & Partial<ExecuteRequest>,
  settings: Partial<BridgeSettings> = {},
  isAsked = false,
): Promise<readonly string[]> {
  const kernel = new FakeKernel(remote, { settings });
  if (isAsked) void kernel.interpreter.isComplete('slow()');
  const run = kernel.run('slow()', { output, ...cell });
  await vi.advanceTimersByTimeAsync(5000);
  finish();
  await run;
  return texts();
}

function texts(): readonly string[] {
  return output.outputs.flatMap((one) => {
    if ('display' in one) return [String(one.display.data['text/plain'])];
    if ('update' in one) return [String(one.update.data['text/plain'])];
    return 'stream' in one ? [one.text] : [];
  });
}

test('a slow cell of a notebook has a line, and nothing in the end', async () => {
  const lines = await linesOf({ input: somebody, cellId: 'a' });

  expect(lines).toEqual(['Running 2 s', 'Running 3 s', 'Running 4 s', 'Running 5 s']);
  expect(output.outputs.at(-1)).toEqual({ clear: false });
});

test('a slow cell of a console has one that is written over', async () => {
  const lines = await linesOf({ input: somebody }, {}, true);

  expect(lines.join('').split('\r\u001b[K')).toEqual([
    '',
    'Running 2 s',
    'Running 3 s',
    'Running 4 s',
    'Running 5 s',
    '',
  ]);
});

test.each([
  ['a batch run', { input: noInput, cellId: 'a' }, {}],
  ['a silent cell', { input: somebody, cellId: 'a', silent: true }, {}],
  ['a program of which nothing is known', { input: somebody }, {}],
  ['the setting progress=off', { input: somebody, cellId: 'a' }, { progress: 'off' }],
] as const)('%s has none', async (_what, cell, settings) => {
  expect(await linesOf(cell, settings)).toEqual([]);
});

test('while a session is being started the line says so, with the server', async () => {
  let connect: (connection: Connection) => void = () => undefined;
  const kernel = new FakeKernel(remote, {
    settings: { url: remote.url },
    connect: () => new Promise((resolve) => (connect = resolve)),
  });
  let create: () => void = () => undefined;
  const created = new Promise<void>((resolve) => (create = resolve));
  const createSession = remote.sessions.create.bind(remote.sessions);
  remote.sessions.create = async (request) => {
    await created;
    return createSession(request);
  };

  const run = kernel.run('slow()', { output, input: somebody, cellId: 'a' });
  await vi.advanceTimersByTimeAsync(1000);
  connect(connectionTo(remote));
  await vi.advanceTimersByTimeAsync(2000);
  create();
  await vi.advanceTimersByTimeAsync(2000);
  finish();
  await run;

  expect(texts()).toEqual([
    'Connecting to http://fake.example:12800…',
    'Starting an R session on http://fake.example:12800…',
    'Running 1 s',
    'Running 2 s',
  ]);
});

test('a slow magic is named', async () => {
  const kernel = new FakeKernel(remote);
  const first = kernel.run('slow()');
  await vi.advanceTimersByTimeAsync(1);
  finish();
  await first;
  remote.sessions.createSnapshot = () =>
    new Promise((resolve) => {
      finish = () => {
        resolve('s');
      };
    });

  const run = kernel.run('%snapshot create s', { output, input: somebody, cellId: 'a' });
  await vi.advanceTimersByTimeAsync(2100);
  finish();
  await run;

  expect(texts()).toEqual(['Running %snapshot 2 s', 'Snapshot "s" made: s\n']);
});
