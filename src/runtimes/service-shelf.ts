// The services that are open.
import type { Logger } from '../base/index.js';
import type { Environment } from './environment.js';
import { RuntimeProcessError } from './errors.js';
import type { Isolation } from './isolation/isolation.js';
import type { ProcessLimits } from './isolation/process-limits.js';
import type { Language } from './language.js';
import type { RuntimeType } from './runtime.js';
import { createServiceRuntime } from './service-factory.js';
import type { ServiceImage, ServiceRuntime, ServiceRuntimeOptions } from './service-runtime.js';

/** What services are started with. */
export interface ServiceShelfOptions {
  readonly languages: Readonly<Record<RuntimeType, Language>>;
  /** Holds the private folders of this server's processes and of nothing else. */
  readonly workRoot: string;
  readonly env: Environment;
  readonly logger: Logger;
  /** As of `ProcessRuntimeOptions`. */
  readonly isolation?: Isolation | undefined;
  readonly limits?: ProcessLimits | undefined;
  /** Told before there is a process that may outlive its server. */
  readonly onCopies: () => void;
}

export class ServiceShelf {
  readonly #options: ServiceShelfOptions;
  readonly #open = new Set<ServiceRuntime>();
  readonly #opening = new Set<Promise<ServiceRuntime>>();
  #isClosed = false;

  constructor(options: ServiceShelfOptions) {
    this.#options = options;
  }

  /** @throws {RuntimeProcessError} As `RuntimeFactory.openService`. */
  async open(image: ServiceImage, options: ServiceRuntimeOptions = {}): Promise<ServiceRuntime> {
    if (this.#isClosed) throw new RuntimeProcessError('RUNTIME_EXITED', 'The runtimes are closed.');
    const { languages, onCopies, ...common } = this.#options;
    onCopies();
    const opening = createServiceRuntime({
      ...options,
      ...common,
      image,
      language: languages[image.runtimeType],
    });
    this.#opening.add(opening);
    try {
      const service = await opening;
      this.#open.add(service);
      void service.exited.then(() => this.#open.delete(service));
      return service;
    } finally {
      this.#opening.delete(opening);
    }
  }

  /** Lets calls under way end, then ends everything. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.allSettled(this.#opening);
    await Promise.all([...this.#open].map((service) => service.close()));
  }
}
