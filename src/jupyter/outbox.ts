// Puts messages together and hands them to the transport: replies, questions on stdin, everything on IOPub.
import { randomUUID } from 'node:crypto';
import type { JsonObject } from './interpreter.js';
import { createHeaderWriter, NO_PARENT, type HeaderWriter } from './protocol/header.js';
import type { IncomingMessage, OutgoingMessage, Reply } from './protocol/message.js';
import type { RequestChannel, Transport } from './transport/transport.js';

/** What a message can carry beside its content. */
export interface Attachments {
  readonly metadata?: JsonObject;
  readonly buffers?: readonly Buffer[];
}

/** The sending side of one kernel process, under a session id of its own. */
export class Outbox {
  readonly #transport: Transport;
  readonly #session = randomUUID();
  readonly #writeHeader: HeaderWriter;
  readonly #topics = new Map<string, Buffer>();

  constructor(
    transport: Transport,
    options: { readonly username: string; readonly now: () => Date },
  ) {
    this.#transport = transport;
    this.#writeHeader = createHeaderWriter({ session: this.#session, ...options });
  }

  /** The id of this kernel process, new in each. */
  get kernelId(): string {
    return this.#session;
  }

  /** Publishes on IOPub, under the topic `kernel.<id>.<type>`. */
  publish(type: string, content: object, parent?: IncomingMessage, more: Attachments = {}): void {
    let topic = this.#topics.get(type);
    if (topic === undefined) {
      topic = Buffer.from(`kernel.${this.#session}.${type}`);
      this.#topics.set(type, topic);
    }
    const message = this.message(type, content, parent, more.metadata);
    this.#transport.publish(topic, more.buffers ? { ...message, buffers: more.buffers } : message);
  }

  /** Pending while front ends are far behind with reading what is published. */
  taken(): Promise<void> | undefined {
    return this.#transport.taken();
  }

  /** Answers a request where it came from. */
  reply(channel: RequestChannel, request: IncomingMessage, reply: Reply): void {
    const type = request.header.msg_type.replace(/_request$/, '_reply');
    const message = this.message(type, reply.content, request, reply.metadata);
    this.#transport.send(channel, request.identities, message);
  }

  /** Asks the front end that sent a request, on stdin. Returns the id that the answer will name. */
  ask(request: IncomingMessage, type: string, content: object): string {
    const { messageId, json } = this.#writeHeader(type);
    const message = { header: json, parentHeader: request.rawHeader, metadata: {}, content };
    this.#transport.send('stdin', request.identities, message);
    return messageId;
  }

  /** @param parent - The request that caused the message, if any. */
  message(
    type: string,
    content: object,
    parent?: IncomingMessage,
    metadata: object = {},
  ): OutgoingMessage {
    const parentHeader = parent?.rawHeader ?? NO_PARENT;
    return { header: this.#writeHeader(type).json, parentHeader, metadata, content };
  }
}
