// Drives the R agent in a real R through `test/fixtures/agent/r-host.R`, on either channel.
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import path from 'node:path';
import type { AgentMessage, AgentRunOptions } from '../../src/bridge/agent/agent.js';
import { ConsoleSplitter, type ConsoleItem } from '../../src/bridge/agent/console-splitter.js';
import { createRAgent } from '../../src/bridge/agent/r-agent.js';

const HOST = path.resolve(import.meta.dirname, '../fixtures/agent/r-host.R');
export const NONCE = '0123456789abcdef';
const END = '\u0004';
const ANSI = new RegExp(`${String.fromCharCode(27)}\\[[0-9;]*m`, 'g');

export type Channel = 'events' | 'console';

/** What one call brought. */
export interface Outcome {
  /** In order; text on stdout as `stream`, ANSI colours removed from tracebacks. */
  readonly messages: readonly AgentMessage[];
  /** All of stderr, whichever way it came. */
  readonly stderr: string;
  /** What a server would tell as `errorMessage`; empty when it succeeded. */
  readonly error: string;
}

/** One R process with the agent's code sent to it as a server would. */
export class RAgentHost {
  readonly agent = createRAgent();
  readonly #process: ChildProcessWithoutNullStreams;
  readonly #channel: Channel;
  #executionCount = 0;

  /** @param command - R itself; `R_TEST_COMMAND` names another one, e.g. an R 3.3. */
  constructor(channel: Channel, command = process.env['R_TEST_COMMAND'] ?? 'R') {
    this.#channel = channel;
    this.#process = spawn(command, ['--slave', '--no-save', '--no-restore', '-f', HOST], {
      stdio: 'pipe',
      env: { ...process.env, LC_ALL: 'C.UTF-8', LANGUAGE: 'en' },
    });
    this.#process.stdout.setEncoding('utf8');
    this.#process.stderr.setEncoding('utf8');
  }

  async install(): Promise<Outcome> {
    return this.execute(this.agent.installCode({ channel: this.#channel, nonce: NONCE }));
  }

  /** Runs a cell. `onText` is called with the stdout so far whenever it grows. */
  async run(
    source: string,
    options: Partial<AgentRunOptions> = {},
    onText?: (text: string) => void,
  ): Promise<Outcome> {
    this.#executionCount = options.executionCount ?? this.#executionCount + 1;
    const code = this.agent.runCode(source, {
      silent: false,
      storeHistory: true,
      userExpressions: {},
      ...options,
      executionCount: this.#executionCount,
    });
    return this.execute(code, onText);
  }

  /** Sends any code. Rejects when R ends. */
  async execute(code: string, onText?: (text: string) => void): Promise<Outcome> {
    const stdout = this.#textUntil(this.#process.stdout, 2, onText);
    const stderr = this.#textUntil(this.#process.stderr, 1);
    this.#process.stdin.write(`${Buffer.byteLength(code)}\n${code}`);
    const [[output = '', error = ''], [errorOutput = '']] = await Promise.all([stdout, stderr]);
    return this.#outcome(output, errorOutput, error);
  }

  interrupt(): void {
    this.#process.kill('SIGINT');
  }

  /** Ends the session; R leaves when its stdin ends. */
  async close(): Promise<void> {
    const exited = new Promise((resolve) => this.#process.once('exit', resolve));
    this.#process.stdin.end();
    await exited;
  }

  /** The parts before each of `count` end marks. */
  async #textUntil(
    stream: NodeJS.ReadableStream,
    count: number,
    onText?: (text: string) => void,
  ): Promise<string[]> {
    return new Promise((resolve, reject) => {
      const chunks: string[] = [];
      let marks = 0;
      const onData = (chunk: string): void => {
        chunks.push(chunk);
        marks += chunk.split(END).length - 1;
        onText?.(chunks.join(''));
        if (marks < count) return;
        finish();
        resolve(chunks.join('').split(END));
      };
      const onClose = (): void => {
        finish();
        reject(new Error(`R has ended: ${chunks.join('')}`));
      };
      const finish = (): void => {
        stream.off('data', onData).off('close', onClose);
      };
      stream.on('data', onData).on('close', onClose);
    });
  }

  #outcome(output: string, errorOutput: string, error: string): Outcome {
    const splitter = new ConsoleSplitter(this.#channel === 'events' ? 'host' : NONCE);
    const messages = [...splitter.push(output), ...splitter.finish()].map(messageOf);
    const isStderr = (message: AgentMessage): boolean =>
      message.type === 'stream' && message.name === 'stderr';
    const apart = messages
      .filter(isStderr)
      .map((message) => ('text' in message ? message.text : ''));
    return {
      messages: messages.filter((message) => !isStderr(message)).map(withoutColours),
      stderr: apart.join('') + errorOutput,
      error,
    };
  }
}

function messageOf(item: ConsoleItem): AgentMessage {
  if (item.type === 'garbled') throw new Error(`garbled: ${item.text}`);
  if (item.type === 'message') return item.message;
  return { type: 'stream', name: 'stdout', text: item.text };
}

function withoutColours(message: AgentMessage): AgentMessage {
  if (message.type !== 'error') return message;
  return { ...message, traceback: message.traceback.map((line) => line.replace(ANSI, '')) };
}
