// Starts, watches and kills the server under load. Reads /proc, so it works on Linux.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { Agent, request } from 'undici';
import { PROJECT_ROOT, venvBin } from '../../test/helpers/requirements.js';

const PROGRAM = path.join(PROJECT_ROOT, 'bench', 'load', 'server.ts');
const MEBIBYTE = 1024 ** 2;

export class ServerProcess {
  readonly #child: ChildProcess;
  readonly #url: string;
  readonly #agent = new Agent({ connections: 64 });
  #token = '';

  private constructor(child: ChildProcess, url: string) {
    this.#child = child;
    this.#url = url;
  }

  static async start(dataDirectory: string): Promise<ServerProcess> {
    const child = spawn(
      process.execPath,
      ['--import', 'tsx', PROGRAM, dataDirectory, venvBin('python')],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    const [url] = (await once(createInterface(child.stdout), 'line')) as [string];
    const server = new ServerProcess(child, url);
    const { access_token: token } = await server.call<{ access_token: string }>('POST', '/login', {
      username: 'admin',
      password: 'load',
    });
    server.#token = token;
    return server;
  }

  /** @throws Error when the answer is no success, or there is none. */
  async call<Body = unknown>(
    method: 'GET' | 'POST' | 'DELETE',
    route: string,
    body?: unknown,
  ): Promise<Body> {
    const answer = await request(this.#url + route, {
      method,
      dispatcher: this.#agent,
      headers: {
        'content-type': 'application/json',
        ...(this.#token !== '' && { authorization: `Bearer ${this.#token}` }),
      },
      body: body === undefined ? null : JSON.stringify(body),
    });
    const text = await answer.body.text();
    if (answer.statusCode >= 300) throw new Error(`${route}: ${answer.statusCode} ${text}`);
    return (text === '' ? undefined : JSON.parse(text)) as Body;
  }

  /** Memory of the server itself, without R and Python. */
  residentMebibytes(): number {
    const status = readFileSync(`/proc/${this.#child.pid ?? 0}/status`, 'utf8');
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
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .flatMap((pid) => {
      try {
        const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
        const isInside =
          readlinkSync(`/proc/${pid}/cwd`).startsWith(folder) || command.includes(folder);
        return isInside && command !== '' ? [command] : [];
      } catch {
        return []; // has ended, or is of somebody else
      }
    });
}
