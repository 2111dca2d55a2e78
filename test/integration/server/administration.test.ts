// What those who run a server need: who did what, metrics, health, and who may reach it from where.
import { readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { Agent, request } from 'undici';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { silentLogger } from '../../../src/base/index.js';
import { createAuditFile, createServer } from '../../../src/server/index.js';
import { CertificateAuthority, type CertificateFiles } from '../../helpers/certificates.js';
import { FakeRuntimeFactory } from '../../helpers/fake-runtime.js';
import { isMissing } from '../../helpers/requirements.js';
import { startServer, type StartOptions, type TestServer } from './harness.js';

let directory: string;
let server: TestServer | undefined;

beforeEach(async () => {
  directory = await mkdtemp(path.join(os.tmpdir(), 'rserver-administration-'));
});

afterEach(async () => {
  await server?.close();
  server = undefined;
  await rm(directory, { recursive: true });
});

async function start(options: StartOptions): Promise<TestServer> {
  server = await startServer(options);
  return server;
}

describe('the audit log', () => {
  const file = (): string => path.join(directory, 'audit.log');
  const audit = () => createAuditFile({ file: file(), logger: silentLogger });
  const lines = async (): Promise<Record<string, unknown>[]> =>
    (await readFile(file(), 'utf8'))
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);

  test('says who did what, when, from where and how it ended', async () => {
    const started = await start({ audit: audit() });
    await started.call('POST', '/login', { body: { username: 'bob', password: 'wrong' } });
    const { access_token: token } = await started.login('bob');
    const id = await started.session(token);
    await started.call('GET', '/sessions', { token });
    await started.call('DELETE', `/sessions/${id}`, { token });
    await started.call('GET', '/status');

    const seen = await lines();

    const address = '127.0.0.1';
    const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/) as string;
    const line = (operation: string, status: number, more: object = {}) => ({
      ...{ time, user: 'bob', address, operation, target: {}, code: '', status },
      ...more,
    });
    expect(seen).toEqual([
      line('login', 401, { code: 'API_CREDENTIALS' }),
      line('login', 200),
      line('createSession', 201),
      line('closeSession', 200, { target: { id } }),
      line('status', 401, { user: '', code: 'API_UNAUTHENTICATED' }),
    ]);
    expect((await stat(file())).mode & 0o777).toBe(0o600);
  });

  test('holds no password, token, code or data', async () => {
    const started = await start({ audit: audit() });
    await started.call('POST', '/login', {
      body: { username: 'bob', password: 'planted-password' },
    });
    const first = await started.login('bob');
    const id = await started.session(first.access_token);
    await started.execute(first.access_token, id, {
      code: 'echo planted-code',
      inputParameters: [{ name: 'x', value: 'planted-data' }],
    });
    const body = { refreshToken: first.refresh_token };
    await started.call('POST', '/login/refreshToken', { body });
    const other = await started.login('bob');
    await started.call('DELETE', `/login/refreshToken?refreshToken=${other.refresh_token}`);
    const third = await started.login('bob');
    await started.call('DELETE', `/login/refreshToken/${third.refresh_token}`);
    await started.call('DELETE', '/login/refreshToken/planted-token?x=planted-query');
    await started.call('GET', '/planted-path', { token: 'planted-bearer' });

    const text = await readFile(file(), 'utf8');

    expect(text).toContain('revokeRefreshTokenByPath');
    for (const secret of [
      'planted',
      ...[first, other, third].flatMap((pair) => [pair.access_token, pair.refresh_token]),
    ]) {
      expect(text).not.toContain(secret);
    }
  });

  test('starts a new file when it is full, and keeps so many old ones', async () => {
    const options = { file: file(), maxBytes: 300, keptFiles: 2, logger: silentLogger };
    const sink = createAuditFile(options);
    const entry = { address: '', operation: 'x', target: {}, statusCode: 200, code: '' };

    for (let count = 0; count < 20; count += 1) {
      sink({ ...entry, timeIso: new Date(count).toISOString(), user: `user ${count}` });
    }

    const users = async (name: string): Promise<string[]> =>
      [...(await readFile(path.join(directory, name), 'utf8')).matchAll(/user (\d+)/g)].map(
        ([, number = '']) => number,
      );
    const kept = [
      ...(await users('audit.log.2')),
      ...(await users('audit.log.1')),
      ...(await users('audit.log')),
    ];
    expect(kept.length).toBeGreaterThan(4);
    expect(kept).toEqual(Array.from({ length: kept.length }, (_, i) => `${20 - kept.length + i}`));
    await expect(stat(`${file()}.3`)).rejects.toThrow(/ENOENT/);
  });

  test('that two processes write is turned over once', async () => {
    const options = { file: file(), maxBytes: 200, keptFiles: 5, logger: silentLogger };
    const [one, two] = [createAuditFile(options), createAuditFile(options)];
    const entry = {
      ...{ timeIso: '', user: 'u'.repeat(100), address: '', operation: 'x' },
      ...{ target: {}, statusCode: 200, code: '' },
    };

    for (const sink of [one, two, one, two, one]) sink(entry);

    const counts = await Promise.all(
      ['.2', '.1', ''].map(
        async (suffix) => (await readFile(file() + suffix, 'utf8')).trim().split('\n').length,
      ),
    );
    expect(counts).toEqual([2, 2, 1]);
  });
});

