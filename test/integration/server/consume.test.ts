// Calling published services over HTTP, on fake runtimes.
import { once } from 'node:events';
import { afterEach, expect, test } from 'vitest';
import { createDeferred } from '../../../src/base/index.js';
import { RuntimeProcessError } from '../../../src/runtimes/index.js';
import { FakeRuntimeFactory, commandScript } from '../../helpers/fake-runtime.js';
import { startServer, type Answer, type StartOptions, type TestServer } from './harness.js';

let server: TestServer;
let token: string;

afterEach(async () => {
  await server.close();
});

async function start(options: StartOptions = {}): Promise<void> {
  server = await startServer(options);
  token = await server.token();
}

async function publish(route: string, body: object): Promise<void> {
  const { statusCode } = await server.call('POST', `/services/${route}`, { token, body });
  expect(statusCode).toBe(201);
}

const call = (route: string, body: unknown = {}, signal?: AbortSignal): Promise<Answer> =>
  server.call('POST', `/api/${route}`, { token, body, ...(signal && { signal }) });

const named = (...pairs: [string, string][]): object[] =>
  pairs.map(([name, type]) => ({ name, type }));

const result = {
  success: true,
  errorMessage: '',
  outputParameters: {},
  outputFiles: {},
  consoleOutput: '',
  changedFiles: [],
};

test('a call has the console output, changed files, files asked for and outputs of its own', async () => {
  await start();
  await publish('Report/1', {
    code: 'print hello\nwarn careful\nfile answer.csv 1,2\nfile other.txt x\nset y 10',
    outputParameterDefinitions: named(['y', 'numeric']),
    outputFileNames: ['answer.csv', 'image.png'],
  });

  const answer = await call('Report/1');

  expect([answer.statusCode, answer.body]).toEqual([
    200,
    {
      success: true,
      errorMessage: '',
      outputParameters: { y: 10 },
      outputFiles: { 'answer.csv': 'MSwy', 'image.png': null },
      consoleOutput: 'hello\ncareful\n',
      changedFiles: ['answer.csv', 'other.txt'],
    },
  ]);
});

test('inputs reach the code in the declared order; one that is absent keeps its default', async () => {
  await start();
  await publish('Inputs/1', {
    code: '',
    initCode: 'set b 7',
    inputParameterDefinitions: named(['a', 'numeric'], ['b', 'numeric']),
    outputParameterDefinitions: named(['a', 'numeric'], ['b', 'numeric']),
  });

  const both = await call('Inputs/1', { b: 2, a: 1 });
  const one = await call('Inputs/1', { a: 1, b: null });
  const none = await call('Inputs/1');

  const [service] = server.runtimes.services;
  expect(service?.calls[0]?.inputParameters).toEqual([
    { name: 'a', value: 1, type: 'numeric' },
    { name: 'b', value: 2, type: 'numeric' },
  ]);
  expect([both.body, one.body]).toEqual([
    { ...result, outputParameters: { a: 1, b: 2 } },
    { ...result, outputParameters: { a: 1, b: 7 } },
  ]);
  expect([none.statusCode, none.body]).toMatchObject([200, { success: false }]);
  expect(server.runtimes.services).toHaveLength(1);
});

test('calls cannot see what others have left', async () => {
  await start();
  await publish('Copy/1', {
    code: '',
    initCode: 'set a 1',
    inputParameterDefinitions: named(['a', 'numeric']),
    outputParameterDefinitions: named(['a', 'numeric']),
  });

  const answers = [await call('Copy/1', { a: 5 }), await call('Copy/1')];

  expect(answers.map(({ body }) => body)).toMatchObject([
    { outputParameters: { a: 5 } },
    { outputParameters: { a: 1 } },
  ]);
});

test('a vector of length one stays a vector where the service declares one', async () => {
  await start();
  await publish('Vector/1', {
    code: 'set v "I. setosa"\nset w ["a"]\nset s "a"',
    outputParameterDefinitions: named(['v', 'vector'], ['w', 'vector'], ['s', 'character']),
  });

  const { body } = await call('Vector/1');

  expect(body).toMatchObject({ outputParameters: { v: ['I. setosa'], w: ['a'], s: 'a' } });
});

test.each([
  ['numeric', '120', 'Input x (numeric) must be a number, and is the string "120".'],
  ['integer', 1.5, 'Input x (integer) must be a whole number, and is 1.5.'],
  ['logical', 1, 'Input x (logical) must be true or false, and is 1.'],
  ['character', true, 'Input x (character) must be a string, and is true.'],
  ['vector', 5, 'Input x (vector) must be an array, and is 5.'],
  [
    'matrix',
    [[1, 2], [3]],
    'Input x (matrix) must be an array of rows, which are arrays of one length, and is an array of 2.',
  ],
  [
    'data.frame',
    { a: [1], b: [1, 2] },
    'Input x (data.frame) must be an object of columns, which are arrays of one length, and is an object.',
  ],
])('a value that is no %s is refused in words', async (type, value, message) => {
  await start();
  await publish('Typed/1', { code: '', inputParameterDefinitions: named(['x', type]) });

  const answer = await call('Typed/1', { x: value });

  expect([answer.statusCode, answer.body]).toEqual([400, { code: 400, message, fields: 'x' }]);
  expect(server.runtimes.services).toEqual([]);
});

