// Batches of calls over HTTP, on fake runtimes.
import { readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, expect, test } from 'vitest';
import type { BatchWebServiceResult } from '../../../src/api/index.js';
import { RuntimeProcessError } from '../../../src/runtimes/index.js';
import {
  FakeRuntimeFactory,
  commandScript,
  type FakeExecution,
} from '../../helpers/fake-runtime.js';
import { startServer, type Answer, type StartOptions, type TestServer } from './harness.js';

const LONG_MS = 120_000;

let server: TestServer;
let token: string;

afterEach(async () => {
  await server.close();
});

async function start(options: StartOptions = {}, extra: object = {}): Promise<void> {
  server = await startServer(options);
  token = await server.token();
  const { statusCode } = await send('POST', '/services/Double/1', {
    code: 'double',
    inputParameterDefinitions: [{ name: 'x', type: 'numeric' }],
    outputParameterDefinitions: [{ name: 'y', type: 'numeric' }],
    ...extra,
  });
  expect(statusCode).toBe(201);
}

/** `double` makes y of x; everything else is a command. */
function script(execution: FakeExecution): unknown {
  if (execution.code.startsWith('double')) {
    const { objects } = execution.runtime;
    objects.set('y', Number(objects.get('x')) * 2);
  }
  return commandScript(execution);
}

const send = <Body = unknown>(
  method: string,
  route: string,
  body?: unknown,
  as = token,
): Promise<Answer<Body>> =>
  server.call(method, route, { token: as, ...(body !== undefined && { body }) });

const BATCH = '/api/Double/1/batch';

async function startBatch(items: object[], query = ''): Promise<string> {
  const { statusCode, body } = await send<Record<string, string>>('POST', BATCH + query, items);
  expect([statusCode, body]).toEqual([
    202,
    { batchExecutionId: expect.any(String) as string, BatchExecutionId: body['batchExecutionId'] },
  ]);
  return body['batchExecutionId'] ?? '';
}

async function status(id: string, query = ''): Promise<BatchWebServiceResult> {
  const answer = await send<BatchWebServiceResult>('GET', `${BATCH}/${id}${query}`);
  expect(answer.statusCode).toBe(200);
  return answer.body;
}

async function finished(
  id: string,
  state = 'Complete',
  timeout = 20_000,
): Promise<BatchWebServiceResult> {
  await expect.poll(async () => (await status(id)).state, { timeout }).toBe(state);
  return status(id);
}

const numbers = (count: number): { x: number }[] =>
  Array.from({ length: count }, (_, x) => ({ x }));

const result = (y: number): object => ({
  success: true,
  errorMessage: '',
  outputParameters: { y },
  outputFiles: {},
  consoleOutput: '',
  changedFiles: [],
});

/** A script whose calls wait until the test lets one go. */
function gatedFactory(): { runtimes: FakeRuntimeFactory; letGo: (count: number) => void } {
  const waiting: (() => void)[] = [];
  let permits = 0;
  const runtimes = new FakeRuntimeFactory({
    script: async (execution) => {
      if (execution.code.startsWith('double')) {
        if (permits > 0) permits -= 1;
        else {
          const gate = new Promise<void>((resolve) => {
            waiting.push(resolve);
          });
          await gate;
        }
      }
      return script(execution);
    },
  });
  const letGo = (count: number): void => {
    for (let index = 0; index < count; index += 1) {
      const resolve = waiting.shift();
      if (resolve === undefined) permits += 1;
      else resolve();
    }
  };
  return { runtimes, letGo };
}

test('the results of a batch come in the order of its items', async () => {
  await start({ runtimes: new FakeRuntimeFactory({ script }) });

  const id = await startBatch(numbers(25), '?parallelCount=4');

  expect(await finished(id)).toEqual({
    state: 'Complete',
    completedItemCount: 25,
    totalItemCount: 25,
    batchExecutionResults: numbers(25).map(({ x }) => result(x * 2)),
  });
  expect((await send('GET', BATCH)).body).toEqual([id]);
});

test('partial results are shown when they are asked for, in both spellings', async () => {
  const { runtimes, letGo } = gatedFactory();
  await start({ runtimes });
  const id = await startBatch(numbers(3), '?parallelCount=1');
  letGo(1);
  await expect.poll(async () => (await status(id)).completedItemCount).toBe(1);

  const shown = { state: 'InProgress', completedItemCount: 1, totalItemCount: 3 };
  expect(await status(id)).toEqual({ ...shown, batchExecutionResults: [] });
  for (const query of ['?showPartialResults=true', '?showPartialResult=True']) {
    expect(await status(id, query)).toEqual({ ...shown, batchExecutionResults: [result(0)] });
  }
  letGo(2);
  expect((await finished(id)).batchExecutionResults).toHaveLength(3);
});

