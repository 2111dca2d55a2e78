// A front end for tests that reads like the protocol: sendExecute, expectBusy, expectStream, expectIdle.
import { randomUUID } from 'node:crypto';
import { expect } from 'vitest';
import { Dealer, Subscriber } from 'zeromq';
import type { ConnectionInfo } from '../../src/jupyter/index.js';
import type { RequestChannel } from '../../src/jupyter/transport/transport.js';
import { decodeMessage, encodeMessage } from '../../src/jupyter/wire/frames.js';
import { Signer } from '../../src/jupyter/wire/signature.js';

type Json = Record<string, unknown>;
export type ClientChannel = RequestChannel | 'iopub';

/** How a client reaches a kernel: real sockets, or memory. */
export interface FrontEndLink {
  /** Set by the client: takes what the kernel sends. */
  onFrames: (channel: ClientChannel, frames: Buffer[]) => void;
  sendFrames(channel: RequestChannel, frames: readonly (Buffer | string)[]): void;
  disconnect(): Promise<void>;
}

/** A message from the kernel. */
export interface KernelMessage {
  readonly channel: ClientChannel;
  /** The topic frame on IOPub. */
  readonly topic: string;
  readonly header: Json & { readonly msg_id: string; readonly msg_type: string };
  readonly parentHeader: Json & { readonly msg_id?: string };
  readonly metadata: Json;
  readonly content: Json;
  readonly buffers: readonly Buffer[];
}

/** What `send` can be given besides type and content. */
export interface SendOptions {
  readonly metadata?: Json;
  readonly parentHeader?: object;
  /** Fields beside or in place of the usual ones; `subshell_id` goes here. */
  readonly header?: Json;
  readonly buffers?: readonly Buffer[];
}

const ARRIVAL_TIMEOUT_MS = 10_000;

