// The language back end of the kernel whose language runs in a session of an R Server.
import type { Logger } from '../base/index.js';
import type {
  Completeness,
  Completions,
  ExecuteOutput,
  ExecuteRequest,
  ExecuteResult,
  HistoryEntry,
  HistoryRequest,
  Inspection,
  InputRequester,
  Interpreter,
  InterpreterInfo,
  JsonObject,
  MimeBundle,
} from '../jupyter/index.js';
import type { Agent } from './agent/agent.js';
import { createPythonAgent } from './agent/python-agent.js';
import { createRAgent } from './agent/r-agent.js';
import { CellRun, type CellEnvironment } from './cell-run.js';
import type { Configuration, Connect } from './configuration.js';
import { InputHistory } from './input-history.js';
import { judgeCompleteness } from './is-complete.js';
import { interpreterInfo } from './language/interpreter-info.js';
import { languageOf, type Language, type LanguageName } from './language/languages.js';
import { helpDisplay } from './magics/help-text.js';
import { completeMagic, magicAt } from './magics/magic-help.js';
import type { MagicTable } from './magics/magic.js';
import { createMagicTable } from './magics/registry.js';
import { RemoteSession } from './remote-session.js';
import { fromCodePointIndex, toCodePointIndex } from './text-positions.js';

/** What an interpreter is made with. */
export interface RemoteInterpreterOptions {
  readonly language: LanguageName;
  readonly configuration: Configuration;
  readonly connect: Connect;
  /** Path of the notebook (`JPY_SESSION_NAME`); the session is named after it. */
  readonly notebookName?: string | undefined;
  /** Of this product. */
  readonly version: string;
  readonly logger: Logger;
  /** Default: the agent of the language. */
  readonly agent?: Agent | undefined;
}

/** Front ends give up on completion after about a second, and on `is_complete` for good after one late answer. */
const COMPLETE_BOUND_MS = 1000;
const INSPECT_BOUND_MS = 2000;
const IS_COMPLETE_BOUND_MS = 300;
/** How long the first completion or inspection waits for a session that is being opened. */
const OPENING_BOUND_MS = 5000;

/** Makes the back end of one kernel. Nothing is connected before `start`. */
export function createRemoteInterpreter(options: RemoteInterpreterOptions): Interpreter {
  return new RemoteInterpreter(options);
}

class RemoteInterpreter implements Interpreter {
  readonly info: InterpreterInfo;
  readonly #language: Language;
  readonly #session: RemoteSession;
  readonly #magics: MagicTable;
  readonly #history = new InputHistory();
  readonly #environment: CellEnvironment;

  constructor(options: RemoteInterpreterOptions) {
    const { configuration, connect, notebookName, version, logger } = options;
    const language = languageOf(options.language);
    this.info = interpreterInfo(language.name, version);
    this.#language = language;
    this.#magics = createMagicTable();
    this.#session = new RemoteSession({
      language,
      agent: options.agent ?? (language.name === 'R' ? createRAgent() : createPythonAgent()),
      configuration,
      connect,
      notebookName,
      logger,
    });
    this.#environment = {
      language,
      session: this.#session,
      magics: this.#magics,
      history: this.#history,
    };
  }

  start(): void {
    this.#session.start();
  }

  execute(
    request: ExecuteRequest,
    output: ExecuteOutput,
    input: InputRequester,
    signal: AbortSignal,
  ): Promise<ExecuteResult> {
    if (request.storeHistory && !request.silent) {
      this.#history.add(request.executionCount, request.code);
    }
    if (this.#leavesConsole(request, input)) {
      return Promise.resolve({
        status: 'ok',
        payload: [{ source: 'ask_exit', keepkernel: false }],
      });
    }
    return new CellRun(this.#environment, request, output, input, signal).run();
  }

  async complete(code: string, cursor: number): Promise<Completions> {
    const local = completeMagic(code, cursor, this.#environment);
    if (local !== undefined && !this.#mayKnowMore(code, local)) return local;
    const remote = await this.#completeRemotely(code, cursor);
    if (local === undefined || local.matches.length === 0) {
      return remote ?? local ?? { matches: [], start: cursor, end: cursor };
    }
    if (remote?.start !== local.start) return local;
    return { ...local, matches: [...new Set([...local.matches, ...remote.matches])] };
  }

  async inspect(code: string, cursor: number, detailLevel: 0 | 1): Promise<Inspection> {
    const magic = magicAt(code, cursor, this.#magics);
    if (magic !== undefined) return { found: true, ...helpDisplay(magic) };
    const position = toCodePointIndex(code, cursor);
    const live = await this.#session.soon(OPENING_BOUND_MS);
    const reply = await live?.query(
      (agent) => agent.inspectCode(code, position, detailLevel),
      INSPECT_BOUND_MS,
    );
    if (reply?.['found'] !== true) return { found: false };
    return {
      found: true,
      data: (reply['data'] ?? {}) as MimeBundle,
      metadata: (reply['metadata'] ?? {}) as JsonObject,
    };
  }

  async isComplete(code: string): Promise<Completeness> {
    const isMagic = (name: string): boolean => this.#magics.find(name) !== undefined;
    const { completeness, isSure } = judgeCompleteness(code, this.#language, isMagic);
    if (isSure) return completeness;
    const reply = await this.#session.live?.query(
      (agent) => agent.isCompleteCode(code),
      IS_COMPLETE_BOUND_MS,
    );
    switch (reply?.['status']) {
      case 'complete':
      case 'invalid':
        return { status: reply['status'] };
      case 'incomplete': {
        const { indent } = reply;
        return { status: 'incomplete', indent: typeof indent === 'string' ? indent : '' };
      }
      default:
        return completeness;
    }
  }

  history(request: HistoryRequest): Promise<readonly HistoryEntry[]> {
    return Promise.resolve(this.#history.answer(request));
  }

  shutdown(restart: boolean): Promise<void> {
    return this.#session.shutdown(restart);
  }

  /**
   * Whether somebody at a console takes leave: it ends at the payload `ask_exit`. In a notebook, whose cells have ids,
   * and in a batch run, where nobody answers, the same words stop the run as an error does.
   */
  #leavesConsole({ code, cellId }: ExecuteRequest, input: InputRequester): boolean {
    return input.allowed && cellId === undefined && this.#language.exitPattern.test(code);
  }

  /** IPython has magics of its own, and arguments may be names of variables. */
  #mayKnowMore(code: string, local: Completions): boolean {
    if (local.matches.length === 0) return true;
    return this.#language.name === 'python' && code.startsWith('%', local.start);
  }

  async #completeRemotely(code: string, cursor: number): Promise<Completions | undefined> {
    const position = toCodePointIndex(code, cursor);
    const live = await this.#session.soon(OPENING_BOUND_MS);
    const reply = await live?.query(
      (agent) => agent.completeCode(code, position),
      COMPLETE_BOUND_MS,
    );
    if (reply === undefined || !Array.isArray(reply['matches'])) return undefined;
    const { cursor_start: start, cursor_end: end, metadata } = reply;
    return {
      matches: reply['matches'].filter((match) => typeof match === 'string'),
      start: typeof start === 'number' ? fromCodePointIndex(code, start) : cursor,
      end: typeof end === 'number' ? fromCodePointIndex(code, end) : cursor,
      ...(isObject(metadata) && { metadata }),
    };
  }
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