test('every wrong and every unknown input is named', async () => {
  await start();
  await publish('Typed/1', {
    code: '',
    inputParameterDefinitions: named(['hp', 'numeric'], ['wt', 'numeric']),
  });

  const answer = await call('Typed/1', { hp: 'a', weight: 3 });

  expect([answer.statusCode, answer.body]).toEqual([
    400,
    {
      code: 400,
      message:
        'Input hp (numeric) must be a number, and is the string "a". The service has no input "weight": its inputs are hp, wt.',
      fields: 'hp, weight',
    },
  ]);
});

test('a service that is not there answers in the shape of services', async () => {
  await start();

  const answer = await call('None/1');

  expect([answer.statusCode, answer.body]).toEqual([
    404,
    { code: 404, message: 'There is no service None 1.', fields: '' },
  ]);
});

test.each([
  ['fail', 'fail object not found', '', 'object not found'],
  ['end their process', 'exit', '', 'The process of the call has ended.'],
  ['have a failing initCode', '', 'fail no such package', 'no such package'],
])('programs that %s are answers', async (_what, code, initCode, errorMessage) => {
  await start();
  await publish('Failing/1', { code, initCode, outputFileNames: ['a'] });

  const answer = await call('Failing/1');

  expect([answer.statusCode, answer.body]).toEqual([
    200,
    { ...result, success: false, errorMessage, outputFiles: { a: null } },
  ]);
});

test('a call that runs too long is ended', async () => {
  await start({ limits: { serviceCallMs: 50 } });
  await publish('Slow/1', { code: 'wait' });

  const { body } = await call('Slow/1');

  expect(body).toMatchObject({ success: false, errorMessage: 'The call ran longer than 50 ms.' });
});

test('a client that goes away ends its call', async () => {
  const begun = createDeferred<undefined>();
  const runtimes = new FakeRuntimeFactory({
    script: (execution) => {
      if (execution.code === 'wait') begun.resolve(undefined);
      return commandScript(execution);
    },
  });
  await start({ runtimes });
  await publish('Slow/1', { code: 'wait' });
  const controller = new AbortController();

  const lost = expect(call('Slow/1', {}, controller.signal)).rejects.toThrow();
  await begun.promise;
  const [service] = runtimes.services;
  const signal = service?.calls[0]?.signal;
  controller.abort();

  await lost;
  if (signal?.aborted === false) await once(signal, 'abort');
  await expect.poll(() => service?.runningCount).toBe(0);
});

test('calls that meet a change run either the old code or the new one', async () => {
  await start();
  const outputParameterDefinitions = named(['y', 'numeric']);
  await publish('Changing/1', { code: 'set y 0', outputParameterDefinitions });

  const answers: Promise<Answer>[] = [];
  for (let index = 1; index <= 20; index += 1) {
    answers.push(...Array.from({ length: 5 }, () => call('Changing/1')));
    const patch = { code: `set y ${index}` };
    const { statusCode } = await server.call('PATCH', '/services/Changing/1', {
      token,
      body: patch,
    });
    expect(statusCode).toBe(200);
    expect((await call('Changing/1')).body).toMatchObject({ outputParameters: { y: index } });
  }

  const statuses = (await Promise.all(answers)).map(({ statusCode, body }) => [
    statusCode,
    (body as { success: boolean }).success,
  ]);
  expect(statuses).toEqual(Array(100).fill([200, true]));
});

test('a crashed service is loaded anew by the next call', async () => {
  await start();
  await publish('Double/1', { code: '' });
  await call('Double/1');

  server.runtimes.services[0]?.crash();
  const answer = await call('Double/1');

  expect(answer.body).toEqual(result);
  expect(server.runtimes.services).toHaveLength(2);
});

test('a language that cannot be started is 503, and asked again by the next call', async () => {
  await start();
  await publish('Double/1', { code: '' });

  server.runtimes.failNextWith = new RuntimeProcessError('RUNTIME_SPAWN', 'No R here.');
  const failed = await call('Double/1');

  expect([failed.statusCode, failed.body]).toEqual([
    503,
    { code: 503, message: 'No R here.', fields: '' },
  ]);
  expect((await call('Double/1')).statusCode).toBe(200);
});

test('only so many services stay loaded; the one that was called longest ago goes', async () => {
  await start({ limits: { maxLoadedServices: 2 } });
  for (const name of ['a', 'b', 'c']) await publish(`${name}/1`, { code: '' });

  await call('a/1');
  await call('b/1');
  await call('a/1');
  await call('c/1');

  await expect
    .poll(() => server.runtimes.services.map(({ isClosed }) => isClosed))
    .toEqual([false, true, false]);
});

test('a service that nobody calls is unloaded, and loaded again when it is called', async () => {
  await start({ limits: { serviceUnusedMs: 20 } });
  await publish('Double/1', { code: '' });
  await call('Double/1');

  await expect.poll(() => server.runtimes.services[0]?.isClosed).toBe(true);

  expect((await call('Double/1')).body).toEqual(result);
});

test('closing the server ends calls that hang', async () => {
  await start();
  await publish('Slow/1', { code: 'wait' });
  const pending = call('Slow/1');
  await expect.poll(() => server.runtimes.services[0]?.runningCount).toBe(1);

  await server.server.close();

  const { statusCode, body } = await pending;
  expect([statusCode, body]).toEqual([
    503,
    { code: 503, message: 'The server is shutting down.', fields: '' },
  ]);
});
