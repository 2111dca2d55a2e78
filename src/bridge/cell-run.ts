// Runs one cell: its magics and its code in order, up to the first failure.
import { AppError, isAbortError } from '../base/index.js';
import type {
  ExecuteOutput,
  ExecuteRequest,
  ExecuteResult,
  JsonObject,
  UserExpressionResult,
} from '../jupyter/index.js';
import { planCell, type CellStep, type CodeStep, type MagicStep } from './cell-plan.js';
import type { Companion } from './companion.js';
import {
  agentFailure,
  failureOf,
  interruptedResult,
  plainFailure,
  type FailedResult,
} from './display/failures.js';
import { valueDisplay } from './display/values.js';
import { BridgeError } from './errors.js';
import type { InputHistory } from './history/input-history.js';
import type { KeptOutput } from './kept/kept-output.js';
import { showAgain } from './kept/show-again.js';
import type { Language } from './language/languages.js';
import type { LiveSession, RunResult } from './live-session.js';
import { helpDisplay } from './magics/help-text.js';
import type { MagicContext, MagicTable } from './magics/magic.js';
import { createRunSink, type ValueUse } from './outputs.js';
import type { PendingSnapshots } from './pending-snapshots.js';
import type { RemoteSession, WaitingCell } from './remote-session.js';

/** What every cell of a kernel works with. */
export interface CellEnvironment {
  readonly language: Language;
  readonly session: RemoteSession;
  /** The session of the other language. */
  readonly companion: Companion;
  readonly snapshots: PendingSnapshots;
  readonly magics: MagicTable;
  readonly history: InputHistory;
  readonly keptOutput: KeptOutput;
}

/** One cell. */
export class CellRun {
  readonly #environment: CellEnvironment;
  readonly #request: ExecuteRequest;
  readonly #output: ExecuteOutput;
  readonly #signal: AbortSignal;
  readonly #cell: WaitingCell;
  #userExpressions: Readonly<Record<string, UserExpressionResult>> = {};
  readonly #payload: JsonObject[] = [];

  constructor(
    environment: CellEnvironment,
    request: ExecuteRequest,
    output: ExecuteOutput,
    cell: WaitingCell,
  ) {
    this.#environment = environment;
    this.#request = request;
    this.#output = output;
    this.#signal = cell.signal;
    this.#cell = cell;
  }

  /** Runs it. Failures of ours and of the user's code are results; only mistakes in this program are thrown. */
  async run(): Promise<ExecuteResult> {
    const { session, language } = this.#environment;
    try {
      const failed = await this.#runCode(this.#request.code, 'result', true);
      if (failed !== undefined) return failed;
      return { status: 'ok', userExpressions: this.#userExpressions, payload: this.#payload };
    } catch (error) {
      if (isAbortError(error)) return interruptedResult(language);
      const explained = await session.explain(error);
      if (isAbortError(explained)) return interruptedResult(language);
      if (explained instanceof AppError) return failureOf(explained);
      throw explained;
    }
  }

  /** @returns The failure that ended it, or nothing. */
  async #runCode(
    code: string,
    lastValueUse: ValueUse,
    isWholeCell: boolean,
  ): Promise<FailedResult | undefined> {
    const { language, magics } = this.#environment;
    const steps = await planCell(code, language, magics, lastValueUse);
    const last = steps.findLast((step) => step.kind === 'code' && !step.isCarrier);
    for (const step of steps) {
      this.#signal.throwIfAborted();
      const failed = await this.#runStep(step, isWholeCell && step === last);
      if (failed !== undefined) return failed;
    }
    if (isWholeCell && last === undefined) await this.#evaluateExpressions();
    return undefined;
  }

