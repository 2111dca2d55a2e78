// The language back end of the kernel whose language runs in a session of an R Server.
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
  Inspection,
  InputRequester,
  Interpreter,
  InterpreterHost,
  InterpreterInfo,
} from '../jupyter/index.js';
import type { Agent } from './agent/agent.js';
import { createPythonAgent } from './agent/python-agent.js';
import { createRAgent } from './agent/r-agent.js';
import { runsBeside } from './beside.js';
import { CellRun, type CellEnvironment } from './cell-run.js';
import { CodeQuestions } from './code-questions.js';
import { toFrontEnd } from './comms/comm-messages.js';
import { deliverComm, switchComms } from './comms/session-comms.js';
import { SecondSession } from './companion.js';
import { CompanionQuestions } from './companion-questions.js';
import type { Configuration, Connect } from './configuration.js';
import { InputHistory } from './history/input-history.js';
import { keptHistory } from './history/kept-history.js';
import { interpreterInfo } from './language/interpreter-info.js';
import { KeptText } from './kept-text.js';
import { languageOf, type Language, type LanguageName } from './language/languages.js';
import { helpDisplay } from './magics/help-text.js';
import { completeMagic, magicAt } from './magics/magic-help.js';
import type { MagicTable } from './magics/magic.js';
import { createMagicTable } from './magics/registry.js';
import { OutputLimit } from './output-limit.js';
import { RemoteSession } from './remote-session.js';
import { VariablePanel } from './variable-panel.js';
import { within } from './waiting.js';

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
  /** Where inputs are kept across kernels; absent: nowhere. */
  readonly historyFile?: string | undefined;
  /** Default: the agent of the language. */
  readonly agent?: Agent | undefined;
}

/** Leaves time for the notebook's own session within the clients' 2.5 s. */
const COMPANION_SHUTDOWN_MS = 700;

/** Makes the back end of one kernel. Nothing is connected before `start`. */
export function createRemoteInterpreter(options: RemoteInterpreterOptions): Interpreter {
  return new RemoteInterpreter(options);
}

class RemoteInterpreter implements Interpreter {
  readonly info: InterpreterInfo;
  readonly #language: Language;
  readonly #agent: Agent;
  readonly #session: RemoteSession;
  readonly #companion: SecondSession;
  readonly #questions: CodeQuestions;
  readonly #companionQuestions: CompanionQuestions;
  readonly #panel: VariablePanel;
  readonly #magics: MagicTable;
  readonly #history: InputHistory;
  readonly #environment: CellEnvironment;
  #host: InterpreterHost | undefined;

