// A raw Jupyter client on the same ZeroMQ for Node that our kernel uses: starts a kernel, and times its cells.
import { spawn, type ChildProcess } from 'node:child_process';
import { createHmac, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import path from 'node:path';
import { performance } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { Dealer, Request, Subscriber } from 'zeromq';

const DELIMITER = '<IDS|MSG>';
const CHANNELS = ['shell', 'iopub', 'stdin', 'control', 'hb'] as const;
const ASK_AGAIN_MS = 100;

/** How a kernel is started. */
export interface KernelCommand {
  readonly argv: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly directory: string;
}

export class FrontEnd {
  readonly #child: ChildProcess;
  readonly #key: string;
  readonly #shell = new Dealer({ linger: 0, reconnectInterval: 5 });
  readonly #iopub = new Subscriber({ linger: 0, reconnectInterval: 5, receiveHighWaterMark: 0 });
  readonly #heartbeat = new Request({ linger: 0, reconnectInterval: 5 });
  #waiting:
    { readonly id: string; readonly left: Set<string>; readonly done: () => void } | undefined;

  private constructor(child: ChildProcess, key: string) {
    this.#child = child;
    this.#key = key;
  }

  /** Settles when a first cell has ended. */
  static async start({ argv, env, directory }: KernelCommand): Promise<FrontEnd> {
    const key = randomUUID();
    const ports = await freePorts(CHANNELS.length);
    const file = path.join(directory, `connection-${key}.json`);
    const portFields = CHANNELS.map((channel, index) => [`${channel}_port`, ports[index]]);
    writeFileSync(
      file,
      JSON.stringify({
        ...Object.fromEntries(portFields),
        ip: '127.0.0.1',
        transport: 'tcp',
        key,
        signature_scheme: 'hmac-sha256',
      }),
      { mode: 0o600 },
    );
    const [command = '', ...args] = argv.map((word) => word.replace('{connection_file}', file));
    const child = spawn(command, args, { env, stdio: ['ignore', 'ignore', 'inherit'] });
    const frontEnd = new FrontEnd(child, key);
    frontEnd.#connect(ports);
    for (;;) {
      const isDone = await Promise.race([
        frontEnd.cell('1+1').then(() => true),
        delay(ASK_AGAIN_MS),
      ]);
      if (isDone === true) break;
    }
    return frontEnd;
  }

  #connect(ports: readonly number[]): void {
    const address = (index: number): string => `tcp://127.0.0.1:${ports[index] ?? 0}`;
    this.#shell.connect(address(0));
    this.#iopub.connect(address(1));
    this.#iopub.subscribe('');
    this.#heartbeat.connect(address(4));
    void this.#receive(this.#shell, () => 'reply');
    void this.#receive(this.#iopub, (content) => (content.includes('"idle"') ? 'idle' : ''));
  }

  /** Runs a cell and gives the milliseconds to the later of reply and idle. */
  async cell(code: string): Promise<number> {
    const id = randomUUID();
    const header = {
      msg_id: id,
      username: 'bench',
      session: 'bench',
      msg_type: 'execute_request',
      version: '5.3',
      date: new Date().toISOString(),
    };
    const content = { code, silent: false, store_history: true, allow_stdin: false };
    const parts = [JSON.stringify(header), '{}', '{}', JSON.stringify(content)];
    const ended = new Promise<void>((done) => {
      this.#waiting = { id, left: new Set(['reply', 'idle']), done };
    });
    const startedAt = performance.now();
    const signature = createHmac('sha256', this.#key).update(parts.join('')).digest('hex');
    await this.#shell.send([DELIMITER, signature, ...parts]);
    await ended;
    return performance.now() - startedAt;
  }

  /** Milliseconds there and back of a frame that nobody looks into. */
  async heartbeat(): Promise<number> {
    const startedAt = performance.now();
    await this.#heartbeat.send('ping');
    await this.#heartbeat.receive();
    return performance.now() - startedAt;
  }

  async close(): Promise<void> {
    for (const socket of [this.#shell, this.#iopub, this.#heartbeat]) socket.close();
    if (this.#child.exitCode !== null) return;
    const exited = once(this.#child, 'exit');
    this.#child.kill('SIGTERM');
    await Promise.race([exited, delay(5_000).then(() => this.#child.kill('SIGKILL'))]);
  }

  async #receive(socket: Dealer | Subscriber, nameOf: (content: string) => string): Promise<void> {
    for await (const frames of socket) {
      const at = frames.findIndex((frame) => frame.toString() === DELIMITER);
      const waiting = this.#waiting;
      if (waiting === undefined || frames[at + 3]?.includes(waiting.id) !== true) continue;
      waiting.left.delete(nameOf(frames[at + 5]?.toString() ?? ''));
      if (waiting.left.size === 0) waiting.done();
    }
  }
}

async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer().listen(0, '127.0.0.1');
      await once(server, 'listening');
      return server;
    }),
  );
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  for (const server of servers) server.close();
  return ports;
}
