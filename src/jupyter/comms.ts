// The comms of a kernel: which are open, those with a target in this process, and their messages to front ends.
import { messageOf, type Logger } from '../base/index.js';
import type { Comm, CommContent, CommHost, CommMessage, JsonObject } from './interpreter.js';
import type { Outbox } from './outbox.js';
import { commWire } from './protocol/comm.js';
import type { IncomingMessage } from './protocol/message.js';

type OnOpen = (comm: Comm, opened: CommContent) => void;

/**
 * Keeps count of every comm, so that `comm_info` is answered while a cell runs; serves the comms whose target is
 * registered here. Comms of the session pass through.
 */
export class CommManager implements CommHost {
  readonly #outbox: Outbox;
  readonly #logger: Logger;
  readonly #targets = new Map<string, OnOpen>();
  /** Target names of all open comms by their ids. */
  readonly #open = new Map<string, string>();
  /** Those that are served here. */
  readonly #local = new Map<string, LocalComm>();
  /** The message that is being served here. */
  #parent: IncomingMessage | undefined;

  constructor(outbox: Outbox, logger: Logger) {
    this.#outbox = outbox;
    this.#logger = logger;
  }

  registerTarget(name: string, onOpen: OnOpen): void {
    this.#targets.set(name, onOpen);
  }

  adopt(commId: string, targetName: string): void {
    this.#open.set(commId, targetName);
  }

  closeAll(): void {
    for (const commId of [...this.#open.keys()]) {
      if (!this.#local.has(commId)) this.publish({ type: 'close', commId, data: {} }, undefined);
    }
  }

  /** Comm ids and target names, of one target or of all. */
  list(targetName: string | undefined): readonly (readonly [string, string])[] {
    return [...this.#open].filter(([, name]) => targetName === undefined || name === targetName);
  }

  isOpen(commId: string): boolean {
    return this.#open.has(commId);
  }

  /** Whether a message is for a comm that is, or is to be, served here. */
  isLocal(message: CommMessage): boolean {
    return message.type === 'open'
      ? this.#targets.has(message.targetName)
      : this.#local.has(message.commId);
  }

  /** Sends a message of a comm to the front ends, and notes what it opens or closes. */
  publish(message: CommMessage, parent: IncomingMessage | undefined): void {
    this.note(message);
    const { type, content, metadata, buffers } = commWire(message);
    this.#outbox.publish(type, content, parent, { metadata, ...(buffers && { buffers }) });
  }

  /** Notes what a message opens or closes. */
  note(message: CommMessage): void {
    if (message.type === 'open') this.#open.set(message.commId, message.targetName);
    else if (message.type === 'close') this.#open.delete(message.commId);
  }

  /** Hands a message to the comm that {@link CommManager.isLocal} found. Mistakes of its owner are logged. */
  serve(message: CommMessage, request: IncomingMessage): void {
    this.#parent = request;
    try {
      if (message.type === 'open') this.#openLocal(message.commId, message.targetName, message);
      else if (message.type === 'close') this.#closeLocal(message);
      else this.#local.get(message.commId)?.onMessage(message);
    } catch (error) {
      this.#logger.warn({ error }, `A comm message could not be served: ${messageOf(error)}`);
    } finally {
      this.#parent = undefined;
    }
  }

  #openLocal(id: string, targetName: string, opened: CommContent): void {
    const comm = new LocalComm(id, targetName, (message) => {
      if (message.type === 'close') this.#local.delete(id);
      this.publish(message, this.#parent);
    });
    this.#open.set(id, targetName);
    this.#local.set(id, comm);
    try {
      this.#targets.get(targetName)?.(comm, opened);
    } catch (error) {
      comm.close();
      throw error;
    }
  }

  #closeLocal(message: CommMessage): void {
    const comm = this.#local.get(message.commId);
    this.#local.delete(message.commId);
    this.note(message);
    comm?.end(message);
  }
}

class LocalComm implements Comm {
  readonly id: string;
  readonly targetName: string;
  onMessage: (content: CommContent) => void = () => undefined;
  onClose: (content: CommContent) => void = () => undefined;
  readonly #publish: (message: CommMessage) => void;
  #isClosed = false;

  constructor(id: string, targetName: string, publish: (message: CommMessage) => void) {
    this.id = id;
    this.targetName = targetName;
    this.#publish = publish;
  }

  send(data: JsonObject, more: Pick<CommContent, 'metadata' | 'buffers'> = {}): void {
    if (!this.#isClosed) this.#publish({ type: 'message', commId: this.id, data, ...more });
  }

  close(data: JsonObject = {}): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#publish({ type: 'close', commId: this.id, data });
  }

  /** The front end has closed it. */
  end(content: CommContent): void {
    this.#isClosed = true;
    this.onClose(content);
  }
}
