// A real HTTP server whose every answer is scripted, faults included. Nothing is timed: what waits, waits for an event.
import http from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';

/** A request as it arrived, with its whole body. */
export interface ReceivedRequest {
  readonly method: string;
  /** With the query, undecoded. */
  readonly path: string;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: Buffer;
}

/** Answers one request, or misbehaves. */
export type Reply = (
  request: ReceivedRequest,
  response: http.ServerResponse,
) => void | Promise<void>;

/** A running fault server. */
export interface FaultServer {
  readonly url: string;
  readonly port: number;
  /** Every request, in the order in which they were read. */
  readonly requests: readonly ReceivedRequest[];
  /**
   * Answers a route (`GET /sessions`, without the query) with these replies in turn; the last one stays.
   * A later script for the same route replaces the earlier one.
   */
  script(route: string, ...replies: readonly Reply[]): void;
  /** Settles when the next request for the route has arrived. */
  received(route: string): Promise<ReceivedRequest>;
  /** Takes over upgrades; without one they are refused with 404. */
  onUpgrade(handler: (request: http.IncomingMessage, socket: Duplex, head: Buffer) => void): void;
  /** Paths of the requests for which the method fits, in order. */
  pathsOf(method: string): string[];
  close(): Promise<void>;
}

/** Certificates for a fault server that speaks TLS. */
export interface FaultServerTls {
  readonly key: string;
  readonly cert: string;
  /** Asks clients for a certificate signed by this authority. */
  readonly clientCa?: string;
}

/** A JSON answer. */
export function json(
  statusCode: number,
  body: unknown,
  headers: http.OutgoingHttpHeaders = {},
): Reply {
  return text(statusCode, JSON.stringify(body), { 'content-type': 'application/json', ...headers });
}

/** An answer with this body as it is. */
export function text(
  statusCode: number,
  body: string | Buffer,
  headers: http.OutgoingHttpHeaders = {},
): Reply {
  return (_request, response) => {
    response.writeHead(statusCode, headers).end(body);
  };
}

/** Reads the request and closes the connection without a word. */
export const resetAfterRequest: Reply = (_request, response) => {
  response.socket?.resetAndDestroy();
};

/** Sends the head and half of a body, then closes the connection. */
export const resetMidBody: Reply = async (_request, response) => {
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' });
  await new Promise<void>((resolve) => {
    response.write('{"success": true, "consoleOut', () => {
      resolve();
    });
  });
  response.socket?.destroy();
};

/** Reads the request and never answers. */
export const silence: Reply = () => undefined;

/** Sends a part of the head and never goes on. */
export const slowHeaders: Reply = (_request, response) => {
  response.socket?.write('HTTP/1.1 200 OK\r\nContent-Ty');
};

/** Sends the head and a part of the body and never goes on. */
export const slowBody: Reply = (_request, response) => {
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' });
  response.write('{"a":');
};

/** Sends what is not HTTP. */
export const garbage: Reply = (_request, response) => {
  response.socket?.end('SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n');
};

/** Answers when the promise settles. */
export function after(gate: Promise<unknown>, reply: Reply): Reply {
  return async (request, response) => {
    await gate;
    await reply(request, response);
  };
}

/** A login answer as in the documents; the token's life is given in seconds. */
export function tokens(
  accessToken: string,
  refreshToken = `refresh-${accessToken}`,
  lifetime = 3600,
): Reply {
  return json(200, {
    token_type: 'Bearer',
    access_token: accessToken,
    expires_in: lifetime,
    refresh_token: refreshToken,
  });
}

/** Starts a server on a free port of the loopback. `POST /login` gives `access-1` until it is scripted. */
export async function startFaultServer(tls?: FaultServerTls): Promise<FaultServer> {
  const requests: ReceivedRequest[] = [];
  const scripts = new Map<string, Reply[]>([['POST /login', [tokens('access-1')]]]);
  const waiting = new Map<string, ((request: ReceivedRequest) => void)[]>();
  let upgrade: ((request: http.IncomingMessage, socket: Duplex, head: Buffer) => void) | undefined;

  const listener: http.RequestListener = (incoming, response) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    // A client that breaks off is part of the tests.
    incoming.on('error', () => undefined);
    incoming.on('end', () => {
      const request: ReceivedRequest = {
        method: incoming.method ?? '',
        path: incoming.url ?? '',
        headers: incoming.headers,
        body: Buffer.concat(chunks),
      };
      const route = `${request.method} ${request.path.replace(/^https?:\/\/[^/]+/, '').replace(/\?.*/, '')}`;
      requests.push(request);
      for (const resolve of waiting.get(route)?.splice(0) ?? []) resolve(request);
      const replies = scripts.get(route) ?? [json(501, { message: `no script for ${route}` })];
      const reply = replies.length > 1 ? replies.shift() : replies[0];
      void reply?.(request, response);
    });
  };
  const server =
    tls === undefined
      ? http.createServer(listener)
      : https.createServer(
          {
            key: tls.key,
            cert: tls.cert,
            ...(tls.clientCa === undefined
              ? {}
              : { ca: tls.clientCa, requestCert: true, rejectUnauthorized: true }),
          },
          listener,
        );
  const sockets = new Set<Duplex>();
  server.on('connection', (socket: Duplex) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  server.on('upgrade', (request: http.IncomingMessage, socket: Duplex, head: Buffer) => {
    if (upgrade === undefined) socket.end('HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n');
    else upgrade(request, socket, head);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;

  return {
    url: `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}`,
    port,
    requests,
    script: (route, ...replies) => void scripts.set(route, [...replies]),
    received: (route) =>
      new Promise((resolve) => {
        waiting.set(route, [...(waiting.get(route) ?? []), resolve]);
      }),
    onUpgrade: (handler) => {
      upgrade = handler;
    },
    pathsOf: (method) =>
      requests.filter((request) => request.method === method).map((request) => request.path),
    close: async () => {
      // Also those that have become WebSockets.
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => {
        server.close(() => {
          resolve();
        });
      });
    },
  };
}
