// Secure connections with an authority of one's own, client certificates, and proxies of both kinds.
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import type { ClientOptions } from '../../../src/client/index.js';
import { json } from '../../helpers/fault-server.js';
import { makeCertificates, type TestCertificates } from './certificates.js';
import { makeClient, serve } from './make-client.js';
import { startProxy, type TestProxy } from './proxy.js';

let certificates: TestCertificates;

beforeAll(() => {
  certificates = makeCertificates();
});

async function loginCode(url: string, options: Partial<ClientOptions>): Promise<string> {
  return makeClient(url, options)
    .login()
    .then(
      () => 'logged in',
      (error: unknown) => String((error as { code?: unknown }).code),
    );
}

async function proxy(credentials?: string): Promise<TestProxy> {
  const started = await startProxy(credentials);
  onTestFinished(() => started.close());
  return started;
}

describe('TLS', () => {
  test('a server is trusted by its own authority, or not at all, or by decree', async () => {
    const { serverKey, serverCert, ca, otherCa } = certificates;
    const { url } = await serve({ key: serverKey, cert: serverCert });

    const outcomes = [
      await loginCode(url, { tls: { ca } }),
      await loginCode(url, {}),
      await loginCode(url, { tls: { ca: otherCa } }),
      await loginCode(url, { tls: { verify: false } }),
      await loginCode(url, { tls: { ca: [otherCa, ca] } }),
    ];

    expect(outcomes).toEqual(['logged in', 'CLIENT_TLS', 'CLIENT_TLS', 'logged in', 'logged in']);
  });

  test('a certificate for another host name is refused in plain words', async () => {
    const { strangerKey, strangerCert, ca } = certificates;
    const { url } = await serve({ key: strangerKey, cert: strangerCert });

    await expect(makeClient(url, { tls: { ca } }).login()).rejects.toMatchObject({
      code: 'CLIENT_TLS',
      message: `No secure connection to the R Server at ${url}: its certificate is for another host name (ERR_TLS_CERT_ALTNAME_INVALID).`,
    });
  });

  test('a server that wants a client certificate gets it', async () => {
    const { serverKey, serverCert, ca, clientKey, clientCert } = certificates;
    const { url } = await serve({ key: serverKey, cert: serverCert, clientCa: ca });

    const outcome = await loginCode(url, { tls: { ca, key: clientKey, cert: clientCert } });

    expect(outcome).toBe('logged in');
  });

  test('a server that wants a client certificate and gets none does not let us in', async () => {
    const { serverKey, serverCert, ca } = certificates;
    const { url } = await serve({ key: serverKey, cert: serverCert, clientCa: ca });

    const outcome = await loginCode(url, { tls: { ca } });

    // With TLS 1.3 the refusal may overtake or follow the request: an alert, or a closed connection.
    expect(['CLIENT_TLS', 'CLIENT_UNREACHABLE']).toContain(outcome);
  });

  test('https to a port that speaks plain HTTP says so', async () => {
    const { port } = await serve();

    await expect(makeClient(`https://127.0.0.1:${port}`).login()).rejects.toMatchObject({
      code: 'CLIENT_TLS',
      hint: 'Check the port, or write http:// instead of https://.',
    });
  });

  test('a key that cannot be read is told before anything is sent', async () => {
    const { serverKey, serverCert, ca } = certificates;
    const { url } = await serve({ key: serverKey, cert: serverCert });

    const outcome = await loginCode(url, { tls: { ca, cert: 'no pem', key: 'no pem' } });

    expect(outcome).toBe('CLIENT_TLS');
  });
});

describe('proxies', () => {
  test('a plain server is asked through the proxy without a tunnel', async () => {
    const server = await serve();
    server.script('GET /sessions', json(200, []));
    const { url, log } = await proxy();
    const client = makeClient(server.url, { proxyUrl: url });

    await client.sessions.list();

    expect(log).toEqual([`POST ${server.url}/login`, `GET ${server.url}/sessions`]);
    expect(server.requests[1]?.headers['host']).toBe(`127.0.0.1:${server.port}`);
  });

  test('a secure server is reached through a tunnel, and its certificate is still checked', async () => {
    const { serverKey, serverCert, ca } = certificates;
    const server = await serve({ key: serverKey, cert: serverCert });
    const { url, log } = await proxy();

    const trusted = await loginCode(server.url, { tls: { ca }, proxyUrl: url });
    const untrusted = await loginCode(server.url, { proxyUrl: url });

    expect([trusted, untrusted]).toEqual(['logged in', 'CLIENT_TLS']);
    expect(log).toEqual([`CONNECT 127.0.0.1:${server.port}`, `CONNECT 127.0.0.1:${server.port}`]);
  });

  test('a proxy that wants a password gets it from its URL, and is named when it refuses', async () => {
    const { serverKey, serverCert, ca } = certificates;
    const secure = await serve({ key: serverKey, cert: serverCert });
    const plain = await serve();
    const { port } = await proxy('pat:s3cret-pass');
    const good = `http://pat:s3cret-pass@127.0.0.1:${port}`;
    const bad = `http://pat:wrong-pass@127.0.0.1:${port}`;

    const outcomes = [
      await loginCode(secure.url, { tls: { ca }, proxyUrl: good }),
      await loginCode(plain.url, { proxyUrl: good }),
    ];
    const refused = await makeClient(secure.url, { tls: { ca }, proxyUrl: bad })
      .login()
      .catch((error: unknown) => error);
    const refusedPlain = await loginCode(plain.url, { proxyUrl: bad });

    expect(outcomes).toEqual(['logged in', 'logged in']);
    expect(refused).toMatchObject({
      code: 'CLIENT_UNREACHABLE',
      message: `The proxy http://127.0.0.1:${port} wants a user name and password, or refused ours (407).`,
    });
    expect(refusedPlain).toBe('CLIENT_STATUS');
  });

  test('a host on the list of exceptions is reached without the proxy', async () => {
    const server = await serve();
    const { url, log } = await proxy();

    const outcome = await loginCode(server.url, {
      proxyUrl: url,
      noProxy: 'example.org, 127.0.0.0/8',
    });

    expect([outcome, log]).toEqual(['logged in', []]);
  });

  test('a proxy that is not there is unreachable, and named', async () => {
    const gone = await startProxy();
    await gone.close();
    const { url } = gone;

    await expect(
      makeClient('https://rserver.example', { proxyUrl: url }).login(),
    ).rejects.toMatchObject({
      code: 'CLIENT_UNREACHABLE',
      message: `The R Server at https://rserver.example cannot be reached through the proxy ${url}: nothing listens at that address.`,
    });
  });
});