test('no more items run at once than the server allows, by default ten', async () => {
  const { runtimes, letGo } = gatedFactory();
  await start({ runtimes, limits: { maxBatchParallelCount: 12 } });

  const byDefault = await startBatch(numbers(20));
  await expect.poll(() => runtimes.services[0]?.runningCount).toBe(10);
  letGo(20);
  await finished(byDefault);
  const bounded = await startBatch(numbers(20), '?parallelCount=100');
  await expect.poll(() => runtimes.services[0]?.runningCount).toBe(12);
  letGo(20);
  await finished(bounded);

  expect(runtimes.services[0]?.peakCount).toBe(12);
});

test('a failing item is a result; the others go on', async () => {
  const runtimes = new FakeRuntimeFactory({
    script: (execution) =>
      execution.runtime.objects.get('x') === 1 ? 'x must not be 1' : script(execution),
  });
  await start({ runtimes });

  const { batchExecutionResults } = await finished(await startBatch(numbers(3)));

  expect(
    batchExecutionResults?.map(({ success, errorMessage }) => [success, errorMessage]),
  ).toEqual([
    [true, ''],
    [false, 'x must not be 1'],
    [true, ''],
  ]);
});

test('a batch with a wrong item is not begun', async () => {
  await start();

  const answer = await send('POST', BATCH, [{ x: 1 }, { x: 'a' }]);

  const message = 'Item 1: Input x (numeric) must be a number, and is the string "a".';
  expect([answer.statusCode, answer.body]).toEqual([400, { code: 400, message, fields: 'x' }]);
  expect((await send('GET', BATCH)).body).toEqual([]);
});

test.each([
  ['POST', `${BATCH}?parallelCount=0`, [], 400],
  ['POST', `${BATCH}?parallelCount=many`, [], 400],
  ['POST', BATCH, { x: 1 }, 400],
  ['POST', '/api/None/1/batch', [], 404],
  ['GET', '/api/None/1/batch', undefined, 404],
  ['GET', `${BATCH}/none`, undefined, 404],
  ['DELETE', `${BATCH}/none`, undefined, 404],
  ['GET', `${BATCH}/none/0/files`, undefined, 404],
  ['GET', `${BATCH}/none/x/files`, undefined, 400],
])('%s %s with %j is %i', async (method, route, body, statusCode) => {
  await start();

  const answer = await send(method, route, body);

  expect([answer.statusCode, Object.keys(answer.body as object)]).toEqual([
    statusCode,
    ['code', 'message', 'fields'],
  ]);
});

test('an empty batch is complete', async () => {
  await start();

  expect(await finished(await startBatch([]))).toEqual({
    state: 'Complete',
    completedItemCount: 0,
    totalItemCount: 0,
    batchExecutionResults: [],
  });
});

test('the files that each item made, and those asked for, can be listed and fetched', async () => {
  const runtimes = new FakeRuntimeFactory({
    script: (execution) => {
      const x = execution.runtime.objects.get('x');
      if (x === 1) execution.writeFile('plot.png', 'picture of 1');
      return script(execution);
    },
  });
  await start(
    { runtimes },
    { initCode: 'file table.csv 1,2', outputFileNames: ['table.csv', 'none'] },
  );
  const id = await startBatch(numbers(2));
  const { batchExecutionResults } = await finished(id);

  expect(batchExecutionResults?.map(({ outputFiles }) => outputFiles)).toEqual(
    Array(2).fill({ 'table.csv': 'MSwy', none: null }),
  );
  const lists = [0, 1].map((index) => send('GET', `${BATCH}/${id}/${index}/files`));
  expect((await Promise.all(lists)).map(({ body }) => body)).toEqual([
    ['table.csv'],
    ['plot.png', 'table.csv'],
  ]);
  const file = await send<Buffer>('GET', `${BATCH}/${id}/1/files/plot.png`);
  expect([file.headers['content-type'], file.body.toString()]).toEqual([
    'application/octet-stream',
    'picture of 1',
  ]);
  for (const route of ['0/files/plot.png', '1/files/..%2F0%2Ftable.csv', '2/files', '2/files/a']) {
    expect((await send('GET', `${BATCH}/${id}/${route}`)).statusCode).toBe(404);
  }
});

test('items that made no files have an empty list', async () => {
  await start({ runtimes: new FakeRuntimeFactory({ script }) });
  const id = await startBatch(numbers(1));
  await finished(id);

  expect((await send('GET', `${BATCH}/${id}/0/files`)).body).toEqual([]);
});

test('a cancelled batch stops, and nothing of it is left', async () => {
  const { runtimes } = gatedFactory();
  await start({ runtimes });
  const id = await startBatch(numbers(50), '?parallelCount=2');
  await expect.poll(() => runtimes.services[0]?.runningCount).toBe(2);

  const answer = await send('DELETE', `${BATCH}/${id}`);

  expect([answer.statusCode, answer.body]).toEqual([200, [id]]);
  expect(runtimes.services[0]?.runningCount).toBe(0);
  expect(runtimes.services[0]?.calls).toHaveLength(2);
  expect((await send('GET', `${BATCH}/${id}`)).statusCode).toBe(404);
  expect((await send('GET', BATCH)).body).toEqual([]);
  expect(await readdir(path.join(server.dataDirectory, 'batches'))).toEqual(['.work']);
});

