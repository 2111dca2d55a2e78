// One shell: its cells and comm messages, one at a time; the execution count, what stops the queue, what stops a cell.
import type { TaskQueue } from '../base/index.js';
import type { CellRunner } from './cell-runner.js';
import { InputDesk } from './input-desk.js';
import { isCommType, readCommMessage } from './protocol/comm.js';
import { executeAbortedReply } from './protocol/execute.js';
import type { IncomingMessage, Reply } from './protocol/message.js';

/** What a {@link Shell} works with. */
export interface ShellOptions {
  /** Absent for the main shell. */
  readonly subshellId: string | undefined;
  readonly runner: CellRunner;
  /** The session runs one thing at a time, whichever shell it comes from. */
  readonly turn: TaskQueue;
  /** Whether a request needs no turn. */
  readonly canRunBeside: (request: IncomingMessage) => boolean;
  /** Wraps a request into busy, reply and idle. Never rejects. */
  readonly serve: (
    request: IncomingMessage,
    handle: (request: IncomingMessage) => Promise<Reply | undefined>,
  ) => Promise<void>;
}

interface Running {
  readonly request: IncomingMessage;
  readonly controller: AbortController;
}

/** Runs requests in the order they came. */
export class Shell {
  readonly #options: ShellOptions;
  readonly inputDesk = new InputDesk();
  /** Requests that wait for their turn, the next one first. */
  #waiting: IncomingMessage[] = [];
  /** Cells that will be answered without being run. */
  readonly #aborted: IncomingMessage[] = [];
  #pumping: Promise<void> | undefined;
  #running: Running | undefined;
  #executionCount = 0;

  constructor(options: ShellOptions) {
    this.#options = options;
  }

  /** The request that runs now. */
  get running(): IncomingMessage | undefined {
    return this.#running?.request;
  }

  /** The number of the last stored cell; 0 before the first one. */
  get executionCount(): number {
    return this.#executionCount;
  }

  /** Adds a cell or a comm message; it begins at once when nothing runs. */
  push(request: IncomingMessage): void {
    this.#waiting.push(request);
    this.#pumping ??= this.#pump();
  }

  /** Ends what runs, and answers the cells that wait as not run. Comm messages keep waiting: they hold state. */
  interrupt(): void {
    this.#running?.controller.abort();
    for (const request of this.#takeWaitingCells()) void this.#serveAborted(request);
  }

  /**
   * Answers the cells that wait as not run. What runs goes on to its end.
   *
   * @returns The comm messages that wait, for another shell.
   */
  dissolve(): readonly IncomingMessage[] {
    for (const request of this.#takeWaitingCells()) void this.#serveAborted(request);
    return this.#waiting.splice(0);
  }

  /** Resolves when nothing runs and nothing waits. */
  async whenIdle(): Promise<void> {
    await this.#pumping;
  }

  async #pump(): Promise<void> {
    for (;;) {
      for (const request of this.#aborted.splice(0)) await this.#serveAborted(request);
      const next = this.#waiting[0];
      if (next === undefined) break;
      const run = async (): Promise<void> => {
        // It may have been aborted, or taken to another shell, while it waited for the turn.
        if (this.#waiting[0] !== next) return;
        this.#waiting.shift();
        await this.#options.serve(next, (request) => this.#run(request));
      };
      await (this.#options.canRunBeside(next) ? run() : this.#options.turn.run(run));
    }
    this.#pumping = undefined;
  }

  async #run(request: IncomingMessage): Promise<Reply | undefined> {
    const { runner, subshellId } = this.#options;
    const controller = new AbortController();
    const { signal } = controller;
    const context = { request, inputDesk: this.inputDesk, signal, subshellId };
    this.#running = { request, controller };
    try {
      if (isCommType(request.header.msg_type)) {
        await runner.runComm(context, readCommMessage(request));
        return undefined;
      }
      const { reply, stopsOthers } = await runner.runCell(context, (isStored) => {
        if (isStored) this.#executionCount += 1;
        return this.#executionCount;
      });
      // Before the failed cell's reply goes out: what a front end sends after it has seen the reply is not part of
      // the same run and must be run.
      if (stopsOthers) this.#aborted.push(...this.#takeWaitingCells());
      return reply;
    } finally {
      this.#running = undefined;
    }
  }

  #takeWaitingCells(): readonly IncomingMessage[] {
    const isCell = ({ header }: IncomingMessage): boolean => !isCommType(header.msg_type);
    const cells = this.#waiting.filter(isCell);
    this.#waiting = this.#waiting.filter((request) => !isCell(request));
    return cells;
  }

  async #serveAborted(request: IncomingMessage): Promise<void> {
    const content = executeAbortedReply(this.#executionCount);
    const metadata = { status: 'aborted' };
    await this.#options.serve(request, () => Promise.resolve({ content, metadata }));
  }
}
