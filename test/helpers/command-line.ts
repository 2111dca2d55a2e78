// Our command line as a process, run from the sources, in surroundings made for one test.
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { ServerProgram } from '../../src/cli/embedded-server.js';
import type { Machine } from '../../src/cli/machine.js';

const ROOT = path.resolve(import.meta.dirname, '../..');
const LOADER = import.meta.resolve('tsx');

/** How to run TypeScript of this project from any folder. */
export const sourceArguments = (file: string): readonly string[] => [
  '--import',
  LOADER,
  path.join(ROOT, file),
];

/** The command line, run from the sources. */
export const PROGRAM: ServerProgram = {
  command: process.execPath,
  args: sourceArguments('src/cli/main.ts'),
};

/** What a finished command left behind. */
export interface CommandResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A temporary folder with a home, a runtime folder and a data folder, and commands that know no others. */
export class Surroundings {
  readonly directory = mkdtempSync(path.join(tmpdir(), 'rsk-'));
  readonly env: Record<string, string>;
  readonly #children = new Set<ChildProcess>();

  constructor(env: Readonly<Record<string, string>> = {}) {
    for (const name of ['home', 'run', 'data']) {
      mkdirSync(path.join(this.directory, name), { mode: 0o700 });
    }
    this.env = {
      PATH: process.env['PATH'] ?? '',
      HOME: path.join(this.directory, 'home'),
      RSERVER_RUNTIME_DIR: path.join(this.directory, 'run'),
      RSERVER_DATA_DIR: path.join(this.directory, 'data'),
      RSERVER_CONFIG: path.join(this.directory, 'profiles.toml'),
      ...env,
    };
  }

  /** The same surroundings for code that runs in the test itself. */
  get machine(): Machine {
    return {
      platform: process.platform,
      env: this.env,
      homeDirectory: path.join(this.directory, 'home'),
      currentDirectory: this.directory,
    };
  }

  /**
   * Starts a command; `close` ends it if it still runs.
   *
   * @param input - What it reads; without it the standard input is closed.
   */
  start(
    args: readonly string[],
    env: Readonly<Record<string, string>> = {},
    input?: string,
  ): ChildProcess {
    const child = spawn(PROGRAM.command, [...PROGRAM.args, ...args], {
      cwd: this.directory,
      env: { ...this.env, ...env },
      stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    });
    child.stdin?.end(input);
    this.#children.add(child);
    return child;
  }

  /** Runs a command to its end. */
  async run(
    args: readonly string[],
    env: Readonly<Record<string, string>> = {},
  ): Promise<CommandResult> {
    return resultOf(this.start(args, env));
  }

  /** Stops every server and command, and removes the folder. */
  async close(): Promise<void> {
    await this.run(['stop']);
    for (const child of this.#children) child.kill('SIGKILL');
    rmSync(this.directory, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** Waits for the end of a process and gives what it wrote. */
export function resultOf(child: ChildProcess): Promise<CommandResult> {
  let stdout = '';
  let stderr = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      resolve({ code, stdout, stderr });
    });
  });
}

/** Waits until a process has written something that fits the pattern, and gives the match. */
export function outputOf(child: ChildProcess, pattern: RegExp): Promise<RegExpExecArray> {
  return new Promise((resolve, reject) => {
    let text = '';
    const look = (chunk: Buffer): void => {
      text += chunk.toString();
      const match = pattern.exec(text);
      if (match !== null) resolve(match);
    };
    child.stdout?.on('data', look);
    child.stderr?.on('data', look);
    child.once('close', (code) => {
      reject(new Error(`ended with status ${code ?? '?'} before ${String(pattern)}: ${text}`));
    });
  });
}
