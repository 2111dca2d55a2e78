import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { buffer } from 'node:stream/consumers';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { fromBufferPromise } from 'yauzl';
import { startServer, TestServer } from './harness.js';
import { FakeRuntimeFactory } from '../../helpers/fake-runtime.js';

const PROGRAM = path.join(import.meta.dirname, 'saving-server.ts');

let dataDirectory: string;
let child: Child | undefined;

beforeEach(async () => {
  dataDirectory = await mkdtemp(path.join(os.tmpdir(), 'rserver-crash-'));
});

afterEach(async () => {
  await child?.kill();
  await rm(dataDirectory, { recursive: true, force: true });
});

/** The server program, its lines on stdout, and a client of it. */
class Child {
  readonly #process: ChildProcess;
  readonly #lines: AsyncIterator<string>;

  constructor() {
    this.#process = spawn(process.execPath, ['--import', 'tsx', PROGRAM, dataDirectory], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    if (this.#process.stdout === null) throw new Error('no stdout');
    this.#lines = createInterface(this.#process.stdout)[Symbol.asyncIterator]();
  }

  async line(): Promise<string> {
    const { value } = (await this.#lines.next()) as { value: string };
    return value;
  }

  /** `kill -9`; settles when it is dead. */
  async kill(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const exited = once(this.#process, 'exit');
    this.#process.kill('SIGKILL');
    await exited;
  }
}

async function startChild(): Promise<{ child: Child; client: TestServer; token: string }> {
  child = new Child();
  const url = await child.line();
  // Only its calls are used: the server of this client lives in the child.
  const client = new TestServer(undefined as never, url, dataDirectory, new FakeRuntimeFactory());
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

async function unzip(bytes: Buffer): Promise<Record<string, string>> {
  const contents: Record<string, string> = {};
  const zip = await fromBufferPromise(bytes);
  for await (const entry of zip.eachEntry()) {
    contents[entry.fileName] = (await buffer(await zip.openReadStreamPromise(entry))).toString();
  }
  return contents;
}

async function filledSession(client: TestServer, token: string): Promise<string> {
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
