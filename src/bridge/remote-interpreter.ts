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
import type { AgentCommMessage } from './agent/agent-comms.js';
import { createPythonAgent } from './agent/python-agent.js';
import { createRAgent } from './agent/r-agent.js';
import { onlyShowsAgain, runsBeside } from './beside.js';
import { CellRun, type CellEnvironment } from './cell-run.js';
import { CodeQuestions } from './code-questions.js';
import { toFrontEnd } from './comms/comm-messages.js';
import { deliverComm, switchComms } from './comms/session-comms.js';
import { SecondSession } from './companion.js';
import { CompanionQuestions } from './companion-questions.js';
import type { Configuration, Connect } from './configuration.js';
import type { SessionNotes } from './earlier-sessions.js';
import { InputHistory } from './history/input-history.js';
import { keptHistory } from './history/kept-history.js';
import { interpreterInfo } from './language/interpreter-info.js';
import { KeptOutput } from './kept/kept-output.js';
import { languageOf, type Language, type LanguageName } from './language/languages.js';
import { helpDisplay } from './magics/help-text.js';
import { completeMagic, magicAt } from './magics/magic-help.js';
import type { MagicTable } from './magics/magic.js';
import { createMagicTable } from './magics/registry.js';
import type { LiveSession } from './live-session.js';
import { CellProgress } from './progress/cell-progress.js';
import { ProgressLine, type ProgressStyle } from './progress/progress-line.js';
import { PendingSnapshots } from './pending-snapshots.js';
import { RemoteSession, type WaitingCell } from './remote-session.js';
import { VariablePanel } from './variable-panel.js';
import { within } from './waiting.js';
import { watchOutput } from './watched-output.js';

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
  /** Where kernels note the sessions that they use; absent: nowhere. */
  readonly sessionNotes?: SessionNotes | undefined;
  /** Default: the agent of the language. */
  readonly agent?: Agent | undefined;
}

