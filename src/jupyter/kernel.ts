// The kernel: dispatch, busy and idle, start and end.
import { messageOf, silentLogger, withTimeout, type Logger } from '../base/index.js';
import { CellOutput } from './cell-output.js';
import { CellRunner } from './cell-runner.js';
import { CommManager } from './comms.js';
import { JupyterError } from './errors.js';
import type { Interpreter, InterpreterHost } from './interpreter.js';
import { Outbox } from './outbox.js';
import { isCommType, readCommMessage } from './protocol/comm.js';
import type { BoundPorts } from './protocol/connect.js';
import { debugEventContent } from './protocol/debug.js';
import { describeThrown, errorReply } from './protocol/error.js';
import { executeErrorReply } from './protocol/execute.js';
import type { IncomingMessage, Reply } from './protocol/message.js';
import { readShutdownRequest, shutdownReply } from './protocol/shutdown.js';
import { statusContent } from './protocol/status.js';
import { welcomeContent } from './protocol/welcome.js';
import { createHandlers, type Handler, type Handlers } from './requests.js';
import { Shells } from './shells.js';
import type { RequestChannel, Transport } from './transport/transport.js';
import { UsageMeter } from './usage-meter.js';

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

/** How long closing waits for the running cell to end once the interpreter has shut down. Milliseconds. */
const LAST_MESSAGES_MS = 100;

/**
 * A Jupyter kernel over any transport and any language.
 *
 * The cells and comm messages of a shell run one at a time in the order they came; every other request is answered
 * while they run.
 *
 * @see https://jupyter-client.readthedocs.io/en/stable/messaging.html
 */
