// How the kernel reaches front ends. The kernel knows this interface only; sockets and frames lie behind it.
import type { BoundPorts } from '../protocol/connect.js';
import type { IncomingMessage, OutgoingMessage } from '../protocol/message.js';

/** Channels on which front ends send. */
export type RequestChannel = 'shell' | 'control' | 'stdin';

/** What the transport tells the kernel. */
export interface TransportListener {
  /** A message whose signature is right. Must not throw. */
  onMessage(channel: RequestChannel, message: IncomingMessage): void;
  /** A front end has subscribed to IOPub: what this returns is published to the topic. Must not throw. */
  onSubscribe(topic: Buffer): OutgoingMessage;
  /** A message was lost on its way out: the front ends no longer see the truth. Must not throw. */
  onFailure(error: Error): void;
}

/** The five channels of a kernel. Messages of one channel leave in the order of the calls. */
export interface Transport {
  /**
   * Binds the channels and begins to listen.
   *
   * @throws {JupyterError} `JUPYTER_BIND`.
   */
  open(listener: TransportListener): Promise<BoundPorts>;
  /** Sends to the front end with these identities; dropped when it is gone or the transport is closed. */
  send(channel: RequestChannel, identities: readonly Buffer[], message: OutgoingMessage): void;
  /** Sends to every subscriber of the topic; dropped when the transport is closed. */
  publish(topic: Buffer, message: OutgoingMessage): void;
  /** Pending while subscribers are far behind with reading: what can wait should wait for it. Never rejects. */
  taken(): Promise<void> | undefined;
  /** Sends what was handed over, within a bounded time, and frees the channels. */
  close(): Promise<void>;
}
