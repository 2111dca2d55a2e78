// The five ZeroMQ sockets of a kernel. The only importer of `zeromq`.
import { randomUUID } from 'node:crypto';
import { Dealer, Proxy, Router, XPublisher } from 'zeromq';
import { messageOf, silentLogger, type Logger } from '../../base/index.js';
import { JupyterError, WireError } from '../errors.js';
import type { BoundPorts } from '../protocol/connect.js';
import type { OutgoingMessage } from '../protocol/message.js';
import { decodeMessage, encodeMessage } from '../wire/frames.js';
import { Signer } from '../wire/signature.js';
import type { ConnectionInfo } from './connection-file.js';
import { PublishQueue } from './publish-queue.js';
import { SendQueue } from './send-queue.js';
import type { RequestChannel, Transport, TransportListener } from './transport.js';

/** How long closing waits for front ends to take what was sent: the last reply, mostly. Milliseconds. */
const LINGER_MS = 300;

/** Messages that ZeroMQ takes for each subscriber before it has read them; about 256 KiB of text each. */
const PUBLISHED_AHEAD = 32;

const REQUEST_CHANNELS: readonly RequestChannel[] = ['shell', 'control', 'stdin'];

/**
 * The transport that a connection file describes. Nothing is opened before `open`.
 *
 * @param options - `info`: from `readConnectionFile`.
 * @see https://jupyter-client.readthedocs.io/en/stable/messaging.html#introduction
 */
export function createZeromqTransport(options: {
  readonly info: ConnectionInfo;
  readonly logger?: Logger;
}): Transport {
  return new ZeromqTransport(options.info, options.logger ?? silentLogger);
}

/** What {@link exchange} sends, and how long it waits. */
export interface ExchangeOptions {
  /** As ZeroMQ writes it. */
  readonly address: string;
  readonly frames: readonly (Buffer | string)[];
  /** Whether an answer is the one that is waited for; others are passed over. */
  readonly isAnswer: (frames: readonly Buffer[]) => boolean;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/**
 * Sends one message to a ROUTER and waits for its answer.
 *
 * @returns Whether the answer came before the time was over, or the signal aborted.
 */
export async function exchange(options: ExchangeOptions): Promise<boolean> {
  const { address, frames, isAnswer, timeoutMs, signal } = options;
  const socket = new Dealer({ linger: 0, ipv6: address.includes('[') });
  const close = (): void => {
    socket.close();
  };
  const timer = setTimeout(close, timeoutMs);
  signal.addEventListener('abort', close, { once: true });
  try {
    signal.throwIfAborted();
    socket.connect(address);
    await socket.send([...frames]);
    for await (const answer of socket) if (isAnswer(answer)) return true;
    return false;
  } catch (error) {
    if (socket.closed || signal.aborted) return false;
    throw error;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', close);
    close();
  }
}

class ZeromqTransport implements Transport {
  readonly #info: ConnectionInfo;
  readonly #logger: Logger;
  readonly #signer: Signer;
  #sockets: Sockets | undefined;
  #unpublished: { readonly topic: Buffer; readonly message: OutgoingMessage }[] = [];
  #droppedCount = 0;

  constructor(info: ConnectionInfo, logger: Logger) {
    this.#info = info;
    this.#logger = logger;
    this.#signer = new Signer(info.key);
  }

  open(listener: TransportListener): Promise<BoundPorts> {
    const sockets = openSockets(this.#info, this.#logger, (error) => {
      listener.onFailure(error);
    });
    this.#sockets = sockets;
    for (const channel of REQUEST_CHANNELS) {
      void receiveAll(sockets[channel], listener, (frames) => {
        this.#receive(channel, frames, listener);
      });
    }
    void receiveAll(sockets.iopub, listener, ([event]) => {
      this.#handleEvent(event, listener);
    });
    return Promise.resolve(sockets.ports);
  }

  send(channel: RequestChannel, identities: readonly Buffer[], message: OutgoingMessage): void {
    this.#sockets?.queues[channel].push(encodeMessage(identities, message, this.#signer));
  }

  /** In the next phase of the event loop: what a request is about should not wait until its `busy` is written. */
  publish(topic: Buffer, message: OutgoingMessage): void {
    if (this.#unpublished.push({ topic, message }) === 1) setImmediate(this.#publishAll);
  }

  taken(): Promise<void> | undefined {
    return this.#sockets?.published.taken();
  }

  async close(): Promise<void> {
    const sockets = this.#sockets;
    if (sockets === undefined) return;
    this.#publishAll();
    this.#sockets = undefined;
    await Promise.all([
      ...Object.values(sockets.queues).map((queue) => queue.whenEmpty()),
      sockets.published.close(),
    ]);
    for (const channel of REQUEST_CHANNELS) sockets[channel].close();
    sockets.iopub.close();
    await sockets.heartbeat.close();
  }

  readonly #publishAll = (): void => {
    const messages = this.#unpublished;
    this.#unpublished = [];
    for (const { topic, message } of messages) {
      this.#sockets?.published.push(encodeMessage([topic], message, this.#signer));
    }
  };

