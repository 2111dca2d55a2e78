// A toy language for the tests of the kernel. It knows nothing of R Server, and neither does src/jupyter.
import type {
  CommMessage,
  Completeness,
  Completions,
  DebugRequest,
  DebugResult,
  ExecuteOutput,
  ExecuteRequest,
  ExecuteResult,
  HistoryEntry,
  HistoryRequest,
  InputRequester,
  Inspection,
  Interpreter,
  InterpreterHost,
  InterpreterInfo,
  UserExpressionResult,
} from '../../src/jupyter/index.js';

const COMMANDS = ['print', 'warn', 'show', 'fail', 'ask', 'wait'];

/**
 * One command a line:
 *
 * - `print TEXT`, `warn TEXT`: a line on stdout, stderr; `repeat N TEXT`: N lines, each with its number
 * - `show TEXT`: display; `show-each N`: N displays, the numbers from 0; `show-as ID TEXT`, `update ID TEXT`: with a display id; `clear`: clear_output
 * - `ask PROMPT`, `ask-secret PROMPT`: input, printed back
 * - `fail ENAME EVALUE`: an error in the user's code; `throw TEXT`: a bug in the interpreter
 * - `wait`: prints "waiting", runs until interrupted; `hang`: the same, but heeds no interrupt
 * - `block MS`: keeps the event loop busy; `late TEXT`: prints after the cell has ended; `page TEXT`: a payload
 * - `hold NAME`: prints "holding" and goes on when the test calls `release(NAME)`
 * - `beside TEXT`: prints; a cell of nothing else may run beside another one
 * - `comm-open ID TARGET`, `comm-send ID TEXT`, `comm-close ID`: comm messages to the front ends
 * - `A+B`: the sum as the cell's value; anything else is its own value
 */
export class EchoInterpreter implements Interpreter {
  info: InterpreterInfo = {
    implementation: 'echo',
    implementationVersion: '1.2.3',
    languageInfo: {
      name: 'echo',
      version: '1.0',
      mimetype: 'text/x-echo',
      file_extension: '.echo',
    },
    banner: 'Echo, a language of tests',
    helpLinks: [{ text: 'Echo', url: 'https://example.org/echo' }],
  };

  /** What `execute` was handed, for tests to look at. */
  readonly requests: ExecuteRequest[] = [];
  /** What `handleComm` was handed. */
  readonly commMessages: CommMessage[] = [];
  /** What the kernel offers; there after `start`. */
  host!: InterpreterHost;
  readonly #held = new Map<string, () => void>();
  /** `restart` of each shutdown. */
  readonly shutdowns: boolean[] = [];
  startCount = 0;
  /** Keeps `shutdown` from ending. */
  isShutdownStuck = false;
  /** Lines that `flood N` has printed. */
  floodedCount = 0;
  /** Called when `flood` has to wait for the front ends. */
  onBehind: () => void = () => undefined;
  /** Called when a `late` text has been tried. */
  onLate: () => void = () => undefined;

  start(host: InterpreterHost): void {
    this.host = host;
    this.startCount += 1;
  }

  /** Lets a cell go on that runs `hold NAME`. */
  release(name: string): void {
    this.#held.get(name)?.();
  }

  canRunBeside(code: string): boolean {
    return code.split('\n').every((line) => line.startsWith('beside '));
  }

  /**
   * Knows the target "echo" and sends every message back. Data may tell it to do more: `print` a line, `hold` until it
   * is released, `fail` with an error, `ask` for input.
   */
  async handleComm(
    message: CommMessage,
    output: ExecuteOutput,
    input: InputRequester,
    signal: AbortSignal,
  ): Promise<boolean> {
    this.commMessages.push(message);
    const { data } = message;
    if (data['fail'] !== undefined) throw new Error(JSON.stringify(data['fail']));
    if (message.type === 'open') return message.targetName === 'echo';
    if (typeof data['print'] === 'string') output.stream('stdout', `${data['print']}\n`);
    if (typeof data['hold'] === 'string') await this.#hold(data['hold'], output, signal);
    if (data['ask'] !== undefined) await input.requestInput('?');
    if (message.type === 'message') output.comm(message);
    return true;
  }

