// Starts, asks, watches and ends a server in a process of its own. Reads /proc, so it works on Linux.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { Agent, request } from 'undici';
import { PROJECT_ROOT, venvBin } from '../../test/helpers/requirements.js';

const PROGRAM = path.join(PROJECT_ROOT, 'bench', 'server', 'server.ts');
const MEBIBYTE = 1024 ** 2;

/** What the server says of itself when it listens. */
interface Address {
  readonly url: string;
  readonly token: string;
  readonly username: string;
  readonly password: string;
}

export class ServerProcess {
  readonly #child: ChildProcess;
  readonly address: Address;
  readonly #agent = new Agent({ connections: 64 });

  private constructor(child: ChildProcess, address: Address) {
    this.#child = child;
    this.address = address;
  }

  /** @param options - `warmCount`: processes of each language kept ready, by default as `serve` does; `program`: another one that says the same. */
  static async start(
    dataDirectory: string,
    { warmCount = 1, program = PROGRAM } = {},
  ): Promise<ServerProcess> {
    const child = spawn(
      process.execPath,
      ['--import', 'tsx', program, dataDirectory, venvBin('python'), String(warmCount)],
      { stdio: ['ignore', 'pipe', 'inherit'], cwd: PROJECT_ROOT },
    );
    const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
    return new ServerProcess(child, JSON.parse(line) as Address);
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** @throws Error when the answer is no success, or there is none. */
  async call<Body = unknown>(
    method: 'GET' | 'POST' | 'DELETE',
    route: string,
    body?: unknown,
  ): Promise<Body> {
    const answer = await request(this.address.url + route, {
      method,
      dispatcher: this.#agent,
      headers: {
        'content-type': 'application/json',
        authorization: `Bearer ${this.address.token}`,
      },
      body: body === undefined ? null : JSON.stringify(body),
    });
    const text = await answer.body.text();
    if (answer.statusCode >= 300) throw new Error(`${route}: ${answer.statusCode} ${text}`);
    return (text === '' ? undefined : JSON.parse(text)) as Body;
  }

  /** Memory of the server itself, without R and Python. */
  residentMebibytes(): number {
    const status = readFileSync(`/proc/${this.pid}/status`, 'utf8');
    return Math.round((Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) * 1024) / MEBIBYTE);
  }

  /** SIGKILL; settles when it is dead. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  async close(): Promise<void> {
    await this.#end('SIGTERM');
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      const exited = once(this.#child, 'exit');
      this.#child.kill(signal);
      await exited;
    }
    await this.#agent.destroy();
  }
}

/** Command lines of the processes whose working directory or arguments lie in a folder. */
export function processesIn(folder: string): string[] {
  return processIdsIn(folder).flatMap((pid) => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
    } catch {
      return []; // has ended meanwhile
    }
  });
}

/** Proportional memory of the processes in a folder, together: pages that several share count once. Mebibytes. */
export function proportionalMebibytesIn(folder: string): number {
  const kibibytes = processIdsIn(folder).map((pid) => {
    try {
      return Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1]);
    } catch {
      return 0; // has ended meanwhile
    }
  });
  return kibibytes.reduce((sum, one) => sum + one, 0) / 1024;
}

function processIdsIn(folder: string): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .filter((pid) => {
      try {
        const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
        if (command === '') return false;
        return readlinkSync(`/proc/${pid}/cwd`).startsWith(folder) || command.includes(folder);
      } catch {
        return false; // has ended, or is of somebody else
      }
    });
}
