// The warm state of a service in memory, for tests of what stands on services. Calls run the script of fake runtimes.
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import {
  RuntimeProcessError,
  type RuntimeExit,
  type ServiceCall,
  type ServiceCallResult,
  type ServiceImage,
  type ServiceRuntime,
  type ServiceRuntimeOptions,
} from '../../src/runtimes/index.js';
import { FakeRuntime, type FakeScript } from './fake-runtime.js';

/** Each call runs in a copy of the state that the snapshot and the initCode have left, or in that state itself. */
export class FakeServiceRuntime implements ServiceRuntime {
  readonly image: ServiceImage;
  readonly options: ServiceRuntimeOptions;
  readonly exited: Promise<RuntimeExit>;
  /** Every call so far, oldest first. */
  readonly calls: ServiceCall[] = [];
  runningCount = 0;
  /** The most calls that ever ran at once. */
  peakCount = 0;
  isClosed = false;

  readonly #base: FakeRuntime;
  readonly #script: FakeScript;
  readonly #copies = new Set<FakeRuntime>();
  #whenIdle: (() => void)[] = [];

  private constructor(
    image: ServiceImage,
    options: ServiceRuntimeOptions,
    base: FakeRuntime,
    script: FakeScript,
  ) {
    this.image = image;
    this.options = options;
    this.#base = base;
    this.#script = script;
    this.exited = base.exited;
  }

  static async open(
    image: ServiceImage,
    options: ServiceRuntimeOptions,
    script: FakeScript,
  ): Promise<FakeServiceRuntime> {
    const base = new FakeRuntime(image.runtimeType, script);
    if (image.snapshotDirectory !== undefined) await base.loadSnapshot(image.snapshotDirectory);
    const { success, errorMessage } = await run(base, image.initCode, [], []);
    if (!success) throw new RuntimeProcessError('RUNTIME_SERVICE_INIT', errorMessage);
    return new FakeServiceRuntime(image, options, base, script);
  }

  /** The process that keeps the state ends, as in a crash. */
  crash(): void {
    this.#base.exit({ signal: 'SIGSEGV' });
  }

  async call(call: ServiceCall): Promise<ServiceCallResult> {
    this.calls.push(call);
    if (this.isClosed) throw new RuntimeProcessError('RUNTIME_EXITED', 'The service is closed.');
    this.runningCount += 1;
    this.peakCount = Math.max(this.peakCount, this.runningCount);
    try {
      return await this.#call(call);
    } finally {
      this.runningCount -= 1;
      if (this.runningCount === 0) for (const resolve of this.#whenIdle.splice(0)) resolve();
    }
  }

  async close(): Promise<void> {
    this.isClosed = true;
    if (this.runningCount > 0) {
      await new Promise<void>((resolve) => {
        this.#whenIdle.push(resolve);
      });
    }
    this.destroy();
  }

  destroy(): void {
    this.isClosed = true;
    for (const copy of this.#copies) copy.destroy();
    this.#base.destroy();
  }

  async #call(call: ServiceCall): Promise<ServiceCallResult> {
    const { inputParameters, outputParameters, artifacts = [], filesDirectory } = call;
    const copy = this.#copyOf(this.#base);
    const consoleOutput: string[] = [];
    let ended: RuntimeProcessError | undefined;
    const end = (code: 'RUNTIME_CALL_ABORTED' | 'RUNTIME_CALL_TIMEOUT', message: string): void => {
      ended = new RuntimeProcessError(code, message);
      copy.destroy();
    };
    const onAbort = (): void => {
      end('RUNTIME_CALL_ABORTED', 'The call was given up.');
    };
    if (call.signal?.aborted === true) onAbort();
    call.signal?.addEventListener('abort', onAbort);
    const timer =
      call.timeoutMs === undefined
        ? undefined
        : setTimeout(() => {
            end('RUNTIME_CALL_TIMEOUT', `The call ran longer than ${call.timeoutMs} ms.`);
          }, call.timeoutMs);
    try {
      const result = await run(
        copy,
        this.image.code,
        inputParameters,
        outputParameters,
        consoleOutput,
      );
      if (filesDirectory !== undefined) await keepFiles(copy, result.changedFiles, filesDirectory);
      return {
        ...result,
        consoleOutput: consoleOutput.join(''),
        artifacts: artifacts.flatMap((name) => {
          const content = copy.files.get(name);
          return content === undefined ? [] : [{ name, content }];
        }),
      };
    } catch (error) {
      throw (
        ended ??
        new RuntimeProcessError('RUNTIME_CALL_CRASHED', 'The process of the call has ended.', {
          cause: error,
        })
      );
    } finally {
      clearTimeout(timer);
      call.signal?.removeEventListener('abort', onAbort);
      this.#copies.delete(copy);
    }
  }

  #copyOf(base: FakeRuntime): FakeRuntime {
    if (this.image.isolation === 'resident') return base;
    const copy = new FakeRuntime(base.runtimeType, this.#script);
    for (const [name, value] of base.objects) copy.objects.set(name, structuredClone(value));
    for (const [name, content] of base.files) copy.files.set(name, content);
    this.#copies.add(copy);
    return copy;
  }
}

async function run(
  runtime: FakeRuntime,
  code: string,
  inputParameters: ServiceCall['inputParameters'],
  outputParameters: readonly string[],
  consoleOutput: string[] = [],
): Promise<Awaited<ReturnType<FakeRuntime['execute']>>> {
  return runtime.execute({ code, inputParameters, outputParameters }, (event) => {
    if (event.type === 'stream') consoleOutput.push(event.text);
  });
}

async function keepFiles(
  runtime: FakeRuntime,
  names: readonly string[],
  directory: string,
): Promise<void> {
  for (const name of names) {
    const file = path.join(directory, name);
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, runtime.files.get(name) ?? '');
  }
}
