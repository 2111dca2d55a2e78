// A load generator that costs little itself: requests are sent in one piece on plain sockets.
import { connect, type Socket } from 'node:net';
import { performance } from 'node:perf_hooks';

export interface Target {
  readonly name: string;
  readonly port: number;
  readonly path: string;
  readonly body: Readonly<Record<string, number>>;
  readonly headers?: Readonly<Record<string, string>>;
  /** Must be in every answer. */
  readonly expected: RegExp;
  /** A connection of its own for each request. */
  readonly closes?: boolean;
}

export interface Figures {
  readonly requestsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** So many clients, each sending its next request when it has its answer. */
export async function load(target: Target, clients: number, seconds: number): Promise<Figures> {
  const request = requestOf(target);
  const latencies: number[] = [];
  const startedAt = performance.now();
  const endsAt = startedAt + seconds * 1_000;
  await Promise.all(
    Array.from({ length: clients }, async () => {
      let socket: Socket | undefined;
      while (performance.now() < endsAt) {
        const sentAt = performance.now();
        socket ??= connect(target.port, '127.0.0.1').setNoDelay(true);
        const answer = await exchange(socket, request);
        latencies.push(performance.now() - sentAt);
        if (!answer.startsWith('HTTP/1.1 200') || !target.expected.test(answer)) {
          throw new Error(`${target.name} answered ${answer}`);
        }
        if (target.closes === true) {
          socket.destroy();
          socket = undefined;
        }
      }
      socket?.destroy();
    }),
  );
  const elapsedMs = performance.now() - startedAt;
  latencies.sort((a, b) => a - b);
  const quantile = (share: number): number =>
    latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * share))] ?? Number.NaN;
  return {
    requestsPerSecond: (latencies.length / elapsedMs) * 1_000,
    p50Ms: quantile(0.5),
    p99Ms: quantile(0.99),
  };
}

function requestOf({ path, body, headers = {}, closes = false }: Target): Buffer {
  const content = JSON.stringify(body);
  const lines = [
    `POST ${path} HTTP/1.1`,
    'Host: 127.0.0.1',
    'Content-Type: application/json',
    `Content-Length: ${content.length}`,
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
    ...(closes ? ['Connection: close'] : []),
  ];
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n${content}`);
}

/** One answer, whose length is told by its header. */
function exchange(socket: Socket, request: Buffer): Promise<string> {
  return new Promise((resolve, reject) => {
    let received = '';
    const onData = (chunk: Buffer): void => {
      received += chunk.toString('latin1');
      const headerEnd = received.indexOf('\r\n\r\n');
      if (headerEnd === -1) return;
      const length = Number(/content-length: (\d+)/i.exec(received.slice(0, headerEnd))?.[1]);
      if (received.length < headerEnd + 4 + length) return;
      socket.off('data', onData).off('error', reject).off('close', onClose);
      resolve(received);
    };
    const onClose = (): void => {
      reject(new Error(`the connection ended after: ${received}`));
    };
    socket.on('data', onData).once('error', reject).once('close', onClose);
    socket.write(request);
  });
}
