// A service whose calls share one workspace, one after the other: for code that leaves nothing behind.
import { createWriteStream } from 'node:fs';
import path from 'node:path';
import { buffer } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { settlesWithin, TaskQueue } from '../base/index.js';
import { exitedError, RuntimeProcessError } from './errors.js';
import type { Runtime, RuntimeEvent, RuntimeExit } from './runtime.js';
import { abortedError, timeoutError } from './service-place.js';
import type {
  ServiceArtifact,
  ServiceCall,
  ServiceCallResult,
  ServiceRuntime,
} from './service-runtime.js';

/** How long code may take to end after an interrupt; then the process ends. */
const INTERRUPT_GRACE_MS = 2_000;
const NO_INPUT = 'Input was asked for in a web service, which has nobody to ask.';

export class ResidentService implements ServiceRuntime {
  readonly exited: Promise<RuntimeExit>;
  readonly #runtime: Runtime;
  readonly #code: string;
  readonly #calls = new TaskQueue();
  #isClosed = false;
  #closing: Promise<void> | undefined;

  /**
   * @param runtime - Snapshot and initCode have been loaded into it; it belongs to the service.
   * @param code - Run by each call.
   */
  constructor(runtime: Runtime, code: string) {
    this.#runtime = runtime;
    this.#code = code;
    this.exited = runtime.exited;
    void runtime.exited.then(() => {
      this.#isClosed = true;
      void this.close();
    });
  }

  async call(call: ServiceCall): Promise<ServiceCallResult> {
    if (this.#isClosed) throw exitedError(this.#runtime.runtimeType, undefined);
    try {
      return await this.#calls.run(() => this.#run(call), call.signal);
    } catch (error) {
      if (call.signal?.aborted === true && !(error instanceof RuntimeProcessError)) {
        throw abortedError();
      }
      throw error;
    }
  }

  close(): Promise<void> {
    this.#isClosed = true;
    this.#closing ??= this.#calls.whenIdle().then(() => this.#runtime.close());
    return this.#closing;
  }

  destroy(): void {
    this.#isClosed = true;
    this.#runtime.destroy();
  }

  async #run(call: ServiceCall): Promise<ServiceCallResult> {
    let reason: RuntimeProcessError | undefined;
    const end = (error: RuntimeProcessError): void => {
      reason ??= error;
      this.#runtime.interrupt();
      void settlesWithin(ended, INTERRUPT_GRACE_MS).then((isInTime) => {
        if (!isInTime) this.#runtime.destroy();
      });
    };
    const onAbort = (): void => {
      end(abortedError());
    };
    call.signal?.addEventListener('abort', onAbort, { once: true });
    const { timeoutMs } = call;
    const timer =
      timeoutMs === undefined
        ? undefined
        : setTimeout(() => {
            end(timeoutError(timeoutMs));
          }, timeoutMs);
    const ended = this.#execute(call);
    try {
      const result = await ended.catch((error: unknown) => {
        throw reason ?? crashedInstead(error);
      });
      if (reason !== undefined) throw reason;
      return result;
    } finally {
      clearTimeout(timer);
      call.signal?.removeEventListener('abort', onAbort);
    }
  }

  async #execute(call: ServiceCall): Promise<ServiceCallResult> {
    let consoleOutput = '';
    const onEvent = (event: RuntimeEvent): void => {
      if (event.type === 'stream') consoleOutput += event.text;
      if (event.type === 'input_request') {
        this.#runtime.answerInput(event.inputId, { status: 'unavailable', reason: NO_INPUT });
      }
    };
    const result = await this.#runtime.execute({ code: this.#code, ...call }, onEvent);
    const artifacts = await this.#read(call.artifacts ?? []);
    if (call.filesDirectory !== undefined) {
      await this.#moveTo(call.filesDirectory, result.changedFiles);
    }
    return { ...result, consoleOutput, artifacts };
  }

  async #read(names: readonly string[]): Promise<ServiceArtifact[]> {
    const present = names.length === 0 ? [] : await this.#runtime.listFiles();
    const artifacts: ServiceArtifact[] = [];
    for (const name of names) {
      if (!present.includes(name)) continue;
      artifacts.push({ name, content: await buffer(await this.#runtime.readFile(name)) });
    }
    return artifacts;
  }

  async #moveTo(directory: string, names: readonly string[]): Promise<void> {
    for (const name of names) {
      await pipeline(
        await this.#runtime.readFile(name),
        createWriteStream(path.join(directory, name), { mode: 0o600 }),
      );
      await this.#runtime.deleteFile(name);
    }
  }
}

/** The process of the call is the service's own here; to the caller it is all the same. */
function crashedInstead(error: unknown): unknown {
  if (!(error instanceof RuntimeProcessError) || error.code !== 'RUNTIME_EXITED') return error;
  return new RuntimeProcessError('RUNTIME_CALL_CRASHED', error.message, {
    cause: error,
    facts: error.facts,
  });
}
