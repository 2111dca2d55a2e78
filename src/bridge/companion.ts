// The second session of a notebook: the other language, on the same server, opened when a cell first asks for it.
import type { Connection } from './configuration.js';
import { BridgeError } from './errors.js';
import type { Language } from './language/languages.js';
import type { RemoteClient } from './remote-client.js';
import type { RemoteSession, RemoteSessionOptions, WaitingCell } from './remote-session.js';

/** The session of the language that is not the cell's. */
export interface Companion {
  readonly language: Language;
  /** The session when it was asked for before, without waiting. */
  readonly session: RemoteSession | undefined;
  /**
   * The session, which a cell may wait for.
   *
   * @throws As {@link RemoteSession.connected} does.
   */
  ready(cell: WaitingCell): Promise<RemoteSession>;
  /** Gives up the second session of the notebook, when there is one, and this is it; see {@link RemoteSession.abandon}. */
  abandon(): ReturnType<RemoteSession['abandon']>;
  /** The notebook's own session, as seen from a cell of the other language. */
  reversed(own: { readonly language: Language; readonly session: RemoteSession }): Companion;
}

/** What a second session is made with. */
export interface CompanionOptions {
  readonly language: Language;
  readonly primary: RemoteSession;
  /** Makes the life of the second session; it connects by what it is given. */
  readonly create: (part: Pick<RemoteSessionOptions, 'connect' | 'configuration'>) => RemoteSession;
}

/** The session of the other language, if there is one. */
export class SecondSession implements Companion {
  readonly language: Language;
  readonly #primary: RemoteSession;
  readonly #create: CompanionOptions['create'];
  #session: RemoteSession | undefined;
  /** The server on which it was opened. */
  #url = '';

  constructor({ language, primary, create }: CompanionOptions) {
    this.language = language;
    this.#primary = primary;
    this.#create = create;
  }

  get session(): RemoteSession | undefined {
    return this.#session;
  }

  /** After `%connect` it is another one, at the new server. */
  async ready(cell: WaitingCell): Promise<RemoteSession> {
    const { client } = await this.#primary.connected(cell);
    if (this.#session !== undefined && this.#url === client.url) {
      this.#session.configuration = this.#primary.configuration;
      return this.#session;
    }
    await this.#session?.shutdown(false);
    this.#url = client.url;
    this.#session = this.#create({
      connect: () => Promise.resolve(this.#sharedConnection()),
      configuration: this.#primary.configuration,
    });
    return this.#session;
  }

  async abandon(): ReturnType<RemoteSession['abandon']> {
    return this.#session?.abandon();
  }

  reversed(own: { readonly language: Language; readonly session: RemoteSession }): Companion {
    return {
      ...own,
      ready: () => Promise.resolve(own.session),
      abandon: () => Promise.resolve(undefined),
      reversed: () => this,
    };
  }

  /** Ends the session as the settings say. */
  async shutdown(isRestart: boolean): Promise<void> {
    await this.#session?.shutdown(isRestart);
  }

  #sharedConnection(): Connection {
    const { connection } = this.#primary;
    if (connection === undefined) throw disconnected();
    return { kind: connection.kind, client: sharedClient(() => this.#primary.connection?.client) };
  }
}

/** The client of the notebook's own session, whichever it is at the time: only its owner closes it. */
function sharedClient(find: () => RemoteClient | undefined): RemoteClient {
  const current = (): RemoteClient => {
    const client = find();
    if (client === undefined) throw disconnected();
    return client;
  };
  return {
    get url() {
      return current().url;
    },
    get username() {
      return current().username;
    },
    get extensions() {
      return current().extensions;
    },
    get sessions() {
      return current().sessions;
    },
    get files() {
      return current().files;
    },
    get workspace() {
      return current().workspace;
    },
    get services() {
      return current().services;
    },
    get realtimeServices() {
      return current().realtimeServices;
    },
    get webService() {
      return current().webService;
    },
    get snapshots() {
      return current().snapshots;
    },
    events: (sessionId, options) => current().events(sessionId, options),
    close: () => Promise.resolve(),
    destroy: () => Promise.resolve(),
  };
}

function disconnected(): BridgeError {
  return new BridgeError('BRIDGE_NOT_RUN', 'The connection to the server was lost.');
}
