// `rserver-kernel kernel` as a process: at once there, never dead for a mistake in the configuration, gone when told to.
import type { ChildProcess } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ConnectionInfo } from '../../../src/jupyter/index.js';
import { resultOf, Surroundings } from '../../helpers/command-line.js';
import { writeConnectionFile } from '../../helpers/connection-file.js';
import { KernelClient } from '../../helpers/kernel-client.js';

const UNREACHABLE = {
  RSERVER_URL: 'http://127.0.0.1:9',
  RSERVER_USERNAME: 'ada',
  RSERVER_PASSWORD: 'hunter2',
};
/** Larger than any process id that a system gives out. */
const DEAD_PID = 2 ** 30;

describe.skipIf(process.platform === 'win32')('a kernel process', () => {
  let here: Surroundings;
  let info: ConnectionInfo;
  let connectionFile: string;
  let client: KernelClient | undefined;
  beforeEach(() => {
    here = new Surroundings({ RSERVER_R: '/nowhere/R', RSERVER_LOG_LEVEL: 'warn' });
    here.env['RSERVER_LOG_FILE'] = path.join(here.directory, 'kernel.log');
    ({ file: connectionFile, info } = writeConnectionFile(here.directory));
  });
  afterEach(async () => {
    client?.forgetUnread();
    await client?.close();
    client = undefined;
    await here.close();
  });

  async function start(
    env: Readonly<Record<string, string>>,
    flags: readonly string[] = [],
  ): Promise<{ client: KernelClient; child: ChildProcess; ended: ReturnType<typeof resultOf> }> {
    const child = here.start(['kernel', connectionFile, '--language', 'python', ...flags], env);
    const ended = resultOf(child);
    client = await KernelClient.connect(info);
    return { client, child, ended };
  }

  async function askInfo(front: KernelClient): Promise<Record<string, unknown>> {
    const id = front.send('control', 'kernel_info_request', {});
    return front.expectReply('control', 'kernel_info_reply', id);
  }

  test('says who it is, whatever becomes of the server', async () => {
    const { client: front } = await start(UNREACHABLE);

    expect(await askInfo(front)).toMatchObject({
      status: 'ok',
      implementation: 'rserver-kernel',
      language_info: { name: 'python' },
    });
  });

  test('an unreachable server is the error of the cell, and the kernel lives on', async () => {
    const { client: front } = await start(UNREACHABLE);

    for (let attempt = 0; attempt < 2; attempt++) {
      const reply = await front.run('1 + 1');
      expect(reply).toMatchObject({ status: 'error' });
      expect(String(reply['evalue'])).toContain('http://127.0.0.1:9');
    }
    expect(await askInfo(front)).toMatchObject({ status: 'ok' });
  });

  test.each([
    ['the environment', { RSERVER_EXECUTE_TIMEOUT_MS: 'soon' }, [], 'RSERVER_EXECUTE_TIMEOUT_MS'],
    ['a flag', {}, ['--colour', 'blue'], 'there is no setting colour'],
    ['a profile that is not there', {}, ['--profile', 'work'], 'No profile work'],
  ])('a mistake in %s is the error of the cell', async (_where, env, flags, words) => {
    const { client: front } = await start(env, flags);

    const reply = await front.run('1 + 1');

    expect(reply).toMatchObject({ status: 'error' });
    expect(String(reply['evalue'])).toContain(words);
    expect(await askInfo(front)).toMatchObject({ status: 'ok' });
  });

  test('a password file that others can read is the error of the cell', async () => {
    const file = path.join(here.directory, 'password');
    writeFileSync(file, 'hunter2', { mode: 0o644 });
    const { client: front } = await start({
      RSERVER_URL: 'http://127.0.0.1:9',
      RSERVER_USERNAME: 'ada',
      RSERVER_PASSWORD_FILE: file,
    });

    const reply = await front.run('1 + 1');

    expect(String(reply['evalue'])).toContain('its mode must be 0600');
  });

  test('runs a cell on the embedded server, which it starts', async () => {
    const { client: front } = await start({});

    const id = front.sendExecute('1 + 1');
    const messages = await front.drainUntilIdle(id);

    const results = messages.filter(({ header }) => header.msg_type === 'execute_result');
    expect(results.map(({ content }) => content['data'])).toEqual([{ 'text/plain': '2' }]);
    expect((await here.run(['status', '--json'])).stdout).toContain('"kind":"embedded"');
  });

  test('heeds the profile that its notebook asks for', async () => {
    const notebook = path.join(here.directory, 'a.ipynb');
    writeFileSync(notebook, JSON.stringify({ metadata: { rserver: { profile: 'far' } } }));
    writeFileSync(
      path.join(here.directory, 'profiles.toml'),
      '[profiles.far]\nurl = "http://127.0.0.1:7"\nusername = "ada"',
    );
    const { client: front } = await start({ JPY_SESSION_NAME: notebook, RSERVER_PASSWORD: 'x' });

    expect(String((await front.run('1'))['evalue'])).toContain('http://127.0.0.1:7');
  });

  test('ignores SIGINT, which a terminal sends to it too, and leaves on SIGTERM', async () => {
    const { client: front, child, ended } = await start(UNREACHABLE);

    child.kill('SIGINT');
    expect(await askInfo(front)).toMatchObject({ status: 'ok' });
    child.kill('SIGTERM');

    expect((await ended).code).toBe(0);
  });

  test('leaves on a shutdown request', async () => {
    const { client: front, ended } = await start(UNREACHABLE);

    front.send('control', 'shutdown_request', { restart: false });

    expect((await ended).code).toBe(0);
  });

  test('leaves when Jupyter has died', async () => {
    const child = here.start(['kernel', connectionFile, '--language', 'python'], {
      ...UNREACHABLE,
      JPY_PARENT_PID: String(DEAD_PID),
    });

    expect((await resultOf(child)).code).toBe(0);
  });

  test('writes no secret into its log', async () => {
    const { client: front } = await start({ ...UNREACHABLE, RSERVER_LOG_LEVEL: 'debug' });

    await front.run('1');

    const log = path.join(here.directory, 'kernel.log');
    expect(existsSync(log) ? readFileSync(log, 'utf8') : '').not.toContain('hunter2');
  });

  test('without its connection file it says so in one line, with status 2', async () => {
    const result = await here.run(['kernel', 'none.json', '--language', 'r']);

    expect(result.code).toBe(2);
    expect(result.stderr).toMatch(
      /^rserver-kernel: Cannot read the connection file none\.json: .*\n$/,
    );
  });
});
