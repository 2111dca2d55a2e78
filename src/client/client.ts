// The client of one R Server: one object per resource, one set of tokens, one pool of connections.
import { isRecord } from './answers.js';
import type { Call } from './call.js';
import { ComputeNodesClient } from './compute-nodes.js';
import { isClientError } from './errors.js';
import type { EventStream } from './event-stream.js';
import { openEvents } from './events.js';
import { FilesClient } from './files.js';
import { HttpClient } from './http.js';
import { resolveOptions, type CallOptions, type ClientOptions } from './options.js';
import { pathOf, queryOf } from './paths.js';
import { RealtimeServicesClient } from './realtime-services.js';
import { ServicesClient } from './services.js';
import { SessionsClient } from './sessions.js';
import { SnapshotsClient } from './snapshots.js';
import { toStatusReport, type StatusReport } from './status.js';
import { WebServiceClient } from './web-service.js';
import { WorkspaceClient } from './workspace.js';

/**
 * Speaks the REST API of R Server 9.0.1 to 9.3, genuine or embedded. Nothing is connected before the first call; logging
 * in happens with the first call that needs it.
 *
 * @see docs/rest-api.md
 */
export class RServerClient {
  readonly sessions: SessionsClient;
  readonly files: FilesClient;
  readonly workspace: WorkspaceClient;
  readonly snapshots: SnapshotsClient;
  readonly services: ServicesClient;
  readonly realtimeServices: RealtimeServicesClient;
  readonly webService: WebServiceClient;
  readonly computeNodes: ComputeNodesClient;
  readonly #http: HttpClient;

  /** @throws {ClientError} `CLIENT_OPTION` for a URL or a limit that cannot be used. */
  constructor(options: ClientOptions) {
    this.#http = new HttpClient(resolveOptions(options));
    this.sessions = new SessionsClient(this.#http);
    this.files = new FilesClient(this.#http);
    this.workspace = new WorkspaceClient(this.#http);
    this.snapshots = new SnapshotsClient(this.#http);
    this.services = new ServicesClient(this.#http);
    this.realtimeServices = new RealtimeServicesClient(this.#http);
    this.webService = new WebServiceClient(this.#http);
    this.computeNodes = new ComputeNodesClient(this.#http);
  }

  /** Where the server is; without anything secret. */
  get url(): string {
    return this.#http.options.displayUrl;
  }

  /** The user of a password login, or the one an AAD token names; `undefined` when it names none. */
  get username(): string | undefined {
    return this.#http.auth.username;
  }

  /** Extensions the server has offered so far: `events`, `source`, `restore`. Empty against a genuine server. */
  get extensions(): ReadonlySet<string> {
    return this.#http.extensions;
  }

  /**
   * Logs in now instead of with the first call; with a token, asks for the token.
   *
   * @throws {ClientError} `CLIENT_AUTH`, `CLIENT_UNREACHABLE`, `CLIENT_TLS`, `CLIENT_TIMEOUT`, ...
   */
  async login(options?: CallOptions | AbortSignal): Promise<void> {
    await this.#http.auth.login(signalOf(options));
  }

  /**
   * Revokes the tokens of this client; the next call logs in again. Servers that know only the older form of the call
   * are asked in that form.
   */
  async logout(options: CallOptions = {}): Promise<void> {
    const refreshToken = this.#http.auth.takeRefreshToken();
    if (refreshToken === undefined) return;
    const call = {
      operation: 'log out',
      method: 'DELETE',
      needsToken: false,
      limitName: 'login',
    } as const;
    try {
      await this.#http.send({
        ...call,
        path: `/login/refreshToken${queryOf({ refreshToken })}`,
        signal: options.signal,
      });
    } catch (error) {
      const isUnknownForm =
        isClientError(error, 'CLIENT_STATUS') && isMissing(error.facts['statusCode']);
      if (!isUnknownForm) throw error;
      await this.#http.send({
        ...call,
        path: pathOf`/login/refreshToken/${refreshToken}`,
        signal: options.signal,
      });
    }
  }

  /** The health of the server and of its parts. */
  async status(options?: CallOptions | AbortSignal): Promise<StatusReport> {
    const call: Call = {
      operation: 'report its status',
      method: 'GET',
      path: '/status',
      signal: signalOf(options),
    };
    const value = await this.#http.sendForJson(call);
    if (!isRecord(value)) throw this.#http.unexpected(call, 'a status report');
    return toStatusReport(value);
  }

  /** Opens the event stream of a session; only where `extensions` has `events`. */
  async events(sessionId: string, options: CallOptions = {}): Promise<EventStream> {
    return openEvents(this.#http, sessionId, options);
  }

  /** Waits for the calls under way, then closes every connection. Tokens are not revoked. */
  async close(): Promise<void> {
    await this.#http.close();
  }

  /** Closes every connection now; calls under way fail. */
  async destroy(): Promise<void> {
    await this.#http.destroy();
  }
}

function signalOf(options: CallOptions | AbortSignal | undefined): AbortSignal | undefined {
  return options instanceof AbortSignal ? options : options?.signal;
}

function isMissing(statusCode: unknown): boolean {
  return statusCode === 404 || statusCode === 405;
}
