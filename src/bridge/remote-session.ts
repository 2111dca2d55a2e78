// Which session the kernel uses, through its life: connecting, ready, gone, swapped, closed.
import { AppError, isAbortError, messageOf, raceAbort } from '../base/index.js';
import type { InputRequester } from '../jupyter/index.js';
import type { Configuration, Connect, Connection } from './configuration.js';
import { BridgeError } from './errors.js';
import type { LiveSession } from './live-session.js';
import type { RemoteSessionEntry } from './remote-client.js';
import { SecretDesk } from './secret-desk.js';
import { KnownServices } from './services/known-services.js';
import { CONNECTION_FAILURES, isSessionGone, sessionGone } from './session-failures.js';
import { SessionOpener, type SessionOpenerOptions } from './session-opener.js';
import { within } from './waiting.js';

/** What a session life is made with. */
export interface RemoteSessionOptions extends SessionOpenerOptions {
  readonly configuration: Configuration;
  readonly connect: Connect;
  /** Called when another session is used from now on, or none: what lived in the one before is out of reach. */
  readonly onSwitch: (live: LiveSession | undefined) => void;
}

/** The cell that waits: who can be asked, and when it is interrupted. */
export interface WaitingCell {
  readonly input: InputRequester;
  readonly signal: AbortSignal;
}

/** Bound of everything that a shutdown does; clients kill after 2.5 s. */
const SHUTDOWN_MS = 2000;

/** The session of a kernel. Connecting and creating go on in the background; cells wait with their own signal. */
export class RemoteSession {
  configuration: Configuration;
  /** The web services that cells have seen. */
  readonly services = new KnownServices();
  readonly #options: RemoteSessionOptions;
  readonly #secrets = new SecretDesk();
  /** Ends connecting at once when the kernel shuts down. */
  readonly #leaving = new AbortController();
  /** Ends everything else; a session that is being created is first waited for, so that it can be closed. */
  readonly #ended = new AbortController();
  readonly #opener: SessionOpener;
  #connection: Connection | undefined;
  #connecting: Promise<Connection> | undefined;
  #live: LiveSession | undefined;
  /** Of the session that was used last. */
  #usedId: string | undefined;
  #opening: Promise<LiveSession> | undefined;
  /** The session to go on with after the connection was lost. */
  #resume: { readonly id: string; readonly name: string; readonly isOwn: boolean } | undefined;
  /** Sessions we made and no longer use, which are closed when the kernel ends. */
  readonly #left = new Map<string, LiveSession>();
  /** Failures of a connection that was tried in vain; they say nothing about the one there is. */
  readonly #errorsElsewhere = new WeakSet<AppError>();

