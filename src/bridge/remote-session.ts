// Which session the kernel uses, through its life: connecting, ready, gone, swapped, closed.
import { AppError, isAbortError, messageOf, raceAbort } from '../base/index.js';
import type { InputRequester } from '../jupyter/index.js';
import type { Configuration, Connect, Connection } from './configuration.js';
import { EarlierSessions, type EarlierSessionsOptions } from './earlier-sessions.js';
import { BridgeError } from './errors.js';
import type { LiveSession } from './live-session.js';
import type { CellWork } from './progress/cell-progress.js';
import { SessionActivity } from './progress/session-activity.js';
import type { RemoteSessionEntry } from './remote-client.js';
import { KnownServices } from './services/known-services.js';
import { SessionCloser } from './session-closer.js';
import { SessionConnection } from './session-connection.js';
import { CONNECTION_FAILURES, isSessionGone, sessionGone } from './session-failures.js';
import { SessionOpener, type SessionOpenerOptions } from './session-opener.js';
import { within } from './waiting.js';

/** What a session life is made with. */
export interface RemoteSessionOptions extends SessionOpenerOptions, EarlierSessionsOptions {
  readonly configuration: Configuration;
  readonly connect: Connect;
  /** Called when another session is used from now on, or none: what lived in the one before is out of reach. */
  readonly onSwitch: (live: LiveSession | undefined) => void;
}

/** The cell that waits: who can be asked, and when it is interrupted. */
export interface WaitingCell {
  readonly input: InputRequester;
  readonly signal: AbortSignal;
  /** What it does, for the line that tells; absent where nobody looks on. */
  readonly work?: CellWork | undefined;
}

/** Bound of everything that a shutdown does; clients kill after 2.5 s. */
const SHUTDOWN_MS = 2000;

/** The session of a kernel. Connecting and creating go on in the background; cells wait with their own signal. */
export class RemoteSession {
  configuration: Configuration;
  /** The web services that cells have seen. */
  readonly services = new KnownServices();
  /** Those of killed kernels of this notebook. */
  readonly earlier: EarlierSessions;
  readonly #options: RemoteSessionOptions;
  /** Ends everything but connecting; a session that is being created is first waited for, so that it can be closed. */
  readonly #ended = new AbortController();
  /** The kernel ends, and closes its sessions. */
  #isLeaving = false;
  readonly #connection: SessionConnection;
  readonly #opener: SessionOpener;
  readonly #closer: SessionCloser;
  readonly #activity = new SessionActivity();
  #live: LiveSession | undefined;
  /** Of the session that was used last. */
  #usedId: string | undefined;
  #opening: Promise<LiveSession> | undefined;
  /** The session to go on with after the connection was lost. */
  #resume: { readonly id: string; readonly name: string; readonly isOwn: boolean } | undefined;
  /** Failures of a connection that was tried in vain; they say nothing about the one there is. */
  readonly #errorsElsewhere = new WeakSet<AppError>();

