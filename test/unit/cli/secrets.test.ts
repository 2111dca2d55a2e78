// Credentials out of settings: files, the keyring, a question.
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ResolvedConfiguration } from '../../../src/cli/config.js';
import { credentialsOf } from '../../../src/cli/secrets.js';
import { fakeMachine } from '../../helpers/machine.js';

const SERVER = { RSERVER_URL: 'http://server:12800', RSERVER_USERNAME: 'ada' };

const configure = (env: Record<string, string>): ResolvedConfiguration =>
  new ResolvedConfiguration({ machine: fakeMachine(env), flags: {} });

const neverAsk = (): Promise<string> => Promise.reject(new Error('input is not allowed'));

async function passwordOf(auth: ReturnType<typeof credentialsOf>): Promise<string> {
  if (auth.type !== 'password') throw new Error(`got ${auth.type}`);
  return typeof auth.password === 'string' ? auth.password : auth.password();
}

describe('credentials', () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(path.join(tmpdir(), 'rsk-'));
  });
  afterEach(() => {
    rmSync(directory, { recursive: true });
  });

  function secretFile(mode: number, content = 'hunter2\n'): string {
    const file = path.join(directory, 'secret');
    writeFileSync(file, content);
    chmodSync(file, mode);
    return file;
  }

  test('the password of the environment', async () => {
    const auth = credentialsOf(configure({ ...SERVER, RSERVER_PASSWORD: 'hunter2' }), neverAsk);

    expect(auth).toMatchObject({ type: 'password', username: 'ada' });
    expect(await passwordOf(auth)).toBe('hunter2');
  });

  test('the first line of a password file with mode 0600', async () => {
    const env = { ...SERVER, RSERVER_PASSWORD_FILE: secretFile(0o600) };

    expect(await passwordOf(credentialsOf(configure(env), neverAsk))).toBe('hunter2');
  });

  test.skipIf(process.platform === 'win32').each([0o644, 0o640, 0o602])(
    'a password file with mode %o is refused',
    async (mode) => {
      const file = secretFile(mode);
      const env = { ...SERVER, RSERVER_PASSWORD_FILE: file };

      await expect(passwordOf(credentialsOf(configure(env), neverAsk))).rejects.toMatchObject({
        code: 'CONFIG_SECRET_FILE_MODE',
        message: `password_file: ${file} can be read by others; its mode must be 0600.`,
      });
    },
  );

  test('an empty password file and a missing one are refused', async () => {
    const empty = { ...SERVER, RSERVER_PASSWORD_FILE: secretFile(0o600, '\n') };
    const missing = { ...SERVER, RSERVER_PASSWORD_FILE: path.join(directory, 'none') };

    for (const env of [empty, missing]) {
      await expect(passwordOf(credentialsOf(configure(env), neverAsk))).rejects.toMatchObject({
        code: 'CONFIG_SECRET_FILE',
      });
    }
  });

  test('a token needs no user name', () => {
    const env = { RSERVER_URL: 'http://server', RSERVER_TOKEN: 'abc' };

    expect(credentialsOf(configure(env), neverAsk)).toEqual({ type: 'token', accessToken: 'abc' });
  });

  test('without a user name nobody can log in', () => {
    expect(() => credentialsOf(configure({ RSERVER_URL: 'http://server' }), neverAsk)).toThrow(
      expect.objectContaining({ code: 'CONFIG_USERNAME' }),
    );
  });

  test('where no secret is configured the person is asked, once', async () => {
    const prompts: string[] = [];
    const ask = (prompt: string): Promise<string> => {
      prompts.push(prompt);
      return Promise.resolve('typed');
    };
    const auth = credentialsOf(configure(SERVER), ask);

    expect(await passwordOf(auth)).toBe('typed');
    expect(await passwordOf(auth)).toBe('typed');
    expect(prompts).toEqual(['Password for ada@http://server:12800: ']);
  });

  test('where nobody can be asked the error says what to set, and the next try asks again', async () => {
    const auth = credentialsOf(configure(SERVER), neverAsk);

    for (let attempt = 0; attempt < 2; attempt++) {
      await expect(passwordOf(auth)).rejects.toMatchObject({
        code: 'CONFIG_PASSWORD',
        message: 'No password is configured for ada@http://server:12800.',
        hint: expect.stringContaining('RSERVER_PASSWORD') as string,
      });
    }
  });

  test('the keyring is asked by service and account', async () => {
    const asked: string[][] = [];
    const readKeyring = (...names: string[]): Promise<string> => {
      asked.push(names);
      return Promise.resolve('from the keyring');
    };
    const env = { ...SERVER, RSERVER_PASSWORD_KEYRING: 'true' };

    const auth = credentialsOf(configure(env), neverAsk, readKeyring);

    expect(await passwordOf(auth)).toBe('from the keyring');
    expect(asked).toEqual([['rserver-kernel', 'ada@http://server:12800']]);
  });

  test('a keyring without an entry is an error, not a question', async () => {
    const env = { ...SERVER, RSERVER_PASSWORD_KEYRING: 'true' };
    const auth = credentialsOf(configure(env), neverAsk, () => Promise.resolve(undefined));

    await expect(passwordOf(auth)).rejects.toMatchObject({ code: 'CONFIG_KEYRING' });
  });
});
