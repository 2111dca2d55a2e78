// Services of real R and real Python: what calls give, that they see nothing of each other, and how they end.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import path from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import {
  createServiceRuntime,
  RuntimeProcessError,
  type ServiceCall,
  type ServiceCallResult,
  type ServiceImage,
  type ServiceRuntime,
  type ServiceRuntimeOptions,
} from '../../../src/runtimes/index.js';
import {
  describeLanguage,
  isRunning,
  languages,
  pythonCommand,
  run,
  start,
  temporaryFolder,
} from './support.js';

const env = { ...process.env, LANGUAGE: 'en' };
const workRoot = temporaryFolder();

/** The same program in both languages. */
interface Programs {
  /** Evaluates `expression` as code and puts its value into `answer`: every call can look at and do anything. */
  readonly evaluate: string;
  readonly one: string;
  readonly twice: string;
  readonly setVariable: string;
  readonly readVariable: string;
  readonly setOption: string;
  readonly readOption: string;
  readonly setEnvironment: string;
  readonly readEnvironment: string;
  readonly loadPackage: string;
  readonly packageIsLoaded: string;
  readonly changePackage: string;
  readonly packageState: string;
  readonly changeKept: string;
  readonly kept: string;
  readonly makeKept: string;
  readonly random: string;
  readonly seeded: string;
  readonly saved: string;
  readonly writeFile: (name: string, text: string) => string;
  readonly readFile: (name: string) => string;
  readonly listTemporary: string;
  readonly writeTemporary: string;
  readonly print: string;
  readonly crash: string;
  readonly leave: string;
  readonly leaveBadly: string;
  readonly fail: string;
  readonly sleep: string;
  readonly childProgram: string;
  readonly pid: string;
  readonly ask: string;
  readonly scoring: { readonly initCode: string; readonly code: string };
}

const r: Programs = {
  evaluate: 'answer <- eval(parse(text = expression), globalenv())',
  one: '1',
  twice: 'answer <- 2 * x',
  setVariable: 'secret <- 7',
  readVariable: 'exists("secret")',
  setOption: 'options(digits = 3); 0',
  readOption: 'getOption("digits") == 3',
  setEnvironment: 'Sys.setenv(SERVICE_SECRET = "yes"); 0',
  readEnvironment: 'Sys.getenv("SERVICE_SECRET") != ""',
  loadPackage: 'library(splines); 0',
  packageIsLoaded: '"splines" %in% loadedNamespaces()',
  changePackage:
    'unlockBinding("sd", asNamespace("stats")); assign("sd", function(x) 42, envir = asNamespace("stats")); 0',
  packageState: 'stats::sd(1:3) == 42',
  makeKept: 'kept <- new.env(); kept$value <- 0',
  changeKept: 'kept$value <- kept$value + 1; 0',
  kept: 'kept$value',
  random: 'runif(1)',
  seeded: 'set.seed(5); runif(1)',
  saved: 'set.seed(1)',
  writeFile: (name, text) => `cat("${text}", file = "${name}"); 0`,
  readFile: (name) => `if (file.exists("${name}")) readLines("${name}", warn = FALSE) else ""`,
  listTemporary: 'length(list.files(tempdir()))',
  writeTemporary: 'cat("x", file = file.path(tempdir(), "left")); 0',
  print:
    'cat("out\\n"); message("err"); system("echo child"); cat("end\\n"); warning("careful"); 0',
  crash: 'tools::pskill(Sys.getpid(), 11); Sys.sleep(60)',
  leave: 'answer <- 3; quit(); 0',
  leaveBadly: 'quit(status = 3)',
  fail: 'stop("no such luck")',
  sleep: 'cat("begun\\n", file = marker); Sys.sleep(60)',
  childProgram: 'system("sleep 600 & echo $! > child.pid; cp child.pid $MARKER; sleep 600")',
  pid: 'Sys.getpid()',
  ask: 'readline("name? ")',
  scoring: {
    initCode:
      'model <- lm(mpg ~ wt, mtcars); score <- function(wt) predict(model, data.frame(wt = wt))',
    code: 'unseen <- 1; answer <- score(wt)',
  },
};