  constructor(options: RemoteSessionOptions) {
    this.#options = options;
    this.configuration = options.configuration;
    this.#connection = new SessionConnection(options.connect, this.#activity);
    this.#opener = new SessionOpener(options, this.#activity, this.#ended.signal);
    this.earlier = new EarlierSessions(options);
    this.#closer = new SessionCloser((id) => {
      this.earlier.release(id);
    }, options.logger);
  }

  /** The session when it is there, without waiting. */
  get live(): LiveSession | undefined {
    return this.#live;
  }

  /** The session, or the one that is being opened if that takes no longer than `ms`. */
  async soon(ms: number): Promise<LiveSession | undefined> {
    if (this.#live !== undefined || this.#opening === undefined) return this.#live;
    return within(this.#opening, ms);
  }

  /** What is being done to have a session, in words; nothing when nothing is. */
  get activity(): string | undefined {
    return this.#activity.words;
  }

  /** The connection when it is there, without waiting. */
  get connection(): Connection | undefined {
    return this.#connection.current;
  }

  /** Begins to connect and to open a session; a failure is the first waiting cell's. */
  start(): void {
    this.#beginOpening().catch((error: unknown) => {
      this.#options.logger.info({ error: messageOf(error) }, 'no session yet');
    });
  }

  /**
   * The session, opened when there is none.
   *
   * @throws {ClientError}, {ConfigError}, {BridgeError} why there is none; the next call tries again.
   * @throws `AbortError` when the cell is interrupted; the opening goes on.
   */
  async ready(cell: WaitingCell): Promise<LiveSession> {
    if (this.#live !== undefined) return this.#live;
    const opening = this.#opening ?? this.#beginOpening();
    try {
      return await this.#connection.asking(cell.input, () => raceAbort(opening, cell.signal));
    } catch (error) {
      if (!cell.signal.aborted && this.#opening === opening) this.#opening = undefined;
      throw error;
    }
  }

  /** A connection, without need of a session. Throws as {@link ready} does. */
  async connected(cell: WaitingCell): Promise<Connection> {
    return this.#connection.asking(cell.input, () => raceAbort(this.#connect(), cell.signal));
  }

  /**
   * Opens a new session and puts it in place of the one there is.
   *
   * @returns Both; the old one is still open.
   */
  async openNew(
    cell: WaitingCell,
    request: { readonly name?: string; readonly snapshotId?: string } = {},
  ): Promise<{ readonly live: LiveSession; readonly previous: LiveSession | undefined }> {
    const connection = await this.#settledConnection(cell);
    const live = await this.#wanted(
      this.#opener.create(connection, request, this.configuration),
      cell.signal,
    );
    return { live, previous: this.#swap(live) };
  }

  /** Uses a session that exists. Throws when it runs another language. */
  async attach(
    cell: WaitingCell,
    entry: RemoteSessionEntry,
  ): Promise<{ readonly live: LiveSession; readonly previous: LiveSession | undefined }> {
    const { language } = this.#options;
    if (entry.runtimeType !== language.runtimeType) {
      throw new BridgeError(
        'BRIDGE_SESSION_LANGUAGE',
        `Session "${entry.name}" runs ${entry.runtimeType}, this kernel runs ${language.runtimeType}.`,
      );
    }
    const connection = await this.#settledConnection(cell);
    const isOwn = this.#closer.hasLeft(entry.id) || (await this.earlier.isFound(entry.id));
    const live = await raceAbort(
      this.#opener.open(connection, { ...entry, isOwn }, this.configuration),
      cell.signal,
    );
    return { live, previous: this.#swap(live) };
  }

  /** Closes the session; the next cell opens a new one. @returns The closed one, or `undefined` when there was none. */
  async close(options: { readonly force: boolean }): Promise<LiveSession | undefined> {
    const live = this.#live;
    if (live === undefined) return undefined;
    await this.#closer.close(live, options);
    this.#use(undefined);
    return live;
  }

  /** Closes a session that is not used here. Throws as {@link connected} and the client do. */
  async closeOther(
    cell: WaitingCell,
    { id }: RemoteSessionEntry,
    options: { readonly force: boolean },
  ): Promise<void> {
    const { client } = await this.connected(cell);
    await this.#closer.closeById(id, client, options);
  }

  /**
   * Gives up the session there is, as {@link discard} does; the next cell opens a new one.
   *
   * @returns Nothing when there was none.
   */
  async abandon(): Promise<{ readonly live: LiveSession; readonly isEnded: boolean } | undefined> {
    const live = this.#live;
    if (live === undefined) return undefined;
    const isEnded = await this.#closer.discard(live);
    this.#use(undefined);
    return { live, isEnded };
  }

  /**
   * Ends a session of ours that is not used any more, by force when code runs in it; one of somebody else is only left.
   *
   * @returns Whether it was ended; when that failed it is tried again at the end of the kernel.
   */
  discard(live: LiveSession): Promise<boolean> {
    return this.#closer.discard(live);
  }

  /** Keeps a session that is not used any more until the kernel ends. */
  leave(live: LiveSession): void {
    this.#closer.leave(live);
  }

  /**
   * Connects as another configuration says and opens a session there; the old one stays when that fails.
   *
   * @returns The session left behind, if there was one; it is closed when this kernel made it.
   */
  async reconnect(cell: WaitingCell, configuration: Configuration): Promise<LiveSession> {
    await this.#settled(cell);
    let connection: Connection | undefined;
    let live: LiveSession;
    try {
      connection = await this.#connection.asking(cell.input, () =>
        this.#connection.open(configuration, cell.signal),
      );
      live = await this.#wanted(this.#opener.create(connection, {}, configuration), cell.signal);
    } catch (error) {
      if (!cell.signal.aborted) await connection?.client.destroy();
      if (error instanceof AppError) this.#errorsElsewhere.add(error);
      throw error;
    }
    const previous = this.#swap(live);
    this.configuration = configuration;
    const before = this.#connection.replace(connection);
    this.earlier.look(connection.client, this.#ended.signal);
    if (previous !== undefined) await this.discard(previous);
    await this.#closer.discardLeft();
    await before?.client.destroy();
    return live;
  }

  /**
   * Logs in anew and takes the same session up again, with its variables.
   *
   * @throws {BridgeError} `BRIDGE_SESSION_GONE`.
   */
  async renew(cell: WaitingCell): Promise<LiveSession> {
    await this.ready(cell);
    await this.#dropConnection();
    return this.ready(cell);
  }

  /**
   * Draws the conclusions from a failure: a session that is gone, a connection to be made anew.
   *
   * @returns The error to show: the same one, or a better one. An `AbortError` when it is the kernel that ends the session.
   */
  async explain(error: unknown): Promise<unknown> {
    if (!(error instanceof AppError) || this.#errorsElsewhere.has(error)) return error;
    if (this.#isLeaving && isSessionGone(error)) {
      return new DOMException('The kernel ends.', 'AbortError');
    }
    if (isSessionGone(error)) return this.#loseSession(error);
    if (!CONNECTION_FAILURES.has(error.code)) return error;
    const connection = this.#connection.current;
    const name = this.#live?.name;
    await this.#dropConnection();
    if (connection?.kind !== 'embedded' || error.code !== 'CLIENT_UNREACHABLE') return error;
    // The embedded server lives on this machine: out of reach means that it has ended, and its sessions with it.
    this.#resume = undefined;
    if (name === undefined) return error;
    return new BridgeError(
      'BRIDGE_SESSION_GONE',
      `The embedded server has ended, and the session "${name}" with it: its variables and files are lost.`,
      { cause: error },
    );
  }

  /** Ends the back end within {@link SHUTDOWN_MS}. */
  async shutdown(isRestart: boolean): Promise<void> {
    const { settings } = this.configuration;
    const keeps = isRestart ? settings.restart === 'keep' : settings.onExit === 'keep';
    this.#isLeaving = true;
    this.#connection.leave();
    const live = this.#live;
    this.#live = undefined;
    const closing = [
      ...(live?.isOwn === true && !keeps ? [live] : []),
      ...(keeps ? [] : this.#closer.left),
    ];
    await within(
      Promise.all([
        this.earlier.leave(),
        ...closing.map((session) =>
          this.#closer.closeWithin(SHUTDOWN_MS, session, this.connection?.client),
        ),
        this.#closeUnfinished(keeps),
      ]),
      SHUTDOWN_MS,
    );
    this.#ended.abort();
    live?.detach();
    await within(Promise.resolve(this.connection?.client.destroy()), SHUTDOWN_MS / 8);
  }

  #beginOpening(): Promise<LiveSession> {
    const opening = this.#openFirst();
    this.#opening = opening;
    opening.then(
      (live) => {
        if (this.#opening !== opening) return;
        this.#opening = undefined;
        this.#use(live);
      },
      () => undefined,
    );
    return opening;
  }

  async #openFirst(): Promise<LiveSession> {
    const connection = await this.#connect();
    const resume = this.#resume ?? (await this.#opener.findKept(connection, this.configuration));
    if (resume === undefined) {
      const live = await this.#opener.create(connection, {}, this.configuration);
      this.earlier.look(connection.client, this.#ended.signal);
      return live;
    }
    const entries = await connection.client.sessions.list({ signal: this.#ended.signal });
    this.#resume = undefined;
    if (!entries.some(({ id }) => id === resume.id)) throw sessionGone(resume.name);
    return this.#opener.open(connection, resume, this.configuration);
  }

  #connect(): Promise<Connection> {
    return this.#connection.obtain(this.configuration);
  }

  /** Waits for an opening that is under way, whatever comes of it. */
  async #settled(cell: WaitingCell): Promise<void> {
    if (this.#opening === undefined) return;
    try {
      await this.ready(cell);
    } catch (error) {
      if (isAbortError(error)) throw error;
      this.#options.logger.info({ error: messageOf(error) }, 'opening replaced');
    }
  }

  async #settledConnection(cell: WaitingCell): Promise<Connection> {
    await this.#settled(cell);
    return this.connected(cell);
  }

  /** A session that is being made for a cell; when the cell is interrupted meanwhile, it is closed again. */
  async #wanted(creating: Promise<LiveSession>, signal: AbortSignal): Promise<LiveSession> {
    try {
      return await raceAbort(creating, signal);
    } catch (error) {
      if (signal.aborted) creating.then((live) => this.discard(live)).catch(() => undefined);
      throw error;
    }
  }

  #swap(live: LiveSession): LiveSession | undefined {
    const previous = this.#live;
    this.#use(live);
    this.#closer.takeUp(live.id);
    return previous;
  }

  /** The same session, taken up again after its connection was lost, is no other one. */
  #use(live: LiveSession | undefined): void {
    this.#live = live;
    if (live?.id === this.#usedId) return;
    this.#usedId = live?.id;
    if (live !== undefined) this.earlier.use(live.id, live.isOwn);
    this.#options.onSwitch(live);
  }

  #loseSession(cause: AppError): BridgeError {
    const live = this.#live;
    live?.detach();
    if (live !== undefined) this.earlier.release(live.id);
    this.#use(undefined);
    return cause instanceof BridgeError ? cause : sessionGone(live?.name, cause);
  }

  async #dropConnection(): Promise<void> {
    const live = this.#live;
    if (live !== undefined) {
      const { id, name, isOwn } = live;
      this.#resume = { id, name, isOwn };
      live.detach();
      this.#live = undefined;
    }
    await this.#connection.drop();
  }

  /** An opening that ends after the shutdown began: its session is closed, too. */
  async #closeUnfinished(keeps: boolean): Promise<void> {
    const live = await this.#opening?.catch(() => undefined);
    if (live?.isOwn !== true) return;
    if (!keeps) await this.#closer.closeWithin(SHUTDOWN_MS, live, this.connection?.client);
    live.detach();
  }
}
