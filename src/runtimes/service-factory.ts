// Starts a service: a process of its own, the snapshot and the initCode loaded into it, ready for calls.
import { silentLogger, type Logger } from '../base/index.js';
import { CopyingService } from './copying-service.js';
import type { Environment } from './environment.js';
import { RuntimeProcessError } from './errors.js';
import type { Isolation } from './isolation/isolation.js';
import type { ProcessLimits } from './isolation/process-limits.js';
import type { Language } from './language.js';
import { startWorker, type StartedWorker } from './process-runtime.js';
import { ResidentService } from './resident-service.js';
import type { Runtime, RuntimeExecutionResult } from './runtime.js';
import type { ServiceImage, ServiceRuntime, ServiceRuntimeOptions } from './service-runtime.js';

/** What a service is started with. */
export interface ServiceFactoryOptions extends ServiceRuntimeOptions {
  readonly image: ServiceImage;
  /** Of the image's `runtimeType`. */
  readonly language: Language;
  /** An existing folder for the private folders of processes. */
  readonly workRoot: string;
  /** The environment of the process; names beginning with `RSERVER_` are left out. */
  readonly env: Environment;
  readonly logger?: Logger;
  /** As of `ProcessRuntimeOptions`. */
  readonly isolation?: Isolation | undefined;
  readonly limits?: ProcessLimits | undefined;
}

/**
 * Calls run side by side already: libraries that start a thread for each processor would only be in each other's way.
 * Threads also do not survive the copying of a process.
 */
const ONE_THREAD = Object.fromEntries(
  ['OMP', 'OPENBLAS', 'MKL', 'NUMEXPR', 'VECLIB_MAXIMUM', 'BLIS', 'RCPP_PARALLEL'].map(
    (library) => [`${library}_NUM_THREADS`, '1'],
  ),
);

/**
 * @throws {RuntimeProcessError} `RUNTIME_SPAWN`, `RUNTIME_SNAPSHOT_BAD`, `RUNTIME_SERVICE_INIT`, `RUNTIME_EXITED` when
 *   the process ends while it loads.
 */
export async function createServiceRuntime(
  options: ServiceFactoryOptions,
): Promise<ServiceRuntime> {
  const { image, language, workRoot, env, isolation, limits, logger = silentLogger } = options;
  const isResident = image.isolation === 'resident';
  const started = await startWorker({
    language,
    workRoot,
    env: { ...env, ...(isResident ? {} : { ...ONE_THREAD, ...language.serviceEnvironment }) },
    logger,
    isolation,
    limits,
  });
  try {
    await load(started.runtime, image, language);
    if (isResident) return new ResidentService(started.runtime, image.code);
    return await open(options, started, logger);
  } catch (error) {
    await started.runtime.close();
    throw error;
  }
}

const open = (
  { image, language, maxCallCount = 16, spareCount = 2 }: ServiceFactoryOptions,
  started: StartedWorker,
  logger: Logger,
): Promise<ServiceRuntime> =>
  CopyingService.open({
    language,
    started,
    code: image.code,
    maxCallCount,
    spareCount: Math.min(spareCount, maxCallCount),
    logger,
  });

async function load(runtime: Runtime, image: ServiceImage, language: Language): Promise<void> {
  if (image.snapshotDirectory !== undefined) await runtime.loadSnapshot(image.snapshotDirectory);
  const { packages = [], initCode } = image;
  if (packages.length > 0) await run(runtime, language.loadCode(packages));
  if (initCode.trim() === '') return;
  const { success, errorMessage } = await run(runtime, initCode);
  if (success) return;
  throw new RuntimeProcessError('RUNTIME_SERVICE_INIT', `The initCode failed: ${errorMessage}`);
}

function run(runtime: Runtime, code: string): Promise<RuntimeExecutionResult> {
  const execution = { code, inputParameters: [], outputParameters: [] };
  return runtime.execute(execution, (event) => {
    if (event.type !== 'input_request') return;
    const reason = 'Input was asked for in a web service, which has nobody to ask.';
    runtime.answerInput(event.inputId, { status: 'unavailable', reason });
  });
}
