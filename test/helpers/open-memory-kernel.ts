// A kernel over memory with the echo language and one front end, for unit tests.
import { Kernel, type KernelOptions } from '../../src/jupyter/index.js';
import { EchoInterpreter } from './echo-interpreter.js';
import { KernelClient } from './kernel-client.js';
import { MemoryTransport } from './memory-transport.js';

/** A kernel that has started; its first two statuses are read. */
export interface MemoryKernel {
  readonly kernel: Kernel;
  readonly interpreter: EchoInterpreter;
  readonly client: KernelClient;
  /** Warnings of the kernel. */
  readonly warnings: string[];
}

export async function openMemoryKernel(
  interpreter = new EchoInterpreter(),
  options: Partial<KernelOptions> = {},
): Promise<MemoryKernel> {
  const transport = new MemoryTransport('key');
  const client = new KernelClient(transport, 'key');
  const warnings: string[] = [];
  const drop = (): void => undefined;
  const kernel = new Kernel({
    interpreter,
    transport,
    abortGraceMs: 0,
    logger: {
      debug: drop,
      info: drop,
      warn: (_facts, message) => warnings.push(message),
      error: (_facts, message) => warnings.push(message),
    },
    ...options,
  });
  await kernel.start();
  await client.expectStatus('starting');
  await client.expectStatus('idle');
  return { kernel, interpreter, client, warnings };
}