test('deleting a service ends its batches', async () => {
  const { runtimes } = gatedFactory();
  await start({ runtimes });
  await startBatch(numbers(5));

  await send('DELETE', '/services/Double/1');

  expect(await readdir(path.join(server.dataDirectory, 'batches'))).toEqual(['.work']);
  expect((await send('GET', BATCH)).statusCode).toBe(404);
});

test('a batch is seen by who started it, and by owners of the server', async () => {
  await start({ runtimes: new FakeRuntimeFactory({ script }) });
  const bob = await server.token('bob');
  const ofAdmin = await startBatch(numbers(1));
  const { body } = await send<{ batchExecutionId: string }>('POST', BATCH, numbers(1), bob);
  const ofBob = body.batchExecutionId;

  expect((await send('GET', BATCH)).body).toEqual([ofAdmin, ofBob]);
  expect((await send('GET', BATCH, undefined, bob)).body).toEqual([ofBob]);
  expect((await send('GET', `${BATCH}/${ofAdmin}`, undefined, bob)).statusCode).toBe(404);
  expect((await send('DELETE', `${BATCH}/${ofAdmin}`, undefined, bob)).statusCode).toBe(404);
});

test('a busy server is asked again', async () => {
  const runtimes = new FakeRuntimeFactory({ script });
  await start({ runtimes });
  runtimes.failNextWith = new RuntimeProcessError('RUNTIME_POOL_FULL', 'All are in use.');

  expect((await finished(await startBatch(numbers(1)))).batchExecutionResults).toEqual([result(0)]);
});

test('a batch whose service cannot be run fails, and keeps the results that it has', async () => {
  const { runtimes, letGo } = gatedFactory();
  await start({ runtimes });
  const id = await startBatch(numbers(3), '?parallelCount=1');
  letGo(1);
  await expect.poll(async () => (await status(id)).completedItemCount).toBe(1);

  runtimes.openService = () =>
    Promise.reject(new RuntimeProcessError('RUNTIME_SPAWN', 'No R here.'));
  runtimes.services[0]?.crash();
  letGo(1);

  const { completedItemCount, batchExecutionResults } = await finished(id, 'Failed');
  expect(completedItemCount).toBe(batchExecutionResults?.length);
  expect(batchExecutionResults?.[0]).toEqual(result(0));
});

test('a server that is closed in the middle goes on after its next start', async () => {
  const { runtimes, letGo } = gatedFactory();
  await start({ runtimes });
  const id = await startBatch(numbers(5), '?parallelCount=1');
  letGo(2);
  await expect.poll(async () => (await status(id)).completedItemCount).toBe(2);

  await server.close({ keepData: true });
  const next = new FakeRuntimeFactory({ script });
  server = await startServer({ dataDirectory: server.dataDirectory, runtimes: next });
  token = await server.token();

  const { batchExecutionResults } = await finished(id);
  expect(batchExecutionResults).toEqual(numbers(5).map(({ x }) => result(x * 2)));
  expect(next.services[0]?.calls).toHaveLength(3);
});

test('a batch whose folder is lost does not keep the server from starting', async () => {
  const { runtimes } = gatedFactory();
  await start({ runtimes });
  const id = await startBatch(numbers(5));
  await server.close({ keepData: true });
  await rm(path.join(server.dataDirectory, 'batches', id), { recursive: true });

  server = await startServer({ dataDirectory: server.dataDirectory });
  token = await server.token();

  expect((await send('GET', BATCH)).body).toEqual([id]);
  expect((await send('DELETE', `${BATCH}/${id}`)).statusCode).toBe(200);
});

test('finished batches are forgotten after their time', async () => {
  let nowMs = Date.now();
  const day = 24 * 3_600_000;
  const runtimes = new FakeRuntimeFactory({ script });
  await start({ runtimes, now: () => nowMs, limits: { batchKeptMs: day } });
  await finished(await startBatch(numbers(1)));
  await server.close({ keepData: true });
  nowMs += day + 1;

  const now = (): number => nowMs;
  const limits = { batchKeptMs: day };
  server = await startServer({ dataDirectory: server.dataDirectory, now, limits });
  token = await server.token();

  expect((await send('GET', BATCH)).body).toEqual([]);
  expect(await readdir(path.join(server.dataDirectory, 'batches'))).toEqual(['.work']);
});

test(
  'ten thousand items',
  async () => {
    await start({ runtimes: new FakeRuntimeFactory({ script }) });

    const id = await startBatch(numbers(10_000), '?parallelCount=50');

    const { batchExecutionResults, ...progress } = await finished(id, 'Complete', LONG_MS);
    expect(progress).toEqual({
      state: 'Complete',
      completedItemCount: 10_000,
      totalItemCount: 10_000,
    });
    expect(batchExecutionResults?.map(({ outputParameters }) => outputParameters?.['y'])).toEqual(
      numbers(10_000).map(({ x }) => x * 2),
    );
  },
  LONG_MS,
);
