// Real language processes for tests: where they are, how to start one, and how to run code and collect what comes out.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { silentLogger } from '../../../src/base/index.js';
import {
  createProcessRuntime,
  pythonLanguage,
  rLanguage,
  type Language,
  type ProcessRuntimeOptions,
  type Runtime,
  type RuntimeEvent,
  type RuntimeExecution,
  type RuntimeExecutionResult,
} from '../../../src/runtimes/index.js';
import { RuntimeSource } from '../../../src/runtimes/runtime-source.js';

const projectPython = path.resolve(import.meta.dirname, '../../../.venv/bin/python');
export const pythonCommand = existsSync(projectPython) ? projectPython : 'python3';

export const languages: Record<'R' | 'Python', Language> = {
  R: rLanguage(),
  Python: pythonLanguage({ command: pythonCommand }),
};

/** Whether a program runs here. */
function runs(command: string, ...args: string[]): boolean {
  try {
    execFileSync(command, args, { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

const isPresent = {
  R: (): boolean => runs('R', '--version'),
  Python: (): boolean => runs(pythonCommand, '--version'),
};

/** Whether the Python of the tests has a module. */
export const hasPythonModule = (name: string): boolean =>
  runs(pythonCommand, '-c', `import ${name}`);

/** `describe` for a language; where it is missing the tests are skipped by name, on CI they fail. */
export function describeLanguage(language: 'R' | 'Python', title: string, body: () => void): void {
  if (isPresent[language]()) {
    describe(title, body);
  } else if (process.env['CI'] === 'true') {
    test(title, () => {
      throw new Error(`${language} is not installed, but CI must test it`);
    });
  } else {
    describe.skip(`${title} (skipped: ${language} is not installed)`, body);
  }
}

/** A folder that goes away with the test file. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'rserver-runtimes-'));
  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  return folder;
}

/** Starts a runtime; the caller closes it. */
export const start = (
  language: Language,
  workRoot: string,
  options: Partial<ProcessRuntimeOptions> = {},
): Promise<Runtime> =>
  createProcessRuntime({ language, workRoot, env: { ...process.env, LANGUAGE: 'en' }, ...options });

type Start = typeof start;

/** As `describeLanguage`, for runtimes that are programs of their own and for those that are copies of a warm parent. */
export function describeEachWay(
  language: 'R' | 'Python',
  title: string,
  body: (start: Start) => void,
): void {
  describeLanguage(language, title, () => {
    body(start);
  });
  if (process.platform !== 'linux') return;
  describeLanguage(language, `${title}, copied`, () => {
    const sources: RuntimeSource[] = [];
    const known = new Map<Language, RuntimeSource>();
    afterAll(async () => {
      for (const source of sources) await source.close();
    });
    body(async (language, workRoot, options) => {
      const source =
        (options === undefined ? known.get(language) : undefined) ??
        newSource(language, workRoot, options);
      sources.push(source);
      if (options === undefined) known.set(language, source);
      const runtime = await source.start(new AbortController().signal);
      expect(source.hasCopied).toBe(true);
      return runtime;
    });
  });
}

/** Where copies of a warm parent come from; the caller closes it. */
export const newSource = (
  language: Language,
  workRoot: string,
  options: Partial<ProcessRuntimeOptions> = {},
): RuntimeSource =>
  new RuntimeSource({
    language,
    workRoot,
    env: { ...process.env, LANGUAGE: 'en' },
    logger: silentLogger,
    copies: true,
    isAwaited: false,
    onCopies: () => undefined,
    ...options,
  });

/** What a run gave: its result, and its events with neighbouring text of one stream joined. */
export interface Outcome extends RuntimeExecutionResult {
  readonly events: RuntimeEvent[];
  /** Text of stdout and stderr as it came, in one piece. */
  readonly text: string;
}

/** Runs code and collects its events. */
export async function run(
  runtime: Runtime,
  code: string,
  options: Partial<RuntimeExecution> & {
    readonly onEvent?: (event: RuntimeEvent) => void | Promise<void>;
  } = {},
): Promise<Outcome> {
  const events: RuntimeEvent[] = [];
  const execution = {
    code,
    inputParameters: options.inputParameters ?? [],
    outputParameters: options.outputParameters ?? [],
  };
  const result = await runtime.execute(execution, (event) => {
    const last = events.at(-1);
    if (event.type === 'stream' && last?.type === 'stream' && last.name === event.name) {
      events[events.length - 1] = { ...last, text: last.text + event.text };
    } else {
      events.push(event);
    }
    return options.onEvent?.(event);
  });
  const text = events.map((event) => (event.type === 'stream' ? event.text : '')).join('');
  return { ...result, events, text };
}

export const stdout = (text: string): RuntimeEvent => ({ type: 'stream', name: 'stdout', text });
export const stderr = (text: string): RuntimeEvent => ({ type: 'stream', name: 'stderr', text });
export const data = (text: string): RuntimeEvent => ({ type: 'data', data: text });

/** Runs code that first emits `started`, and does something at that moment: when the code surely runs. */
export async function runAndThen(
  runtime: Runtime,
  code: string,
  then: () => void,
): Promise<Outcome & { readonly milliseconds: number }> {
  let startedAt = 0;
  const outcome = await run(runtime, code, {
    onEvent: (event) => {
      if (event.type !== 'data' || event.data !== 'started') return;
      startedAt = performance.now();
      then();
    },
  });
  return { ...outcome, milliseconds: performance.now() - startedAt };
}

/** Whether a process still is there (and no zombie). */
export function isRunning(pid: number): boolean {
  try {
    return !/^\d+ \(.*\) Z/.test(execFileSync('cat', [`/proc/${pid}/stat`], { encoding: 'utf8' }));
  } catch {
    return false;
  }
}
