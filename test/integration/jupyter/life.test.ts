// The kernel as a process: how it leaves. A front end waits 2.5 s before it kills.
import { spawn, type ChildProcess } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { BoundPorts, ConnectionInfo } from '../../../src/jupyter/index.js';
import { KernelClient } from '../../helpers/kernel-client.js';
import { freePlace, withPorts } from './open-kernel.js';

interface Process {
  readonly child: ChildProcess;
  readonly exited: Promise<{ code: number | null; signal: string | null; at: number }>;
}

let place: ReturnType<typeof freePlace>;
let directory: string;
let running: Process | undefined;

beforeEach(() => {
  place = freePlace('tcp');
  directory = place.directory;
});

afterEach(async () => {
  running?.child.kill('SIGKILL');
  await running?.exited;
  place.remove();
});

/** Starts the echo kernel and waits until its sockets are bound. */
async function startKernel(mode = ''): Promise<Process> {
  const connectionFile = path.join(directory, 'connection.json');
  writeFileSync(connectionFile, JSON.stringify(connectionFileOf(place.info)));
  const program = path.join(import.meta.dirname, 'echo-kernel.ts');
  const child = spawn(
    process.execPath,
    ['--import', 'tsx', program, connectionFile, path.join(directory, 'ports.json'), mode],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  );
  const exited = new Promise<Awaited<Process['exited']>>((resolve) => {
    child.once('exit', (code, signal) => {
      resolve({ code, signal, at: Date.now() });
    });
  });
  running = { child, exited };
  await Promise.race([new Promise((resolve) => child.stdout.once('data', resolve)), exited]);
  return running;
}

function connectionFileOf(info: ConnectionInfo): object {
  return {
    transport: info.transport,
    ip: info.ip,
    shell_port: 0,
    iopub_port: 0,
    stdin_port: 0,
    control_port: 0,
    hb_port: 0,
    key: info.key,
    signature_scheme: 'hmac-sha256',
  };
}

function connect(): Promise<KernelClient> {
  const ports = JSON.parse(readFileSync(path.join(directory, 'ports.json'), 'utf8')) as BoundPorts;
  return KernelClient.connect(withPorts(place.info, ports));
}

describe('a kernel process', () => {
  test('answers shutdown_request and leaves by itself', async () => {
    const { exited } = await startKernel();
    const client = await connect();

    const askedAt = Date.now();
    const id = client.send('control', 'shutdown_request', { restart: false });
    const reply = await client.expectReply('control', 'shutdown_reply', id);
    const published = (await client.drainUntilIdle(id)).map(({ header }) => header.msg_type);
    const { code, at } = await exited;

    expect(reply).toEqual({ status: 'ok', restart: false });
    expect(published).toEqual(['status', 'shutdown_reply']);
    expect(code).toBe(0);
    expect(at - askedAt).toBeLessThan(2500);
    await client.close();
  });

  test('leaves in time although its back end does not end', async () => {
    const { exited } = await startKernel('stuck');
    const client = await connect();
    const cell = client.sendExecute('hang');
    await client.expectBusy(cell);

    const askedAt = Date.now();
    const id = client.send('control', 'shutdown_request', { restart: true });
    await client.expectReply('control', 'shutdown_reply', id);
    const { code, at } = await exited;

    expect(code).toBe(0);
    expect(at - askedAt).toBeLessThan(2500);
    client.forgetUnread();
    await client.close();
  });

  test('is not kept by its heartbeat when it exits or crashes', async () => {
    const exits = await (await startKernel('exit')).exited;
    const crash = await (await startKernel('crash')).exited;

    expect([exits.code, crash.code]).toEqual([3, 1]);
  });
});