  constructor(options: RemoteSessionOptions) {
    this.#options = options;
    this.configuration = options.configuration;
    this.#opener = new SessionOpener(options, this.#ended.signal);
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

  /** The connection when it is there, without waiting. */
  get connection(): Connection | undefined {
    return this.#connection;
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
    const takeBack = this.#secrets.lend(cell.input);
    try {
      return await raceAbort(opening, cell.signal);
    } catch (error) {
      if (!cell.signal.aborted && this.#opening === opening) this.#opening = undefined;
      throw error;
    } finally {
      takeBack();
    }
  }

  /** A connection, without need of a session. Throws as {@link ready} does. */
  async connected(cell: WaitingCell): Promise<Connection> {
    if (this.#connection !== undefined) return this.#connection;
    const takeBack = this.#secrets.lend(cell.input);
    try {
      return await raceAbort(this.#connect(), cell.signal);
    } finally {
      takeBack();
    }
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
    const isOwn = this.#left.has(entry.id);
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
    await this.#closeOnServer(live, options);
    this.#use(undefined);
    return live;
  }

  /**
   * Ends a session of ours that is not used any more, by force when code runs in it; one of somebody else is only left.
   *
   * @returns Whether it was ended; when that failed it is tried again at the end of the kernel.
   */
  async discard(live: LiveSession): Promise<boolean> {
    try {
      if (live.isOwn) await this.#closeOnServer(live, { force: !live.isIdle });
      else this.leave(live);
      return live.isOwn;
    } catch (error) {
      this.#options.logger.warn({ error: messageOf(error) }, 'old session not closed');
      this.leave(live);
      return false;
    }
  }

  /** Keeps a session that is not used any more until the kernel ends. */
  leave(live: LiveSession): void {
    live.detach();
    if (live.isOwn) this.#left.set(live.id, live);
  }

  /**
   * Connects as another configuration says and opens a session there; the old one stays when that fails.
   *
   * @returns The session left behind, if there was one; it is closed when this kernel made it.
   */
  async reconnect(cell: WaitingCell, configuration: Configuration): Promise<LiveSession> {
    await this.#settled(cell);
    const { connect } = this.#options;
    const takeBack = this.#secrets.lend(cell.input);
    let connection: Connection | undefined;
    let live: LiveSession;
    try {
      connection = await connect(configuration, this.#secrets.ask, cell.signal);
      live = await this.#wanted(this.#opener.create(connection, {}, configuration), cell.signal);
    } catch (error) {
      if (!cell.signal.aborted) await connection?.client.destroy();
      if (error instanceof AppError) this.#errorsElsewhere.add(error);
      throw error;
    } finally {
      takeBack();
    }
    const before = this.#connection;
    const previous = this.#swap(live);
    this.configuration = configuration;
    this.#connection = connection;
    if (previous !== undefined) await this.discard(previous);
    await Promise.all([...this.#left.values()].map((left) => this.discard(left)));
    this.#left.clear();
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
   * @returns The error to show: the same one, or a better one.
   */
  async explain(error: unknown): Promise<unknown> {
    if (!(error instanceof AppError) || this.#errorsElsewhere.has(error)) return error;
    if (isSessionGone(error)) return this.#loseSession(error);
    if (!CONNECTION_FAILURES.has(error.code)) return error;
    const connection = this.#connection;
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
    this.#leaving.abort();
    this.#secrets.close();
    const live = this.#live;
    this.#live = undefined;
    const closing = [
      ...(live?.isOwn === true && !keeps ? [live] : []),
      ...(keeps ? [] : this.#left.values()),
    ];
    await within(
      Promise.all([
        ...closing.map((session) => this.#closeQuickly(session)),
        this.#closeUnfinished(keeps),
      ]),
      SHUTDOWN_MS,
    );
    this.#ended.abort();
    live?.detach();
    await within(Promise.resolve(this.#connection?.client.destroy()), SHUTDOWN_MS / 8);
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
    if (resume === undefined) return this.#opener.create(connection, {}, this.configuration);
    const entries = await connection.client.sessions.list({ signal: this.#ended.signal });
    this.#resume = undefined;
    if (!entries.some(({ id }) => id === resume.id)) throw sessionGone(resume.name);
    return this.#opener.open(connection, resume, this.configuration);
  }

  #connect(): Promise<Connection> {
    if (this.#connection !== undefined) return Promise.resolve(this.#connection);
    this.#connecting ??= this.#connectAnew();
    return this.#connecting;
  }

  async #connectAnew(): Promise<Connection> {
    const { connect } = this.#options;
    try {
      const { signal } = this.#leaving;
      this.#connection = await connect(this.configuration, this.#secrets.ask, signal);
      return this.#connection;
    } finally {
      this.#connecting = undefined;
    }
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
    this.#left.delete(live.id);
    return previous;
  }

  /** The same session, taken up again after its connection was lost, is no other one. */
  #use(live: LiveSession | undefined): void {
    this.#live = live;
    if (live?.id === this.#usedId) return;
    this.#usedId = live?.id;
    this.#options.onSwitch(live);
  }

  /** Ends a session on the server and stops listening to it. A session that is gone already is no failure. */
  async #closeOnServer(live: LiveSession, options: { readonly force: boolean }): Promise<void> {
    const { sessions } = live.client;
    try {
      await (options.force ? sessions.closeByForce(live.id) : sessions.close(live.id));
    } catch (error) {
      if (!isSessionGone(error)) throw error;
    }
    live.detach();
    this.#left.delete(live.id);
  }

  #loseSession(cause: AppError): BridgeError {
    const live = this.#live;
    live?.detach();
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
    const connection = this.#connection;
    this.#connection = undefined;
    await connection?.client.destroy();
  }

  async #closeQuickly(live: LiveSession): Promise<void> {
    const { logger } = this.#options;
    const options = { signal: AbortSignal.timeout(SHUTDOWN_MS) };
    const { sessions } = this.#connection?.client ?? live.client;
    try {
      await (live.isIdle
        ? sessions.close(live.id, options)
        : sessions.closeByForce(live.id, options));
    } catch (error) {
      logger.warn({ error: messageOf(error), sessionId: live.id }, 'session not closed');
    }
  }

  /** An opening that ends after the shutdown began: its session is closed, too. */
  async #closeUnfinished(keeps: boolean): Promise<void> {
    const live = await this.#opening?.catch(() => undefined);
    if (live?.isOwn !== true) return;
    if (!keeps) await this.#closeQuickly(live);
    live.detach();
  }
}