const python: Programs = {
  evaluate: 'exec(expression)\nanswer = globals().get("value")',
  one: 'value = 1',
  twice: 'answer = 2 * x',
  setVariable: 'secret = 7',
  readVariable: 'value = "secret" in globals()',
  setOption: 'import sys; sys.setrecursionlimit(4321)',
  readOption: 'import sys; value = sys.getrecursionlimit() == 4321',
  setEnvironment: 'import os; os.environ["SERVICE_SECRET"] = "yes"',
  readEnvironment: 'import os; value = "SERVICE_SECRET" in os.environ',
  loadPackage: 'import wave',
  packageIsLoaded: 'import sys; value = "wave" in sys.modules',
  changePackage: 'import math; math.tau = 42',
  packageState: 'import math; value = math.tau == 42',
  makeKept: 'kept = {"value": 0}',
  changeKept: 'kept["value"] += 1',
  kept: 'value = kept["value"]',
  random: 'import random; value = random.random()',
  seeded: 'import random; random.seed(5); value = random.random()',
  saved: 'import random; random.seed(1)',
  writeFile: (name, text) => `open("${name}", "w").write("${text}")`,
  readFile: (name) =>
    `import os; value = open("${name}").read() if os.path.exists("${name}") else ""`,
  listTemporary: 'import os, tempfile; value = len(os.listdir(tempfile.gettempdir()))',
  writeTemporary:
    'import os, tempfile; open(os.path.join(tempfile.gettempdir(), "left"), "w").write("x")',
  print:
    'import os, sys, warnings\nprint("out")\nsys.stderr.write("err\\n")\nos.system("echo child")\nprint("end")',
  crash: 'import os; os.kill(os.getpid(), 11)',
  leave: 'global answer\nanswer = 3\nraise SystemExit(0)',
  leaveBadly: 'import os; os._exit(3)',
  fail: 'raise ValueError("no such luck")',
  sleep: 'import time; open(marker, "w").write("begun"); time.sleep(60)',
  childProgram:
    'import os; os.system("sleep 600 & echo $! > child.pid; cp child.pid $MARKER; sleep 600")',
  pid: 'import os; value = os.getpid()',
  ask: 'input("name? ")',
  scoring: {
    initCode: 'slope = 2.5\ndef score(wt):\n    return round(slope * float(wt), 3)',
    code: 'unseen = 1\nanswer = score(wt)',
  },
};

const opened: ServiceRuntime[] = [];
afterAll(async () => {
  await Promise.all(opened.map((service) => service.close()));
});

