// Runs one cell, or hands over one comm message: from the request to the reply, with the outputs between.
import { delay, messageOf, type Logger } from '../base/index.js';
import { CellOutput } from './cell-output.js';
import type { CommManager } from './comms.js';
import type { InputDesk } from './input-desk.js';
import type { CommMessage, ExecuteResult, InputRequester, Interpreter } from './interpreter.js';
import type { Outbox } from './outbox.js';
import { describeThrown, errorContent } from './protocol/error.js';
import {
  executeInputContent,
  executeReply,
  executeReplyMetadata,
  readCellId,
  readExecuteRequest,
  type ExecuteFields,
} from './protocol/execute.js';
import { inputRequestContent } from './protocol/input.js';
import type { IncomingMessage, Reply } from './protocol/message.js';

/** What cells run with, whatever their shell. */
export interface CellRunnerOptions {
  readonly interpreter: Interpreter;
  readonly outbox: Outbox;
  readonly comms: CommManager;
  readonly logger: Logger;
  readonly now: () => Date;
  /** See `KernelOptions`. */
  readonly abortGraceMs: number;
}

/** One request on its way, and the shell it runs in. */
export interface RunContext {
  readonly request: IncomingMessage;
  readonly inputDesk: InputDesk;
  readonly signal: AbortSignal;
  /** Absent for the main shell. */
  readonly subshellId: string | undefined;
}

/** How a cell ended, as its shell needs to know it. */
export interface RunEnd {
  readonly reply: Reply;
  /** It failed, and the front end wants the cells behind it not to run. */
  readonly stopsOthers: boolean;
}

/** Runs cells and hands over comm messages, one call each. Keeps no order: that is the business of the shells. */
export class CellRunner {
  readonly #options: CellRunnerOptions;

  constructor(options: CellRunnerOptions) {
    this.#options = options;
  }

  /**
   * Runs a cell.
   *
   * @param countCell - Gives the cell its number; called with whether it counts.
   * @throws {JupyterError} `JUPYTER_REQUEST_BAD`.
   */
  async runCell(context: RunContext, countCell: (isStored: boolean) => number): Promise<RunEnd> {
    const { outbox, now, abortGraceMs } = this.#options;
    const { request, signal } = context;
    const fields = readExecuteRequest(request.content);
    const executionCount = countCell(fields.storeHistory);
    const startedAtIso = now().toISOString();
    if (!fields.silent) {
      outbox.publish('execute_input', executeInputContent(fields.code, executionCount), request);
    }
    const result = await this.#execute(context, fields, executionCount);
    let stopsOthers = false;
    if (result.status === 'error') {
      if (!fields.silent) outbox.publish('error', errorContent(result), request);
      // An interrupt has emptied the queue already; what came after it was meant to run.
      stopsOthers = fields.stopOnError && !signal.aborted;
      if (stopsOthers) await delay(abortGraceMs);
    }
    const metadata = executeReplyMetadata(result.status, outbox.kernelId, startedAtIso);
    return { reply: { content: executeReply(result, executionCount), metadata }, stopsOthers };
  }

  /** Hands a comm message to the interpreter. A mistake of the interpreter is logged. */
  async runComm(context: RunContext, message: CommMessage): Promise<void> {
    const { interpreter, comms, logger } = this.#options;
    // A message of a comm that was closed while this one waited is of no use to anybody.
    if (message.type !== 'open' && !comms.isOpen(message.commId)) {
      logger.debug({ commId: message.commId }, 'Ignored a message of a comm that is not open.');
      return;
    }
    const output = this.#openOutput(context, false, 0);
    const input = this.#openInput(context, false, output);
    // Noted before: the other side may answer, or close it, at once.
    comms.note(message);
    let isTaken = false;
    try {
      isTaken = (await interpreter.handleComm?.(message, output, input, context.signal)) ?? isTaken;
    } catch (error) {
      logger.warn({ error }, `A comm message could not be handled: ${messageOf(error)}`);
    } finally {
      output.end();
    }
    if (isTaken || message.type !== 'open' || !comms.isOpen(message.commId)) return;
    comms.publish({ type: 'close', commId: message.commId, data: {} }, context.request);
  }

  async #execute(
    context: RunContext,
    fields: ExecuteFields,
    executionCount: number,
  ): Promise<ExecuteResult> {
    const { interpreter, logger } = this.#options;
    const { request, inputDesk, signal, subshellId } = context;
    const { code, silent, storeHistory, userExpressions, allowStdin } = fields;
    const cellId = readCellId(request.metadata);
    const output = this.#openOutput(context, silent, executionCount);
    const input = this.#openInput(context, allowStdin, output);
    try {
      return await interpreter.execute(
        {
          code,
          silent,
          storeHistory,
          userExpressions,
          executionCount,
          ...(cellId !== undefined && { cellId }),
          ...(subshellId !== undefined && { subshellId }),
        },
        output,
        input,
        signal,
      );
    } catch (error) {
      logger.warn({ error }, `A cell could not be run: ${messageOf(error)}`);
      return { status: 'error', ...describeThrown(error) };
    } finally {
      output.end();
      inputDesk.forgetAll();
    }
  }

  #openOutput({ request }: RunContext, silent: boolean, executionCount: number): CellOutput {
    const { outbox, comms } = this.#options;
    return new CellOutput({
      requestId: request.header.msg_id,
      silent,
      executionCount,
      publish: (type, content) => {
        outbox.publish(type, content, request);
      },
      publishComm: (message) => {
        comms.publish(message, request);
      },
      taken: () => outbox.taken(),
    });
  }

  #openInput(context: RunContext, isAllowed: boolean, output: CellOutput): InputRequester {
    const { request, inputDesk, signal } = context;
    const ask = (prompt: string, password: boolean): string => {
      output.flush();
      const content = inputRequestContent(prompt, password);
      return this.#options.outbox.ask(request, 'input_request', content);
    };
    return inputDesk.requester(isAllowed, ask, signal);
  }
}
