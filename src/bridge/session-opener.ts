// Makes the sessions of a kernel on the server, and opens the way to them.
import { createHash, randomBytes } from 'node:crypto';
import type { Logger } from '../base/index.js';
import type { Agent } from './agent/agent.js';
import type { AgentCommMessage } from './agent/agent-comms.js';
import type { Configuration, Connection } from './configuration.js';
import type { Language } from './language/languages.js';
import { LiveSession } from './live-session.js';
import {
  openingSession,
  startingSession,
  type SessionActivity,
} from './progress/session-activity.js';
import type { RemoteSessionEntry } from './remote-client.js';
import { within } from './waiting.js';

/** What sessions are opened with. */
export interface SessionOpenerOptions {
  readonly language: Language;
  readonly agent: Agent;
  /** Path of the notebook; its file name goes into the session's name. */
  readonly notebookName: string | undefined;
  /** Takes comm messages of the session that come while no cell runs. */
  readonly onComm: (message: AgentCommMessage) => void;
  readonly logger: Logger;
}

/** A session on the server, as far as it matters for opening it. */
interface KnownSession {
  readonly id: string;
  readonly name: string;
  /** Made by this kernel, and therefore closed by it. */
  readonly isOwn: boolean;
  /** Just created. */
  readonly isNew?: boolean;
}

/** What a new session is made of. */
interface NewSession {
  readonly name?: string;
  readonly snapshotId?: string;
}

const CLOSE_MS = 2000;

/** Opens sessions of one kernel: all of one language, all with one name. */
export class SessionOpener {
  readonly #options: SessionOpenerOptions;
  readonly #activity: SessionActivity;
  readonly #signal: AbortSignal;
  readonly #randomName = randomBytes(4).toString('hex');

  /** @param signal - Aborted when the kernel has ended. */
  constructor(options: SessionOpenerOptions, activity: SessionActivity, signal: AbortSignal) {
    this.#options = options;
    this.#activity = activity;
    this.#signal = signal;
  }

  /**
   * Makes a session on the server.
   *
   * @throws {ClientError} as the client does. @throws {BridgeError} `BRIDGE_AGENT`; the session is closed again.
   */
  create(
    connection: Connection,
    request: NewSession,
    configuration: Configuration,
  ): Promise<LiveSession> {
    const words = startingSession(this.#options.language, urlOf(connection));
    return this.#activity.during(words, this.#create(connection, request, configuration));
  }

  /** Opens the way to a session that exists. Throws as {@link create} does. */
  open(
    connection: Connection,
    session: KnownSession,
    configuration: Configuration,
  ): Promise<LiveSession> {
    const words = openingSession(session.name, urlOf(connection));
    return this.#activity.during(words, this.#open(connection, session, configuration));
  }

  async #create(
    connection: Connection,
    request: NewSession,
    configuration: Configuration,
  ): Promise<LiveSession> {
    const { language } = this.#options;
    const name = request.name ?? this.#defaultName();
    const id = await connection.client.sessions.create(
      {
        name,
        runtimeType: language.runtimeType,
        ...(request.snapshotId !== undefined && { snapshotId: request.snapshotId }),
      },
      { signal: this.#signal },
    );
    const isNew = request.snapshotId === undefined;
    try {
      return await this.#open(connection, { id, name, isOwn: true, isNew }, configuration);
    } catch (error) {
      await within(Promise.resolve(connection.client.sessions.closeByForce(id)), CLOSE_MS);
      throw error;
    }
  }

  #open(
    { client }: Connection,
    session: KnownSession,
    configuration: Configuration,
  ): Promise<LiveSession> {
    const { language, agent, onComm, logger } = this.#options;
    const { id, name, isOwn, isNew = false } = session;
    return LiveSession.open(
      { client, id, name, isOwn, isNew, language, agent, onComm, logger },
      configuration.settings.display,
      this.#signal,
    );
  }

  /** The session which an earlier kernel of this notebook kept, where the settings say that sessions are kept. */
  async findKept(
    connection: Connection,
    { settings }: Configuration,
  ): Promise<(RemoteSessionEntry & { isOwn: true }) | undefined> {
    const { restart, onExit } = settings;
    if (this.#options.notebookName === undefined) return undefined;
    if (restart !== 'keep' && onExit !== 'keep') return undefined;
    const entries = await connection.client.sessions.list({ signal: this.#signal });
    const name = this.#defaultName();
    const found = entries.find((entry) => entry.name === name);
    return found === undefined ? undefined : { ...found, isOwn: true };
  }

  #defaultName(): string {
    const { notebookName, language } = this.#options;
    if (notebookName === undefined) {
      return `rserver-kernel (${language.runtimeType}, ${this.#randomName})`;
    }
    // The path tells notebooks of one file name apart; a hash of it keeps folder names off the server.
    const hash = createHash('sha256').update(notebookName).digest('hex').slice(0, 8);
    const file = notebookName.split(/[\\/]/).at(-1) ?? notebookName;
    return `${file} (${language.runtimeType}, ${hash})`;
  }
}

/** Where the sessions of a connection are; the embedded server needs no name. */
function urlOf({ kind, client }: Connection): string | undefined {
  return kind === 'embedded' ? undefined : client.url;
}