for (const [name, programs] of [
  ['R', r],
  ['Python', python],
] as const) {
  describeLanguage(name, `A ${name} service`, () => {
    const open = async (
      image: Partial<ServiceImage> = {},
      options: ServiceRuntimeOptions = {},
    ): Promise<ServiceRuntime> => {
      const service = await createServiceRuntime({
        image: { runtimeType: name, initCode: '', code: programs.evaluate, ...image },
        language: languages[name],
        workRoot,
        env,
        ...options,
      });
      opened.push(service);
      return service;
    };
    const call = (
      service: ServiceRuntime,
      inputs: Record<string, unknown>,
      options: Partial<ServiceCall> = {},
    ): Promise<ServiceCallResult> =>
      service.call({
        inputParameters: Object.entries(inputs).map(([input, value]) => ({ name: input, value })),
        outputParameters: ['answer'],
        ...options,
      });
    const evaluate = async (service: ServiceRuntime, expression: string): Promise<unknown> => {
      const result = await call(service, { expression });
      expect(result.errorMessage).toBe('');
      return result.outputParameters[0]?.value;
    };

    let shared: ServiceRuntime;
    /** Where calls do see each other: the proof that a look would find what there is to see. */
    let resident: ServiceRuntime;
    beforeAll(async () => {
      resident = await open({ initCode: programs.makeKept, isolation: 'resident' });
      shared = await open({ initCode: programs.makeKept }, { maxCallCount: 4 });
    });

    test('assigns inputs, runs the code and reads outputs', async () => {
      const service = await open({ code: programs.twice });

      const result = await call(service, { x: 21 });

      expect(result).toEqual({
        success: true,
        errorMessage: '',
        consoleOutput: '',
        outputParameters: [{ name: 'answer', value: 42 }],
        changedFiles: [],
        artifacts: [],
      });
    });

    test('begins with the objects and files of the snapshot and with what the initCode adds', async () => {
      const session = await start(languages[name], workRoot);
      const snapshot = temporaryFolder();
      const assign = name === 'R' ? '<-' : '=';
      await run(
        session,
        `base ${assign} 40\n${programs.writeFile('data.txt', 'from the snapshot')}`,
      );
      await session.saveSnapshot(snapshot);
      await session.close();

      const service = await open({
        snapshotDirectory: snapshot,
        initCode: `added ${assign} base + 1`,
        code: `answer ${assign} added + 1`,
      });
      const reader = await open({ snapshotDirectory: snapshot });

      expect((await call(service, {})).outputParameters).toEqual([{ name: 'answer', value: 42 }]);
      expect(await evaluate(reader, programs.readFile('data.txt'))).toBe('from the snapshot');
    });

    test.each([
      ['variables', programs.setVariable, programs.readVariable, false],
      ['options', programs.setOption, programs.readOption, false],
      ['environment variables', programs.setEnvironment, programs.readEnvironment, false],
      ['packages', programs.loadPackage, programs.packageIsLoaded, false],
      ['the state of packages', programs.changePackage, programs.packageState, false],
      ['objects changed in place', programs.changeKept, programs.kept, 0],
      ['files', programs.writeFile('left.txt', 'x'), programs.readFile('left.txt'), ''],
      ['temporary files', programs.writeTemporary, programs.listTemporary, 0],
    ])('keeps %s of a call from later ones', async (_, change, look, untouched) => {
      await evaluate(resident, change);
      await evaluate(shared, change);

      expect(await evaluate(resident, look)).not.toBe(untouched);
      const seen = await Promise.all(Array.from({ length: 6 }, () => evaluate(shared, look)));

      expect(seen).toEqual(Array.from({ length: 6 }, () => untouched));
    });

    test('keeps variables of calls apart where one copy serves many of them', async () => {
      const { initCode, code } = programs.scoring;
      const service = await open({ initCode, code }, { maxCallCount: 1, spareCount: 1 });
      const leaky = await open(
        {
          initCode,
          code: `${code}\n${name === 'R' ? 'seen <- ls()' : 'seen = sorted(globals())'}`,
        },
        { maxCallCount: 1 },
      );

      const first = await call(service, { wt: 3, extra: 1 });
      const second = await call(service, { wt: 3 }, { outputParameters: ['answer', 'extra'] });
      await call(leaky, { wt: 3, extra: 1 });
      const seen = await call(leaky, { wt: 3 }, { outputParameters: ['seen'] });

      expect(first.success).toBe(true);
      expect(second.errorMessage).toContain("'extra'");
      expect(second.outputParameters).toEqual(first.outputParameters);
      expect(seen.outputParameters[0]?.value).not.toContain('extra');
    });

    test('gives every call random numbers of its own, unless the code seeds', async () => {
      const service = await open({ initCode: programs.saved }, { maxCallCount: 4 });

      const random = await Promise.all(
        Array.from({ length: 8 }, () => evaluate(service, programs.random)),
      );
      const seeded = [
        await evaluate(service, programs.seeded),
        await evaluate(service, programs.seeded),
      ];

      expect(new Set(random).size).toBe(8);
      expect(seeded[0]).toBe(seeded[1]);
    });

    test('answers 16 callers at a time, each with its own', async () => {
      const { initCode, code } = programs.scoring;
      const service = await open({ initCode, code }, { maxCallCount: 16 });
      const expected = (await call(service, { wt: 3 })).outputParameters[0]?.value as number;

      const answers = await Promise.all(
        Array.from({ length: 160 }, async (__, i) => {
          const result = await call(service, { wt: i });
          return [i, result.outputParameters[0]?.value as number] as const;
        }),
      );

      const at0 = answers[0]?.[1] ?? Number.NaN;
      for (const [i, answer] of answers) {
        expect(answer).toBeCloseTo(at0 + ((expected - at0) / 3) * i, 6);
      }
    });

    test('shows what is printed, in order', async () => {
      const { consoleOutput } = await call(shared, { expression: programs.print });

      expect(consoleOutput).toMatch(/^out\nerr\nchild\nend\n/);
      if (name === 'R') expect(consoleOutput).toContain('careful');
      expect((await call(shared, { expression: programs.one })).consoleOutput).toBe('');
    });

    test('reports an error in the words of the language', async () => {
      const result = await call(shared, { expression: programs.fail });

      expect(result.success).toBe(false);
      expect(result.errorMessage).toBe(
        name === 'R'
          ? 'Error in eval(parse(text = expression), globalenv()) : no such luck'
          : 'ValueError: no such luck',
      );
      expect(result.consoleOutput).toContain('no such luck');
      expect(result.outputParameters).toEqual([]);
    });

    test('reports code that cannot be parsed with each call', async () => {
      const service = await open({ code: 'answer = = 1' });

      const first = await call(service, {});
      const second = await call(service, {});

      expect(first.success).toBe(false);
      expect(first.errorMessage).toMatch(/unexpected|invalid syntax/);
      expect(second.errorMessage).toBe(first.errorMessage);
    });

    test('refuses to start with an initCode that fails', async () => {
      const opening = open({ initCode: programs.fail });

      await expect(opening).rejects.toMatchObject({
        code: 'RUNTIME_SERVICE_INIT',
        message: expect.stringContaining('no such luck') as string,
      });
    });

    test('tells code that asks for input that nobody answers', async () => {
      const result = await call(shared, { expression: programs.ask });

      expect(result.success).toBe(false);
      expect(result.errorMessage).toContain('Input was asked for in');
    });

    test('hands over files that a call makes, changes, or has from the snapshot', async () => {
      const assign = programs.writeFile;
      const service = await open({
        initCode: `${assign('given.txt', 'given')}\n${assign('old.txt', 'old')}`,
        code: `${assign('made.txt', 'made')}\n${assign('old.txt', 'new')}\nanswer = 1`,
      });
      const target = path.join(temporaryFolder(), 'out');
      mkdirSync(target);

      const result = await call(
        service,
        {},
        { artifacts: ['made.txt', 'absent.txt', 'given.txt', '../x'], filesDirectory: target },
      );

      expect(result.changedFiles).toEqual(['made.txt', 'old.txt']);
      expect(result.artifacts.map((file) => [file.name, file.content.toString()])).toEqual([
        ['made.txt', 'made'],
        ['given.txt', 'given'],
      ]);
      expect(readdirSync(target).sort()).toEqual(['made.txt', 'old.txt']);
      expect(readFileSync(path.join(target, 'old.txt'), 'utf8')).toBe('new');
      const again = await call(service, {}, { artifacts: ['old.txt', 'given.txt'] });
      expect(again.artifacts.map((file) => file.content.toString())).toEqual(['new', 'given']);
    });

    test('takes quit() for the end of the call', async () => {
      const good = await call(shared, { expression: programs.leave });

      expect(good.success).toBe(true);
      expect(good.outputParameters).toEqual([{ name: 'answer', value: 3 }]);
      expect(await evaluate(shared, programs.kept)).toBe(0);
    });

    test('outlives the crash of a call, which alone fails', async () => {
      const others = Promise.all(Array.from({ length: 3 }, () => evaluate(shared, programs.kept)));
      const crash = call(shared, { expression: programs.crash });

      await expect(crash).rejects.toMatchObject({ code: 'RUNTIME_CALL_CRASHED' });
      expect(await others).toEqual([0, 0, 0]);
      expect(await evaluate(shared, programs.kept)).toBe(0);
    });

    test('ends a call that runs too long, with its child programs', async () => {
      const marker = path.join(temporaryFolder(), 'marker');
      const service = await open({
        code: programs.childProgram,
        initCode:
          name === 'R'
            ? `Sys.setenv(MARKER = "${marker}")`
            : `import os; os.environ["MARKER"] = "${marker}"`,
      });

      const slow = call(service, {}, { timeoutMs: 2_000 });

      await expect(slow).rejects.toMatchObject({ code: 'RUNTIME_CALL_TIMEOUT' });
      const child = Number(readFileSync(marker, 'utf8'));
      await vi.waitFor(() => {
        expect(isRunning(child)).toBe(false);
      }, 5_000);
    });

    test('ends a call that is given up, and one that still waits', async () => {
      const marker = path.join(temporaryFolder(), 'marker');
      const service = await open({ code: programs.sleep }, { maxCallCount: 1 });
      const first = new AbortController();
      const second = new AbortController();

      const running = call(service, { marker }, { signal: first.signal });
      const waiting = call(service, { marker }, { signal: second.signal });
      const [runningEnds, waitingEnds] = [
        expect(running).rejects.toMatchObject({ code: 'RUNTIME_CALL_ABORTED' }),
        expect(waiting).rejects.toMatchObject({ code: 'RUNTIME_CALL_ABORTED' }),
      ];
      second.abort();
      await waitingEnds;
      await vi.waitFor(() => {
        expect(existsSync(marker)).toBe(true);
      }, 20_000);
      first.abort();

      await runningEnds;
    });

    test('throws away what it has when its process is killed', async () => {
      const service = await open();
      const parent = await evaluate(
        service,
        name === 'R'
          ? 'as.integer(strsplit(readLines("/proc/self/stat"), " ")[[1]][4])'
          : 'import os; value = os.getppid()',
      );

      process.kill(parent as number, 'SIGKILL');
      const exit = await service.exited;

      expect(exit.signal).toBe('SIGKILL');
      await expect(call(service, { expression: programs.one })).rejects.toMatchObject({
        code: 'RUNTIME_EXITED',
      });
    });

    test('lets calls end when it is closed, and takes no more', async () => {
      const service = await open({ code: programs.twice });

      const running = call(service, { x: 1 });
      const closed = service.close();

      expect((await running).success).toBe(true);
      await closed;
      await expect(call(service, { x: 1 })).rejects.toThrow(RuntimeProcessError);
      await service.close();
    });

    test('can be resident: calls share one process, in order', async () => {
      const service = await open({ initCode: programs.makeKept, isolation: 'resident' });
      const pids = await Promise.all([1, 2, 3].map(() => evaluate(service, programs.pid)));

      await call(service, { expression: programs.changeKept });
      await call(service, { expression: programs.changeKept });

      expect(new Set(pids).size).toBe(1);
      expect(await evaluate(service, programs.kept)).toBe(2);
      expect((await call(service, { expression: programs.print })).consoleOutput).toMatch(/^out\n/);
    });

    test('ends a resident call that runs too long and goes on', async () => {
      const marker = path.join(temporaryFolder(), 'marker');
      const service = await open({ isolation: 'resident' });

      const slow = call(service, { expression: programs.sleep, marker }, { timeoutMs: 1_000 });

      await expect(slow).rejects.toMatchObject({ code: 'RUNTIME_CALL_TIMEOUT' });
      expect(await evaluate(service, programs.pid)).toBeGreaterThan(0);
    });

    test('needs no more memory after 2 000 calls, and leaves no zombie', async () => {
      const { initCode, code } = programs.scoring;
      const service = await open({ initCode, code }, { maxCallCount: 4 });
      const forking = await open({}, { maxCallCount: 2 });
      const parent = (await evaluate(
        forking,
        name === 'R'
          ? 'as.integer(strsplit(readLines("/proc/self/stat"), " ")[[1]][4])'
          : 'import os; value = os.getppid()',
      )) as number;
      const rounds = async (count: number, once: () => Promise<unknown>): Promise<void> => {
        let left = count;
        await Promise.all(
          Array.from({ length: 4 }, async () => {
            while (left-- > 0) await once();
          }),
        );
      };
      await rounds(20, () => evaluate(forking, programs.one));
      const before = residentKilobytes(parent);

      await rounds(2_000, () => call(service, { wt: 2 }));
      await rounds(100, () => evaluate(forking, programs.one));

      expect(residentKilobytes(parent) - before).toBeLessThan(4_096);
      await vi.waitFor(() => {
        expect(zombiesOf(parent)).toEqual([]);
      }, 5_000);
    });

    test('leaves no process behind when the server is killed', async () => {
      const folder = temporaryFolder();
      const program = path.join(folder, 'server.mts');
      writeFileSync(program, serverProgram(name, folder));
      const server = spawn(process.execPath, ['--import', 'tsx', program], {
        cwd: path.resolve(import.meta.dirname, '../../..'),
        stdio: ['ignore', 'pipe', 'inherit'],
        env,
      });
      const lines = createInterface({ input: server.stdout });
      await new Promise((resolve) => lines.once('line', resolve));
      await vi.waitFor(() => {
        expect(existsSync(path.join(folder, 'busy'))).toBe(true);
      }, 20_000);
      const processes = processesWith(folder);

      server.kill('SIGKILL');

      expect(processes.length).toBeGreaterThanOrEqual(3);
      await vi.waitFor(() => {
        expect(processesWith(folder)).toEqual([]);
      }, 20_000);
    });
  });
}