/** What is made by then is seen to be made. */
const SNAPSHOTS_SHUTDOWN_MS = 500;
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
  readonly #companionAgent: Agent;
  readonly #questions: CodeQuestions;
  readonly #companionQuestions: CompanionQuestions;
  readonly #panel: VariablePanel;
  readonly #magics: MagicTable;
  readonly #history: InputHistory;
  readonly #environment: CellEnvironment;
  #host: InterpreterHost | undefined;
  /** What a front end last asked about whether it is complete. */
  #typedCode: string | undefined;

  constructor(options: RemoteInterpreterOptions) {
    const { configuration, connect, notebookName, sessionNotes, version, logger } = options;
    const language = languageOf(options.language);
    this.info = interpreterInfo(language.name, version);
    this.#language = language;
    this.#magics = createMagicTable();
    this.#history = new InputHistory(keptHistory(options.historyFile, options.logger));
    this.#agent = options.agent ?? createAgent(language);
    const common = {
      notebookName,
      sessionNotes,
      onComm: (message: AgentCommMessage) => {
        this.#host?.background.comm(toFrontEnd(message));
      },
      logger,
    };
    const switchesComms = (agent: Agent) => (live: LiveSession | undefined) => {
      if (this.#host === undefined) return;
      switchComms(this.#host.comms, agent, live).catch((error: unknown) => {
        logger.warn({ error: messageOf(error) }, 'comms of the session not listed');
      });
    };
    this.#session = new RemoteSession({
      ...common,
      language,
      agent: this.#agent,
      configuration,
      connect,
      onSwitch: switchesComms(this.#agent),
    });
    const otherLanguage = languageOf(language.name === 'R' ? 'python' : 'R');
    const otherAgent = createAgent(otherLanguage);
    this.#companionAgent = otherAgent;
    this.#companion = new SecondSession({
      language: otherLanguage,
      primary: this.#session,
      create: (part) =>
        new RemoteSession({
          ...common,
          ...part,
          language: otherLanguage,
          cellMagic: `%%${otherLanguage.name.toLowerCase()}`,
          agent: otherAgent,
          onSwitch: switchesComms(otherAgent),
        }),
    });
    this.#companionQuestions = new CompanionQuestions(this.#companion);
    this.#questions = new CodeQuestions(this.#session, language);
    this.#panel = new VariablePanel(this.#session);
    const keptOutput = new KeptOutput();
    this.#environment = {
      language,
      session: this.#session,
      companion: this.#companion,
      snapshots: new PendingSnapshots((display) => {
        keptOutput.cells.update(display);
        this.#host?.background.updateDisplay(display);
      }),
      magics: this.#magics,
      history: this.#history,
      keptOutput,
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
      if (isStored) this.#history.storeSoon();
    }
  }

  async #runCell(
    request: ExecuteRequest,
    output: ExecuteOutput,
    input: InputRequester,
    signal: AbortSignal,
  ): Promise<ExecuteResult> {
    const style = this.#progressStyle(request, input);
    if (style === undefined) return this.#runWatched(request, output, { input, signal });
    const progress = new CellProgress(() => [this.#session, this.#companion.session]);
    const describe = (elapsedMs: number): string | undefined => progress.describe(elapsedMs);
    const line = new ProgressLine({ output, style, describe });
    const cell = { input: line.before(input), signal, work: progress.work };
    try {
      return await this.#runWatched(request, line, cell);
    } finally {
      line.end();
    }
  }

  /** Where nobody can be asked nobody looks on: a batch run keeps all of its output. */
  async #runWatched(
    request: ExecuteRequest,
    output: ExecuteOutput,
    cell: WaitingCell,
  ): Promise<ExecuteResult> {
    const { keptOutput } = this.#environment;
    const { outputLimitBytes } = this.#session.configuration.settings;
    const watched =
      cell.input.allowed && !onlyShowsAgain(request.code, this.#language, this.#magics)
        ? watchOutput(output, request, keptOutput, outputLimitBytes)
        : undefined;
    if (cell.input.allowed && !request.silent) this.#tellOfEarlierSessions(output);
    let result: ExecuteResult | undefined;
    try {
      result = await new CellRun(this.#environment, request, watched?.output ?? output, cell).run();
      return result;
    } finally {
      watched?.end(result);
    }
  }

  /** Sessions that killed kernels of this notebook left: told once, where somebody looks on. */
  #tellOfEarlierSessions(output: ExecuteOutput): void {
    for (const session of [this.#session, this.#companion.session]) {
      const words = session?.earlier.takeWords();
      if (words !== undefined) output.stream('stderr', `${words}\n`);
    }
  }

  /**
   * How a line that changes can be shown so that nothing of it stays. Cells of notebooks have ids; at a console the
   * front end asks whether the code is complete before it sends it. Of other programs nothing is known: they may keep
   * all they get.
   */
  #progressStyle(
    { code, cellId, silent }: ExecuteRequest,
    input: InputRequester,
  ): ProgressStyle | undefined {
    const { progress } = this.#session.configuration.settings;
    if (progress === 'off' || silent || !input.allowed) return undefined;
    if (cellId !== undefined) return 'notebook';
    return code === this.#typedCode ? 'console' : undefined;
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
    const { session } = this.#companion;
    // Of the two languages one has comms.
    const isSecond = this.#agent.comms === undefined && session !== undefined;
    const target = isSecond
      ? { agent: this.#companionAgent, session }
      : { agent: this.#agent, session: this.#session };
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
    this.#typedCode = code;
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
    // First of all: who waits too long for the rest kills the kernel, and the last inputs may not be stored yet.
    const stored = this.#history.close();
    // The server goes on with them, also when their session is closed.
    const { snapshots } = this.#environment;
    await within(snapshots.settled(new AbortController().signal), SNAPSHOTS_SHUTDOWN_MS);
    // Before the client that both use is closed.
    await within(this.#companion.shutdown(restart), COMPANION_SHUTDOWN_MS);
    await Promise.all([this.#session.shutdown(restart), stored]);
    this.#environment.keptOutput.close();
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

function createAgent({ name }: Language): Agent {
  return name === 'R' ? createRAgent() : createPythonAgent();
}
