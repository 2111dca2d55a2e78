// The event stream over real WebSockets: order, early events, refusals, tokens, TLS and proxies.
import type { IncomingMessage } from 'node:http';
import { describe, expect, onTestFinished, test } from 'vitest';
import { WebSocketServer, type WebSocket } from 'ws';
import type { EventStream, SessionEvent } from '../../../src/client/index.js';
import { json, tokens, type FaultServer } from '../../helpers/fault-server.js';
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

  test('long text may come as bytes, which the client says', async () => {
    const server = await serve();
    const accepted = acceptEvents(server);
    const stream = await makeClient(server.url).events('s 1');
    const { socket, request } = await accepted;
    const text = 'hé "x"\n'.repeat(20_000);

    socket.send(Buffer.from(`{"type":"stream","executionId":"e1","name":"stderr"}\n${text}`));
    socket.send(Buffer.from('no JSON\nin front'));
    socket.send(JSON.stringify(finished));

    expect(await take(stream, 2)).toEqual([
      { type: 'stream', executionId: 'e1', name: 'stderr', text },
      finished,
    ]);
    expect(request.headers['rserver-stream-text']).toBe('bytes');
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

describe('executions on the stream', () => {
  const execution = { code: 'x' };
  const options = { executionId: 'e1', consoleByEvents: true, timeoutMs: 0 } as const;
  const body = { success: true, errorMessage: '', outputParameters: [], changedFiles: [] };
  const answer = { type: 'answer', executionId: 'e1', statusCode: 200, body };

  /** A server that offers them, its accepted sockets one by one, and a client that has seen the offer. */
  async function prepare(): Promise<{
    client: ReturnType<typeof makeClient>;
    accept: () => Promise<WebSocket>;
    server: FaultServer;
  }> {
    const server = await serve();
    const offer = { 'rserver-extensions': 'events, executions, stdin' };
    server.script('POST /sessions', json(201, { sessionId: 's1' }, offer));
    const client = makeClient(server.url);
    await client.sessions.create();
    return { client, accept: async () => (await acceptEvents(server)).socket, server };
  }

  const message = (socket: WebSocket): Promise<Record<string, unknown>> =>
    new Promise((resolve) => {
      socket.once('message', (data: Buffer) => {
        resolve(JSON.parse(data.toString()) as Record<string, unknown>);
      });
    });

  test('are one frame there and one back', async () => {
    const { client, accept } = await prepare();
    const accepted = accept();
    const stream = await client.events('s1');
    const socket = await accepted;
    const sent = message(socket);

    const running = client.sessions.execute('s1', execution, { ...options, stream });
    expect(await sent).toEqual({
      type: 'execute',
      executionId: 'e1',
      input: false,
      body: { code: 'x' },
    });
    socket.send(JSON.stringify(answer));

    expect(await running).toMatchObject({ success: true });
  });

  test('that are refused are the same errors as by HTTP', async () => {
    const { client, accept } = await prepare();
    const accepted = accept();
    const stream = await client.events('s1');
    const socket = await accepted;
    socket.once('message', () => {
      const gone = { message: 'It is gone.', code: 'API_SESSION_GONE' };
      socket.send(JSON.stringify({ ...answer, statusCode: 410, body: gone }));
    });

    const running = client.sessions.execute('s1', execution, { ...options, stream });

    await expect(running).rejects.toMatchObject({
      code: 'CLIENT_SESSION_GONE',
      facts: { sessionId: 's1', statusCode: 410 },
    });
  });

  test('go on over a new connection: what had come is not asked for again', async () => {
    const { client, accept } = await prepare();
    const accepted = accept();
    const stream = await client.events('s1');
    const first = await accepted;
    const events = take(stream, 2);
    const sent = message(first);
    const running = client.sessions.execute('s1', execution, { ...options, stream });
    await sent;
    const reopened = accept();
    first.send(JSON.stringify(hello), () => {
      first.close();
    });
    const second = await reopened;

    expect(await message(second)).toEqual({ type: 'resume', executionId: 'e1', count: 1 });
    second.send(JSON.stringify(data)); // of the gap: it comes again
    second.send(JSON.stringify({ type: 'resumed', executionId: 'e1', state: 'complete' }));
    for (const frame of [data, answer]) second.send(JSON.stringify(frame));

    expect(await running).toMatchObject({ success: true });
    expect(await events).toEqual([hello, data]);
  });

  test('that never arrived are sent again', async () => {
    const { client, accept } = await prepare();
    const accepted = accept();
    const stream = await client.events('s1');
    const first = await accepted;
    const sent = message(first);
    const running = client.sessions.execute('s1', execution, { ...options, stream });
    const frame = await sent;
    const reopened = accept();
    first.terminate();
    const second = await reopened;
    await message(second);

    second.send(JSON.stringify({ type: 'resumed', executionId: 'e1', state: 'unknown' }));
    expect(await message(second)).toEqual(frame);
    second.send(JSON.stringify(answer));

    expect(await running).toMatchObject({ success: true });
  });

  test('whose output is gone in part end the stream, and their outcome is unknown', async () => {
    const { client, accept } = await prepare();
    const accepted = accept();
    const stream = await client.events('s1');
    const first = await accepted;
    const sent = message(first);
    const running = client.sessions.execute('s1', execution, { ...options, stream });
    await sent;
    const reopened = accept();
    first.terminate();
    const second = await reopened;
    await message(second);

    second.send(JSON.stringify({ type: 'resumed', executionId: 'e1', state: 'cut' }));

    await expect(running).rejects.toMatchObject({ code: 'CLIENT_OUTCOME_UNKNOWN' });
    await stream.closed;
  });

  test('of a session that is gone after the break fail at once', async () => {
    const { client, accept, server } = await prepare();
    const accepted = accept();
    const stream = await client.events('s1');
    const first = await accepted;
    const sent = message(first);
    const running = client.sessions.execute('s1', execution, { ...options, stream });
    await sent;
    void acceptEvents(server, () => 404);

    first.terminate();

    await expect(running).rejects.toMatchObject({ code: 'CLIENT_OUTCOME_UNKNOWN' });
    await stream.closed;
  });
});
