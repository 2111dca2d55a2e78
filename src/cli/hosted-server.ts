// One running R Server with its languages: what `serve` and the embedded server have in common.
import path from 'node:path';
import { delay, type Logger } from '../base/index.js';
import type { Isolation, ProcessLimits, RuntimeFactory } from '../runtimes/index.js';
import type { ListenOptions, RServer, ServerLimits, ServerOptions } from '../server/index.js';

/**
 * Launching the first language takes some turns of the event loop, which loading the server would hold up by a tenth of
 * a second. So much head start is enough for the launch, and costs nothing: the language comes up later than the server.
 */
const LAUNCH_MS = 30;

/** What a hosted server is made from. */
export interface HostedServerOptions {
  readonly dataDirectory: string;
  readonly r: string;
  readonly python: string;
  /** Made ready before the other. */
  readonly firstLanguage: 'r' | 'python';
  /** Whether somebody waits for a session in that language. */
  readonly isAwaited?: boolean;
  /** Of the language processes; they leave out what begins with `RSERVER_`. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The rest of what the server is made from; called while the languages come up. */
  readonly prepare: () => Promise<
    Omit<ServerOptions, 'dataDirectory' | 'runtimes' | 'limits' | 'version' | 'logger'>
  >;
  /** Most processes of each language; default that of the pool. */
  readonly maxRuntimes?: number | undefined;
  /** Keeps the processes apart; belongs to the server from then on. Default: they run as the server does. */
  readonly isolation?: Isolation | undefined;
  readonly listen: ListenOptions;
  readonly limits?: Partial<ServerLimits>;
  readonly version: string;
  readonly logger: Logger;
}

/** A server that listens. */
export interface HostedServer {
  readonly url: string;
  readonly server: RServer;
  /** Ends the sessions, the server and the languages. Twice is harmless. */
  readonly close: () => Promise<void>;
}

/**
 * Starts the languages, and while these come up loads the server and lets it listen.
 *
 * @throws Error when the data folder or the address cannot be had.
 */
export async function hostServer(options: HostedServerOptions): Promise<HostedServer> {
  const { logger, version, dataDirectory, limits } = options;
  const runtimes = await startRuntimes(options);
  try {
    await delay(LAUNCH_MS);
    const { createServer } = await import('../server/index.js');
    const server = await createServer({
      ...(await options.prepare()),
      dataDirectory,
      runtimes,
      version,
      logger,
      limits,
    });
    const url = await server.listen(options.listen);
    let closing: Promise<void> | undefined;
    const close = (): Promise<void> => (closing ??= server.close().finally(() => runtimes.close()));
    return { url, server, close };
  } catch (error) {
    await runtimes.close();
    throw error;
  }
}

/** Loaded apart from the server: the language takes longest to come up, so its code comes first. */
async function startRuntimes(options: HostedServerOptions): Promise<RuntimeFactory> {
  const { createRuntimePool } = await import('../runtimes/index.js');
  const sizes = options.maxRuntimes === undefined ? {} : { maxPoolSize: options.maxRuntimes };
  const firstType = options.firstLanguage === 'python' ? 'Python' : 'R';
  return createRuntimePool({
    r: { command: options.r, ...sizes },
    python: { command: options.python, ...sizes },
    firstType,
    awaitedType: options.isAwaited === true ? firstType : undefined,
    env: options.env,
    workRoot: path.join(options.dataDirectory, 'work'),
    isolation: options.isolation,
    limits: processLimitsOf(options.limits),
    logger: options.logger,
  });
}

function processLimitsOf(limits: Partial<ServerLimits> = {}): ProcessLimits {
  const { runtimeMemoryBytes, runtimeCpuMs, runtimeFileBytes, runtimeProcesses } = limits;
  return {
    ...(runtimeMemoryBytes !== undefined && { memoryBytes: runtimeMemoryBytes }),
    ...(runtimeCpuMs !== undefined && { cpuMs: runtimeCpuMs }),
    ...(runtimeFileBytes !== undefined && { fileBytes: runtimeFileBytes }),
    ...(runtimeProcesses !== undefined && { processCount: runtimeProcesses }),
  };
}
