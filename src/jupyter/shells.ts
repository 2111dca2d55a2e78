// The shells of a kernel: the main one, and subshells that front ends make (JEP 91).
import { randomUUID } from 'node:crypto';
import { TaskQueue } from '../base/index.js';
import type { Header, IncomingMessage } from './protocol/message.js';
import { subshellOf, unknownSubshell } from './protocol/subshell.js';
import { Shell, type ShellOptions } from './shell.js';

/** What shells are made with. */
export type ShellsOptions = Omit<ShellOptions, 'subshellId' | 'turn'>;

/**
 * Each shell runs its requests in order; shells run beside each other as far as what they run allows. A session of
 * the back end does one thing at a time: code of different shells takes turns, first come, first served.
 *
 * @see https://jupyter.org/enhancement-proposals/91-kernel-subshells/kernel-subshells.html
 */
export class Shells {
  readonly #options: ShellsOptions;
  readonly #turn = new TaskQueue();
  readonly #main: Shell;
  readonly #subshells = new Map<string, Shell>();
  /** Deleted, but something still runs in them. */
  readonly #leaving = new Set<Shell>();

  constructor(options: ShellsOptions) {
    this.#options = options;
    this.#main = this.#open(undefined);
  }

  /** Ids of the subshells, oldest first. */
  get ids(): readonly string[] {
    return [...this.#subshells.keys()];
  }

  /** Makes a subshell and returns its id. */
  create(): string {
    const id = randomUUID();
    this.#subshells.set(id, this.#open(id));
    return id;
  }

  /**
   * Deletes a subshell: its waiting cells are answered as not run, what runs goes on to its end.
   *
   * @throws {JupyterError} `JUPYTER_SUBSHELL_UNKNOWN`.
   */
  delete(id: string): void {
    const shell = this.#subshells.get(id);
    if (shell === undefined) throw unknownSubshell(id);
    this.#subshells.delete(id);
    this.#leaving.add(shell);
    for (const message of shell.dissolve()) this.#main.push(message);
    void shell.whenIdle().finally(() => this.#leaving.delete(shell));
  }

  /** The shell that a request is for. @throws {JupyterError} `JUPYTER_SUBSHELL_UNKNOWN`. */
  of(request: IncomingMessage): Shell {
    const id = subshellOf(request.header);
    if (id === undefined) return this.#main;
    const shell = this.#subshells.get(id);
    if (shell === undefined) throw unknownSubshell(id);
    return shell;
  }

  /**
   * The shell for a comm message. One for a subshell that is gone goes to the main shell: front ends delete the
   * subshell of a comm right after they have closed the comm, on another channel, and the close must not be lost.
   */
  ofComm(message: IncomingMessage): Shell {
    return this.#subshells.get(subshellOf(message.header) ?? '') ?? this.#main;
  }

  /** The number of the last stored cell of a shell; 0 where there is no such shell. */
  executionCount(header: Header): number {
    const id = subshellOf(header);
    return (id === undefined ? this.#main : this.#subshells.get(id))?.executionCount ?? 0;
  }

  /** A request that runs now, other than the given one; that of the main shell first. */
  runningBeside(request: IncomingMessage): IncomingMessage | undefined {
    return this.#all()
      .map(({ running }) => running)
      .find((running) => running !== undefined && running !== request);
  }

  /**
   * Takes an `input_reply`: by the question it answers, else by its subshell.
   *
   * @returns Whether somebody was waiting for it.
   */
  answerInput(reply: IncomingMessage): boolean {
    const id = reply.parentHeader.msg_id === undefined ? subshellOf(reply.header) : undefined;
    const shells = id === undefined ? this.#all() : [this.#subshells.get(id) ?? this.#main];
    return shells.some((shell) => shell.inputDesk.answer(reply));
  }

  /** Ends what runs in every shell, and answers the cells that wait as not run. */
  interrupt(): void {
    for (const shell of this.#all()) shell.interrupt();
  }

  /** Resolves when nothing runs and nothing waits. */
  async whenIdle(): Promise<void> {
    await Promise.all(this.#all().map((shell) => shell.whenIdle()));
  }

  #open(subshellId: string | undefined): Shell {
    return new Shell({ ...this.#options, subshellId, turn: this.#turn });
  }

  #all(): readonly Shell[] {
    return [this.#main, ...this.#subshells.values(), ...this.#leaving];
  }
}
