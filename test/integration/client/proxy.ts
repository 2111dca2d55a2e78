// An HTTP proxy for tests: tunnels by CONNECT, forwards plain requests, may want a password.
import http from 'node:http';
import net, { type AddressInfo } from 'node:net';

/** A running proxy. */
export interface TestProxy {
  readonly url: string;
  readonly port: number;
  /** `CONNECT host:port` and `GET http://…`, in order. */
  readonly log: readonly string[];
  close(): Promise<void>;
}

/** Starts one on a free port of the loopback. @param credentials - `name:password` that clients must send. */
export async function startProxy(credentials?: string): Promise<TestProxy> {
  const log: string[] = [];
  const tunnels = new Set<net.Socket>();
  const expected =
    credentials === undefined ? undefined : `Basic ${Buffer.from(credentials).toString('base64')}`;
  const isAllowed = (request: http.IncomingMessage): boolean =>
    expected === undefined || request.headers['proxy-authorization'] === expected;

  const server = http.createServer((request, response) => {
    log.push(`${request.method ?? ''} ${request.url ?? ''}`);
    if (!isAllowed(request)) {
      response.writeHead(407).end();
      return;
    }
    const headers = { ...request.headers };
    delete headers['proxy-authorization'];
    const onward = http.request(
      request.url ?? '',
      { method: request.method, headers },
      (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(response);
      },
    );
    request.pipe(onward);
  });
  server.on('connect', (request: http.IncomingMessage, client: net.Socket, head: Buffer) => {
    log.push(`CONNECT ${request.url ?? ''}`);
    if (!isAllowed(request)) {
      client.end('HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n');
      return;
    }
    const [host, port] = (request.url ?? '').split(':');
    const target = net.connect(Number(port), host, () => {
      client.write('HTTP/1.1 200 Connection Established\r\n\r\n');
      target.write(head);
      target.pipe(client).pipe(target);
    });
    tunnels.add(target).add(client);
    target.on('error', () => client.destroy());
    client.on('error', () => target.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    log,
    close: async () => {
      for (const socket of tunnels) socket.destroy();
      server.closeAllConnections();
      await new Promise<void>((resolve) => {
        server.close(() => {
          resolve();
        });
      });
    },
  };
}
