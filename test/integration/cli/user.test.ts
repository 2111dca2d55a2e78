// `user` as a person uses it, beside a server that runs.
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  outputOf,
  resultOf,
  Surroundings,
  type CommandResult,
} from '../../helpers/command-line.js';

describe('user', { timeout: 240_000 }, () => {
  let here: Surroundings;
  beforeEach(() => {
    here = new Surroundings({ RSERVER_R: '/nowhere/R', RSERVER_PYTHON: '/nowhere/python3' });
  });
  afterEach(() => here.close());

  const secretFile = (secret: string): string => {
    const file = path.join(here.directory, `secret-${secret}`);
    writeFileSync(file, `${secret}\n`);
    chmodSync(file, 0o600);
    return file;
  };
  const user = (...args: readonly string[]): Promise<CommandResult> => here.run(['user', ...args]);

  async function serve(args: readonly string[] = []) {
    const child = here.start(['serve', '--port', '0', ...args]);
    const ended = resultOf(child);
    const [text, url = ''] = await outputOf(child, /listens on (\S+)[\s\S]*stop it with/);
    return { child, url, text, ended };
  }

  async function logIn(url: string, username: string, password: string) {
    const response = await fetch(`${url}/login`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ username, password }),
    });
    return { status: response.status, body: (await response.json()) as { access_token: string } };
  }

  test('adds and lists accounts, and changes roles, while the server runs', async () => {
    const { url } = await serve();

    const added = await user(
      'add',
      'ann',
      '--role',
      'reader',
      '--password-file',
      secretFile('first pw'),
    );
    expect([added.code, added.stdout]).toEqual([0, 'Added ann, the role Reader.\n']);
    const { status, body } = await logIn(url, 'ann', 'first pw');
    expect(status).toBe(200);
    const sessions = async () =>
      (
        await fetch(`${url}/sessions`, {
          headers: { authorization: `Bearer ${body.access_token}` },
        })
      ).status;
    expect(await sessions()).toBe(403);

    expect((await user('role', 'ann', 'Contributor')).stdout).toBe(
      'ann has now the role Contributor.\n',
    );
    const listed = JSON.parse((await user('list', '--json')).stdout) as object[];
    expect(listed).toEqual([
      expect.objectContaining({ name: 'admin', role: 'Owner' }),
      expect.objectContaining({ name: 'ann', role: 'Contributor' }),
    ]);
    expect((await user('list')).stdout).toMatch(/^admin {2}Owner {8}since \d{4}-\d\d-\d\d\nann/);
  });

  test('a new password and a removal end what was before, and neither is written down', async () => {
    const { url } = await serve();
    await user('add', 'ann', '--password-file', secretFile('first pw'));

    await user('passwd', 'ann', '--password-file', secretFile('second pw'));
    expect((await logIn(url, 'ann', 'first pw')).status).toBe(401);
    expect((await logIn(url, 'ann', 'second pw')).status).toBe(200);

    expect((await user('remove', 'ann')).stdout).toBe('Removed ann.\n');
    expect((await logIn(url, 'ann', 'second pw')).status).toBe(401);

    const audit = readFileSync(path.join(here.directory, 'data', 'server', 'audit.log'), 'utf8');
    expect(audit).toMatch(/"operation":"user add","target":\{"name":"ann"\}/);
    expect(audit).not.toMatch(/first pw|second pw/);
  });

  test('takes a password from the standard input', async () => {
    const child = here.start(['user', 'add', 'ann', '--password-stdin'], {}, 'from stdin\n');

    expect((await resultOf(child)).stdout).toBe('Added ann, the default role of the server.\n');
    const { url } = await serve();
    expect((await logIn(url, 'ann', 'from stdin')).status).toBe(200);
  });

  test('the password of admin can be changed, and then stays so', async () => {
    const first = await serve();
    const file = path.join(here.directory, 'data', 'server', 'admin-password');
    const made = readFileSync(file, 'utf8').trim();
    await user('passwd', 'admin', '--password-file', secretFile('my own choice'));
    first.child.kill('SIGTERM');
    await first.ended;

    const second = await serve();

    expect(existsSync(file)).toBe(false);
    expect(second.text).toContain('accounts as `rserver-kernel user list` shows them');
    expect((await logIn(second.url, 'admin', 'my own choice')).status).toBe(200);
    expect((await logIn(second.url, 'admin', made)).status).toBe(401);
  });

  test.each([
    [['add', 'admin'], 'There is an account admin already.', 'CONFIG_ACCOUNT'],
    [['add', 'bell\u0007'], 'A name has 1 to 256 characters', 'CONFIG_ACCOUNT'],
    [
      ['add', 'ann', '--role', 'King'],
      'A role is one of Owner, Contributor, Reader',
      'CONFIG_ARGUMENT',
    ],
    [['passwd', 'nobody'], 'There is no account nobody.', 'CONFIG_ACCOUNT'],
    [['remove', 'nobody'], 'There is no account nobody.', 'CONFIG_ACCOUNT'],
    [['role', 'nobody', 'Owner'], 'There is no account nobody.', 'CONFIG_ACCOUNT'],
  ])('%j fails in plain words', async (args, message, code) => {
    const data = path.join(here.directory, 'other');
    const place = ['--data', data];
    const password = ['--password-file', secretFile('long enough')];
    if (args[1] === 'admin') await user('add', 'admin', ...place, ...password);
    const takesPassword = ['add', 'passwd'].includes(args[0] ?? '');

    const result = await user(...args, ...place, ...(takesPassword ? password : []));

    expect(result.code).toBe(2);
    expect(result.stderr).toContain(message);
    expect(result.stderr).toContain(`[${code}]`);
  });

  test('a password that is short, or is nowhere to be had, is refused', async () => {
    const short = await user('add', 'ann', '--password-file', secretFile('short'));
    const none = await user('add', 'ann');

    expect(short.stderr).toContain('A password has at least 8 characters.');
    expect(none.stderr).toContain('Use --password-file or --password-stdin. [CONFIG_PASSWORD]');
    expect((await user('list')).stdout).toBe('There are no accounts.\n');
  });
});

