// Dedicated pools of services and the list of compute nodes, over HTTP on fake runtimes.
import { afterEach, beforeEach, expect, test } from 'vitest';
import { RuntimeProcessError } from '../../../src/runtimes/index.js';
import { FakeRuntimeFactory } from '../../helpers/fake-runtime.js';
import { startServer, type Answer, type TestServer } from './harness.js';

let server: TestServer;
let token: string;

beforeEach(async () => {
  server = await startServer();
  token = await server.token();
  await send('POST', '/services/Double/1', { code: '' });
});

afterEach(async () => {
  await server.close();
});

const send = (method: string, route: string, body?: unknown, as = token): Promise<Answer> =>
  server.call(method, route, { token: as, ...(body !== undefined && { body }) });

const POOL = '/services/Double/1/pool';
const node = (): string => `http://localhost:${new URL(server.url).port}/`;
const poolStatus = async (): Promise<unknown> => (await send('GET', POOL)).body;
const statusOf = (Status: string): unknown => [{ ComputeNodeEndpoint: node(), Status }];

test('a pool loads its service at once, with as many copies as are asked for', async () => {
  expect(await poolStatus()).toEqual(statusOf('NotFound'));

  const made = await send('POST', POOL, { InitialPoolSize: 3, MaxPoolSize: 5 });

  expect([made.statusCode, made.body]).toEqual([200, 'Created.']);
  await expect.poll(poolStatus).toEqual(statusOf('Success'));
  expect(server.runtimes.services.map(({ options }) => options)).toEqual([
    { maxCallCount: 5, spareCount: 3 },
  ]);
  await send('POST', '/api/Double/1', {});
  expect(server.runtimes.services).toHaveLength(1);
});

test('other sizes take the place of the old ones; the rest stays as it was', async () => {
  await send('POST', POOL, { InitialPoolSize: 3, MaxPoolSize: 5 });
  await send('POST', POOL, { InitialPoolSize: 1 });
  await expect.poll(poolStatus).toEqual(statusOf('Success'));

  await expect
    .poll(() => server.runtimes.services.map(({ options, isClosed }) => [options, isClosed]))
    .toEqual([
      [{ maxCallCount: 5, spareCount: 3 }, true],
      [{ maxCallCount: 5, spareCount: 1 }, false],
    ]);
});

test('a pool that is deleted gives its copies back; there may be none', async () => {
  await send('POST', POOL, {});
  await expect.poll(poolStatus).toEqual(statusOf('Success'));

  const answers = [await send('DELETE', POOL), await send('DELETE', POOL)];

  expect(answers.map(({ statusCode, body }) => [statusCode, body])).toEqual([
    [200, 'Deleted.'],
    [200, 'Deleted.'],
  ]);
  await expect.poll(() => server.runtimes.services[0]?.isClosed).toBe(true);
  expect(await poolStatus()).toEqual(statusOf('NotFound'));
});

test('a pool that cannot be loaded is pending', async () => {
  server.runtimes.failNextWith = new RuntimeProcessError('RUNTIME_SPAWN', 'No R here.');

  await send('POST', POOL, { InitialPoolSize: 1 });

  expect(await poolStatus()).toEqual(statusOf('Pending'));
  await send('POST', '/api/Double/1', {});
  expect(await poolStatus()).toEqual(statusOf('Success'));
});

test('a server that starts loads the services that have pools', async () => {
  await send('POST', POOL, { InitialPoolSize: 2 });
  await server.close({ keepData: true });

  const runtimes = new FakeRuntimeFactory();
  server = await startServer({ dataDirectory: server.dataDirectory, runtimes });
  token = await server.token();

  await expect.poll(poolStatus).toEqual(statusOf('Success'));
  expect(runtimes.services.map(({ options }) => options.spareCount)).toEqual([2]);
});

test('services with pools are not unloaded, and leave the room to others', async () => {
  await server.close();
  server = await startServer({ limits: { maxLoadedServices: 1 } });
  token = await server.token();
  for (const name of ['Pooled', 'A', 'B']) await send('POST', `/services/${name}/1`, { code: '' });
  await send('POST', '/services/Pooled/1/pool', {});

  await send('POST', '/api/A/1', {});
  await send('POST', '/api/B/1', {});

  await expect
    .poll(() => server.runtimes.services.map(({ isClosed }) => isClosed))
    .toEqual([false, true, false]);
});

test.each([
  [{ InitialPoolSize: 5, MaxPoolSize: 2 }],
  [{ InitialPoolSize: -1 }],
  [{ MaxPoolSize: 1000 }],
  [{ MaxPoolSize: 'many' }],
])('sizes of %j are refused', async (sizes) => {
  const answer = await send('POST', POOL, sizes);

  expect([answer.statusCode, answer.body]).toMatchObject([400, { code: 'API_BAD_REQUEST' }]);
  expect(await poolStatus()).toEqual(statusOf('NotFound'));
});

test('a pool is for the publisher of the service, and for owners of the server', async () => {
  const bob = await server.token('bob');

  const answers = [await send('POST', POOL, {}, bob), await send('DELETE', POOL, undefined, bob)];

  expect(answers.map(({ statusCode }) => statusCode)).toEqual([403, 403]);
  expect((await send('GET', '/services/None/1/pool')).statusCode).toBe(404);
});

test('the list of compute nodes is this server, and stays so', async () => {
  const own = { entries: [node()] };
  const other = { entries: ['http://1.0.1-3.1:12805-12807'] };

  const statuses = async (method: string): Promise<number[]> => {
    const bodies = [own, other, { entries: ['nonsense'] }];
    const answers = await Promise.all(bodies.map((body) => send(method, '/computenodes', body)));
    return answers.map(({ statusCode }) => statusCode);
  };

  expect((await send('GET', '/computenodes')).body).toEqual({ computeNodes: [node()] });
  expect(await statuses('POST')).toEqual([200, 400, 400]);
  expect(await statuses('PUT')).toEqual([200, 400, 400]);
  expect(await statuses('DELETE')).toEqual([400, 200, 400]);
  expect((await send('POST', '/computenodes', { entries: [] })).statusCode).toBe(400);
  expect((await send('GET', '/computenodes')).body).toEqual({ computeNodes: [node()] });
});

test('only an owner of the server changes the compute nodes', async () => {
  const bob = await server.token('bob');

  const answer = await send('POST', '/computenodes', { entries: [node()] }, bob);

  expect(answer.statusCode).toBe(403);
});
