// A server that is killed while it publishes services or runs a batch loses nothing that it acknowledged.
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { BatchWebServiceResult, WebService } from '../../../src/api/index.js';
import { FakeRuntimeFactory } from '../../helpers/fake-runtime.js';
import { ChildServer } from './child-server.js';
import { startServer, TestClient } from './harness.js';

let dataDirectory: string;
let child: ChildServer;
let client: TestClient;
let token: string;

beforeEach(async () => {
  dataDirectory = await mkdtemp(path.join(os.tmpdir(), 'rserver-crash-'));
  child = new ChildServer('serving-server.ts', dataDirectory);
  client = new TestClient(await child.line());
  token = await client.token();
});

afterEach(async () => {
  await child.kill();
  await rm(dataDirectory, { recursive: true, force: true });
});

const definitions = {
  inputParameterDefinitions: [{ name: 'x', type: 'numeric' }],
  outputParameterDefinitions: [{ name: 'y', type: 'numeric' }],
};

test.each([0, 3, 8])(
  'every service that was acknowledged is whole after a kill, and no other content is left (%i)',
  async (acknowledgedCount) => {
    const session = await client.session(token);
    await client.execute(token, session, {
      code: '',
      inputParameters: [{ name: 'y', value: 7 }],
    });
    const snapshot = await client.call<{ snapshotId: string }>(
      'POST',
      `/sessions/${session}/snapshot`,
      { token, body: {} },
    );
    const { snapshotId } = snapshot.body;
    const acknowledged: string[] = [];
    let killed = acknowledgedCount === 0 ? child.kill() : undefined;

    const published = Array.from({ length: 30 }, async (_, index) => {
      const route = `/services/Kept/${index}`;
      const body = { code: '', snapshotId, ...definitions };
      const { statusCode } = await client.call('POST', route, { token, body });
      expect(statusCode).toBe(201);
      acknowledged.push(String(index));
      if (acknowledged.length >= acknowledgedCount) killed ??= child.kill();
    });
    await Promise.allSettled(published);
    await killed;

    const server = await startServer({ dataDirectory });
    try {
      const as = await server.token();
      const { body } = await server.call<WebService[]>('GET', '/services', { token: as });
      expect(acknowledged.length).toBeGreaterThanOrEqual(acknowledgedCount);
      expect(body.map(({ version }) => version)).toEqual(expect.arrayContaining(acknowledged));
      for (const { version } of body) {
        const answer = await server.call('POST', `/api/Kept/${version}`, { token: as, body: {} });
        expect(answer.body).toMatchObject({ success: true, outputParameters: { y: 7 } });
      }
      const folders = await readdir(path.join(dataDirectory, 'services'));
      expect(folders.filter((name) => name !== '.work')).toHaveLength(body.length);
    } finally {
      await server.close({ keepData: true });
    }
  },
  60_000,
);

test('a batch that a kill cuts off is finished by the next server; what was done is not done again', async () => {
  await client.call('POST', '/services/Double/1', {
    token,
    body: { code: 'double', ...definitions },
  });
  const items = Array.from({ length: 300 }, (_, x) => ({ x }));
  const started = await client.call<{ batchExecutionId: string }>(
    'POST',
    '/api/Double/1/batch?parallelCount=4',
    { token, body: items },
  );
  const route = `/api/Double/1/batch/${started.body.batchExecutionId}`;
  for (let index = 0; index < 40; index += 1) expect(await child.line()).toBe('call');
  await child.kill();

  const runtimes = new FakeRuntimeFactory({
    script: ({ code, runtime }) => {
      if (code === 'double') runtime.objects.set('y', Number(runtime.objects.get('x')) * 2);
    },
  });
  const server = await startServer({ dataDirectory, runtimes });
  try {
    const as = await server.token();
    const status = async (): Promise<BatchWebServiceResult> =>
      (await server.call<BatchWebServiceResult>('GET', route, { token: as })).body;
    await expect.poll(async () => (await status()).state, { timeout: 20_000 }).toBe('Complete');

    const { batchExecutionResults } = await status();
    expect(batchExecutionResults?.map(({ outputParameters }) => outputParameters)).toEqual(
      items.map(({ x }) => ({ y: x * 2 })),
    );
    // Of the forty calls that began, at most the four under way at once have no result.
    expect(runtimes.services[0]?.calls.length).toBeLessThanOrEqual(264);
  } finally {
    await server.close({ keepData: true });
  }
}, 60_000);
