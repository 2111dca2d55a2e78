// A server program in a process of its own, to be killed.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';

/** The program and its lines on stdout, of which the first is the URL. */
export class ChildServer {
  readonly #process: ChildProcess;
  readonly #lines: AsyncIterator<string>;

  /** @param program - A file of this folder. */
  constructor(program: string, dataDirectory: string) {
    const file = path.join(import.meta.dirname, program);
    this.#process = spawn(process.execPath, ['--import', 'tsx', file, dataDirectory], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    if (this.#process.stdout === null) throw new Error('no stdout');
    this.#lines = createInterface(this.#process.stdout)[Symbol.asyncIterator]();
  }

  async line(): Promise<string> {
    const { value } = (await this.#lines.next()) as { value: string };
    return value;
  }

  /** `kill -9`; settles when it is dead. */
  async kill(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const exited = once(this.#process, 'exit');
    this.#process.kill('SIGKILL');
    await exited;
  }
}
