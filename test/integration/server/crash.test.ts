import { mkdtemp, readdir, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { unzip } from '../../helpers/zip.js';
import { ChildServer } from './child-server.js';
import { startServer, TestClient } from './harness.js';

let dataDirectory: string;
let child: ChildServer | undefined;

beforeEach(async () => {
  dataDirectory = await mkdtemp(path.join(os.tmpdir(), 'rserver-crash-'));
});

afterEach(async () => {
  await child?.kill();
  await rm(dataDirectory, { recursive: true, force: true });
});

async function startChild(): Promise<{ child: ChildServer; client: TestClient; token: string }> {
  child = new ChildServer('saving-server.ts', dataDirectory);
  const client = new TestClient(await child.line());
  return { child, client, token: await client.token() };
}

/** Everything that is listed must be whole, and nothing else may lie around. */
async function expectConsistent(): Promise<string[]> {
  const server = await startServer({ dataDirectory });
  try {
    const token = await server.token();
    const { body } = await server.call<{ id: string; contentSize: number }[]>('GET', '/snapshots', {
      token,
    });
    for (const { id, contentSize } of body) {
      const zip = await server.call<Buffer>('GET', `/snapshots/${id}`, { token });
      expect(zip.body.length).toBe(contentSize);
      expect(Object.keys(await unzip(zip.body)).sort()).toEqual(['files/a.csv', 'workspace.RData']);
      await server.session(token, { snapshotId: id });
    }
    const listed = body.map((snapshot) => snapshot.id);
    const folders = await readdir(path.join(dataDirectory, 'snapshots'));
    expect(folders.sort()).toEqual(['.work', ...listed].sort());
    // Its own lock and its own, empty folder.
    const work = await readdir(path.join(dataDirectory, 'snapshots', '.work'));
    expect(work).toHaveLength(2);
    return listed;
  } finally {
    await server.close({ keepData: true });
  }
}

async function filledSession(client: TestClient, token: string): Promise<string> {
  const id = await client.session(token);
  await client.execute(token, id, { code: '', inputParameters: [{ name: 'x', value: 1 }] });
  await client.call('POST', `/sessions/${id}/files`, {
    token,
    headers: { 'content-type': 'multipart/form-data; boundary=b' },
    body: Buffer.from(
      '--b\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\n1,2\r\n--b--\r\n',
    ),
  });
  return id;
}

test('a server killed half-way through a snapshot leaves the finished ones and no trace of the other', async () => {
  const { child, client, token } = await startChild();
  const id = await filledSession(client, token);
  const save = () =>
    client.call<{ snapshotId: string }>('POST', `/sessions/${id}/snapshot`, { token, body: {} });
  const { snapshotId } = (await save()).body;
  await client.execute(token, id, { code: 'hang' });

  const lost = expect(save()).rejects.toThrow();
  expect(await child.line()).toBe('half');
  await child.kill();

  await lost;
  expect(await expectConsistent()).toEqual([snapshotId]);
});

test.each([1, 4, 9])(
  'a server killed while many snapshots are written keeps every one that it acknowledged (%i)',
  async (acknowledgedCount) => {
    const { child, client, token } = await startChild();
    const id = await filledSession(client, token);
    const acknowledged: string[] = [];
    let killed: Promise<void> | undefined;
    const saves = Array.from({ length: 30 }, async () => {
      const { body } = await client.call<{ snapshotId: string }>(
        'POST',
        `/sessions/${id}/snapshot`,
        { token, body: {} },
      );
      acknowledged.push(body.snapshotId);
      if (acknowledged.length >= acknowledgedCount) killed ??= child.kill();
    });

    await Promise.allSettled(saves);
    await killed;

    expect(acknowledged.length).toBeGreaterThanOrEqual(acknowledgedCount);
    expect(await expectConsistent()).toEqual(expect.arrayContaining(acknowledged));
  },
);

test('the tokens of a killed server are good for the next one', async () => {
  const { child, token } = await startChild();
  await child.kill();

  const server = await startServer({ dataDirectory });
  try {
    expect((await server.call('GET', '/status', { token })).statusCode).toBe(200);
  } finally {
    await server.close({ keepData: true });
  }
});
