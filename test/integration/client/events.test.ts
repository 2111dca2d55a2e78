// The event stream over real WebSockets: order, early events, refusals, tokens, TLS and proxies.
import type { IncomingMessage } from 'node:http';
import { describe, expect, onTestFinished, test } from 'vitest';
import { WebSocketServer, type WebSocket } from 'ws';
import type { EventStream, SessionEvent } from '../../../src/client/index.js';
import { tokens, type FaultServer } from '../../helpers/fault-server.js';
import { makeCertificates } from './certificates.js';
import { makeClient, serve } from './make-client.js';
import { startProxy } from './proxy.js';

interface Accepted {
  readonly socket: WebSocket;
  readonly request: IncomingMessage;
}

/** Accepts WebSockets whose request passes; others get the status. */
function acceptEvents(
  server: FaultServer,
  refuse?: (request: IncomingMessage) => number | undefined,
): Promise<Accepted> {
  const webSockets = new WebSocketServer({ noServer: true });
  onTestFinished(() => {
    webSockets.close();
  });
  return new Promise((resolve) => {
    server.onUpgrade((request, socket, head) => {
      const status = refuse?.(request);
      if (status !== undefined) {
        socket.end(`HTTP/1.1 ${status} No\r\nContent-Length: 0\r\n\r\n`);
        return;
      }
      webSockets.handleUpgrade(request, socket, head, (webSocket) => {
        resolve({ socket: webSocket, request });
      });
    });
  });
}

/** The first events of a stream. */
function take(stream: EventStream, count: number): Promise<SessionEvent[]> {
  const events: SessionEvent[] = [];
  return new Promise((resolve) => {
    stream.onEvent((event) => {
      events.push(event);
      if (events.length === count) resolve(events);
    });
  });
}

const hello: SessionEvent = { type: 'stream', executionId: 'e1', name: 'stdout', text: 'hé\n' };
const data: SessionEvent = { type: 'data', executionId: 'e1', data: '{"type":"done"}' };
const finished: SessionEvent = { type: 'finished', executionId: 'e1' };

describe('event stream', () => {
  test('events arrive in order with the token, those before the first listener too', async () => {
    const server = await serve();
    const accepted = acceptEvents(server);
    const client = makeClient(server.url);

    const stream = await client.events('s 1');
    const { socket, request } = await accepted;
    for (const event of [hello, data, finished]) socket.send(JSON.stringify(event));
    const events = await take(stream, 3);

    expect(events).toEqual([hello, data, finished]);
    expect([request.url, request.headers.authorization]).toEqual([
      '/sessions/s%201/events',
      'Bearer access-1',
    ]);
  });

  test('frames of an unknown kind are passed over', async () => {
    const server = await serve();
    const accepted = acceptEvents(server);
    const stream = await makeClient(server.url).events('s1');
    const { socket } = await accepted;

    for (const frame of [
      'not json',
      '[]',
      '{"type":"new","executionId":"e1"}',
      JSON.stringify(finished),
    ]) {
      socket.send(frame);
    }

    expect(await take(stream, 1)).toEqual([finished]);
  });

  test.each([
    [
      'by the client',
      (stream: EventStream) => {
        stream.close();
      },
    ],
    [
      'by the server',
      (_stream: EventStream, socket: WebSocket) => {
        socket.terminate();
      },
    ],
  ])('closed settles when the stream is ended %s', async (_name, end) => {
    const server = await serve();
    const accepted = acceptEvents(server);
    const stream = await makeClient(server.url).events('s1');
    const { socket } = await accepted;

    end(stream, socket);

    await stream.closed;
  });

  test.each([
    [404, 'CLIENT_SESSION_GONE'],
    [410, 'CLIENT_SESSION_GONE'],
    [403, 'CLIENT_STATUS'],
    [500, 'CLIENT_STATUS'],
  ])('a refusal with %i is %s', async (status, code) => {
    const server = await serve();
    void acceptEvents(server, () => status);

    await expect(makeClient(server.url).events('s1')).rejects.toMatchObject({
      code,
      facts: { statusCode: status, sessionId: 's1' },
    });
  });

  test('a refused token is replaced once', async () => {
    const server = await serve();
    server.script('POST /login/refreshToken', tokens('access-2'));
    const accepted = acceptEvents(server, ({ headers }) =>
      headers.authorization === 'Bearer access-2' ? undefined : 401,
    );

    await makeClient(server.url).events('s1');

    expect((await accepted).request.headers.authorization).toBe('Bearer access-2');
  });

  test('a server that is not there is unreachable', async () => {
    const server = await serve();
    const client = makeClient(server.url);
    await client.login();
    await server.close();

    await expect(client.events('s1')).rejects.toMatchObject({ code: 'CLIENT_UNREACHABLE' });
  });

  test('a server that does not answer is a timeout', async () => {
    const server = await serve();
    server.onUpgrade(() => undefined);
    const client = makeClient(server.url, { timeouts: { requestTimeoutMs: 100 } });

    await expect(client.events('s1')).rejects.toMatchObject({
      code: 'CLIENT_TIMEOUT',
      facts: { phase: 'request', timeoutMs: 100 },
    });
  });

  test('a signal stops the opening', async () => {
    const server = await serve();
    const controller = new AbortController();
    server.onUpgrade(() => {
      controller.abort();
    });
    const client = makeClient(server.url);

    await expect(client.events('s1', { signal: controller.signal })).rejects.toMatchObject({
      name: 'AbortError',
    });
  });

  test('the stream goes through TLS with an own authority, and through a tunnel of the proxy', async () => {
    const { serverKey, serverCert, ca } = makeCertificates();
    const server = await serve({ key: serverKey, cert: serverCert });
    const proxy = await startProxy();
    onTestFinished(() => proxy.close());
    const accepted = acceptEvents(server);
    const client = makeClient(server.url, { tls: { ca }, proxyUrl: proxy.url });

    const stream = await client.events('s1');
    (await accepted).socket.send(JSON.stringify(hello));

    expect(await take(stream, 1)).toEqual([hello]);
    expect(proxy.log.filter((line) => line.startsWith('CONNECT'))).toHaveLength(2);
  });

  test('a plain stream goes through a tunnel of the proxy too', async () => {
    const server = await serve();
    const proxy = await startProxy();
    onTestFinished(() => proxy.close());
    const accepted = acceptEvents(server);

    const stream = await makeClient(server.url, { proxyUrl: proxy.url }).events('s1');
    (await accepted).socket.send(JSON.stringify(finished));

    expect(await take(stream, 1)).toEqual([finished]);
  });
});