describe('serve with a file', { timeout: 240_000 }, () => {
  let here: Surroundings;
  beforeEach(() => {
    here = new Surroundings({ RSERVER_R: '/nowhere/R', RSERVER_PYTHON: '/nowhere/python3' });
  });
  afterEach(() => here.close());

  const write = (name: string, content: string, mode = 0o600): string => {
    const file = path.join(here.directory, name);
    writeFileSync(file, content);
    chmodSync(file, mode);
    return file;
  };

  test('runs as the file says, with paths from its folder', async () => {
    write('admin.password', 'from the file\n');
    const file = write(
      'server.toml',
      `[server]
port = 0
data = "elsewhere"
password_file = "admin.password"
[metrics]
enabled = true
[cors]
origins = ["https://a.example.org"]
[audit]
file = "who.log"
`,
    );
    const child = here.start(['serve', '--config', file]);
    const [, url = ''] = await outputOf(child, /listens on (\S+)[\s\S]*stop it with/);

    const login = await fetch(`${url}/login`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin: 'https://a.example.org' },
      body: JSON.stringify({ username: 'admin', password: 'from the file' }),
    });
    const metrics = await fetch(`${url}/metrics`);

    expect(login.status).toBe(200);
    expect(login.headers.get('access-control-allow-origin')).toBe('https://a.example.org');
    expect(await metrics.text()).toContain('rserver_sessions 0');
    expect(existsSync(path.join(here.directory, 'elsewhere', 'rserver.db'))).toBe(true);
    expect(readFileSync(path.join(here.directory, 'who.log'), 'utf8')).toContain('"login"');
    const listed = await here.run(['user', 'list', '--config', file]);
    expect(listed.stdout).toMatch(/^admin/);
  });

  test.each([
    ['[servr]\n', /unknown setting servr\. .*\[CONFIG_KEY\]/],
    ['[server]\nport = "x"\n', /server\.port: .*\[CONFIG_VALUE\]/],
    ['[server\n', /line 1, column \d+: .*\[CONFIG_FILE\]/],
    ['[database]\nurl = "mysql://x"\n', /must begin with postgresql:\/\/.*\[CONFIG_VALUE\]/],
    ['[tls]\ncert = "no.pem"\nkey = "no.key"\n', /tls\.cert: ENOENT.*\[CONFIG_VALUE\]/],
    [
      '[ldap]\nurl = "ldap://x"\nuser_base = "dc=x"\nbind_dn = "cn=x"\n',
      /ldap\.bind_dn needs a password.*\[CONFIG_VALUE\]/,
    ],
  ])('refuses %j in one line', async (content, message) => {
    const file = write('server.toml', content);

    const { code, stderr } = await here.run(['serve', '--config', file]);

    expect(code).toBe(2);
    expect(stderr).toMatch(message);
    expect(stderr.trim().split('\n').length).toBe(1);
  });

  test('refuses a file that others can read and that holds a password', async () => {
    const file = write('server.toml', '[database]\nurl = "postgresql://me:planted@x/y"\n', 0o644);

    const { code, stderr } = await here.run(['serve', '--config', file]);

    expect(code).toBe(2);
    expect(stderr).toContain('[CONFIG_SECRET_FILE_MODE]');
    expect(stderr).not.toContain('planted');
  });

  test('says that a database cannot be reached, without its password', async () => {
    const file = write(
      'server.toml',
      '[database]\nurl = "postgresql://me:planted@127.0.0.1:1/y"\n',
    );

    const { code, stderr } = await here.run(['serve', '--config', file]);

    expect(code).toBe(2);
    expect(stderr).toContain('[CONFIG_SERVER_START]');
    expect(stderr).not.toContain('planted');
  });
});