  constructor(options: RemoteInterpreterOptions) {
    const { configuration, connect, notebookName, version, logger } = options;
    const language = languageOf(options.language);
    this.info = interpreterInfo(language.name, version);
    this.#language = language;
    this.#magics = createMagicTable();
    this.#history = new InputHistory(keptHistory(options.historyFile, options.logger));
    this.#agent = options.agent ?? (language.name === 'R' ? createRAgent() : createPythonAgent());
    this.#session = new RemoteSession({
      language,
      agent: this.#agent,
      configuration,
      connect,
      notebookName,
      onSwitch: (live) => {
        if (this.#host === undefined) return;
        switchComms(this.#host.comms, this.#agent, live).catch((error: unknown) => {
          logger.warn({ error: messageOf(error) }, 'comms of the session not listed');
        });
      },
      onComm: (message) => {
        this.#host?.background.comm(toFrontEnd(message));
      },
      logger,
    });
    const otherLanguage = languageOf(language.name === 'R' ? 'python' : 'R');
    this.#companion = new SecondSession({
      language: otherLanguage,
      primary: this.#session,
      create: (part) =>
        new RemoteSession({
          ...part,
          language: otherLanguage,
          agent: otherLanguage.name === 'R' ? createRAgent() : createPythonAgent(),
          notebookName,
          onSwitch: () => undefined,
          onComm: () => undefined,
          logger,
        }),
    });
    this.#companionQuestions = new CompanionQuestions(this.#companion);
    this.#questions = new CodeQuestions(this.#session, language);
    this.#panel = new VariablePanel(this.#session);
    this.#environment = {
      language,
      session: this.#session,
      companion: this.#companion,
      magics: this.#magics,
      history: this.#history,
      keptText: new KeptText(),
    };
  }

  start(host: InterpreterHost): void {
    this.#host = host;
    this.#session.start();
  }

  async execute(
    request: ExecuteRequest,
    output: ExecuteOutput,
    input: InputRequester,
    signal: AbortSignal,
  ): Promise<ExecuteResult> {
    const isStored = request.storeHistory && !request.silent;
    if (isStored) this.#history.add(request, request.code);
    try {
      if (this.#leavesConsole(request, input)) {
        return { status: 'ok', payload: [{ source: 'ask_exit', keepkernel: false }] };
      }
      return await this.#runCell(request, output, input, signal);
    } finally {
      // When the answer is on its way: storing holds the event loop up.
      if (isStored) setImmediate(() => void this.#history.store());
    }
  }

  /** Where nobody can be asked nobody looks on: a batch run keeps all of its output. */
  async #runCell(
    request: ExecuteRequest,
    output: ExecuteOutput,
    input: InputRequester,
    signal: AbortSignal,
  ): Promise<ExecuteResult> {
    const { keptText } = this.#environment;
    const { outputLimitBytes } = this.#session.configuration.settings;
    const limit =
      input.allowed && outputLimitBytes > 0
        ? new OutputLimit(output, outputLimitBytes, keptText)
        : undefined;
    try {
      return await new CellRun(this.#environment, request, limit ?? output, input, signal).run();
    } finally {
      limit?.end();
    }
  }

  canRunBeside(code: string): boolean {
    return runsBeside(code, this.#language, this.#magics);
  }

  handleComm(
    message: CommMessage,
    output: ExecuteOutput,
    _input: InputRequester,
    signal: AbortSignal,
  ): Promise<boolean> {
    const target = { agent: this.#agent, session: this.#session };
    return deliverComm(target, message, output, signal);
  }

  async complete(code: string, cursor: number): Promise<Completions> {
    const cell = this.#companionQuestions.cellAt(code, cursor);
    if (cell !== undefined) return this.#companionQuestions.complete(cell, cursor);
    const local = completeMagic(code, cursor, this.#environment);
    if (local !== undefined && !this.#mayKnowMore(code, local)) return local;
    const remote = await this.#questions.complete(code, cursor);
    if (local === undefined || local.matches.length === 0) {
      return remote ?? local ?? { matches: [], start: cursor, end: cursor };
    }
    if (remote?.start !== local.start) return local;
    return { ...local, matches: [...new Set([...local.matches, ...remote.matches])] };
  }

  async inspect(code: string, cursor: number, detailLevel: 0 | 1): Promise<Inspection> {
    const cell = this.#companionQuestions.cellAt(code, cursor);
    if (cell !== undefined) return this.#companionQuestions.inspect(cell, cursor, detailLevel);
    const magic = magicAt(code, cursor, this.#magics);
    if (magic !== undefined) return { found: true, ...helpDisplay(magic) };
    return this.#questions.inspect(code, cursor, detailLevel);
  }

  isComplete(code: string): Promise<Completeness> {
    const isMagic = (name: string): boolean => this.#magics.find(name) !== undefined;
    const cell = this.#companionQuestions.cellAt(code, code.length);
    if (cell !== undefined) return this.#companionQuestions.isComplete(cell, isMagic);
    return this.#questions.isComplete(code, isMagic);
  }

  debug(request: DebugRequest): Promise<DebugResult> {
    return this.#panel.answer(request);
  }

  history(request: HistoryRequest): Promise<readonly HistoryEntry[]> {
    return this.#history.answer(request);
  }

  async shutdown(restart: boolean): Promise<void> {
    // Before the client that both use is closed.
    await within(this.#companion.shutdown(restart), COMPANION_SHUTDOWN_MS);
    await Promise.all([this.#session.shutdown(restart), this.#history.close()]);
    this.#environment.keptText.close();
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
}
