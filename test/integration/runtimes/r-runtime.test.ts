import { setTimeout as delay } from 'node:timers/promises';
import { existsSync } from 'node:fs';
import { mkdir, readdir } from 'node:fs/promises';
import path from 'node:path';
import { Readable } from 'node:stream';
import { text as textOf } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Runtime } from '../../../src/runtimes/index.js';
import {
  data,
  describeEachWay,
  isRunning,
  languages,
  run,
  runAndThen,
  stderr,
  stdout,
  temporaryFolder,
} from './support.js';

describeEachWay('R', 'an R runtime', (start) => {
  const workRoot = temporaryFolder();
  let r: Runtime;
  const emit = (text: string): string => `getOption("rserver.emit")("${text}");`;

  beforeAll(async () => {
    r = await start(languages.R, workRoot);
  });
  afterAll(() => r.close());

  test('says which R it is', () => {
    expect([r.runtimeType, r.languageVersion]).toEqual([
      'R',
      expect.stringMatching(/^\d+\.\d+\.\d+$/),
    ]);
  });

  const outputs: readonly (readonly [string, string, unknown])[] = [
    ['a visible value is printed', '1 + 1', [stdout('[1] 2\n')]],
    ['an invisible value is not', 'x <- 1; invisible(2)', []],
    ['every visible value of the code is printed', '1; "a"', [stdout('[1] 1\n[1] "a"\n')]],
    ['NULL is printed', 'NULL', [stdout('NULL\n')]],
    [
      'an S4 object is shown by its method',
      'setClass("P", representation(x = "numeric")); setMethod("show", "P", function(object) cat("<P>\\n")); new("P", x = 1)',
      [stdout('<P>\n')],
    ],
    [
      'a data frame is printed as R prints it',
      'data.frame(a = 1:2, b = c("x", "y"))',
      [stdout('  a b\n1 1 x\n2 2 y\n')],
    ],
    [
      'a function is printed as it was typed',
      'function(x)   x # note',
      [stdout('function(x)   x\n')],
    ],
    [
      'messages stand between the lines of stdout',
      'message("a"); cat("b\\n"); message("c"); message("d"); cat("e\\n")',
      [stderr('a\n'), stdout('b\n'), stderr('c\nd\n'), stdout('e\n')],
    ],
    [
      'a warning follows the call that made it',
      'f <- function() { warning("careful"); 1 }; f(); cat("next\\n")',
      [stdout('[1] 1\n'), stderr('Warning message:\nIn f() : careful\n'), stdout('next\n')],
    ],
    [
      'a warning of the top level has no call',
      'warning("top")',
      [stderr('Warning message:\ntop\n')],
    ],
    [
      'several warnings are numbered',
      'for (i in 1:2) warning("w", i)',
      [stderr('Warning messages:\n1: w1\n2: w2\n')],
    ],
    [
      'warnings show at once when warn is 1',
      'options(warn = 1); g <- function() warning("now"); g(); warning("top"); cat("x\\n"); options(warn = 0)',
      [stderr('Warning in g() : now\nWarning: top\n'), stdout('x\n')],
    ],
    [
      'suppressed warnings are not shown',
      'suppressWarnings(as.integer("x"))',
      [stdout('[1] NA\n')],
    ],
    [
      'child programs print in their place',
      'cat("before\\n"); system("echo child; echo problem >&2"); cat("after\\n")',
      expect.arrayContaining([stderr('problem\n')]),
    ],
    [
      'emitted data stands between the texts',
      `cat("a\\n"); ${emit('one')} message("b"); ${emit('two')} ${emit('três')} cat("c\\n")`,
      [stdout('a\n'), data('one'), stderr('b\n'), data('two'), data('três'), stdout('c\n')],
    ],
    [
      'data emitted as the last comes after all that is printed',
      `cat("a\\n"); getOption("rserver.emit")("end", TRUE); ${emit('one')} message("b"); cat("c\\n")`,
      [stdout('a\n'), data('one'), stderr('b\n'), stdout('c\n'), data('end')],
    ],
    [
      'emitted data is in order with text of a child program, whatever sink() says',
      `sink("sunk.txt"); system("echo child"); ${emit('mark')} cat("sunk"); sink(); cat("end\\n"); invisible(file.remove("sunk.txt"))`,
      [stdout('child\n'), data('mark'), stdout('end\n')],
    ],
    [
      'text outside of ASCII arrives as it is',
      'cat("größer → 你好 🎉\\n")',
      [stdout('größer → 你好 🎉\n')],
    ],
    ['the last value is .Last.value', '6 * 7\n.Last.value / 2', [stdout('[1] 42\n[1] 21\n')]],
  ];
  test.each(outputs)('%s', async (_what, code, expected) => {
    const outcome = await run(r, code);

    expect(outcome.events).toEqual(expected);
    expect([outcome.success, outcome.errorMessage]).toEqual([true, '']);
  });

  const failures: readonly (readonly [string, string, string])[] = [
    ['stop() at top level', 'stop("boom")', 'Error: boom'],
    ['stop() in a function', 'f <- function(x) stop("boom"); f(1)', 'Error in f(1) : boom'],
    [
      'a long call breaks the line as R does',
      'a_function_with_a_long_name <- function(argument) stop("a message that is also rather long"); a_function_with_a_long_name(argument = 1)',
      'Error in a_function_with_a_long_name(argument = 1) : \n  a message that is also rather long',
    ],
    ['an unknown object', 'no_such_object', "Error: object 'no_such_object' not found"],
    ['a syntax error', 'x y', 'Error: <text>:1:3: unexpected symbol\n1: x y\n      ^'],
    ['incomplete code', 'f(', 'Error: <text>:2:0: unexpected end of input\n1: f(\n   ^'],
    [
      'a warning made an error',
      'options(warn = 2); warning("w")',
      'Error: (converted from warning) w',
    ],
    [
      'endless recursion',
      'options(warn = 0, expressions = 500); f <- function() f(); f()',
      'Error: evaluation nested too deeply: infinite recursion / options(expressions=)?',
    ],
    ['q() with a status', 'q("no", 3)', 'q() was called with status 3'],
    ['a restart to top level', 'invokeRestart("abort")', 'The execution was aborted.'],
  ];
  test.each(failures)(
    '%s fails the execution with the words of R',
    async (_what, code, message) => {
      const outcome = await run(r, code);

      expect([outcome.success, outcome.errorMessage]).toEqual([false, message]);
      await run(r, 'options(warn = 0, expressions = 5000)');
    },
  );

  test('what came before an error stays, what comes after it does not run', async () => {
    const outcome = await run(r, 'cat("one\\n"); kept <- 1; stop("two"); cat("three\\n")');

    expect(outcome.events).toEqual([stdout('one\n'), stderr('Error: two\n')]);
    expect((await run(r, 'kept')).text).toBe('[1] 1\n');
  });

  test('warnings that were put off come with the error', async () => {
    const outcome = await run(r, 'f <- function() { warning("w"); stop("e") }; f()');

    expect(outcome.text).toBe('Error in f() : e\nIn addition: Warning message:\nIn f() : w\n');
  });

  test('code with a syntax error does nothing at all', async () => {
    await run(r, 'untouched <- 1');

    await run(r, 'untouched <- 2\n)');

    expect((await run(r, 'untouched')).text).toBe('[1] 1\n');
  });

  test('q() ends the execution in success and leaves the session', async () => {
    const outcome = await run(r, 'cat("a\\n"); q(); cat("b\\n")');

    expect([outcome.success, outcome.text]).toEqual([
      true,
      'a\nq() does not end a session of the server: close the session instead.\n',
    ]);
  });

  test('the worker does not show', async () => {
    await run(r, 'rm(list = ls(all.names = TRUE))');

    const outcome = await run(
      r,
      'ls(all.names = TRUE); search(); Sys.getenv(c("RSERVER_WORKER_HOME", "RSERVER_WORKER_PIPES"))',
    );

    expect(outcome.text).toMatch(/^character\(0\)\n ?\[1\] ".GlobalEnv"/);
    expect(outcome.text).not.toMatch(/rserver\b(?!_)/i);
    expect(await r.listObjects()).toEqual([]);
  });

  test('child programs inherit nothing but the three standard descriptors', async () => {
    const outcome = await run(
      r,
      'system("for fd in /proc/self/fd/*; do readlink $fd; done | grep -c pipes/")',
    );

    expect(outcome.text).toBe('1\n'); // stderr; stdout is grep's
  });

  test('a plot without a device leaves no file', async () => {
    const outcome = await run(r, 'plot(1); invisible(dev.off())');

    expect([outcome.success, outcome.changedFiles]).toEqual([true, []]);
  });

  test('text is UTF-8 also where the locale is not', async () => {
    const plain = await start(languages.R, workRoot, {
      env: { PATH: process.env['PATH'], LC_ALL: 'C' },
    });

    const outcome = await run(plain, 'x <- "größer"; print(x); nchar(x)');

    expect(outcome.text).toBe('[1] "größer"\n[1] 6\n');
    await plain.close();
  });

  test('many lines in one go arrive in full', async () => {
    const outcome = await run(r, 'for (i in 1:100000) cat("line ", i, "\\n", sep = "")');

    const expected = Array.from({ length: 100_000 }, (_, i) => `line ${i + 1}\n`).join('');
    expect(outcome.text === expected).toBe(true);
  });

  test('a slow reader slows the program down and loses nothing', async () => {
    let pending = 0;
    let most = 0;
    const outcome = await run(
      r,
      'for (i in 1:20000) cat("0123456789012345678901234567890123456789\\n")',
      {
        onEvent: async () => {
          pending += 1;
          most = Math.max(most, pending);
          await new Promise((resolve) => setImmediate(resolve));
          pending -= 1;
        },
      },
    );

    expect(most).toBe(1);
    expect(outcome.text).toHaveLength(20_000 * 41);
  });

  test('a reader that fails makes the call fail, and the session lives on', async () => {
    const failing = run(r, 'cat("x\\n"); survived <- TRUE', {
      onEvent: () => {
        throw new Error('reader');
      },
    });

    await expect(failing).rejects.toThrow('reader');
    expect((await run(r, 'survived')).text).toBe('[1] TRUE\n');
  });

  test('text that a background program prints between executions comes with the next one', async () => {
    await run(r, 'system("sleep 0.05; echo late; touch late.done", wait = FALSE)');
    await run(
      r,
      'while (!file.exists("late.done")) Sys.sleep(0.01); invisible(file.remove("late.done"))',
    );

    const { text } = await run(r, 'system("true")');

    // It may have come with the execution that waited for it; it must not be lost or come twice.
    expect(text === '' || text === 'late\n').toBe(true);
  });

  test('forked helpers print, and only the first process speaks for the session', async () => {
    const outcome = await run(
      r,
      `r <- parallel::mclapply(1:2, function(i) { message("from ", i); ${emit('child')} i * 2 }, mc.cores = 2); unlist(r); ${emit('parent')}`,
    );

    expect(outcome.events.filter(({ type }) => type === 'data')).toEqual([data('parent')]);
    expect(outcome.text.split('\n').sort()).toEqual(['', '[1] 2 4', 'from 1', 'from 2']);
  });

  const interrupts: readonly (readonly [string, string])[] = [
    ['a sleep', 'Sys.sleep(60)'],
    ['a busy loop', 'repeat {}'],
    ['a busy function', 'f <- function() while (TRUE) sqrt(2); f()'],
    ['a child program', 'repeat system("sleep 60")'],
    ['a child program whose output is read', 'repeat x <- system("sleep 60", intern = TRUE)'],
    ['a long computation of R itself', 'for (i in 1:1e9) sum(runif(1e5))'],
    ['a printing loop', 'repeat cat("x\\n")'],
  ];
  test.each(interrupts)('an interrupt stops %s and keeps the workspace', async (_what, code) => {
    const outcome = await runAndThen(r, `kept <- "yes"; ${emit('started')} ${code}`, () => {
      r.interrupt();
    });

    expect([outcome.success, outcome.errorMessage]).toEqual([
      false,
      'The execution was interrupted.',
    ]);
    expect(outcome.milliseconds).toBeLessThan(2_000);
    expect((await run(r, 'kept')).text).toBe('[1] "yes"\n');
  });

  test('user code can catch its interrupt', async () => {
    const outcome = await runAndThen(
      r,
      `tryCatch({ ${emit('started')} Sys.sleep(60) }, interrupt = function(e) cat("caught\\n"))`,
      () => {
        r.interrupt();
      },
    );

    expect([outcome.success, outcome.text]).toEqual([true, 'caught\n']);
  });

  test('an interrupt that comes too late touches nothing', async () => {
    const pid = Number((await run(r, 'cat(Sys.getpid())')).text);

    for (let i = 0; i < 20; i += 1) {
      process.kill(pid, 'SIGINT'); // while nothing runs, as when it was sent in the last moment
      const outcome = await run(r, 'for (i in 1:2000) sqrt(i); cat("done\\n")');
      expect([outcome.success, outcome.text]).toEqual([true, 'done\n']);
    }
    r.interrupt();
    expect((await run(r, 'cat("alive\\n")')).text).toBe('alive\n');
  });

  test('interrupts at any moment of short executions never break the channel', async () => {
    for (let i = 0; i < 60; i += 1) {
      const running = run(r, `cat("a"); ${emit('x')} message("b"); for (i in 1:500) sqrt(i); 1`);
      const interrupting = delay(i % 4).then(() => {
        r.interrupt();
      });
      await Promise.all([running, interrupting]);
    }

    expect((await run(r, 'cat("fine\\n")')).text).toBe('fine\n');
  });

  test('a second call while one runs is refused', async () => {
    const first = runAndThen(r, `${emit('started')} Sys.sleep(60)`, () => undefined);

    await expect(run(r, '1')).rejects.toMatchObject({ code: 'RUNTIME_BUSY' });
    await expect(r.listObjects()).rejects.toMatchObject({ code: 'RUNTIME_BUSY' });
    r.interrupt();
    await first;
  });

  test('changed files are named, uploads and untouched files are not', async () => {
    await run(r, 'writeLines("1", "a.txt"); writeLines("1", "b.txt")');
    await r.writeFile('c.txt', Readable.from(['uploaded']));

    const outcome = await run(
      r,
      'writeLines("longer", "a.txt"); writeLines("1", "d.txt"); dir.create("folder")',
    );

    expect(outcome.changedFiles).toEqual(['a.txt', 'd.txt']);
    expect(await r.listFiles()).toEqual(['a.txt', 'b.txt', 'c.txt', 'd.txt']);
    expect(await textOf(await r.readFile('c.txt'))).toBe('uploaded');
    await r.deleteFile('c.txt');
    await expect(r.readFile('c.txt')).rejects.toMatchObject({ code: 'RUNTIME_FILE_NOT_FOUND' });
    await expect(r.deleteFile('c.txt')).rejects.toMatchObject({ code: 'RUNTIME_FILE_NOT_FOUND' });
    await expect(r.readFile('../x')).rejects.toMatchObject({ code: 'RUNTIME_FILE_NAME_BAD' });
    await run(r, 'unlink(dir(), recursive = TRUE)');
  });

  test('objects go out and come in as R has them', async () => {
    await run(r, 'model <- lm(mpg ~ wt, mtcars); f <- function(x) x + 1');

    await r.setObject('copy', await r.getObject('model'));
    await r.setObject('g', await r.getObject('f'));
    const serialized = await run(
      r,
      'writeBin(serialize(list(1, "a"), NULL), "object.bin"); identical(coef(copy), coef(model)); g(1)',
    );
    const bytes = Buffer.from(
      await textOf((await r.readFile('object.bin')).setEncoding('latin1')),
      'latin1',
    );
    await r.setObject('plain', bytes);

    expect(serialized.text).toBe('[1] TRUE\n[1] 2\n');
    expect((await run(r, 'identical(plain, list(1, "a"))')).text).toBe('[1] TRUE\n');
    expect(await r.listObjects()).toEqual(
      expect.arrayContaining(['copy', 'f', 'g', 'model', 'plain']),
    );
    await r.deleteObject('plain');
    expect(await r.listObjects()).not.toContain('plain');
  });

  test('objects that are not there, and bytes that are none, are told apart', async () => {
    await expect(r.getObject('nope')).rejects.toMatchObject({ code: 'RUNTIME_OBJECT_NOT_FOUND' });
    await expect(r.deleteObject('nope')).rejects.toMatchObject({
      code: 'RUNTIME_OBJECT_NOT_FOUND',
    });
    await expect(r.setObject('x', Buffer.from('no R object'))).rejects.toMatchObject({
      code: 'RUNTIME_OBJECT_BAD_BYTES',
    });
  });

  test('a snapshot carries workspace, files, packages and random numbers to another process', async () => {
    const folder = path.join(workRoot, 'snapshot');
    await mkdir(folder);
    await run(
      r,
      `rm(list = ls()); library(tools); set.seed(42); x <- 1:3; .hidden <- "h"; e <- new.env(); e$self <- e; f <- function() x; ü <- "umlaut"
       writeLines("content", "data.txt"); dir.create("sub"); writeLines("deep", "sub/deep.txt")`,
    );
    await r.saveSnapshot(folder);
    const expected = (await run(r, 'runif(2)')).text;
    const other = await start(languages.R, workRoot);

    await run(
      other,
      'y <- "stays"; x <- "replaced"; writeLines("stays", "own.txt"); writeLines("old", "data.txt")',
    );
    await other.loadSnapshot(folder);

    expect((await run(other, 'runif(2)')).text).toBe(expected);
    expect(
      (
        await run(
          other,
          'f(); y; .hidden; identical(e$self, e); "package:tools" %in% search(); readLines("data.txt"); readLines("own.txt"); readLines("sub/deep.txt"); ü',
        )
      ).text,
    ).toBe(
      '[1] 1 2 3\n[1] "stays"\n[1] "h"\n[1] TRUE\n[1] TRUE\n[1] "content"\n[1] "stays"\n[1] "deep"\n[1] "umlaut"\n',
    );
    await other.close();
    expect((await readdir(folder)).sort()).toEqual(['files', 'packages.json', 'workspace.RData']);
  });

  test('a Python snapshot is refused', async () => {
    const folder = path.join(workRoot, 'empty');
    await mkdir(folder);

    await expect(r.loadSnapshot(folder)).rejects.toMatchObject({ code: 'RUNTIME_SNAPSHOT_BAD' });
  });

  test('a process that ends in the middle fails the execution and says how it ended', async () => {
    const doomed = await start(languages.R, workRoot);

    const outcome = run(
      doomed,
      'cat("last words\\n", file = stderr()); .Internal(quit("no", 7, FALSE))',
    );

    await expect(outcome).rejects.toMatchObject({
      code: 'RUNTIME_EXITED',
      facts: { exitCode: 7, stderrTail: 'last words\n' },
    });
    await expect(doomed.exited).resolves.toEqual({
      exitCode: 7,
      signal: null,
      stderrTail: 'last words\n',
    });
    await expect(doomed.listObjects()).rejects.toMatchObject({ code: 'RUNTIME_EXITED' });
    await doomed.close();
  });

  test('a killed process is noticed while nothing runs', async () => {
    const doomed = await start(languages.R, workRoot);
    const pid = Number((await run(doomed, 'cat(Sys.getpid())')).text);

    process.kill(pid, 'SIGKILL');

    await expect(doomed.exited).resolves.toMatchObject({ exitCode: null, signal: 'SIGKILL' });
    await doomed.close();
  });

  test('closing an idle session ends R in order', async () => {
    const closing = await start(languages.R, workRoot);
    await run(
      closing,
      'reg.finalizer(globalenv(), function(e) cat("tidy\\n", file = stderr()), onexit = TRUE)',
    );

    await closing.close();

    await expect(closing.exited).resolves.toEqual({
      exitCode: 0,
      signal: null,
      stderrTail: 'tidy\n',
    });
  });

  test('closing ends the process and what it started, and removes its folder', async () => {
    const closing = await start(languages.R, workRoot);
    const { text } = await run(
      closing,
      'system("sleep 1000 & echo $!"); cat(Sys.getpid(), getwd())',
    );
    const [child = '', pidAndFolder = ''] = text.split('\n');
    const [pid = '', folder = ''] = pidAndFolder.split(' ');
    const closed: Promise<void>[] = [];

    const busy = runAndThen(
      closing,
      `suspendInterrupts({ ${emit('started')} repeat sqrt(2) })`,
      () => {
        closed.push(closing.close(), closing.close());
      },
    );

    await expect(busy).rejects.toMatchObject({ code: 'RUNTIME_EXITED' });
    await Promise.all(closed);
    expect([isRunning(Number(pid)), isRunning(Number(child)), existsSync(folder)]).toEqual([
      false,
      false,
      false,
    ]);
  });
});
