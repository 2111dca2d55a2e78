// `serve`, `status` and `stop` as a person uses them.
import { chmodSync, existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { outputOf, resultOf, Surroundings } from '../../helpers/command-line.js';

interface Answer {
  readonly access_token?: string;
  readonly sessionId?: string;
  readonly errorMessage?: string;
}

/** One that every user of the machine can reach. */
const python = '/usr/bin/python3';

describe('serve', () => {
  let here: Surroundings;
  beforeEach(() => {
    here = new Surroundings({ RSERVER_R: '/nowhere/R', RSERVER_PYTHON: '/nowhere/python3' });
  });
  afterEach(() => here.close());

  async function serve(args: readonly string[] = [], env: Record<string, string> = {}) {
    const child = here.start(['serve', '--port', '0', ...args], env);
    const ended = resultOf(child);
    const [, url = ''] = await outputOf(child, /listens on (\S+)[\s\S]*stop it with/);
    return { child, url, ended };
  }

  async function logIn(url: string, password: string): Promise<number> {
    const response = await fetch(`${url}/login`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ username: 'admin', password }),
    });
    await response.arrayBuffer();
    return response.status;
  }

  const passwordFile = (mode: number): string => {
    const file = path.join(here.directory, 'password');
    writeFileSync(file, 'hunter2\n');
    chmodSync(file, mode);
    return file;
  };

  test('says that sessions are kept apart, or that they are not and why', async () => {
    const file = path.join(here.directory, 'server.toml');
    writeFileSync(file, '[isolation]\nmode = "off"\n');
    const [usual, off] = [await serve(), await serve(['--config', file])];
    usual.child.kill('SIGTERM');
    off.child.kill('SIGTERM');

    const isRoot = process.getuid?.() === 0;
    expect((await usual.ended).stdout).toMatch(
      isRoot
        ? /each session runs with an OS user of its own/
        : /sessions are NOT kept apart: .* The server does not run as root/,
    );
    expect((await off.ended).stdout).toMatch(
      /sessions are NOT kept apart: .* It is switched off\./,
    );
  });

  test('does not start where sessions must be kept apart and cannot be', async () => {
    const file = path.join(here.directory, 'server.toml');
    writeFileSync(file, '[isolation]\nmode = "required"\n');

    const { code, stderr } = await resultOf(
      here.start(['serve', '--port', '0', '--config', file], { PATH: '/nowhere' }),
    );

    expect(code).toBe(2);
    expect(stderr).toMatch(/Sessions cannot be kept apart: /);
  });

  test.skipIf(!existsSync(python))(
    'lets a session use so much memory as its file says',
    async () => {
      const file = path.join(here.directory, 'server.toml');
      writeFileSync(file, '[limits]\nruntime_memory_mb = 700\n');
      const { url } = await serve(['--config', file], {
        RSERVER_PYTHON: python,
        RSERVER_ADMIN_PASSWORD: 'hunter2',
      });
      const post = async (route: string, body: unknown, token = ''): Promise<Answer> => {
        const headers = {
          'content-type': 'application/json',
          ...(token !== '' && { authorization: `Bearer ${token}` }),
        };
        const request = { method: 'POST', headers, body: JSON.stringify(body) };
        return (await (await fetch(url + route, request)).json()) as Answer;
      };
      const account = { username: 'admin', password: 'hunter2' };
      const { access_token: token } = await post('/login', account);
      const opened = await post('/sessions', { runtimeType: 'Python' }, token);
      expect(opened).toEqual({ sessionId: opened.sessionId });
      const code = 'large = bytearray(10 ** 9)';

      const { errorMessage } = await post(
        `/sessions/${opened.sessionId ?? ''}/execute`,
        { code },
        token,
      );

      expect(errorMessage).toBe('MemoryError\nThe server allows a session 700 MB of memory.');
    },
  );

  test('makes a password for admin, keeps it in a 0600 file and says where', async () => {
    const { child, url, ended } = await serve();
    const file = path.join(here.directory, 'data', 'server', 'admin-password');

    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(await logIn(url, readFileSync(file, 'utf8').trim())).toBe(200);
    expect(await logIn(url, 'wrong')).toBe(401);
    child.kill('SIGINT');
    const { stdout, code } = await ended;
    expect(stdout).toContain(`password from ${file}`);
    expect(stdout).not.toContain(readFileSync(file, 'utf8').trim());
    expect(code).toBe(0);
  });

  test('keeps that password at the next start', async () => {
    const file = path.join(here.directory, 'data', 'server', 'admin-password');
    const first = await serve();
    const password = readFileSync(file, 'utf8').trim();
    first.child.kill('SIGTERM');
    await first.ended;

    const second = await serve();

    expect(await logIn(second.url, password)).toBe(200);
  });

  test('takes the password from the environment before a file', async () => {
    const { url } = await serve(['--password-file', passwordFile(0o600)], {
      RSERVER_ADMIN_PASSWORD: 'from the environment',
    });

    expect(await logIn(url, 'from the environment')).toBe(200);
    expect(await logIn(url, 'hunter2')).toBe(401);
  });

  test('takes the password from a file with mode 0600', async () => {
    const { url } = await serve(['--password-file', passwordFile(0o600)]);

    expect(await logIn(url, 'hunter2')).toBe(200);
  });

  test('refuses a password file that others can read, in one line, with status 2', async () => {
    const file = passwordFile(0o644);

    const { code, stderr } = await here.run(['serve', '--port', '0', '--password-file', file]);

    expect(code).toBe(2);
    expect(stderr).toBe(
      `rserver-kernel: --password-file: ${file} can be read by others; its mode must be 0600. ` +
        'Make it yours alone: chmod 600 FILE. [CONFIG_SECRET_FILE_MODE]\n',
    );
  });

  test('refuses a port that is taken', async () => {
    const { url } = await serve();
    const { port } = new URL(url);

    const { code, stderr } = await here.run(['serve', '--port', port]);

    expect(code).toBe(2);
    expect(stderr).toContain('[CONFIG_SERVER_START]');
    expect(stderr).toContain(`127.0.0.1, port ${port}`);
  });

  test('is shown by status and ended by stop', async () => {
    const { child, url, ended } = await serve();

    const shown = await here.run(['status', '--json']);
    expect(JSON.parse(shown.stdout)).toEqual([
      expect.objectContaining({ kind: 'served', url, pid: child.pid }),
    ]);
    const stopped = await here.run(['stop']);
    expect(stopped.stdout).toBe(`Stopped ${url} (process ${child.pid ?? 0}).\n`);
    expect((await ended).code).toBe(0);
    expect((await here.run(['status'])).stdout).toBe('No server is running.\n');
  });

  test('stays when only embedded servers are stopped', async () => {
    const { url } = await serve();

    expect((await here.run(['stop', '--embedded'])).stdout).toBe('No server is running.\n');
    expect(await logIn(url, 'wrong')).toBe(401);
  });
});
