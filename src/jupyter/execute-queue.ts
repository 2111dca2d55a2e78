// Cells, one at a time: the queue, the execution count, what stops the queue, what stops a cell.
import { delay, messageOf, type Logger } from '../base/index.js';
import { CellOutput } from './cell-output.js';
import type { InputDesk } from './input-desk.js';
import type { ExecuteResult, Interpreter } from './interpreter.js';
import type { Outbox } from './outbox.js';
import { describeThrown, errorContent } from './protocol/error.js';
import {
  executeAbortedReply,
  executeInputContent,
  executeReply,
  readCellId,
  readExecuteRequest,
  type ExecuteFields,
} from './protocol/execute.js';
import { inputRequestContent } from './protocol/input.js';
import type { IncomingMessage, Reply } from './protocol/message.js';

/** What an {@link ExecuteQueue} works with. */
export interface ExecuteQueueOptions {
  readonly interpreter: Interpreter;
  readonly outbox: Outbox;
  readonly inputDesk: InputDesk;
  readonly logger: Logger;
  readonly now: () => Date;
  /** See `KernelOptions`. */
  readonly abortGraceMs: number;
  /** Wraps a request into busy, reply and idle. Never rejects. */
  readonly serve: (
    request: IncomingMessage,
    handle: (request: IncomingMessage) => Reply | Promise<Reply>,
  ) => Promise<void>;
}

interface RunningCell {
  readonly request: IncomingMessage;
  readonly controller: AbortController;
}

/** Runs execute requests in the order they came. */
export class ExecuteQueue {
  readonly #options: ExecuteQueueOptions;
  /** Requests that wait for their turn. */
  readonly #waiting: IncomingMessage[] = [];
  /** Requests that will be answered without being run. */
  readonly #aborted: IncomingMessage[] = [];
  #pumping: Promise<void> | undefined;
  #running: RunningCell | undefined;
  #executionCount = 0;

  constructor(options: ExecuteQueueOptions) {
    this.#options = options;
  }

  /** The request of the cell that runs now. */
  get running(): IncomingMessage | undefined {
    return this.#running?.request;
  }

  /** The number of the last stored cell; 0 before the first one. */
  get executionCount(): number {
    return this.#executionCount;
  }

  /** Adds a cell; it begins at once when nothing runs. */
  push(request: IncomingMessage): void {
    this.#waiting.push(request);
    this.#pumping ??= this.#pump();
  }

  /** Ends the running cell, and answers those that wait as not run. */
  interrupt(): void {
    this.#running?.controller.abort();
    for (const request of this.#waiting.splice(0)) void this.#serveAborted(request);
  }

  /** Resolves when nothing runs and nothing waits. */
  async whenIdle(): Promise<void> {
    await this.#pumping;
  }

  async #pump(): Promise<void> {
    for (;;) {
      for (const request of this.#aborted.splice(0)) await this.#serveAborted(request);
      const next = this.#waiting.shift();
      if (next === undefined) break;
      await this.#options.serve(next, (request) => this.#execute(request));
    }
    this.#pumping = undefined;
  }

  async #execute(request: IncomingMessage): Promise<Reply> {
    const { outbox, now } = this.#options;
    const fields = readExecuteRequest(request.content);
    if (fields.storeHistory) this.#executionCount += 1;
    const executionCount = this.#executionCount;
    const metadata = { started: now().toISOString() };
    if (!fields.silent) {
      outbox.publish('execute_input', executeInputContent(fields.code, executionCount), request);
    }
    const controller = new AbortController();
    const result = await this.#runCell({ request, controller }, fields, executionCount);
    if (result.status === 'error') {
      if (!fields.silent) outbox.publish('error', errorContent(result), request);
      // An interrupt has emptied the queue already; what came after it was meant to run.
      if (fields.stopOnError && !controller.signal.aborted) await this.#abortWaiting();
    }
    return { content: executeReply(result, executionCount), metadata };
  }

  async #runCell(
    cell: RunningCell,
    fields: ExecuteFields,
    executionCount: number,
  ): Promise<ExecuteResult> {
    const { interpreter, outbox, inputDesk, logger } = this.#options;
    const { request, controller } = cell;
    const { code, silent, storeHistory, userExpressions } = fields;
    const cellId = readCellId(request.metadata);
    const output = new CellOutput(
      (type, content) => {
        outbox.publish(type, content, request);
      },
      { silent, executionCount },
    );
    const ask = (prompt: string, password: boolean): string => {
      output.flush();
      return outbox.ask(request, 'input_request', inputRequestContent(prompt, password));
    };
    const input = inputDesk.requester(fields.allowStdin, ask, controller.signal);
    this.#running = cell;
    try {
      return await interpreter.execute(
        {
          code,
          silent,
          storeHistory,
          userExpressions,
          executionCount,
          ...(cellId !== undefined && { cellId }),
        },
        output,
        input,
        controller.signal,
      );
    } catch (error) {
      logger.warn({ error }, `A cell could not be run: ${messageOf(error)}`);
      return { status: 'error', ...describeThrown(error) };
    } finally {
      output.end();
      this.#running = undefined;
      inputDesk.forgetAll();
    }
  }

  /**
   * Takes the waiting cells out of the queue, before the failed cell's reply goes out: what a front end sends
   * after it has seen the reply is not part of the same run and must be run.
   */
  async #abortWaiting(): Promise<void> {
    await delay(this.#options.abortGraceMs);
    this.#aborted.push(...this.#waiting.splice(0));
  }

  async #serveAborted(request: IncomingMessage): Promise<void> {
    const content = executeAbortedReply(this.#executionCount);
    await this.#options.serve(request, () => ({ content }));
  }
}
