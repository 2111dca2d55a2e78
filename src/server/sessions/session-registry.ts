// All live sessions of this server, and the memory of those that are gone.
import { v4 as newId } from 'uuid';
import type { Logger } from '../../base/index.js';
import type { Runtime, RuntimeFactory, RuntimeType } from '../../runtimes/index.js';
import { ApiError } from '../errors.js';
import { Session, type SessionLimits } from './session.js';
import { UserTime } from './user-time.js';

const MAX_TOMBSTONES = 1000;
const UNUSED_CHECK_INTERVAL_MS = 60_000;

interface Tombstone {
  readonly owner: string;
  readonly reason: string;
}

export interface SessionRegistryOptions {
  readonly runtimes: RuntimeFactory;
  readonly limits: SessionLimits & {
    /** Sessions that nobody has used for so long are closed; 0 keeps them. */
    readonly sessionUnusedMs: number;
    /** Live sessions of all users together; default no limit. */
    readonly maxSessions?: number;
    /** Live sessions of one user; default no limit. */
    readonly maxUserSessions?: number;
    /** Of one user and day; default no limit. */
    readonly maxUserExecutionMsPerDay?: number;
  };
  readonly logger: Logger;
  /** Unix milliseconds. */
  readonly now: () => number;
  /** Called with the number of live sessions whenever it changes. */
  readonly onCountChange: (count: number) => void;
}

export interface NewSession {
  readonly owner: string;
  readonly name?: string | undefined;
  readonly runtimeType: RuntimeType;
  /** Fills the runtime before anyone sees the session. */
  readonly prepare?: ((runtime: Runtime) => Promise<void>) | undefined;
}

