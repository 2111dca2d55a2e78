import { mkdtemp, rm, stat } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import https from 'node:https';
import os from 'node:os';
import path from 'node:path';
import { once } from 'node:events';
import { json } from 'node:stream/consumers';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { createServer, type RServer } from '../../../src/server/index.js';
import { FakeRuntimeFactory } from '../../helpers/fake-runtime.js';
import { makeCertificates } from '../client/certificates.js';

let directory: string;
let server: RServer;
let nowMs: number;

beforeEach(async () => {
  directory = await mkdtemp(path.join(os.tmpdir(), 'rserver-lifetime-'));
  nowMs = 1_800_000_000_000;
  server = await createServer({
    dataDirectory: path.join(directory, 'not', 'there', 'yet'),
    runtimes: new FakeRuntimeFactory(),
    accounts: () => Promise.resolve(true),
    version: '0.0.0',
    now: () => nowMs,
  });
});

afterEach(async () => {
  await server.close();
  await rm(directory, { recursive: true });
});

const listen = (): Promise<string> => server.listen({ host: '127.0.0.1', port: 0 });

async function post(url: string, body: unknown, token = ''): Promise<Record<string, string>> {
  const answer = await fetch(url, {
    method: 'POST',
    body: JSON.stringify(body),
    headers: { authorization: `Bearer ${token}` },
  });
  return (await answer.json()) as Record<string, string>;
}

test('the data directory is made for its owner only', async () => {
  const { mode } = await stat(path.join(directory, 'not', 'there', 'yet'));

  expect((mode & 0o777).toString(8)).toBe('700');
});

test('listening gives the URL with the port that was free, and works once', async () => {
  const url = await listen();

  expect(url).toMatch(/^http:\/\/127\.0\.0\.1:[1-9]\d+$/);
  expect((await fetch(`${url}/status`)).status).toBe(401);
  await expect(listen()).rejects.toThrow('The server listens already.');
});

test('a port that is taken is an error', async () => {
  const { port } = new URL(await listen());
  const second = await createServer({
    dataDirectory: path.join(directory, 'second'),
    runtimes: new FakeRuntimeFactory(),
    accounts: () => Promise.resolve(true),
    version: '0.0.0',
  });
  try {
    const listening = second.listen({ host: '127.0.0.1', port: Number(port) });

    await expect(listening).rejects.toMatchObject({ code: 'EADDRINUSE' });
  } finally {
    await second.close();
  }
});

test('every request counts as activity', async () => {
  const url = await listen();
  nowMs += 5000;

  await fetch(`${url}/nowhere`);

  expect(server.lastActivityAtMs()).toBe(nowMs);
});

test('closing twice, and without ever listening, is harmless', async () => {
  await Promise.all([server.close(), server.close()]);
  await server.close();
});

test('closing ends idle connections and event streams at once', async () => {
  const url = await listen();
  const { access_token: token } = await post(`${url}/login`, { username: 'a', password: 'b' });
  const { sessionId } = await post(`${url}/sessions`, {}, token);
  const socket = new WebSocket(`${url.replace('http', 'ws')}/sessions/${sessionId ?? ''}/events`, {
    headers: { authorization: `Bearer ${token ?? ''}` },
  });
  await once(socket, 'open');
  const closed = once(socket, 'close');

  await server.close();

  expect((await closed)[0]).toBe(1000);
  expect(server.sessionCount()).toBe(0);
  await expect(fetch(`${url}/status`)).rejects.toThrow();
});

test('with a certificate it speaks HTTPS, the event stream too', async () => {
  const { ca, serverKey, serverCert } = makeCertificates();
  const tls = { key: serverKey, cert: serverCert };
  const url = await server.listen({ host: '127.0.0.1', port: 0, tls });

  expect(url).toMatch(/^https:\/\/127\.0\.0\.1:\d+$/);
  const request = https.request(`${url}/login`, { method: 'POST', ca });
  request.end('{"username":"a","password":"b"}');
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  const { access_token: token = '' } = (await json(response)) as Record<string, string>;
  const socket = new WebSocket(`${url.replace('https', 'wss')}/sessions/x/events`, {
    ca,
    headers: { authorization: `Bearer ${token}` },
  });
  const [error] = (await once(socket, 'error')) as [Error];
  expect(error.message).toBe('Unexpected server response: 404');
});
