// Drives the Python agent in a real Python through `test/fixtures/agent/python-host.py`, on either channel.
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import path from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import type { AgentMessage, AgentRunOptions } from '../../src/bridge/agent/agent.js';
import { parseAgentMessages } from '../../src/bridge/agent/agent.js';
import { ConsoleSplitter } from '../../src/bridge/agent/console-splitter.js';
import { createPythonAgent } from '../../src/bridge/agent/python-agent.js';

const FIXTURES = path.resolve(import.meta.dirname, '../fixtures/agent');
const NONCE = '0123456789abcdef';
const ANSI = new RegExp(`${String.fromCharCode(27)}\\[[0-9;]*m`, 'g');

export type Channel = 'events' | 'console';

/** What one call brought: adjacent stream texts joined, ANSI colours removed. */
export interface Outcome {
  readonly messages: readonly AgentMessage[];
  /** What a server would tell as `errorMessage`; empty when it succeeded. */
  readonly error: string;
  /** Names in `__main__` afterwards. */
  readonly names: readonly string[];
}

type HostLine =
  | { readonly type: 'stream'; readonly name: 'stdout' | 'stderr'; readonly text: string }
  | { readonly type: 'data'; readonly data: string }
  | { readonly type: 'answer'; readonly error: string; readonly names: readonly string[] };

export class PythonAgentHost {
  readonly agent = createPythonAgent();
  readonly #process: ChildProcessWithoutNullStreams;
  readonly #lines: Interface;
  readonly #channel: Channel;
  #executionCount = 0;

  /** @param program - Of `test/fixtures/agent`: a bare interpreter, or a session that is a Jupyter kernel. */
  constructor(
    python: string,
    channel: Channel,
    parameters: readonly string[] = [],
    program: 'python-host.py' | 'jupyter-session.py' = 'python-host.py',
  ) {
    this.#channel = channel;
    this.#process = spawn(python, [path.join(FIXTURES, program), ...parameters], { stdio: 'pipe' });
    this.#process.stderr.resume();
    this.#lines = createInterface({ input: this.#process.stdout });
  }

  async install(): Promise<Outcome> {
    return this.execute(this.agent.installCode({ channel: this.#channel, nonce: NONCE }));
  }

  /** Runs a cell. `onText` is called at each text it prints. */
  async run(
    source: string,
    options: Partial<AgentRunOptions> = {},
    onText?: (text: string) => void,
  ): Promise<Outcome> {
    this.#executionCount += 1;
    const code = this.agent.runCode(source, {
      silent: false,
      storeHistory: true,
      executionCount: this.#executionCount,
      userExpressions: {},
      ...options,
    });
    return this.execute(code, onText);
  }

  async execute(code: string, onText?: (text: string) => void): Promise<Outcome> {
    this.#process.stdin.write(`${JSON.stringify({ code })}\n`);
    const lines: HostLine[] = [];
    // `for await` on the interface would close it at the first break.
    return new Promise((resolve, reject) => {
      const onLine = (text: string): void => {
        const line = JSON.parse(text) as HostLine;
        lines.push(line);
        if (line.type === 'stream') onText?.(line.text);
        if (line.type !== 'answer') return;
        finish();
        resolve({ messages: this.#messagesOf(lines), error: line.error, names: line.names });
      };
      const onClose = (): void => {
        finish();
        reject(new Error('the Python process has ended'));
      };
      const finish = (): void => {
        this.#lines.off('line', onLine).off('close', onClose);
      };
      this.#lines.on('line', onLine).on('close', onClose);
    });
  }

  interrupt(): void {
    this.#process.kill('SIGINT');
  }

  /** Ends the session; the program leaves when its stdin ends. */
  async close(): Promise<void> {
    const exited = new Promise((resolve) => this.#process.once('exit', resolve));
    this.#process.stdin.end();
    await exited;
  }

  #messagesOf(lines: readonly HostLine[]): AgentMessage[] {
    const messages =
      this.#channel === 'events' ? messagesOfEvents(lines) : messagesOfConsole(lines);
    return joinStreams(messages).map((message) => withoutColours(message));
  }
}

function messagesOfEvents(lines: readonly HostLine[]): AgentMessage[] {
  return lines.flatMap((line) => {
    if (line.type === 'stream') return [line];
    return line.type === 'data' ? checked(line.data) : [];
  });
}

/** A genuine server knows one text only. */
function messagesOfConsole(lines: readonly HostLine[]): AgentMessage[] {
  const splitter = new ConsoleSplitter(NONCE);
  const items = lines.flatMap((line) => (line.type === 'stream' ? splitter.push(line.text) : []));
  return [...items, ...splitter.finish()].map((item): AgentMessage => {
    if (item.type === 'message') return item.message;
    if (item.type === 'garbled') throw new Error(`garbled: ${item.text}`);
    return { type: 'stream', name: 'stdout', text: item.text };
  });
}

function checked(data: string): AgentMessage[] {
  return parseAgentMessages(data).map((message) => {
    if (message === undefined) throw new Error(`no agent message: ${data}`);
    return message;
  });
}

/** Adjacent texts of one stream as one message. */
export function joinStreams(messages: readonly AgentMessage[]): AgentMessage[] {
  const joined: AgentMessage[] = [];
  for (const message of messages) {
    const last = joined.at(-1);
    if (message.type === 'stream' && last?.type === 'stream' && last.name === message.name) {
      joined[joined.length - 1] = { ...last, text: last.text + message.text };
    } else {
      joined.push(message);
    }
  }
  return joined;
}

function withoutColours(message: AgentMessage): AgentMessage {
  const strip = (value: unknown): unknown => {
    if (typeof value === 'string') return value.replace(ANSI, '');
    if (Array.isArray(value)) return value.map(strip);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, strip(item)]));
  };
  return strip(message) as AgentMessage;
}
