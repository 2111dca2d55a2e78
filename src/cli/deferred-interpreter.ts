// An interpreter that is still being loaded: answers who it is at once, and everything else when it is there.
import { messageOf, type Logger } from '../base/index.js';
import type {
  CommMessage,
  Completeness,
  Completions,
  DebugRequest,
  DebugResult,
  ExecuteOutput,
  ExecuteRequest,
  ExecuteResult,
  HistoryEntry,
  HistoryRequest,
  InputRequester,
  Inspection,
  Interpreter,
  InterpreterHost,
  InterpreterInfo,
} from '../jupyter/index.js';

/** Stands before the interpreter that `load` gives. A failure to load is the error of each cell. */
export class DeferredInterpreter implements Interpreter {
  readonly #info: InterpreterInfo;
  readonly #load: () => Promise<Interpreter>;
  readonly #logger: Logger;
  #host: InterpreterHost | undefined;
  #loaded: Interpreter | undefined;
  #loading: Promise<Interpreter> | undefined;

  constructor(info: InterpreterInfo, load: () => Promise<Interpreter>, logger: Logger) {
    this.#info = info;
    this.#load = load;
    this.#logger = logger;
  }

  get info(): InterpreterInfo {
    return this.#loaded?.info ?? this.#info;
  }

  start(host: InterpreterHost): void {
    this.#host = host;
    this.#interpreter().catch((error: unknown) => {
      this.#logger.error({ err: error }, `The back end cannot be loaded: ${messageOf(error)}`);
    });
  }

  async execute(
    request: ExecuteRequest,
    output: ExecuteOutput,
    input: InputRequester,
    signal: AbortSignal,
  ): Promise<ExecuteResult> {
    return (await this.#interpreter()).execute(request, output, input, signal);
  }

  /** While nothing is loaded nothing runs that code could run beside. */
  canRunBeside(code: string): boolean {
    return this.#loaded?.canRunBeside?.(code) ?? false;
  }

  async handleComm(
    message: CommMessage,
    output: ExecuteOutput,
    input: InputRequester,
    signal: AbortSignal,
  ): Promise<boolean> {
    const interpreter = await this.#interpreter();
    return (await interpreter.handleComm?.(message, output, input, signal)) ?? false;
  }

  async complete(code: string, cursor: number): Promise<Completions> {
    return (await this.#interpreter()).complete(code, cursor);
  }

  async inspect(code: string, cursor: number, detailLevel: 0 | 1): Promise<Inspection> {
    return (await this.#interpreter()).inspect(code, cursor, detailLevel);
  }

  async isComplete(code: string): Promise<Completeness> {
    return (await this.#interpreter()).isComplete(code);
  }

  async history(request: HistoryRequest): Promise<readonly HistoryEntry[]> {
    return (await this.#interpreter()).history(request);
  }

  async debug(request: DebugRequest): Promise<DebugResult> {
    const interpreter = await this.#interpreter();
    const result = await interpreter.debug?.(request);
    return result ?? { success: false, message: 'There is no debugger.' };
  }

  /** One that never loaded has nothing to end. */
  async shutdown(restart: boolean): Promise<void> {
    const interpreter = await this.#loading?.catch(() => undefined);
    await interpreter?.shutdown(restart);
  }

  #interpreter(): Promise<Interpreter> {
    this.#loading ??= this.#load().then((interpreter) => {
      this.#loaded = interpreter;
      if (this.#host !== undefined) interpreter.start(this.#host);
      return interpreter;
    });
    return this.#loading;
  }
}