  debug({ command, arguments: given }: DebugRequest): Promise<DebugResult> {
    if (command === 'fail') return Promise.reject(new Error('no such frame'));
    if (command !== 'inspectVariables') {
      return Promise.resolve({ success: false, message: `no ${command} here` });
    }
    return Promise.resolve({ success: true, body: { variables: [], given } });
  }

  /** Numbered lines of 64 kB, as fast as the front ends read them. */
  async #flood(lineCount: number, output: ExecuteOutput): Promise<void> {
    for (let line = 0; line < lineCount; line += 1) {
      output.stream('stdout', `${line} ${'x'.repeat(65_536)}\n`);
      this.floodedCount = line + 1;
      const taken = output.taken();
      if (taken !== undefined) {
        this.onBehind();
        await taken;
      } else await new Promise((resolve) => setImmediate(resolve));
    }
  }

  async #hold(name: string, output: ExecuteOutput, signal: AbortSignal): Promise<void> {
    output.stream('stdout', 'holding\n');
    const released = new Promise<void>((resolve) => this.#held.set(name, resolve));
    await Promise.race([released, aborted(signal)]);
  }

  async execute(
    request: ExecuteRequest,
    output: ExecuteOutput,
    input: InputRequester,
    signal: AbortSignal,
  ): Promise<ExecuteResult> {
    this.requests.push(request);
    const payload: Record<string, unknown>[] = [];
    for (const line of request.code.split('\n')) {
      const [command = '', ...words] = line.split(' ');
      const rest = words.join(' ');
      switch (command) {
        case 'print':
          output.stream('stdout', `${rest}\n`);
          break;
        case 'flood':
          await this.#flood(Number(rest), output);
          break;
        case 'warn':
          output.stream('stderr', `${rest}\n`);
          break;
        case 'repeat':
          for (let n = 0; n < Number(words[0]); n += 1) {
            output.stream('stdout', `${n} ${words.slice(1).join(' ')}\n`);
          }
          break;
        case 'show':
          output.display({ data: { 'text/plain': rest }, metadata: {} });
          break;
        case 'show-each':
          for (let n = 0; n < Number(rest); n += 1) {
            output.display({ data: { 'text/plain': String(n) }, metadata: {} });
          }
          break;
        case 'show-as':
          output.display({
            data: { 'text/plain': words.slice(1).join(' ') },
            metadata: {},
            displayId: words[0] ?? '',
          });
          break;
        case 'update':
          output.updateDisplay({
            data: { 'text/plain': words.slice(1).join(' ') },
            metadata: {},
            displayId: words[0] ?? '',
          });
          break;
        case 'clear':
          output.clear(rest === 'wait');
          break;
        case 'ask':
          output.stream('stdout', `got ${await input.requestInput(rest)}\n`);
          break;
        case 'ask-secret':
          output.stream('stdout', `got ${await input.requestInput(rest, { password: true })}\n`);
          break;
        case 'fail':
          return {
            status: 'error',
            ename: words[0] ?? '',
            evalue: words.slice(1).join(' '),
            traceback: [`${words[0] ?? ''} in line 1`],
          };
        case 'throw':
          throw new Error(rest);
        case 'wait':
          output.stream('stdout', 'waiting\n');
          await aborted(signal);
          return {
            status: 'error',
            ename: 'KeyboardInterrupt',
            evalue: 'interrupted',
            traceback: [],
          };
        case 'hang':
          output.stream('stdout', 'waiting\n');
          await new Promise(() => undefined);
          break;
        case 'block':
          output.stream('stdout', 'blocking\n');
          blockEventLoop(Number(rest));
          break;
        case 'hold':
          await this.#hold(rest, output, signal);
          break;
        case 'beside':
          output.stream('stdout', `${rest}\n`);
          break;
        case 'comm-open':
          output.comm({
            type: 'open',
            commId: words[0] ?? '',
            targetName: words[1] ?? '',
            data: {},
          });
          break;
        case 'comm-send':
          output.comm({
            type: 'message',
            commId: words[0] ?? '',
            data: { text: words.slice(1).join(' ') },
            metadata: { version: '2.1.0' },
            buffers: [Buffer.from('bytes')],
          });
          break;
        case 'comm-close':
          output.comm({ type: 'close', commId: rest, data: {} });
          break;
        case 'late':
          setImmediate(() => {
            output.stream('stdout', rest);
            output.display({ data: { 'text/plain': rest }, metadata: {} });
            this.onLate();
          });
          break;
        case 'page':
          payload.push({ source: 'page', data: { 'text/plain': rest }, start: 0 });
          break;
        case '':
          break;
        default:
          output.result({ data: { 'text/plain': evaluate(line) }, metadata: {} });
      }
    }
    return { status: 'ok', payload, userExpressions: evaluateAll(request.userExpressions) };
  }

  complete(code: string, cursor: number): Promise<Completions> {
    const start = code.slice(0, cursor).search(/[a-z]*$/);
    const typed = code.slice(start, cursor);
    const matches = COMMANDS.filter((command) => command.startsWith(typed));
    const types = matches.map((text) => ({ start, end: cursor, text, type: 'command' }));
    const metadata = { _jupyter_types_experimental: types };
    return Promise.resolve({ matches, start, end: cursor, metadata });
  }

  inspect(code: string, cursor: number, detailLevel: 0 | 1): Promise<Inspection> {
    const word = COMMANDS.find((command) => code.slice(0, cursor).endsWith(command));
    if (word === undefined) return Promise.resolve({ found: false });
    const help = `help on ${word}, level ${detailLevel}`;
    return Promise.resolve({ found: true, data: { 'text/plain': help }, metadata: {} });
  }

  isComplete(code: string): Promise<Completeness> {
    if (code.endsWith('\\')) return Promise.resolve({ status: 'incomplete', indent: '  ' });
    return Promise.resolve({ status: code.includes('?!') ? 'invalid' : 'complete' });
  }

  history(request: HistoryRequest): Promise<readonly HistoryEntry[]> {
    if (request.accessType === 'search') {
      return Promise.reject(new Error('echo keeps no index'));
    }
    const inputs = this.requests
      .filter(({ storeHistory, subshellId }) => storeHistory && subshellId === request.subshellId)
      .map(({ code, executionCount }): HistoryEntry => [
        1,
        executionCount,
        request.output ? [code, null] : code,
      ]);
    return Promise.resolve(
      request.accessType === 'tail'
        ? inputs.slice(-request.count)
        : inputs.filter(([, line]) => line >= request.start && line < request.stop),
    );
  }

  async shutdown(restart: boolean): Promise<void> {
    this.shutdowns.push(restart);
    if (this.isShutdownStuck) await new Promise(() => undefined);
  }
}

function evaluate(code: string): string {
  const sum = /^(\d+)\+(\d+)$/.exec(code);
  return sum === null ? code : String(Number(sum[1]) + Number(sum[2]));
}

function evaluateAll(
  expressions: Readonly<Record<string, string>>,
): Record<string, UserExpressionResult> {
  return Object.fromEntries(
    Object.entries(expressions).map(([name, code]): [string, UserExpressionResult] => [
      name,
      code.startsWith('fail')
        ? { status: 'error', ename: 'Failure', evalue: code, traceback: [] }
        : { status: 'ok', data: { 'text/plain': evaluate(code) }, metadata: {} },
    ]),
  );
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else
      signal.addEventListener(
        'abort',
        () => {
          resolve();
        },
        { once: true },
      );
  });
}

function blockEventLoop(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}
