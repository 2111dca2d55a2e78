// The kernel: dispatch, busy and idle, the requests that are no cells, start and end.
import { messageOf, silentLogger, withTimeout, type Logger } from '../base/index.js';
import { JupyterError } from './errors.js';
import { ExecuteQueue } from './execute-queue.js';
import { InputDesk } from './input-desk.js';
import type { Interpreter } from './interpreter.js';
import { Outbox } from './outbox.js';
import { commCloseContent, commInfoReply } from './protocol/comm.js';
import { completeReply, readCursorRequest } from './protocol/complete.js';
import { connectReply, type BoundPorts } from './protocol/connect.js';
import { describeThrown, errorReply } from './protocol/error.js';
import { executeErrorReply } from './protocol/execute.js';
import { historyReply, readHistoryRequest } from './protocol/history.js';
import { inspectReply, readInspectRequest } from './protocol/inspect.js';
import { interruptReply } from './protocol/interrupt.js';
import { isCompleteReply, readIsCompleteRequest } from './protocol/is-complete.js';
import { kernelInfoReply } from './protocol/kernel-info.js';
import type { IncomingMessage, Reply } from './protocol/message.js';
import { readShutdownRequest, shutdownReply } from './protocol/shutdown.js';
import { statusContent } from './protocol/status.js';
import { welcomeContent } from './protocol/welcome.js';
import type { RequestChannel, Transport } from './transport/transport.js';

/** What a {@link Kernel} is made of. */
export interface KernelOptions {
  readonly interpreter: Interpreter;
  readonly transport: Transport;
  /** Default: drops every line. */
  readonly logger?: Logger;
  /** Named in the headers of this kernel's messages; default `kernel`. */
  readonly username?: string;
  /** Default: the system's clock. */
  readonly now?: () => Date;
  /**
   * After a failed cell, how long to wait for cells that the front end sent with it and that must not run.
   * Milliseconds, default 1: cells of one "run all" lie in the socket by then.
   */
  readonly abortGraceMs?: number;
  /** How long the interpreter may take to shut down. Milliseconds, default 1800: clients wait 2500 in all. */
  readonly shutdownTimeoutMs?: number;
}

/** Answers one request; `undefined` when the message type has no reply, or it was sent already. */
type Handler = (
  request: IncomingMessage,
  channel: RequestChannel,
) => Reply | undefined | Promise<Reply | undefined>;

/** How long closing waits for the running cell to end once the interpreter has shut down. Milliseconds. */
const LAST_MESSAGES_MS = 100;

/**
 * A Jupyter kernel over any transport and any language.
 *
 * Cells run one at a time in the order they came; every other request is answered while a cell runs.
 *
 * @see https://jupyter-client.readthedocs.io/en/stable/messaging.html
 */
export class Kernel {
  readonly #interpreter: Interpreter;
  readonly #transport: Transport;
  readonly #logger: Logger;
  readonly #shutdownTimeoutMs: number;
  readonly #outbox: Outbox;
  readonly #inputDesk = new InputDesk();
  readonly #cells: ExecuteQueue;
  #ports: BoundPorts = { shell: 0, iopub: 0, stdin: 0, control: 0, heartbeat: 0 };
  #closing: Promise<void> | undefined;
  #resolveClosed: () => void = () => undefined;

  /** Resolves when the kernel has shut down and its process may leave. */
  readonly closed = new Promise<void>((resolve) => (this.#resolveClosed = resolve));

  constructor(options: KernelOptions) {
    const now = options.now ?? ((): Date => new Date());
    this.#interpreter = options.interpreter;
    this.#transport = options.transport;
    this.#logger = options.logger ?? silentLogger;
    this.#shutdownTimeoutMs = options.shutdownTimeoutMs ?? 1800;
    this.#outbox = new Outbox(this.#transport, { username: options.username ?? 'kernel', now });
    this.#cells = new ExecuteQueue({
      interpreter: this.#interpreter,
      outbox: this.#outbox,
      inputDesk: this.#inputDesk,
      logger: this.#logger,
      now,
      abortGraceMs: options.abortGraceMs ?? 1,
      serve: (request, handle) => this.#serve('shell', request, handle),
    });
  }