/** A server with one service, one call of which never ends. */
const serverProgram = (language: 'R' | 'Python', folder: string): string => `
import { createRuntimePool } from ${JSON.stringify(path.resolve(import.meta.dirname, '../../../src/runtimes/index.ts'))};
const pool = createRuntimePool({
  workRoot: ${JSON.stringify(folder)}, env: process.env, r: { warmCount: 0 },
  python: { warmCount: 0, command: ${JSON.stringify(pythonCommand)} },
});
const busy = ${JSON.stringify(path.join(folder, 'busy'))};
const code = ${JSON.stringify(language)} === 'R'
  ? 'system(paste("sleep 700 & touch", busy)); repeat {}'
  : 'import os\\nos.system("sleep 700 & touch " + busy)\\nwhile True: pass';
const service = await pool.openService({ runtimeType: ${JSON.stringify(language)}, initCode: '', code });
void service.call({ inputParameters: [{ name: 'busy', value: busy }], outputParameters: [] });
console.log('open');
`;

/** Processes that have the folder in their environment, zombies left out. */
function processesWith(folder: string): number[] {
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .filter((pid) => environmentOf(pid).includes(`${folder}/server-`))
    .map(Number);
}

function environmentOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'latin1');
  } catch {
    return '';
  }
}

function residentKilobytes(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(/^RssAnon:\s+(\d+)/m.exec(status)?.[1]);
}

function zombiesOf(parent: number): string[] {
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .filter((pid) => {
      try {
        const [state, parentPid] = readFileSync(`/proc/${pid}/stat`, 'utf8')
          .replace(/^.*\) /s, '')
          .split(' ');
        return state === 'Z' && Number(parentPid) === parent;
      } catch {
        return false;
      }
    });
}