/** Makes, finds and ends sessions. Nobody sees another user's. */
export class SessionRegistry {
  readonly #options: SessionRegistryOptions;
  readonly #sessions = new Map<string, Session>();
  readonly #tombstones = new Map<string, Tombstone>();
  readonly #closing = new Set<Promise<void>>();
  /** Owners of the sessions that are being made. */
  readonly #opening: string[] = [];
  readonly #userTime: UserTime;
  readonly #unusedCheck: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(options: SessionRegistryOptions) {
    this.#options = options;
    const { maxUserExecutionMsPerDay = Infinity } = options.limits;
    this.#userTime = new UserTime(maxUserExecutionMsPerDay, options.now);
    if (options.limits.sessionUnusedMs > 0) {
      this.#unusedCheck = setInterval(() => {
        this.#closeUnused();
      }, UNUSED_CHECK_INTERVAL_MS).unref();
    }
  }

  get count(): number {
    return this.#sessions.size;
  }

  /**
   * @throws {RuntimeProcessError} `RUNTIME_POOL_FULL`, `RUNTIME_SPAWN`.
   * @throws {ApiError} `API_SHUTTING_DOWN`, `API_SESSIONS`, `API_USER_SESSIONS`; and what `prepare` throws.
   */
  async create(request: NewSession): Promise<Session> {
    this.#assertOpen();
    this.#assertRoomFor(request.owner);
    this.#opening.push(request.owner);
    try {
      return await this.#open(request);
    } finally {
      this.#opening.splice(this.#opening.indexOf(request.owner), 1);
    }
  }

  /** Oldest first. */
  list(owner: string): readonly Session[] {
    return [...this.#sessions.values()].filter((session) => session.owner === owner);
  }

  /** @throws {ApiError} `API_SESSION_NOT_FOUND`, also for a session of another user and for one that is gone. */
  get(id: string, owner: string): Session {
    const session = this.#sessions.get(id);
    if (session?.owner === owner) return session;
    const tombstone = this.#tombstoneOf(id, owner);
    const why = tombstone === undefined ? '' : ` any more. ${tombstone.reason}`;
    throw new ApiError('API_SESSION_NOT_FOUND', `There is no session ${id}${why || '.'}`);
  }

  /** As {@link get}, but `API_SESSION_GONE` for a session that this user once had. @see swagger 9.1 listWorkspaceObjects */
  getOrGone(id: string, owner: string): Session {
    const tombstone = this.#tombstoneOf(id, owner);
    if (tombstone === undefined) return this.get(id, owner);
    throw new ApiError('API_SESSION_GONE', `Session ${id} is gone. ${tombstone.reason}`);
  }

  /** Ends a session in order; settles when its runtime is gone. It cannot be found from now on. */
  async end(session: Session): Promise<void> {
    this.#bury(session, 'The session was closed.');
    const closing = session.close();
    this.#closing.add(closing);
    try {
      await closing;
    } finally {
      this.#closing.delete(closing);
    }
  }

  /** Kills a session; settles when its process is gone. */
  async kill(session: Session): Promise<void> {
    this.#bury(session, 'The session was closed by force.');
    session.destroy();
    await session.ended;
  }

  /** Ends all sessions and makes no new ones. */
  async close(): Promise<void> {
    this.#isClosed = true;
    clearInterval(this.#unusedCheck);
    await Promise.all([
      ...this.#closing,
      ...[...this.#sessions.values()].map((session) => this.end(session)),
    ]);
  }

  async #open(request: NewSession): Promise<Session> {
    const runtime = await this.#options.runtimes.acquire(request.runtimeType);
    try {
      await request.prepare?.(runtime);
      this.#assertOpen();
    } catch (error) {
      runtime.destroy();
      throw error;
    }
    const id = newId();
    const session = new Session({
      id,
      name: request.name ?? `session-${id.slice(0, 8)}`,
      owner: request.owner,
      runtime,
      limits: this.#options.limits,
      userTime: this.#userTime,
      now: this.#options.now,
    });
    this.#sessions.set(id, session);
    this.#options.onCountChange(this.count);
    void session.ended.then((reason) => {
      this.#bury(session, reason);
    });
    return session;
  }

  #bury(session: Session, reason: string): void {
    if (!this.#sessions.delete(session.id)) return;
    this.#tombstones.set(session.id, { owner: session.owner, reason });
    if (this.#tombstones.size > MAX_TOMBSTONES) {
      for (const oldest of this.#tombstones.keys()) {
        this.#tombstones.delete(oldest);
        break;
      }
    }
    this.#options.logger.info({ sessionId: session.id, reason }, 'a session ended');
    this.#options.onCountChange(this.count);
  }

  #tombstoneOf(id: string, owner: string): Tombstone | undefined {
    const tombstone = this.#tombstones.get(id);
    return tombstone?.owner === owner ? tombstone : undefined;
  }

  #assertRoomFor(owner: string): void {
    const { maxSessions = Infinity, maxUserSessions = Infinity } = this.#options.limits;
    if (this.count + this.#opening.length >= maxSessions) {
      throw new ApiError('API_SESSIONS', `The server has its ${maxSessions} sessions already.`);
    }
    const opening = this.#opening.filter((name) => name === owner).length;
    if (this.list(owner).length + opening >= maxUserSessions) {
      throw new ApiError(
        'API_USER_SESSIONS',
        `${owner} has ${maxUserSessions} sessions already, which is the limit of each user.`,
      );
    }
  }

  #assertOpen(): void {
    if (this.#isClosed) throw new ApiError('API_SHUTTING_DOWN', 'The server is shutting down.');
  }

  #closeUnused(): void {
    const latestMs = this.#options.now() - this.#options.limits.sessionUnusedMs;
    for (const session of this.#sessions.values()) {
      const unusedSinceMs = session.unusedSinceMs();
      if (unusedSinceMs === undefined || unusedSinceMs > latestMs) continue;
      this.end(session).catch((error: unknown) => {
        this.#options.logger.error({ err: error }, 'an unused session did not close');
      });
    }
  }
}
