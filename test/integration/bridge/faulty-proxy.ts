// A proxy between client and server that breaks connections on demand. It understands as much of HTTP and WebSockets as that
// needs.
import http from 'node:http';
import net from 'node:net';
import type { AddressInfo } from 'node:net';

/** Picks requests by method and path, e.g. `/^POST .*\/execute$/`; an execution on an event stream is `STREAM execute`. */
export type RequestPattern = RegExp;

/** What happens to a request that was picked: the request or its answer is dropped, and its connection with it. */
export type Fault = 'drop request' | 'drop answer';

interface Rule {
  readonly pattern: RequestPattern;
  readonly fault: Fault;
  readonly onHit: () => void;
}

/** Passes everything on, until told otherwise. */
export class FaultyProxy {
  readonly url: string;
  /** `METHOD path` of every request that was passed on. */
  readonly requests: string[] = [];
  readonly #server: http.Server;
  readonly #sockets = new Set<net.Socket>();
  readonly #tunnels = new Set<net.Socket>();
  readonly #rules: Rule[] = [];
  #refusesTunnels = false;

  static async start(target: string): Promise<FaultyProxy> {
    const server = http.createServer();
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    return new FaultyProxy(server, new URL(target));
  }

  private constructor(server: http.Server, target: URL) {
    this.#server = server;
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port.toString()}`;
    server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
    });
    server.on('request', (request, response) => {
      this.#pass(request, response, target);
    });
    server.on('upgrade', (request: http.IncomingMessage, socket: net.Socket, head: Buffer) => {
      this.#tunnel(request, socket, head, target);
    });
  }

  /** Breaks the next request of this kind; settles when it has happened. */
  breakNext(pattern: RequestPattern, fault: Fault): Promise<void> {
    return new Promise((resolve) => {
      this.#rules.push({ pattern, fault, onHit: resolve });
    });
  }

  /** Breaks event streams that are open. */
  breakTunnels(): void {
    for (const socket of this.#tunnels) socket.destroy();
  }

  /** No event stream is opened any more. */
  refuseTunnels(): void {
    this.#refusesTunnels = true;
  }

  /** Connections are refused, and what was open is broken. */
  async goDown(): Promise<void> {
    if (!this.#server.listening) return;
    await new Promise((resolve) => {
      this.#server.close(resolve);
      for (const socket of this.#sockets) socket.destroy();
      this.breakTunnels();
    });
  }

  async comeBack(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#server.listen(Number(new URL(this.url).port), '127.0.0.1', resolve);
    });
  }

  async close(): Promise<void> {
    await this.goDown();
  }

  #pass(request: http.IncomingMessage, response: http.ServerResponse, target: URL): void {
    const name = `${request.method ?? ''} ${request.url ?? ''}`;
    const rule = this.#takeRule(name);
    if (rule?.fault === 'drop request') {
      request.resume();
      request.on('end', () => {
        rule.onHit();
        request.socket.destroy();
      });
      return;
    }
    this.requests.push(name);
    const { method, url: path, headers } = request;
    const onward = http.request(
      { host: target.hostname, port: target.port, method, path, headers },
      (answer) => {
        if (rule !== undefined) {
          answer.resume();
          rule.onHit();
          request.socket.destroy();
          return;
        }
        response.writeHead(answer.statusCode ?? 500, answer.headers);
        answer.pipe(response);
      },
    );
    onward.on('error', () => {
      request.socket.destroy();
    });
    request.pipe(onward);
  }

  #takeRule(name: string): Rule | undefined {
    const index = this.#rules.findIndex(({ pattern }) => pattern.test(name));
    return index < 0 ? undefined : this.#rules.splice(index, 1)[0];
  }

  #tunnel(request: http.IncomingMessage, socket: net.Socket, head: Buffer, target: URL): void {
    if (this.#refusesTunnels) {
      socket.destroy();
      return;
    }
    const onward = net.connect(Number(target.port), target.hostname, () => {
      const lines = request.rawHeaders.reduce<string[]>((found, text, index) => {
        if (index % 2 === 0) found.push(`${text}: ${request.rawHeaders[index + 1] ?? ''}`);
        return found;
      }, []);
      onward.write(`GET ${request.url ?? ''} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`);
      onward.write(head);
      let answerRule: Rule | undefined;
      socket.on('data', (chunk) => {
        const rule = isExecution(chunk) ? this.#takeRule('STREAM execute') : undefined;
        if (rule?.fault === 'drop request') {
          rule.onHit();
          socket.destroy();
          return;
        }
        answerRule ??= rule;
        onward.write(chunk);
      });
      onward.on('data', (chunk) => {
        if (answerRule !== undefined && chunk.includes('"type":"answer"')) {
          answerRule.onHit();
          socket.destroy();
          return;
        }
        socket.write(chunk);
      });
    });
    for (const end of [socket, onward]) {
      this.#tunnels.add(end);
      end.on('error', () => end.destroy());
      end.on('close', () => {
        this.#tunnels.delete(end);
        socket.destroy();
        onward.destroy();
      });
    }
  }
}

/** Whether a client's frame that begins here, which is masked, holds an execution (RFC 6455, section 5.2). */
function isExecution(chunk: Buffer): boolean {
  const [, length = 0] = chunk;
  const maskAt = 2 + ({ 126: 2, 127: 8 }[length & 0x7f] ?? 0);
  const mask = chunk.subarray(maskAt, maskAt + 4);
  const start = chunk.subarray(maskAt + 4, maskAt + 64);
  const text = Buffer.from(start.map((byte, index) => byte ^ (mask[index % 4] ?? 0)));
  return text.includes('"type":"execute"');
}
