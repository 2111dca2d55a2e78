// A process that another one has made by fork(): its end is told by its parent, which alone may ask the kernel for it.
import { readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { createDeferred, delay } from '../base/index.js';
import { signalGroup } from './process-runtime.js';
import type { ProcessEnd, WorkerProcess } from './worker-connection.js';

/** How often a process is looked at while its channel is open: programs that it has forked may hold that open. */
const LOOK_EVERY_MS = 1_000;
/** How often, once it is known to be ending. */
const LOOK_AGAIN_MS = 2;

const UNKNOWN: ProcessEnd = { exitCode: null, signal: null, problem: '' };

export class ForkedProcess implements WorkerProcess {
  readonly pid: number;
  readonly ended: Promise<ProcessEnd>;
  readonly #awaitStatus: (pid: number) => Promise<number>;
  readonly #startedAt: string | undefined;
  readonly #ended = createDeferred<ProcessEnd>();
  readonly #timer: NodeJS.Timeout;
  #isEnding = false;
  #isGone = false;

  /**
   * @param pid - Leads a process group, or is about to.
   * @param awaitStatus - Has the parent wait for the process, which has ended: gives its status as of wait(2).
   */
  constructor(pid: number, awaitStatus: (pid: number) => Promise<number>) {
    this.pid = pid;
    this.ended = this.#ended.promise;
    this.#awaitStatus = awaitStatus;
    this.#startedAt = statusOf(pid)?.startedAt;
    this.#timer = setInterval(() => {
      if (!this.#isAlive()) void this.#end();
    }, LOOK_EVERY_MS);
    this.#timer.unref();
  }

  signal(signal: NodeJS.Signals): void {
    if (!this.#isGone) signalGroup(this.pid, signal);
  }

  noteChannelEnd(): void {
    void this.#end();
  }

  async #end(): Promise<void> {
    if (this.#isEnding) return;
    this.#isEnding = true;
    clearInterval(this.#timer);
    // While nobody has waited for it its number is not given to others.
    this.signal('SIGKILL');
    while (this.#isAlive()) await delay(LOOK_AGAIN_MS);
    this.signal('SIGKILL'); // what it left behind in its process group
    this.#isGone = true;
    this.#ended.resolve(await this.#awaitStatus(this.pid).then(endOf, () => UNKNOWN));
  }

  #isAlive(): boolean {
    const status = statusOf(this.pid);
    return status?.startedAt === this.#startedAt && !status?.isOver;
  }
}

interface ProcessStatus {
  /** In ticks since the start of the machine: with it a number names one process only. */
  readonly startedAt: string | undefined;
  /** It has ended, and nobody has waited for it yet. */
  readonly isOver: boolean;
}

function statusOf(pid: number): ProcessStatus | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name of the program may hold anything.
    const [state, ...others] = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return { startedAt: others[18], isOver: state === 'Z' || state === 'X' };
  } catch {
    return undefined;
  }
}

/** What wait(2) says. */
function endOf(status: number): ProcessEnd {
  const number = status & 0x7f;
  if (number === 0) return { ...UNKNOWN, exitCode: (status >> 8) & 0xff };
  const signal = Object.entries(constants.signals).find(([, value]) => value === number)?.[0];
  return { ...UNKNOWN, signal: signal ?? `signal ${number}` };
}