  #receive(channel: RequestChannel, frames: readonly Buffer[], listener: TransportListener): void {
    try {
      listener.onMessage(channel, decodeMessage(frames, this.#signer));
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      this.#droppedCount += 1;
      this.#logger.warn(
        { code: error.code, channel, droppedCount: this.#droppedCount },
        `Dropped a message: ${error.message}`,
      );
    }
  }

  /** XPUB events are one frame: 1 (subscribe) or 0 (unsubscribe), then the topic. */
  #handleEvent(event: Buffer | undefined, listener: TransportListener): void {
    if (event?.[0] !== 1) return;
    const topic = event.subarray(1);
    this.publish(topic, listener.onSubscribe(topic));
  }
}

interface Sockets extends Readonly<Record<RequestChannel, Router>> {
  readonly iopub: XPublisher;
  readonly heartbeat: Heartbeat;
  readonly queues: Readonly<Record<RequestChannel, SendQueue>>;
  readonly published: PublishQueue;
  readonly ports: BoundPorts;
}

function openSockets(
  info: ConnectionInfo,
  logger: Logger,
  onFailure: (error: Error) => void,
): Sockets {
  const common = {
    linger: LINGER_MS,
    // Unlimited, on purpose: at the default of 1000, ROUTER drops what a slow reader has not taken yet, without an error.
    sendHighWaterMark: 0,
    receiveHighWaterMark: 0,
    ipv6: info.ip.includes(':'),
    ...(info.curve && {
      curveServer: true,
      curvePublicKey: info.curve.publicKey,
      curveSecretKey: info.curve.secretKey,
    }),
  };
  // Handover: a front end that reconnects with its old identity takes over at once.
  const openRouter = (): Router => new Router({ ...common, handover: true });
  const shell = openRouter();
  const control = openRouter();
  const stdin = openRouter();
  // Verbose: every subscription is told, also the second one of a topic, for each is welcomed (JEP 65).
  const iopub = new XPublisher({
    ...common,
    verbosity: 'allSubs',
    noDrop: true,
    sendHighWaterMark: PUBLISHED_AHEAD,
    sendTimeout: 0,
  });
  const echo = new Router(common);
  try {
    const ports: BoundPorts = {
      shell: bind(shell, info, info.shellPort),
      iopub: bind(iopub, info, info.iopubPort),
      stdin: bind(stdin, info, info.stdinPort),
      control: bind(control, info, info.controlPort),
      heartbeat: bind(echo, info, info.heartbeatPort),
    };
    const onLost = (cause: Error): void => {
      onFailure(new JupyterError('JUPYTER_SEND', `A message is lost: ${cause.message}`, { cause }));
    };
    const queueOf = (socket: Router): SendQueue =>
      new SendQueue((frames) => socket.send(frames), onLost);
    return {
      shell,
      control,
      stdin,
      iopub,
      heartbeat: new Heartbeat(echo, onFailure),
      queues: {
        shell: queueOf(shell),
        control: queueOf(control),
        stdin: queueOf(stdin),
      },
      published: new PublishQueue({
        socket: iopub,
        onFailure: onLost,
        onStuck: () => {
          logger.warn({}, 'A front end does not read: what it has not read is kept in memory');
        },
      }),
      ports,
    };
  } catch (error) {
    for (const socket of [shell, control, stdin, iopub, echo]) socket.close();
    throw error;
  }
}

/** Binds at once (a thread would cost more than the call) and returns the port, also when it was 0. */
function bind(socket: Router | XPublisher, info: ConnectionInfo, port: number): number {
  const host = info.ip.includes(':') ? `[${info.ip}]` : info.ip;
  const address =
    info.transport === 'ipc' ? `ipc://${info.ip}-${port}` : `tcp://${host}:${port || '*'}`;
  try {
    socket.bindSync(address);
  } catch (cause) {
    throw new JupyterError('JUPYTER_BIND', `Cannot bind ${address}: ${messageOf(cause)}`, {
      cause,
      facts: { address },
    });
  }
  return port === 0 ? Number(socket.lastEndpoint?.split(':').at(-1)) : port;
}

/** Reads until the socket is closed. */
async function receiveAll(
  socket: Router | XPublisher,
  listener: TransportListener,
  onFrames: (frames: readonly Buffer[]) => void,
): Promise<void> {
  try {
    for await (const frames of socket) onFrames(frames);
  } catch (error) {
    if (socket.closed) return;
    listener.onFailure(error instanceof Error ? error : new Error(messageOf(error)));
  }
}

/**
 * Echoes on a thread of its own, so that long work on the event loop cannot make the kernel look dead.
 *
 * libzmq's proxy does it without a JavaScript thread (1 ms and 1 MB instead of 20 ms and several MB of a worker):
 * its back end is a DEALER that is connected to itself, so every message comes straight back.
 */
class Heartbeat {
  readonly #proxy: Proxy;
  readonly #ended: Promise<void>;
  #isTerminated = false;

  constructor(front: Router, onFailure: (error: Error) => void) {
    const back = new Dealer({ linger: 0, sendHighWaterMark: 0, receiveHighWaterMark: 0 });
    const address = `inproc://heartbeat-${randomUUID()}`;
    back.bindSync(address);
    back.connect(address);
    this.#proxy = new Proxy(front, back);
    this.#ended = this.#proxy.run().catch(onFailure);
    process.once('exit', this.#terminate);
  }

  async close(): Promise<void> {
    process.removeListener('exit', this.#terminate);
    this.#terminate();
    await this.#ended;
  }

  /** Also at exit: Node waits for the threads of its pool, and would wait for this one for ever. */
  readonly #terminate = (): void => {
    if (this.#isTerminated) return;
    this.#isTerminated = true;
    this.#proxy.terminate();
  };
}