describe('GET /metrics', () => {
  const metricsOf = async (options: Parameters<TestServer['call']>[2] = {}) => {
    const answer = await (server as TestServer).call<Buffer>('GET', '/metrics', options);
    return { ...answer, text: answer.statusCode === 200 ? answer.body.toString() : '' };
  };

  test('is not there unless it is switched on', async () => {
    await start({});

    expect((await metricsOf()).statusCode).toBe(404);
  });

  test('counts requests, errors, sessions and processes', async () => {
    const started = await start({ metrics: { allowFrom: ['127.0.0.0/8'] } });
    await started.session(await started.token());
    await started.call('GET', '/status');

    const { text, headers } = await metricsOf();

    expect(headers['content-type']).toMatch(/^text\/plain; version=0\.0\.4/);
    expect(text).toContain('rserver_sessions 1\n');
    expect(text).toContain(
      'rserver_request_duration_seconds_count{operation="createSession",status="201"} 1\n',
    );
    expect(text).toContain('rserver_errors_total{operation="status",code="API_UNAUTHENTICATED"} 1');
    expect(text).toContain('rserver_runtimes{runtime="R",state="active"} 1\n');
    expect(text).toContain('rserver_info{version="1.2.3"} 1\n');
    expect(text).toContain('process_resident_memory_bytes');
  });

  test('elsewhere needs the token of an owner', async () => {
    const started = await start({ metrics: { allowFrom: ['10.0.0.0/8', '::1'] } });

    expect((await metricsOf()).statusCode).toBe(401);
    expect((await metricsOf({ token: await started.token('bob') })).statusCode).toBe(403);
    expect((await metricsOf({ token: await started.token('admin') })).statusCode).toBe(200);
  });

  test('is not given to whoever comes through a proxy that nobody has told of', async () => {
    await start({ metrics: { allowFrom: ['127.0.0.1'] } });

    const answer = await metricsOf({ headers: { 'x-forwarded-for': '127.0.0.1' } });

    expect(answer.statusCode).toBe(401);
  });
});

describe('health', () => {
  test.each(['/health', '/health/live', '/health/ready'])('%s asks for no token', async (route) => {
    const started = await start({});

    const answer = await started.call('GET', route);

    expect([answer.statusCode, answer.body]).toEqual([200, { status: 'pass' }]);
  });
});

describe('web pages of other origins', () => {
  const preflight = (origin: string) =>
    (server as TestServer).call('OPTIONS', '/login', {
      headers: { origin, 'access-control-request-method': 'POST' },
    });

  test('are told nothing by default', async () => {
    const started = await start({});
    const headers = { origin: 'https://a.example.org' };

    const asked = await preflight('https://a.example.org');
    const answer = await started.call('GET', '/health', { headers });

    expect(asked.headers['access-control-allow-origin']).toBeUndefined();
    expect(answer.headers['access-control-allow-origin']).toBeUndefined();
  });

  test('may call when their origin is listed', async () => {
    const started = await start({ corsOrigins: ['https://a.example.org'] });
    const headers = { origin: 'https://a.example.org' };

    const listed = await preflight('https://a.example.org');
    const other = await preflight('https://b.example.org');
    const answer = await started.call('GET', '/status', { headers });

    expect(listed.statusCode).toBe(204);
    expect(listed.headers['access-control-allow-origin']).toBe('https://a.example.org');
    expect(listed.headers['access-control-allow-methods']).toBe('GET, POST, PUT, PATCH, DELETE');
    expect(other.headers['access-control-allow-origin']).toBeUndefined();
    expect(answer.statusCode).toBe(401);
    expect(answer.headers['access-control-allow-origin']).toBe('https://a.example.org');
    expect(answer.headers['access-control-expose-headers']).toBe('RServer-Extensions, Retry-After');
  });

  test('may all call where every origin is allowed', async () => {
    await start({ corsOrigins: ['*'] });

    const answer = await preflight('https://b.example.org');

    expect(answer.headers['access-control-allow-origin']).toBe('*');
  });
});

describe.skipIf(isMissing('openssl'))('HTTPS', () => {
  async function statusOver(
    url: string,
    connect: { ca: string; cert?: string; key?: string },
  ): Promise<number> {
    const dispatcher = new Agent({ connect });
    try {
      const { statusCode, body } = await request(`${url}/health`, { dispatcher });
      await body.dump();
      return statusCode;
    } finally {
      await dispatcher.close();
    }
  }
  const read = ({ cert, key }: CertificateFiles) => ({
    cert: readFileSync(cert, 'utf8'),
    key: readFileSync(key, 'utf8'),
  });

  test('speaks with a certificate of one’s own, and asks for one of the clients', async () => {
    const authority = new CertificateAuthority(directory);
    const stranger = new CertificateAuthority(directory, 'stranger');
    const runtimes = new FakeRuntimeFactory();
    const secure = await createServer({
      dataDirectory: path.join(directory, 'data'),
      runtimes,
      version: '1',
    });
    try {
      const tls = { ...read(authority.sign('server')), clientCa: authority.pem };
      const url = await secure.listen({ host: '127.0.0.1', port: 0, tls });
      const ca = authority.pem;

      expect(url).toMatch(/^https:/);
      expect(await statusOver(url, { ca, ...read(authority.sign('client')) })).toBe(200);
      await expect(statusOver(url, { ca })).rejects.toThrow();
      await expect(statusOver(url, { ca, ...read(stranger.sign('intruder')) })).rejects.toThrow();
      await expect(
        statusOver(url, { ca: stranger.pem, ...read(authority.sign('second')) }),
      ).rejects.toThrow(/certificate/);
    } finally {
      await secure.close();
      await runtimes.close();
    }
  });
});
