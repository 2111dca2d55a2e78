// Where runtimes and services come from, and how many there are.
import type { Runtime, RuntimeType } from './runtime.js';
import type { ServiceImage, ServiceRuntime, ServiceRuntimeOptions } from './service-runtime.js';

/** Makes runtimes, warm ones where a pool stands behind it. */
export interface RuntimeFactory {
  /**
   * @throws {RuntimeProcessError} `RUNTIME_SPAWN` when the interpreter is missing or does not start,
   *   `RUNTIME_POOL_FULL` past the configured maximum.
   */
  acquire(runtimeType: RuntimeType): Promise<Runtime>;
  /**
   * Loads what a service begins its calls with; the caller closes it.
   *
   * @throws {RuntimeProcessError} `RUNTIME_SPAWN`, `RUNTIME_SNAPSHOT_BAD`, `RUNTIME_SERVICE_INIT` with the program's own
   *   words, `RUNTIME_EXITED` when the process ends while it loads.
   */
  openService(image: ServiceImage, options?: ServiceRuntimeOptions): Promise<ServiceRuntime>;
  /** Figures for `GET /status`. */
  status(): readonly RuntimePoolStatus[];
  close(): Promise<void>;
}

/** @see swagger 9.1 `GET /status` example: `rMaxPoolSize`, `rActiveShellCount`, `rCurrentPoolSize`, `rCanOpenShell` */
export interface RuntimePoolStatus {
  readonly runtimeType: RuntimeType;
  readonly maxPoolSize: number;
  readonly activeCount: number;
  readonly currentPoolSize: number;
  readonly canOpen: boolean;
}
