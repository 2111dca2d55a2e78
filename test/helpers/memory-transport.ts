// A transport without sockets: what the kernel sends goes through the real wire format to the client in the same process.
import type { IncomingMessage, OutgoingMessage } from '../../src/jupyter/protocol/message.js';
import type { BoundPorts } from '../../src/jupyter/protocol/connect.js';
import type {
  RequestChannel,
  Transport,
  TransportListener,
} from '../../src/jupyter/transport/transport.js';
import { decodeMessage, encodeMessage } from '../../src/jupyter/wire/frames.js';
import { Signer } from '../../src/jupyter/wire/signature.js';
import type { ClientChannel, FrontEndLink } from './kernel-client.js';

/** The routing frame under which the client is known. */
const IDENTITY = Buffer.from('memory-client');

/** Both ends of a kernel's channels. Sending before `open` or after `close` is lost, as with sockets. */
export class MemoryTransport implements Transport, FrontEndLink {
  readonly ports: BoundPorts = { shell: 1, iopub: 2, stdin: 3, control: 4, heartbeat: 5 };
  isClosed = false;
  onFrames: (channel: ClientChannel, frames: Buffer[]) => void = () => undefined;
  readonly #kernelSigner: Signer;
  #listener: TransportListener | undefined;

  constructor(key = '') {
    this.#kernelSigner = new Signer(key);
  }

  // The kernel's end.

  open(listener: TransportListener): Promise<BoundPorts> {
    this.#listener = listener;
    return Promise.resolve(this.ports);
  }

  send(channel: RequestChannel, identities: readonly Buffer[], message: OutgoingMessage): void {
    // A router takes the first routing frame away; the client never sees it.
    this.#toClient(channel, encodeMessage(identities.slice(1), message, this.#kernelSigner));
  }

  publish(topic: Buffer, message: OutgoingMessage): void {
    this.#toClient('iopub', encodeMessage([topic], message, this.#kernelSigner));
  }

  taken(): undefined {
    return undefined;
  }

  close(): Promise<void> {
    this.isClosed = true;
    this.#listener = undefined;
    return Promise.resolve();
  }

  // The client's end.

  sendFrames(channel: RequestChannel, frames: readonly (Buffer | string)[]): void {
    const message: IncomingMessage = decodeMessage(
      [IDENTITY, ...frames.map((frame) => Buffer.from(frame))],
      this.#kernelSigner,
    );
    this.#listener?.onMessage(channel, message);
  }

  /** A front end subscribes to IOPub. */
  subscribe(topic = ''): void {
    const prefix = Buffer.from(topic);
    if (this.#listener !== undefined) this.publish(prefix, this.#listener.onSubscribe(prefix));
  }

  disconnect(): Promise<void> {
    return Promise.resolve();
  }

  #toClient(channel: ClientChannel, frames: (Buffer | string)[]): void {
    if (this.#listener === undefined) return;
    this.onFrames(
      channel,
      frames.map((frame) => Buffer.from(frame)),
    );
  }
}