export class Kernel {
  readonly #interpreter: Interpreter;
  readonly #transport: Transport;
  readonly #logger: Logger;
  readonly #shutdownTimeoutMs: number;
  readonly #outbox: Outbox;
  readonly #comms: CommManager;
  readonly #shells: Shells;
  readonly #handlers: Handlers;
  /** The last cell that was not silent: where outputs go that belong to none that runs. */
  #lastCell: IncomingMessage | undefined;
  #debugSeq = 0;
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
    this.#comms = new CommManager(this.#outbox, this.#logger);
    this.#shells = new Shells({
      runner: new CellRunner({
        interpreter: this.#interpreter,
        outbox: this.#outbox,
        comms: this.#comms,
        logger: this.#logger,
        now,
        abortGraceMs: options.abortGraceMs ?? 1,
      }),
      canRunBeside: (request) => this.#canRunBeside(request),
      serve: (request, handle) => this.#serveInShell(request, handle),
    });
    this.#handlers = createHandlers({
      interpreter: this.#interpreter,
      shells: this.#shells,
      comms: this.#comms,
      usage: new UsageMeter(),
      ports: () => this.#ports,
      nextDebugSeq: () => ++this.#debugSeq,
      shutdown: (request, channel) => {
        this.#handleShutdown(request, channel);
        return undefined;
      },
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
      this.#interpreter.start(this.#createHost());
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
    if (channel === 'shell' && (type === 'execute_request' || isCommType(type))) {
      this.#dispatchToShell(message);
      return;
    }
    if (channel === 'stdin' && type === 'input_reply') {
      if (this.#shells.answerInput(message)) return;
      this.#logger.debug({ type }, 'Ignored an answer that nobody waits for.');
      return;
    }
    const handle = this.#findHandler(channel, type);
    if (handle === undefined) {
      this.#logger.info({ channel, type }, `Ignored a message of unknown type "${type}".`);
      return;
    }
    void this.#serve(channel, message, (request) => {
      // Only to refuse a request for a subshell that is not there: the answer waits for no shell.
      if (channel === 'shell') this.#shells.of(request);
      return handle(request, channel);
    });
  }

  /** Cells and comm messages, which are handled in their order. */
  #dispatchToShell(message: IncomingMessage): void {
    try {
      if (!isCommType(message.header.msg_type)) {
        this.#shells.of(message).push(message);
        return;
      }
      const comm = readCommMessage(message);
      if (this.#comms.isLocal(comm)) {
        void this.#serve('shell', message, () => {
          this.#comms.serve(comm, message);
          return undefined;
        });
      } else this.#shells.ofComm(message).push(message);
    } catch (error) {
      void this.#serve('shell', message, () => {
        throw error;
      });
    }
  }

  #findHandler(channel: RequestChannel, type: string): Handler | undefined {
    const isUnsupported = type === 'debug_request' && this.#interpreter.info.debugger !== true;
    return isUnsupported ? undefined : this.#handlers[channel].get(type);
  }

  #canRunBeside({ header, content }: IncomingMessage): boolean {
    const { code } = content;
    if (isCommType(header.msg_type) || typeof code !== 'string') return false;
    try {
      return this.#interpreter.canRunBeside?.(code) ?? false;
    } catch (error) {
      this.#logger.warn({ error }, `Code is run in its turn: ${messageOf(error)}`);
      return false;
    }
  }

  /** A cell or comm message whose turn has come. */
  #serveInShell(
    request: IncomingMessage,
    handle: (request: IncomingMessage) => ReturnType<Handler>,
  ): Promise<void> {
    const { header, content } = request;
    if (!isCommType(header.msg_type) && content['silent'] !== true) this.#lastCell = request;
    return this.#serve('shell', request, handle);
  }

  #createHost(): InterpreterHost {
    const background = new CellOutput({
      requestId: '',
      silent: false,
      executionCount: 0,
      publish: (type, content) => {
        this.#outbox.publish(type, content, this.#lastCell);
      },
      publishComm: (message) => {
        this.#comms.publish(message, this.#lastCell);
      },
      taken: () => this.#outbox.taken(),
    });
    return {
      background,
      comms: this.#comms,
      debugEvent: (event) => {
        this.#outbox.publish('debug_event', debugEventContent(event, ++this.#debugSeq));
      },
    };
  }

  /** The life of every request: busy, its handler, the reply, idle. Never rejects. */
  async #serve(
    channel: RequestChannel,
    request: IncomingMessage,
    handle: (request: IncomingMessage) => ReturnType<Handler>,
  ): Promise<void> {
    this.#outbox.publish('status', statusContent('busy'), request);
    try {
      const reply = await handle(request);
      if (reply !== undefined) this.#outbox.reply(channel, request, reply);
    } catch (error) {
      const type = request.header.msg_type;
      this.#logger.warn({ error, type }, `Could not answer a request: ${messageOf(error)}`);
      if (isReplyDue(type)) this.#outbox.reply(channel, request, this.#failedReply(request, error));
    } finally {
      this.#outbox.publish('status', statusContent('idle'), request);
      // Front ends and servers go by the last status alone: a completion must not make a running cell look done.
      const running = this.#shells.runningBeside(request);
      if (running !== undefined) this.#outbox.publish('status', statusContent('busy'), running);
    }
  }

  #handleShutdown(request: IncomingMessage, channel: RequestChannel): void {
    const { restart } = readShutdownRequest(request.content);
    const content = shutdownReply(restart);
    this.#outbox.reply(channel, request, { content });
    this.#outbox.publish('shutdown_reply', content, request);
    // After the idle of this request, which is published before the event loop gets on.
    setImmediate(() => void this.close({ restart }));
  }

  #failedReply({ header }: IncomingMessage, thrown: unknown): Reply {
    const error = describeThrown(thrown);
    return header.msg_type === 'execute_request'
      ? { content: executeErrorReply(error, this.#shells.executionCount(header)) }
      : { content: errorReply(error) };
  }

  async #close(restart: boolean): Promise<void> {
    this.#shells.interrupt();
    await this.#within(this.#shutdownTimeoutMs, () => this.#interpreter.shutdown(restart));
    // The interrupted cell's last messages; a cell that does not end is not waited for.
    await this.#within(LAST_MESSAGES_MS, () => this.#shells.whenIdle());
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
