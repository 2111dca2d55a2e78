// The embedded server as kernels meet it: found, started, shared, replaced, gone when idle.
import { spawn } from 'node:child_process';
import { createServer, type Server } from 'node:http';
import { existsSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { hostname } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { silentLogger } from '../../../src/base/index.js';
import { loadConfiguration } from '../../../src/cli/config.js';
import { createConnect } from '../../../src/cli/connect.js';
import { EmbeddedStarter } from '../../../src/cli/embedded-starter.js';
import {
  embeddedRecordFile,
  ensureEmbeddedServer,
  type EmbeddedOptions,
} from '../../../src/cli/embedded-server.js';
import {
  isProcessAlive,
  isServerAlive,
  readRecord,
  writeRecord,
  type ServerRecord,
} from '../../../src/cli/server-records.js';
import { PROGRAM, resultOf, sourceArguments, Surroundings } from '../../helpers/command-line.js';

/** Larger than any process id that a system gives out. */
const DEAD_PID = 2 ** 30;

describe('the embedded server', () => {
  let here: Surroundings;
  let options: EmbeddedOptions;
  beforeEach(() => {
    here = new Surroundings({ RSERVER_ADMIN_PASSWORD: 'hunter2', RSERVER_PASSWORD: 'hunter2' });
    options = {
      dataDirectory: path.join(here.directory, 'data', 'embedded'),
      r: '/nowhere/R',
      python: '/nowhere/python3',
      idleTimeoutMs: 60_000,
      version: '1.2.3',
      firstLanguage: 'r',
    };
  });
  afterEach(() => here.close());

  const ensure = (changes: Partial<EmbeddedOptions> = {}): Promise<ServerRecord> =>
    ensureEmbeddedServer(here.machine, { ...options, ...changes }, PROGRAM);

  function ensureInOwnProcess(): Promise<ServerRecord> {
    const program = [PROGRAM.command, ...PROGRAM.args];
    const child = spawn(
      process.execPath,
      [
        ...sourceArguments('test/fixtures/cli/ensure-embedded.ts'),
        JSON.stringify(options),
        ...program,
      ],
      { env: here.env, stdio: ['ignore', 'pipe', 'pipe'] },
    );
    return resultOf(child).then(({ code, stdout, stderr }) => {
      if (code !== 0) throw new Error(stderr);
      return JSON.parse(stdout) as ServerRecord;
    });
  }

  test('starts on loopback, and is written down for its owner only', async () => {
    const record = await ensure();

    expect(record.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    expect(record.secret).toMatch(/^[\w-]{43}$/);
    expect(await isServerAlive(record)).toBe(true);
    const file = embeddedRecordFile(here.machine, options);
    expect(readRecord(file)).toEqual(record);
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  test('is the same for the next one who needs it', async () => {
    const first = await ensure();
    const second = await ensure();

    expect(second).toEqual(first);
  });

  test('is one for several processes that need it at once', async () => {
    const records = await Promise.all([
      ensureInOwnProcess(),
      ensureInOwnProcess(),
      ensureInOwnProcess(),
    ]);

    expect(new Set(records.map(({ pid }) => pid)).size).toBe(1);
    expect(readdirSync(path.join(here.directory, 'run'))).toHaveLength(1);
  });

  test('outlives the process that started it', async () => {
    const record = await ensureInOwnProcess();

    expect(await isServerAlive(record)).toBe(true);
  });

  test('is another one for another Python', async () => {
    const [one, other] = await Promise.all([ensure(), ensure({ python: '/nowhere/python3.12' })]);

    expect(other.pid).not.toBe(one.pid);
  });

  test('that was killed is replaced', async () => {
    const first = await ensure();
    process.kill(first.pid, 'SIGKILL');
    await vi.waitFor(() => {
      expect(isProcessAlive(first.pid)).toBe(false);
    });

    const second = await ensure();

    expect(second.pid).not.toBe(first.pid);
    expect(await isServerAlive(second)).toBe(true);
  });

  test.each([
    ['of a dead process', DEAD_PID],
    ['whose process id is taken anew, but not its port', process.pid],
  ])('a record %s is replaced', async (_name, pid) => {
    const file = embeddedRecordFile(here.machine, options);
    writeRecord(file, {
      kind: 'embedded',
      url: 'http://127.0.0.1:9',
      pid,
      host: hostname(),
      version: '1.2.3',
      startedAtIso: '2026-01-01T00:00:00.000Z',
      dataDirectory: options.dataDirectory,
      secret: 'old',
    });

    const record = await ensure();

    expect(record.secret).not.toBe('old');
    expect(readRecord(file)).toEqual(record);
  });

  test('a lock that a dead process left behind does not stop it', async () => {
    const lock = embeddedRecordFile(here.machine, options).replace(/json$/, 'lock');
    writeFileSync(lock, `${DEAD_PID} abc`);

    expect(await isServerAlive(await ensure())).toBe(true);
    expect(existsSync(lock)).toBe(false);
  });

  test('leaves by itself when nobody has used it for the idle time', async () => {
    const record = await ensure({ idleTimeoutMs: 300 });

    await vi.waitFor(
      () => {
        expect(isProcessAlive(record.pid)).toBe(false);
      },
      { timeout: 10_000 },
    );

    expect(readdirSync(path.join(here.directory, 'run'))).toEqual([]);
  });

  test('has no secrets in its environment', async () => {
    const record = await ensure();

    if (process.platform !== 'linux') return;
    expect(readFileSync(`/proc/${record.pid}/environ`, 'utf8')).not.toContain('hunter2');
  });

  test('that cannot write its record does not stay', async () => {
    const { command, args } = PROGRAM;
    const record = path.join(here.directory, 'nowhere', 'embedded-key.json');
    const languages = ['--r', '/nowhere/R', '--python', '/nowhere/python3'];

    const child = spawn(
      command,
      [...args, 'embedded', '--record', record, '--data', options.dataDirectory, ...languages],
      { env: here.env, stdio: ['ignore', 'pipe', 'pipe'] },
    );

    const { code, stderr } = await resultOf(child);
    expect(code).toBe(1);
    expect(stderr).toContain('ENOENT');
  });

  test('that cannot start gives the end of its log', async () => {
    writeFileSync(options.dataDirectory.replace(/embedded$/, 'file'), '');
    const dataDirectory = path.join(here.directory, 'data', 'embedded');
    const program = { command: process.execPath, args: ['-e', 'console.log("no luck")', '--'] };

    await expect(
      ensureEmbeddedServer(here.machine, { ...options, dataDirectory }, program),
    ).rejects.toMatchObject({
      code: 'CONFIG_EMBEDDED_START',
      message: expect.stringMatching(/ended at once.*\nno luck$/s) as string,
    });
  });
});

describe('a connection without a URL', () => {
  let here: Surroundings;
  let stranger: Server;
  beforeEach(() => {
    here = new Surroundings({ RSERVER_R: '/nowhere/R', RSERVER_IDLE_TIMEOUT_MS: '60000' });
    stranger = createServer((_request, response) => response.writeHead(404).end('who?'));
  });
  afterEach(async () => {
    stranger.close();
    await here.close();
  });

  test('logs in to the embedded server; two at once share one start', async () => {
    const configuration = await loadConfiguration(here.machine);
    const embedded = new EmbeddedStarter(here.machine, '1.2.3', 'python', PROGRAM);
    const connect = createConnect({ embedded, logger: silentLogger });
    const signal = new AbortController().signal;
    const ask = () => Promise.reject(new Error('must not ask'));

    const connections = await Promise.all([
      connect(configuration, ask, signal),
      connect(configuration, ask, signal),
    ]);

    expect(connections.map(({ kind }) => kind)).toEqual(['embedded', 'embedded']);
    expect(new Set(connections.map(({ client }) => client.url)).size).toBe(1);
    expect([...connections[0].client.extensions]).toContain('events');
    await Promise.all(connections.map(({ client }) => client.close()));
  });

  test('is not taken in by a stranger on the port of a server that has died', async () => {
    await new Promise<void>((resolve) => stranger.listen(0, '127.0.0.1', resolve));
    const configuration = await loadConfiguration(here.machine);
    const embedded = new EmbeddedStarter(here.machine, '1.2.3', 'python', PROGRAM);
    const first = await embedded.start(configuration);
    process.kill(first.pid, 'SIGKILL');
    const file = path.join(
      here.directory,
      'run',
      readdirSync(path.join(here.directory, 'run'))[0] ?? '',
    );
    const { port } = stranger.address() as AddressInfo;
    writeRecord(file, { ...first, pid: process.pid, url: `http://127.0.0.1:${port}` });

    const { client } = await createConnect({ embedded, logger: silentLogger })(
      configuration,
      () => Promise.reject(new Error('must not ask')),
      new AbortController().signal,
    );

    expect(client.url).not.toContain(`:${port}`);
    expect((await client.sessions.list()).length).toBe(0);
    await client.close();
  });

  test('keeps the server while a session exists, and lets it leave after', async () => {
    here.env['RSERVER_IDLE_TIMEOUT_MS'] = '500';
    const configuration = await loadConfiguration(here.machine);
    const embedded = new EmbeddedStarter(here.machine, '1.2.3', 'python', PROGRAM);
    const { client } = await createConnect({ embedded, logger: silentLogger })(
      configuration,
      () => Promise.reject(new Error('must not ask')),
      new AbortController().signal,
    );
    const { pid } = await embedded.start(configuration);
    const session = await client.sessions.create({ runtimeType: 'Python' });

    await client.sessions.execute(session, { code: 'import time; time.sleep(1.5)' });
    expect(isProcessAlive(pid)).toBe(true);
    await client.sessions.close(session);
    await client.close();

    await vi.waitFor(
      () => {
        expect(isProcessAlive(pid)).toBe(false);
      },
      { timeout: 10_000 },
    );
  });
});