  /**
   * Binds the channels, then starts the interpreter.
   *
   * @returns The ports as bound: a connection file may say 0 for any.
   * @throws {JupyterError} `JUPYTER_BIND`.
   */
  async start(): Promise<BoundPorts> {
    this.#ports = await this.#transport.open({
      onMessage: (channel, message) => {
        this.#dispatch(channel, message);
      },
      onSubscribe: (topic) => this.#outbox.message('iopub_welcome', welcomeContent(topic)),
      onFailure: (error) => {
        this.#logger.error({ error }, error.message);
      },
    });
    this.#outbox.publish('status', statusContent('starting'));
    try {
      this.#interpreter.start();
    } catch (error) {
      this.#logger.error({ error }, `The back end did not start: ${messageOf(error)}`);
    }
    this.#outbox.publish('status', statusContent('idle'));
    return this.#ports;
  }

  /**
   * Interrupts what runs, shuts the interpreter down within `shutdownTimeoutMs` and frees the channels.
   * May be called twice; never rejects.
   *
   * @param options - `restart`: the same kernel comes back; default false.
   */
  close(options: { readonly restart?: boolean } = {}): Promise<void> {
    this.#closing ??= this.#close(options.restart ?? false);
    return this.#closing;
  }

  #dispatch(channel: RequestChannel, message: IncomingMessage): void {
    if (this.#closing !== undefined) return;
    const type = message.header.msg_type;
    if (channel === 'shell' && type === 'execute_request') {
      this.#cells.push(message);
      return;
    }
    if (channel === 'stdin' && type === 'input_reply') {
      if (this.#inputDesk.answer(message)) return;
      this.#logger.debug({ type }, 'Ignored an answer that nobody waits for.');
      return;
    }
    const handle = this.#handlers[channel].get(type);
    if (handle === undefined) {
      this.#logger.info({ channel, type }, `Ignored a message of unknown type "${type}".`);
      return;
    }
    void this.#serve(channel, message, handle);
  }

  /** The life of every request: busy, its handler, the reply, idle. Never rejects. */
  async #serve(channel: RequestChannel, request: IncomingMessage, handle: Handler): Promise<void> {
    this.#outbox.publish('status', statusContent('busy'), request);
    try {
      const reply = await handle(request, channel);
      if (reply !== undefined) this.#outbox.reply(channel, request, reply);
    } catch (error) {
      const type = request.header.msg_type;
      this.#logger.warn({ error, type }, `Could not answer a request: ${messageOf(error)}`);
      if (isReplyDue(type)) this.#outbox.reply(channel, request, this.#failedReply(type, error));
    } finally {
      this.#outbox.publish('status', statusContent('idle'), request);
      // Front ends and servers go by the last status alone: a completion must not make a running cell look done.
      const { running } = this.#cells;
      if (running !== undefined && running !== request) {
        this.#outbox.publish('status', statusContent('busy'), running);
      }
    }
  }

  readonly #handleKernelInfo: Handler = () => ({
    content: kernelInfoReply(this.#interpreter.info),
  });

  readonly #handleConnect: Handler = () => ({ content: connectReply(this.#ports) });

  readonly #handleComplete: Handler = async ({ content }) => {
    const { code, cursor } = readCursorRequest(content);
    return { content: completeReply(code, await this.#interpreter.complete(code, cursor)) };
  };

  readonly #handleInspect: Handler = async ({ content }) => {
    const { code, cursor, detailLevel } = readInspectRequest(content);
    return { content: inspectReply(await this.#interpreter.inspect(code, cursor, detailLevel)) };
  };

  readonly #handleIsComplete: Handler = async ({ content }) => {
    const { code } = readIsCompleteRequest(content);
    return { content: isCompleteReply(await this.#interpreter.isComplete(code)) };
  };

  readonly #handleHistory: Handler = async ({ content }) => {
    const request = readHistoryRequest(content);
    return { content: historyReply(await this.#interpreter.history(request)) };
  };

  readonly #handleCommInfo: Handler = () => ({ content: commInfoReply() });

  readonly #handleCommOpen: Handler = (request) => {
    this.#outbox.publish('comm_close', commCloseContent(request.content), request);
    return undefined;
  };

  /** Messages of a comm that is not open: nothing to do. */
  readonly #handleCommMessage: Handler = () => undefined;

  readonly #handleInterrupt: Handler = () => {
    this.#cells.interrupt();
    return { content: interruptReply() };
  };

  readonly #handleShutdown: Handler = (request, channel) => {
    const { restart } = readShutdownRequest(request.content);
    const content = shutdownReply(restart);
    this.#outbox.reply(channel, request, { content });
    this.#outbox.publish('shutdown_reply', content, request);
    // After the idle of this request, which is published before the event loop gets on.
    setImmediate(() => void this.close({ restart }));
    return undefined;
  };

  readonly #handlers: Readonly<Record<RequestChannel, ReadonlyMap<string, Handler>>> = {
    shell: new Map([
      ['kernel_info_request', this.#handleKernelInfo],
      ['connect_request', this.#handleConnect],
      ['complete_request', this.#handleComplete],
      ['inspect_request', this.#handleInspect],
      ['is_complete_request', this.#handleIsComplete],
      ['history_request', this.#handleHistory],
      ['comm_info_request', this.#handleCommInfo],
      ['comm_open', this.#handleCommOpen],
      ['comm_msg', this.#handleCommMessage],
      ['comm_close', this.#handleCommMessage],
      ['shutdown_request', this.#handleShutdown],
    ]),
    control: new Map([
      ['kernel_info_request', this.#handleKernelInfo],
      ['interrupt_request', this.#handleInterrupt],
      ['shutdown_request', this.#handleShutdown],
    ]),
    stdin: new Map(),
  };

  #failedReply(type: string, thrown: unknown): Reply {
    const error = describeThrown(thrown);
    return type === 'execute_request'
      ? { content: executeErrorReply(error, this.#cells.executionCount) }
      : { content: errorReply(error) };
  }

  async #close(restart: boolean): Promise<void> {
    this.#cells.interrupt();
    await this.#within(this.#shutdownTimeoutMs, () => this.#interpreter.shutdown(restart));
    // The interrupted cell's last messages; a cell that does not end is not waited for.
    await this.#within(LAST_MESSAGES_MS, () => this.#cells.whenIdle());
    try {
      await this.#transport.close();
    } catch (error) {
      this.#logger.warn({ error }, `The channels did not close well: ${messageOf(error)}`);
    }
    this.#resolveClosed();
  }

  /** One step of closing: whatever it does, the next one follows. */
  async #within(timeoutMs: number, work: () => Promise<void>): Promise<void> {
    const onTimeout = (): Error =>
      new JupyterError(
        'JUPYTER_SHUTDOWN_TIMEOUT',
        `The back end did not end within ${timeoutMs} ms.`,
      );
    try {
      await withTimeout(work, { timeoutMs, onTimeout });
    } catch (error) {
      this.#logger.warn({ error }, `The back end did not end well: ${messageOf(error)}`);
    }
  }
}

/** Comm messages have no reply. */
function isReplyDue(type: string): boolean {
  return type.endsWith('_request');
}
