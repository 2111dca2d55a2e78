// An interpreter of the bridge over a fake server, for tests: runs cells and keeps their outputs.
import { silentLogger } from '../../src/base/index.js';
import type { BridgeSettings, Connect } from '../../src/bridge/configuration.js';
import { createRemoteInterpreter } from '../../src/bridge/index.js';
import type { LanguageName, SessionNotes } from '../../src/bridge/index.js';
import type {
  ExecuteRequest,
  ExecuteResult,
  InputRequester,
  Interpreter,
} from '../../src/jupyter/index.js';
import {
  FakeConfiguration,
  OutputRecorder,
  cellRequest,
  connectionTo,
  fakeAgent,
  noInput,
  type FakeRemote,
  type RecordedOutput,
} from './fake-remote.js';

/** What one cell gave. */
export interface CellOutcome {
  readonly result: ExecuteResult;
  readonly outputs: readonly RecordedOutput[];
  /** All stream text. */
  readonly text: string;
}

export interface FakeKernelOptions {
  readonly language?: LanguageName;
  readonly settings?: Partial<BridgeSettings>;
  readonly connect?: Connect;
  readonly notebookName?: string;
  readonly sessionNotes?: SessionNotes;
}

/** The back end of a kernel whose server is a {@link FakeRemote}. */
export class FakeKernel {
  readonly interpreter: Interpreter;
  #executionCount = 0;

  constructor(remote: FakeRemote, options: FakeKernelOptions = {}) {
    this.interpreter = createRemoteInterpreter({
      language: options.language ?? 'R',
      configuration: new FakeConfiguration(options.settings),
      connect: options.connect ?? (() => Promise.resolve(connectionTo(remote))),
      notebookName: options.notebookName,
      sessionNotes: options.sessionNotes,
      version: '1.2.3',
      logger: silentLogger,
      agent: fakeAgent,
    });
  }

  /** Runs a cell to its end. */
  async run(
    code: string,
    parts: Partial<ExecuteRequest> & {
      readonly signal?: AbortSignal;
      readonly input?: InputRequester;
      readonly output?: OutputRecorder;
    } = {},
  ): Promise<CellOutcome> {
    const {
      signal = new AbortController().signal,
      input = noInput,
      output = new OutputRecorder(`request-${this.#executionCount + 1}`),
      ...rest
    } = parts;
    this.#executionCount += 1;
    const request = cellRequest(code, { executionCount: this.#executionCount, ...rest });
    const result = await this.interpreter.execute(request, output, input, signal);
    return { result, outputs: output.outputs, text: output.text() };
  }
}
