// A server for many users whose sessions have OS users of their own, over HTTP: what one user's code finds of the server
// and of another user. Needs root and Python; skipped elsewhere.
import { chmodSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createRuntimePool, openIsolation, type RuntimePool } from '../../../src/runtimes/index.js';
import { createServer, type RServer } from '../../../src/server/index.js';
import { pythonCommand } from '../runtimes/support.js';

describe.skipIf(process.getuid?.() !== 0)('code of a user', () => {
  let folder: string;
  let dataDirectory: string;
  let pool: RuntimePool;
  let server: RServer;
  let url: string;

  beforeAll(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'rserver-isolated-'));
    chmodSync(folder, 0o711);
    dataDirectory = path.join(folder, 'data');
    const isolation = await openIsolation({
      workRoot: path.join(folder, 'work'),
      claimFolder: path.join(folder, 'claims'),
      env: process.env,
      range: { firstUid: 1_960_000_000, uidCount: 100 },
    });
    pool = createRuntimePool({
      python: { command: pythonCommand },
      r: { warmCount: 0 },
      workRoot: path.join(folder, 'unused'),
      env: process.env,
      isolation,
    });
    server = await createServer({
      dataDirectory,
      runtimes: pool,
      accounts: () => Promise.resolve(true),
      version: '1.2.3',
    });
    url = await server.listen({ host: '127.0.0.1', port: 0 });
  }, 60_000);

  afterAll(async () => {
    await server.close();
    await pool.close();
    rmSync(folder, { recursive: true, force: true });
  }, 60_000);

  async function call<T>(method: string, route: string, token = '', body?: unknown): Promise<T> {
    const response = await fetch(url + route, {
      method,
      headers: {
        'content-type': 'application/json',
        ...(token !== '' && { authorization: `Bearer ${token}` }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return (text === '' ? undefined : JSON.parse(text)) as T;
  }

  async function openSession(username: string, snapshotId?: string) {
    const { access_token: token } = await call<{ access_token: string }>('POST', '/login', '', {
      username,
      password: 'x',
    });
    const { sessionId } = await call<{ sessionId: string }>('POST', '/sessions', token, {
      runtimeType: 'Python',
      ...(snapshotId !== undefined && { snapshotId }),
    });
    const execute = async (code: string): Promise<string> => {
      const answer = await call<{ consoleOutput: string }>(
        'POST',
        `/sessions/${sessionId}/execute`,
        token,
        { code },
      );
      return answer.consoleOutput;
    };
    return { token, sessionId, execute };
  }

  test('finds neither the data folder nor the files, snapshots and session of another user', async () => {
    const [ada, bob] = [await openSession('ada'), await openSession('bob')];
    await ada.execute(
      'open("diary.txt", "w").write("dear diary"); import os; os.chmod("diary.txt", 0o666)',
    );
    const adaFolder = (await ada.execute('print(os.getcwd())')).trim();
    await call('POST', `/sessions/${ada.sessionId}/snapshot`, ada.token, { name: 'hers' });
    expect(readdirSync(dataDirectory).length).toBeGreaterThan(1);

    const said = await bob.execute(`
import os
for place in [${JSON.stringify(dataDirectory)}, ${JSON.stringify(adaFolder)}, os.path.dirname(os.path.dirname(os.getcwd()))]:
    try:
        print(os.listdir(place))
    except OSError as error:
        print(type(error).__name__)
for file in [${JSON.stringify(`${adaFolder}/diary.txt`)}, "/proc/${process.pid}/environ", "/proc/${process.pid}/mem"]:
    try:
        print(open(file, "rb").read(10))
    except OSError as error:
        print(type(error).__name__)
`);

    expect(said).toBe('PermissionError\n'.repeat(6));
  });

  test('gets nothing from the server without a token', async () => {
    const bob = await openSession('bob');

    const said = await bob.execute(`
import urllib.request, urllib.error
for route in ["/sessions", "/snapshots", "/services", "/status"]:
    try:
        print(urllib.request.urlopen(${JSON.stringify(url)} + route).read())
    except urllib.error.HTTPError as error:
        print(error.code)
`);

    expect(said).toBe('401\n'.repeat(4));
  });

  test('is taken up again from a snapshot under another OS user, files and all', async () => {
    const first = await openSession('ada');
    await first.execute('import os; kept = 41; os.mkdir("d"); open("d/a.txt", "w").write("text")');
    const { snapshotId } = await call<{ snapshotId: string }>(
      'POST',
      `/sessions/${first.sessionId}/snapshot`,
      first.token,
      { name: 'work' },
    );

    const second = await openSession('ada', snapshotId);

    const uid = 'import os; print(os.getuid())';
    expect(await second.execute('print(kept + 1, open("d/a.txt").read())')).toBe('42 text\n');
    expect(
      await second.execute('open("d/a.txt", "a").write("!"); print(open("d/a.txt").read())'),
    ).toBe('text!\n');
    expect(await second.execute(uid)).not.toBe(await first.execute(uid));
  });

  test('gives up no file of the server by a link in its working directory', async () => {
    const secret = path.join(folder, 'secret');
    writeFileSync(secret, 'hunter2');
    const bob = await openSession('bob');
    await bob.execute(`import os; os.symlink(${JSON.stringify(secret)}, "link")`);

    const answer = await call('GET', `/sessions/${bob.sessionId}/files/link`, bob.token);

    expect(answer).toMatchObject({ code: 'API_FILE_NOT_FOUND' });
  });
});
