// The startup handshake (JEP 66): from the registration file to the first cell, as a function and as a process.
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  createZeromqTransport,
  Kernel,
  parseConnectionInfo,
  readStartFile,
  register,
} from '../../../src/jupyter/index.js';
import { EchoInterpreter } from '../../helpers/echo-interpreter.js';
import { KernelClient } from '../../helpers/kernel-client.js';
import { Launcher } from './launcher.js';

let directory: string;
let launcher: Launcher;

beforeEach(() => {
  directory = mkdtempSync(path.join(tmpdir(), 'handshake-'));
});

afterEach(() => {
  launcher.close();
  rmSync(directory, { recursive: true });
});

function writeRegistrationFile(content = launcher.file): string {
  const file = path.join(directory, 'registration.json');
  writeFileSync(file, JSON.stringify(content));
  return file;
}

const NEVER = new AbortController().signal;
const PORTS = { shell: 1, iopub: 2, stdin: 3, control: 4, heartbeat: 5 };

test.each(['tcp', 'ipc'] as const)(
  'over %s a kernel tells the ports it has chosen',
  async (kind) => {
    launcher = new Launcher(kind, kind === 'tcp' ? '127.0.0.1' : path.join(directory, 'k'));
    const { connection, registration } = readStartFile(writeRegistrationFile());
    if (registration === undefined) throw new Error('read as a connection file');
    const kernel = new Kernel({
      interpreter: new EchoInterpreter(),
      transport: createZeromqTransport({ info: connection }),
    });

    const registered = register(registration, await kernel.start(), NEVER);
    const { identity, content } = await launcher.receive();
    await launcher.acknowledge(identity);
    await registered;
    const client = await KernelClient.connect(launcher.connectionTo(content));
    const reply = await client.run('1+1');

    expect(Object.keys(content).sort()).toEqual([
      'control_port',
      'hb_port',
      'iopub_port',
      'kernel_id',
      'shell_port',
      'stdin_port',
    ]);
    expect(content['kernel_id']).toBe('k-1');
    expect(content['shell_port']).toMatch(/^\d+$/);
    expect(reply['status']).toBe('ok');
    await client.close();
    await kernel.close();
  },
);

test('an answer with a wrong signature is none', async () => {
  launcher = new Launcher();
  const registered = register(launcher.info, PORTS, NEVER, 1000);
  const failure = expect(registered).rejects.toMatchObject({ code: 'JUPYTER_REGISTRATION' });
  const { identity } = await launcher.receive();

  await launcher.acknowledge(identity, 'f'.repeat(64));
  await launcher.acknowledge(identity, '');

  await failure;
});

test('the right answer counts also after a wrong one', async () => {
  launcher = new Launcher();
  const registered = register(launcher.info, PORTS, NEVER, 20_000);
  const { identity } = await launcher.receive();

  await launcher.acknowledge(identity, 'f'.repeat(64));
  await launcher.acknowledge(identity);

  await expect(registered).resolves.toBeUndefined();
});

test('a launcher that does not answer in time is an error that names it', async () => {
  launcher = new Launcher();

  await expect(register(launcher.info, PORTS, NEVER, 50)).rejects.toMatchObject({
    code: 'JUPYTER_REGISTRATION',
    message: expect.stringContaining(
      `tcp://127.0.0.1:${launcher.info.registrationPort} within 50 ms`,
    ) as string,
  });
});

test('a kernel that is shut down meanwhile waits no longer', async () => {
  launcher = new Launcher();
  const closing = new AbortController();
  const registered = register(launcher.info, PORTS, closing.signal, 60_000);
  await launcher.receive();

  closing.abort();

  await expect(registered).resolves.toBeUndefined();
});

test.each([
  [{ registration_port: 0 }, '"registration_port" must be a port number from 1 to 65535'],
  [{ registration_port: 'x' }, '"registration_port" must be a port number'],
  [{ kernel_id: 1 }, '"kernel_id" must be a string, got number'],
  [{ registration_ip: undefined }, '"registration_ip" must be a string, got nothing'],
  [{ signature_scheme: 'hmac-md5' }, '"signature_scheme" must be "hmac-sha256"'],
  [{ transport: 'udp' }, '"transport" must be "tcp" or "ipc"'],
])('a registration file with %j is refused', (fields, message) => {
  launcher = new Launcher();

  expect(() => readStartFile(writeRegistrationFile({ ...launcher.file, ...fields }))).toThrow(
    message,
  );
});

test('a port may be written as text', () => {
  launcher = new Launcher();

  const { registration } = readStartFile(
    writeRegistrationFile({ ...launcher.file, registration_port: '4711' }),
  );

  expect(registration?.registrationPort).toBe(4711);
});

describe('the kernel as a process', () => {
  const MAIN = path.resolve(import.meta.dirname, '../../../src/cli/main.ts');
  let child: ChildProcess | undefined;

  afterEach(() => {
    child?.kill('SIGKILL');
  });

  function start(file: string): Promise<{ code: number | null; stderr: string }> {
    const inside = (name: string): string => path.join(directory, name);
    const started = spawn(
      process.execPath,
      // A server that nobody asks for anything in these tests: no embedded one is started.
      ['--import', 'tsx', MAIN, 'kernel', file, '--language', 'r', '--url', 'http://127.0.0.1:9'],
      {
        env: {
          PATH: process.env['PATH'],
          HOME: directory,
          JUPYTER_RUNTIME_DIR: inside('runtime'),
          RSERVER_DATA_DIR: inside('data'),
          RSERVER_RUNTIME_DIR: inside('run'),
          RSERVER_CONFIG: inside('no-profile.toml'),
        },
        stdio: ['ignore', 'ignore', 'pipe'],
      },
    );
    child = started;
    let stderr = '';
    started.stderr.on('data', (text: Buffer) => (stderr += text.toString()));
    return new Promise((resolve) => {
      started.once('exit', (code) => {
        resolve({ code, stderr });
      });
    });
  }

  test('registers, writes a connection file for others, and takes it away', async () => {
    launcher = new Launcher();
    const exited = start(writeRegistrationFile());
    const { identity, content } = await launcher.receive();
    await launcher.acknowledge(identity);
    const file = path.join(directory, 'runtime', 'kernel-k-1.json');

    const other = parseConnectionInfo(JSON.parse(readFileSync(file, 'utf8')));
    const mode = statSync(file).mode & 0o777;
    const client = await KernelClient.connect(other);
    const id = client.send('control', 'shutdown_request', { restart: false });
    await client.expectReply('control', 'shutdown_reply', id);
    const { code } = await exited;

    expect(other).toEqual(launcher.connectionTo(content));
    expect(mode).toBe(0o600);
    expect(code).toBe(0);
    expect(existsSync(file)).toBe(false);
    client.forgetUnread();
    await client.close();
  });

  test('leaves when nobody answers', { timeout: 60_000 }, async () => {
    launcher = new Launcher();

    const { code, stderr } = await start(writeRegistrationFile());

    expect(code).toBe(2);
    expect(stderr).toMatch(/^rserver-kernel: Nobody answered at tcp:/m);
    expect(existsSync(path.join(directory, 'runtime', 'kernel-k-1.json'))).toBe(false);
  });
});