  async #runStep(step: CellStep, isLastCode: boolean): Promise<FailedResult | undefined> {
    switch (step.kind) {
      case 'code':
        return this.#runCodeStep(step, isLastCode);
      case 'help':
        this.#output.display(helpDisplay(step.magic));
        return undefined;
      case 'magic': {
        const result = await this.#runMagic(step);
        return result?.status === 'error' ? result : undefined;
      }
    }
  }

  async #runMagic({ magic, call, valueUse }: MagicStep): Promise<ExecuteResult | undefined> {
    const { work } = this.#cell;
    if (work !== undefined && magic.runsCode !== true) work.magic = magic.name;
    try {
      if (magic.awaitsSnapshots === true) await this.#environment.snapshots.settled(this.#signal);
      return await magic.run?.(call, this.#createContext(valueUse));
    } finally {
      if (work !== undefined) work.magic = undefined;
    }
  }

  async #runCodeStep(step: CodeStep, isLastCode: boolean): Promise<FailedResult | undefined> {
    const { session, history } = this.#environment;
    const live = session.live ?? (await session.ready(this.#cell));
    const { settings } = session.configuration;
    const { silent, storeHistory, executionCount, userExpressions } = this.#request;
    const isRich = settings.display === 'rich' && !step.isCarrier;
    const sink = createRunSink(this.#output, step.valueUse, (text) => {
      if (storeHistory && !silent) history.setOutput(this.#request, text);
    });
    const result = await live.run(
      {
        // Lines are counted from the top of the cell, in tracebacks too.
        code: step.line === 0 ? step.code : '#\n'.repeat(step.line) + step.code,
        source: step.isCarrier ? '' : step.code,
        inputParameters: step.inputs,
        outputParameters: step.outputs,
        input: this.#cell.input,
        agentOptions: isRich
          ? {
              silent,
              storeHistory,
              executionCount,
              userExpressions: isLastCode ? userExpressions : {},
              requestId: this.#output.requestId,
            }
          : undefined,
      },
      sink,
      this.#signal,
      settings,
    );
    const failed = await this.#failureOfRun(result, step, live);
    this.#showOutputs(result, step);
    if (failed !== undefined) return failed;
    this.#requireOutputs(result, step);
    if (isLastCode) this.#keepExpressions(result);
    return undefined;
  }

  async #failureOfRun(
    result: RunResult,
    step: CodeStep,
    live: LiveSession,
  ): Promise<FailedResult | undefined> {
    const { language } = this.#environment;
    const { error, done, success, errorMessage, lastText } = result;
    if (error !== undefined) return agentFailure(error, errorMessage);
    if (success && done?.status !== 'error') return undefined;
    if (this.#signal.aborted) return interruptedResult(language);
    if (step.outputs.length > 0 && done?.status !== 'error') {
      // Either the code or the reading of an output failed. The agent's word, or the missing names, tell which.
      const isOutputs = done?.status === 'ok' || step.isCarrier;
      const missing = await this.#findMissing(step, live);
      const isNamed = missing.some((name) => errorMessage.includes(name));
      if (missing.length > 0 && (isOutputs || isNamed)) return failureOf(outputsMissing(missing));
      if (isOutputs) return failureOf(outputsUnsupported(step.outputs, errorMessage));
    }
    return plainFailure(errorMessage, lastText, language);
  }

  async #findMissing(step: CodeStep, live: LiveSession): Promise<readonly string[]> {
    const present = new Set(await live.client.workspace.list(live.id, { signal: this.#signal }));
    return step.outputs.filter((name) => !present.has(name));
  }

  #showOutputs({ outputParameters }: RunResult, { outputs }: CodeStep): void {
    for (const wanted of outputs) {
      const found = outputParameters.find(({ name }) => name === wanted);
      if (found !== undefined) this.#output.display(valueDisplay(found.name, found.value));
    }
  }

  /** A server may leave out what does not exist instead of failing. */
  #requireOutputs({ outputParameters }: RunResult, { outputs }: CodeStep): void {
    const missing = outputs.filter(
      (wanted) => !outputParameters.some(({ name }) => name === wanted),
    );
    if (missing.length > 0) throw outputsMissing(missing);
  }

  #keepExpressions({ done }: RunResult): void {
    if (done === undefined) {
      this.#userExpressions = unsupportedExpressions(this.#request.userExpressions);
      return;
    }
    this.#userExpressions = done.user_expressions;
    this.#payload.push(...done.payload);
  }

  /** Front ends may ask for expressions with a cell that holds no code. */
  async #evaluateExpressions(): Promise<void> {
    if (Object.keys(this.#request.userExpressions).length === 0) return;
    const step: CodeStep = {
      kind: 'code',
      code: '',
      line: 0,
      isCarrier: false,
      inputs: [],
      outputs: [],
      valueUse: 'drop',
    };
    await this.#runCodeStep(step, true);
  }

  #createContext(valueUse: ValueUse): MagicContext {
    const { language, session, companion, snapshots, history, magics, keptOutput } =
      this.#environment;
    const output = this.#output;
    return {
      language,
      session,
      companion,
      snapshots,
      cell: this.#cell,
      input: this.#cell.input,
      signal: this.#signal,
      history,
      magics,
      keptOutput,
      show: (display) => {
        output.display(display);
      },
      update: (display) => {
        output.updateDisplay(display);
      },
      showAgain: (count) => showAgain(keptOutput.cells, count, output, this.#signal),
      print: (text) => {
        output.stream('stdout', `${text}\n`);
      },
      setConfiguration: (configuration) => {
        session.configuration = configuration;
      },
      runCode: async (code) => (await this.#runCode(code, valueUse, false)) ?? { status: 'ok' },
      runInCompanion: (code) => this.#runInCompanion(code),
    };
  }

  /** The cell in the other language: its output is this cell's, its magics are for the other session. */
  async #runInCompanion(code: string): Promise<ExecuteResult> {
    const { companion } = this.#environment;
    const session = await companion.ready(this.#cell);
    const environment: CellEnvironment = {
      ...this.#environment,
      language: companion.language,
      session,
      companion: companion.reversed(this.#environment),
    };
    const request = { ...this.#request, code, userExpressions: {} };
    return new CellRun(environment, request, this.#output, this.#cell).run();
  }
}

function outputsMissing(names: readonly string[]): BridgeError {
  const what = names.map((name) => `"${name}"`).join(', ');
  return new BridgeError(
    'BRIDGE_OUTPUT_MISSING',
    `%outputs: ${what} ${names.length === 1 ? 'does' : 'do'} not exist in the session.`,
  );
}

function outputsUnsupported(names: readonly string[], errorMessage: string): BridgeError {
  return new BridgeError(
    'BRIDGE_OUTPUT_UNSUPPORTED',
    `%outputs ${names.join(' ')}: ${errorMessage.trim()}`,
  );
}

function unsupportedExpressions(
  expressions: Readonly<Record<string, string>>,
): Readonly<Record<string, UserExpressionResult>> {
  const evalue = 'Expressions of the front end need the setting display=rich.';
  return Object.fromEntries(
    Object.keys(expressions).map((name) => [
      name,
      { status: 'error', ename: 'Unsupported', evalue, traceback: [evalue] },
    ]),
  );
}
