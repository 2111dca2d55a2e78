// The embedded R Server: opens its data, listens, and closes everything in order.
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import type { FastifyInstance } from 'fastify';
import { silentLogger } from '../base/index.js';
import { buildApp } from './app.js';
import { openAuthenticator } from './auth/open.js';
import { ApiError } from './errors.js';
import { DEFAULT_LIMITS, type ListenOptions, type ServerOptions } from './options.js';
import { SessionRegistry } from './sessions/session-registry.js';
import { ChunkStore } from './snapshots/chunk-store.js';
import { openSnapshots } from './snapshots/snapshots.js';
import { openStore } from './store/open.js';
import type { RouteContext } from './routes/route.js';
import { openWebServices, stopWebServices } from './web-services.js';

const SNAPSHOTS_FOLDER = 'snapshots';
const CHUNKS_FOLDER = 'chunks';
/** Requests that are still under way so long after the sessions have ended are cut off. */
const CLOSE_GRACE_MS = 2000;

/** Told whether the server holds no sessions. */
export type IdleListener = (isIdle: boolean) => void;

/** An embedded R Server. */
export interface RServer {
  /**
   * Begins to take requests; may be called once.
   *
   * @returns The base URL, e.g. `http://127.0.0.1:12800`.
   */
  listen(options: ListenOptions): Promise<string>;
  sessionCount(): number;
  /** Time of the last request or the last change of the sessions, in Unix milliseconds. */
  lastActivityAtMs(): number;
  /** Tells when the first session comes and when the last one goes. Returns the function that ends it. */
  onIdleChange(listener: IdleListener): () => void;
  /** Ends all sessions, answers what is under way, and lets go of the data directory. Twice is harmless. */
  close(): Promise<void>;
}

/**
 * Opens the data directory and prepares a server.
 *
 * @throws Error when the directory cannot be used or its database is of a newer version.
 */
export async function createServer(options: ServerOptions): Promise<RServer> {
  const now = options.now ?? Date.now;
  const logger = options.logger ?? silentLogger;
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  await mkdir(options.dataDirectory, { recursive: true, mode: 0o700 });
  const store = await openStore(options);
  const authenticator = await openAuthenticator(options, limits, store, now);
  const activity = new Activity(now);
  const directory = path.join(options.dataDirectory, SNAPSHOTS_FOLDER);
  const chunks = new ChunkStore(path.join(options.dataDirectory, CHUNKS_FOLDER));
  const snapshots = await openSnapshots({ directory, store: store.snapshots, chunks, now });
  const sessions = new SessionRegistry({
    runtimes: options.runtimes,
    limits,
    logger,
    now,
    onCountChange: (count) => {
      activity.setSessionCount(count);
    },
  });
  const webServices = await openWebServices({
    options,
    limits,
    store,
    chunks,
    now,
    onActivity: () => {
      activity.touch();
    },
  });
  return new EmbeddedServer(
    { options, limits, store, authenticator, sessions, snapshots, ...webServices },
    chunks,
    activity,
  );
}

class EmbeddedServer implements RServer {
  readonly #context: RouteContext;
  readonly #chunks: ChunkStore;
  readonly #activity: Activity;
  #app: Promise<FastifyInstance> | undefined;
  #closed: Promise<void> | undefined;

  constructor(context: RouteContext, chunks: ChunkStore, activity: Activity) {
    this.#context = context;
    this.#chunks = chunks;
    this.#activity = activity;
  }

  async listen({ host, port, tls }: ListenOptions): Promise<string> {
    if (this.#app !== undefined) throw new Error('The server listens already.');
    this.#app = buildApp({
      context: this.#context,
      tls,
      onRequest: () => {
        this.#activity.touch();
        if (this.#closed === undefined) return undefined;
        return new ApiError('API_SHUTTING_DOWN', 'The server is shutting down.');
      },
    });
    const app = await this.#app;
    await app.listen({ host, port });
    const address = app.server.address();
    const actualPort = typeof address === 'object' && address !== null ? address.port : port;
    const urlHost = host.includes(':') ? `[${host}]` : host;
    return `${tls === undefined ? 'http' : 'https'}://${urlHost}:${actualPort}`;
  }

  sessionCount(): number {
    return this.#context.sessions.count;
  }

  lastActivityAtMs(): number {
    return this.#activity.lastAtMs;
  }

  onIdleChange(listener: IdleListener): () => void {
    return this.#activity.addListener(listener);
  }

  async close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    const app = await this.#app;
    await this.#context.sessions.close(); // this settles every pending execute
    await stopWebServices(this.#context);
    if (app !== undefined) {
      const cutOff = setTimeout(() => {
        app.server.closeAllConnections();
      }, CLOSE_GRACE_MS);
      await app.close();
      clearTimeout(cutOff);
    }
    await this.#context.services.close();
    await this.#context.snapshots.close();
    await this.#chunks.close();
    await this.#context.authenticator.close();
    await this.#context.store.close();
  }
}

/** When the server was last used, and whether it has sessions. */
class Activity {
  lastAtMs: number;
  readonly #now: () => number;
  readonly #listeners = new Set<IdleListener>();
  #isIdle = true;

  constructor(now: () => number) {
    this.#now = now;
    this.lastAtMs = now();
  }

  touch(): void {
    this.lastAtMs = this.#now();
  }

  setSessionCount(count: number): void {
    this.touch();
    const isIdle = count === 0;
    if (isIdle === this.#isIdle) return;
    this.#isIdle = isIdle;
    for (const listener of this.#listeners) listener(isIdle);
  }

  addListener(listener: IdleListener): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }
}
