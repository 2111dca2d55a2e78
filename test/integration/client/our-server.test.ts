// The client against our own server on fake runtimes: both sides read the contract in the same way.
import { Readable } from 'node:stream';
import { describe, expect, onTestFinished, test } from 'vitest';
import { RServerClient, type ClientOptions, type SessionEvent } from '../../../src/client/index.js';
import { startServer, type TestServer } from '../server/harness.js';

async function connect(
  options: Partial<ClientOptions> = {},
): Promise<{ server: TestServer; client: RServerClient }> {
  const server = await startServer();
  onTestFinished(() => server.close());
  const client = new RServerClient({
    url: server.url,
    auth: { type: 'password', username: 'admin', password: 'admin password' },
    ...options,
  });
  onTestFinished(() => client.destroy());
  return { server, client };
}

describe('the client and our server', () => {
  test('the journey: session, execution with inputs and outputs, history, snapshot, restore, close', async () => {
    const { client } = await connect();

    const first = await client.sessions.create({ name: 'Session 1', runtimeType: 'Python' });
    const result = await client.sessions.execute(first, {
      code: 'print hello\nset y [1,2.5]',
      inputParameters: [{ name: 'x', value: { a: [1, null] } }],
      outputParameters: ['x', 'y'],
    });
    const snapshot = await client.sessions.createSnapshot(first, { name: 'Iris Snapshot' });
    const second = await client.sessions.create({ snapshotId: snapshot, runtimeType: 'Python' });

    expect(result).toEqual({
      success: true,
      errorMessage: '',
      outputParameters: [
        { name: 'x', value: { a: [1, null] } },
        { name: 'y', value: [1, 2.5] },
      ],
      consoleOutput: 'hello\n',
      changedFiles: [],
    });
    expect(await client.sessions.history(first)).toEqual(['print hello\nset y [1,2.5]']);
    expect(await client.sessions.consoleOutput(first)).toBe('hello\n');
    expect((await client.sessions.list()).map(({ id }) => id).sort()).toEqual(
      [first, second].sort(),
    );
    expect((await client.snapshots.list()).map(({ id, name }) => [id, name])).toEqual([
      [snapshot, 'Iris Snapshot'],
    ]);
    expect(await client.workspace.list(second)).toEqual(['x', 'y']);
    await client.sessions.loadSnapshot(second, snapshot);
    expect((await client.snapshots.getBuffer(snapshot)).subarray(0, 2).toString()).toBe('PK');
    await client.snapshots.delete(snapshot);
    await client.sessions.close(first);
    await client.sessions.closeByForce(second);
    expect(await client.sessions.list()).toEqual([]);
  });

  test('files and objects keep their bytes and their names', async () => {
    const { client } = await connect();
    const id = await client.sessions.create();
    const names = ['plain.csv', 'mit Leerzeichen und Ä.txt', 'quote".txt'];

    for (const name of names) await client.files.upload(id, name, Buffer.from(name));
    await client.files.upload(
      id,
      'stream.bin',
      Readable.from([Buffer.from('ab'), Buffer.from('cd')]),
    );
    await client.workspace.set(id, 'model 1', Buffer.from('{"a":1}'));

    expect(await client.files.list(id)).toEqual([...names, 'stream.bin'].sort());
    for (const name of names) expect(String(await client.files.getBuffer(id, name))).toBe(name);
    expect(String(await client.files.getBuffer(id, 'stream.bin'))).toBe('abcd');
    expect(String(await client.workspace.get(id, 'model 1'))).toBe('{"a":1}');
    await client.files.delete(id, 'plain.csv');
    await client.workspace.delete(id, 'model 1');
    expect(await client.workspace.list(id)).toEqual([]);
  });

  test('what is missing is told apart: an object, a file, a snapshot, the session', async () => {
    const { client } = await connect();
    const id = await client.sessions.create();
    const codeOf = (work: Promise<unknown>): Promise<unknown> =>
      work.then(
        () => 'there',
        (error: unknown) => {
          const { code, facts } = error as { code: string; facts: Record<string, unknown> };
          return [code, facts['serverCode']];
        },
      );

    expect([
      await codeOf(client.workspace.get(id, 'nope')),
      await codeOf(client.files.get(id, 'nope')),
      await codeOf(client.sessions.loadSnapshot(id, 'nope')),
      await codeOf(client.sessions.execute('nope', { code: 'x' })),
      await codeOf(client.files.get('nope', 'f')),
    ]).toEqual([
      ['CLIENT_STATUS', 'API_OBJECT_NOT_FOUND'],
      ['CLIENT_STATUS', 'API_FILE_NOT_FOUND'],
      ['CLIENT_STATUS', 'API_SNAPSHOT_NOT_FOUND'],
      ['CLIENT_SESSION_GONE', 'API_SESSION_NOT_FOUND'],
      ['CLIENT_SESSION_GONE', 'API_SESSION_NOT_FOUND'],
    ]);
  });

  test('a session whose process ends in the middle is gone', async () => {
    const { client } = await connect();
    const id = await client.sessions.create();

    await expect(client.sessions.execute(id, { code: 'exit' })).rejects.toMatchObject({
      code: 'CLIENT_SESSION_GONE',
    });
  });

  test('events carry the id of the execution, join to its text and end before its answer', async () => {
    const { client } = await connect();
    const id = await client.sessions.create();
    const stream = await client.events(id);
    onTestFinished(() => {
      stream.close();
    });
    const events: SessionEvent[] = [];
    stream.onEvent((event) => events.push(event));
    const finished = new Promise<void>((resolve) => {
      stream.onEvent((event) => {
        if (event.type === 'finished') resolve();
      });
    });

    const result = await client.sessions.execute(
      id,
      { code: 'print one\nwarn two\nemit {"type":"done"}', source: 'typed by hand' },
      { executionId: 'c0ffee00-0000-4000-8000-000000000001', consoleByEvents: true },
    );
    await finished;

    const executionId = 'c0ffee00-0000-4000-8000-000000000001';
    expect(result.consoleOutput).toBe('');
    expect(events).toEqual([
      { type: 'stream', executionId, name: 'stdout', text: 'one\n' },
      { type: 'stream', executionId, name: 'stderr', text: 'two\n' },
      { type: 'data', executionId, data: '{"type":"done"}' },
      { type: 'finished', executionId },
    ]);
    expect(await client.sessions.history(id)).toEqual(['typed by hand']);
  });

  test('without the extensions the same calls work as against a genuine server', async () => {
    const { client } = await connect({ extensions: 'off' });
    const id = await client.sessions.create();

    const result = await client.sessions.execute(
      id,
      { code: 'print one', source: 'typed by hand' },
      { executionId: 'c0ffee00-0000-4000-8000-000000000001', consoleByEvents: true },
    );

    expect(result.consoleOutput).toBe('one\n');
    expect(await client.sessions.history(id)).toEqual(['print one']);
    expect([...client.extensions]).toEqual([]);
  });

  test('a running execution is cancelled from beside it, its output read meanwhile', async () => {
    const { client } = await connect();
    const id = await client.sessions.create();
    const stream = await client.events(id);
    const printed = new Promise<void>((resolve) => {
      stream.onEvent((event) => {
        if (event.type === 'stream') resolve();
      });
    });

    const running = client.sessions.execute(id, { code: 'print started\nwait' });
    await printed;
    const output = await client.sessions.consoleOutput(id);
    await client.sessions.cancel(id);

    expect(output).toBe('started\n');
    expect((await running).success).toBe(false);
    stream.close();
  });

  test('status, logout and a wrong password', async () => {
    const { server, client } = await connect();
    const { statusCode, components } = await client.status();
    await client.logout();
    const stranger = new RServerClient({
      url: server.url,
      auth: { type: 'password', username: 'admin', password: 'wrong password' },
    });
    onTestFinished(() => stranger.destroy());

    expect(statusCode).toBe('pass');
    expect(Object.keys(components)).toContain('backends');
    expect((await client.status()).statusCode).toBe('pass');
    await expect(stranger.login()).rejects.toMatchObject({
      code: 'CLIENT_AUTH',
      facts: { serverCode: 'API_CREDENTIALS' },
    });
  });

  test('after a logout the next call logs in again, and the session is still there', async () => {
    const { client } = await connect();
    const id = await client.sessions.create();

    await client.logout();

    expect((await client.sessions.list()).map((session) => session.id)).toEqual([id]);
  });
});