/** One front end. `close` fails when a message was left unread. */
export class KernelClient {
  readonly session = randomUUID();
  readonly #link: FrontEndLink;
  readonly #signer: Signer;
  readonly #unread: Record<ClientChannel, KernelMessage[]> = {
    shell: [],
    control: [],
    stdin: [],
    iopub: [],
  };
  readonly #waiting = new Map<ClientChannel, (message: KernelMessage) => void>();

  constructor(link: FrontEndLink, key = '') {
    this.#link = link;
    this.#signer = new Signer(key);
    link.onFrames = (channel, frames) => {
      this.#arrive(channel, frames);
    };
  }

  /**
   * Connects to a kernel's sockets and waits for the welcome.
   *
   * @param options - `identity`: the routing id, default a new one.
   */
  static async connect(
    info: ConnectionInfo,
    options: { readonly identity?: string } = {},
  ): Promise<KernelClient> {
    const client = new KernelClient(new SocketLink(info, options.identity), info.key);
    // A status of a kernel that is just starting may come in front of it.
    while ((await client.next('iopub')).header.msg_type !== 'iopub_welcome');
    return client;
  }

  /** Sends a message and returns its id. */
  send(channel: RequestChannel, type: string, content: object, options: SendOptions = {}): string {
    const id = randomUUID();
    const header = {
      msg_id: id,
      session: this.session,
      username: 'tester',
      date: new Date().toISOString(),
      msg_type: type,
      version: '5.5',
      ...options.header,
    };
    const message = {
      header: JSON.stringify(header),
      parentHeader: Buffer.from(JSON.stringify(options.parentHeader ?? {})),
      metadata: options.metadata ?? {},
      content,
      ...(options.buffers && { buffers: options.buffers }),
    };
    this.#link.sendFrames(channel, encodeMessage([], message, this.#signer));
    return header.msg_id;
  }

  /** Sends frames as they are, without identity: for what no honest client would send. */
  sendFrames(channel: RequestChannel, frames: readonly (Buffer | string)[]): void {
    this.#link.sendFrames(channel, frames);
  }

  sendExecute(code: string, content: Json = {}, options: SendOptions = {}): string {
    return this.send('shell', 'execute_request', { code, ...content }, options);
  }

  /** Answers an `input_request`. */
  sendInput(value: string, request: KernelMessage): void {
    this.send('stdin', 'input_reply', { value }, { parentHeader: request.header });
  }

  /** The next message of a channel. */
  async next(channel: ClientChannel): Promise<KernelMessage> {
    const message = this.#unread[channel].shift();
    if (message !== undefined) return message;
    if (this.#waiting.has(channel)) throw new Error(`Two readers wait on ${channel}.`);
    return await new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting.delete(channel);
        reject(new Error(`No message came on ${channel} within ${ARRIVAL_TIMEOUT_MS} ms.`));
      }, ARRIVAL_TIMEOUT_MS);
      this.#waiting.set(channel, (arrived) => {
        clearTimeout(timer);
        resolve(arrived);
      });
    });
  }

  /** The next message of a channel, which must have this type and parent. */
  async expect(channel: ClientChannel, type: string, parentId?: string): Promise<KernelMessage> {
    const message = await this.next(channel);
    expect({
      type: message.header.msg_type,
      parent: message.parentHeader.msg_id,
      content: message.content,
    }).toEqual({ type, parent: parentId, content: message.content });
    return message;
  }

  async expectStatus(state: string, parentId?: string): Promise<void> {
    const message = await this.expect('iopub', 'status', parentId);
    expect(message.content).toEqual({ execution_state: state });
  }

  async expectBusy(parentId: string): Promise<void> {
    await this.expectStatus('busy', parentId);
  }

  async expectIdle(parentId: string): Promise<void> {
    await this.expectStatus('idle', parentId);
  }

  async expectInput(parentId: string, code: string, executionCount: number): Promise<void> {
    const message = await this.expect('iopub', 'execute_input', parentId);
    expect(message.content).toEqual({ code, execution_count: executionCount });
  }

  /** Text of a stream, in however many messages it comes. */
  async expectStream(parentId: string, name: string, text: string): Promise<void> {
    let received = '';
    while (received.length < text.length) {
      const message = await this.expect('iopub', 'stream', parentId);
      expect(message.content).toEqual({ name, text: message.content['text'] });
      received += String(message.content['text']);
    }
    expect(received).toBe(text);
  }

  async expectResult(parentId: string, text: string, executionCount: number): Promise<void> {
    const message = await this.expect('iopub', 'execute_result', parentId);
    expect(message.content).toEqual({
      data: { 'text/plain': text },
      metadata: {},
      transient: {},
      execution_count: executionCount,
    });
  }

  async expectError(parentId: string, ename: string, evalue: string): Promise<void> {
    const message = await this.expect('iopub', 'error', parentId);
    const { traceback } = message.content;
    expect(message.content).toEqual({ ename, evalue, traceback });
  }

  /** The reply to a request; returns its content. */
  async expectReply(channel: RequestChannel, type: string, parentId: string): Promise<Json> {
    return (await this.expect(channel, type, parentId)).content;
  }

  async expectExecuteReply(parentId: string, fields: Json): Promise<void> {
    const content = await this.expectReply('shell', 'execute_reply', parentId);
    expect(content).toMatchObject(fields);
  }

  /** A whole cell whose outputs do not matter here; returns the content of its reply. */
  async run(code: string, content: Json = {}): Promise<Json> {
    const id = this.sendExecute(code, content);
    const reply = await this.expectReply('shell', 'execute_reply', id);
    await this.drainUntilIdle(id);
    return reply;
  }

  /** Everything on IOPub up to the idle of a request, without it. */
  async drainUntilIdle(parentId: string): Promise<KernelMessage[]> {
    const messages: KernelMessage[] = [];
    for (;;) {
      const message = await this.next('iopub');
      const isOurs = message.parentHeader.msg_id === parentId;
      if (isOurs && message.content['execution_state'] === 'idle') return messages;
      messages.push(message);
    }
  }

  /** What has come and was not looked at: `channel type content`. */
  get unread(): string[] {
    return Object.values(this.#unread)
      .flat()
      .map(
        ({ channel, header, content }) =>
          `${channel} ${header.msg_type} ${JSON.stringify(content)}`,
      );
  }

  /** Forgets what was not looked at. */
  forgetUnread(): void {
    for (const messages of Object.values(this.#unread)) messages.length = 0;
  }

  /** Disconnects; fails when a message was left unread. */
  async close(): Promise<void> {
    await this.#link.disconnect();
    expect(this.unread).toEqual([]);
  }

  #arrive(channel: ClientChannel, frames: Buffer[]): void {
    const { identities, header, parentHeader, metadata, content, buffers } = decodeMessage(
      frames,
      this.#signer,
    );
    const message: KernelMessage = {
      channel,
      topic: identities.join(),
      header: header,
      parentHeader,
      metadata,
      content,
      buffers,
    };
    const waiting = this.#waiting.get(channel);
    this.#waiting.delete(channel);
    if (waiting === undefined) this.#unread[channel].push(message);
    else waiting(message);
  }
}

/** DEALER for requests, SUB for IOPub; one routing id for all, as the stdin channel needs. */
class SocketLink implements FrontEndLink {
  onFrames: (channel: ClientChannel, frames: Buffer[]) => void = () => undefined;
  readonly #requests: Record<RequestChannel, Dealer>;
  readonly #iopub: Subscriber;
  #sending: Promise<void> = Promise.resolve();

  constructor(info: ConnectionInfo, identity: string = randomUUID()) {
    const separator = info.transport === 'tcp' ? ':' : '-';
    const address = (port: number): string => `${info.transport}://${info.ip}${separator}${port}`;
    const unlimited = { linger: 100, receiveHighWaterMark: 0, sendHighWaterMark: 0 };
    const dealer = (port: number): Dealer => {
      const socket = new Dealer({ ...unlimited, routingId: identity });
      socket.connect(address(port));
      return socket;
    };
    this.#requests = {
      shell: dealer(info.shellPort),
      control: dealer(info.controlPort),
      stdin: dealer(info.stdinPort),
    };
    this.#iopub = new Subscriber({ linger: 0, receiveHighWaterMark: 0 });
    this.#iopub.connect(address(info.iopubPort));
    this.#iopub.subscribe();
    for (const [channel, socket] of Object.entries(this.#requests)) {
      void this.#receiveAll(channel as RequestChannel, socket);
    }
    void this.#receiveAll('iopub', this.#iopub);
  }

  sendFrames(channel: RequestChannel, frames: readonly (Buffer | string)[]): void {
    this.#sending = this.#sending.then(() => this.#requests[channel].send([...frames]));
  }

  async disconnect(): Promise<void> {
    await this.#sending;
    for (const socket of Object.values(this.#requests)) socket.close();
    this.#iopub.close();
  }

  async #receiveAll(channel: ClientChannel, socket: Dealer | Subscriber): Promise<void> {
    for await (const frames of socket) this.onFrames(channel, frames);
  }
}
