// The R agent inside a real R, over both channels: running cells, text, plots, errors, pages. Rich forms of values have
// files of their own beside this one.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseAgentMessages, type AgentMessage } from '../../../src/bridge/agent/agent.js';
import { createRAgent } from '../../../src/bridge/agent/r-agent.js';
import { createProcessRuntime, rLanguage, type Runtime } from '../../../src/runtimes/index.js';
import { NONCE, type Channel, type Outcome } from '../../helpers/r-agent-host.js';
import { RAgentTextHost, inText } from '../../helpers/r-agent-text.js';
import { isMissing } from '../../helpers/requirements.js';

const DONE = { type: 'done', status: 'ok', user_expressions: {}, payload: [] } as const;
const FAILED = { ...DONE, status: 'error' } as const;
const RUN = { silent: false, storeHistory: true, executionCount: 1, userExpressions: {} };
const CHANNELS: readonly Channel[] = ['events', 'console'];

const printed = (text: string): AgentMessage => ({ type: 'stream', name: 'stdout', text });
const result = (plain: string): AgentMessage => ({
  type: 'result',
  data: { 'text/plain': plain },
  metadata: {},
});

/** What a cell sent that did not fail, without `done`. */
function outputsOf(outcome: Outcome): readonly AgentMessage[] {
  expect(outcome.messages.at(-1)).toEqual(DONE);
  expect(outcome.error).toBe('');
  return outcome.messages.slice(0, -1);
}

/** The error of a cell, after checking that all ends of the failure are there. */
function errorOf(outcome: Outcome) {
  const [error, done] = outcome.messages.slice(-2);
  expect(done).toEqual(FAILED);
  if (error?.type !== 'error') throw new Error(JSON.stringify(outcome));
  expect(outcome.error).toBe(error.evalue);
  return error;
}

function replyOf(outcome: Outcome) {
  const [message] = outcome.messages;
  if (message?.type !== 'reply' || outcome.messages.length !== 1) {
    throw new Error(JSON.stringify(outcome));
  }
  return message.content;
}

/** Width and height of the PNG of each display, in pixels, other messages as they are. */
function withImageSizes(messages: readonly AgentMessage[]): unknown[] {
  return messages.map((message) => {
    const image = message.type === 'display' ? message.data['image/png'] : undefined;
    if (message.type !== 'display' || typeof image !== 'string') return message;
    const bytes = Buffer.from(image, 'base64');
    expect(bytes.subarray(0, 8).toString('latin1')).toBe('\u0089PNG\r\n\u001a\n');
    return { png: [bytes.readUInt32BE(16), bytes.readUInt32BE(20)], metadata: message.metadata };
  });
}

const PLOT = { png: [840, 840], metadata: { 'image/png': { width: 420, height: 420 } } };

describe.skipIf(isMissing('R'))('the R agent', () => {
  const hosts: RAgentTextHost[] = [];
  afterAll(async () => {
    await Promise.all(hosts.map((host) => host.close()));
  });

  async function startHost(channel: Channel): Promise<RAgentTextHost> {
    const host = new RAgentTextHost(channel);
    hosts.push(host);
    expect(await host.install()).toEqual({ messages: [], stderr: '', error: '' });
    return host;
  }

  describe.each(CHANNELS)('on the %s channel', (channel) => {
    let host: RAgentTextHost;
    beforeAll(async () => {
      host = await startHost(channel);
    });
    const run: RAgentTextHost['run'] = (...parameters) => host.run(...parameters);

    describe('values', () => {
      test('the last value is the result, earlier ones are printed', async () => {
        const outcome = await run('x <- 5\nx\n"a"; x * 2');

        expect(outcome).toEqual({
          messages: [printed('[1] 5\n[1] "a"\n'), result('[1] 10'), DONE],
          stderr: '',
          error: '',
        });
      });

      test('invisible values stay invisible and are .Last.value', async () => {
        const outcome = await run('invisible(1); y <- 42');
        const last = await run('.Last.value');

        expect(outputsOf(outcome)).toEqual([]);
        expect(outputsOf(last)).toEqual([result('[1] 42')]);
      });

      test('an empty cell and a comment give nothing', async () => {
        expect(outputsOf(await run(''))).toEqual([]);
        expect(outputsOf(await run('# only this'))).toEqual([]);
      });

      test('NULL, functions with their source, factors and lists print as R prints them', async () => {
        expect(outputsOf(await run('NULL'))).toEqual([result('NULL')]);
        expect(outputsOf(await run('f <- function(x) { # odd\n   x   }\nf'))).toEqual([
          result('function(x) { # odd\n   x   }'),
        ]);
        expect(outputsOf(await run('factor(c("u", "v"))'))).toEqual([
          result('[1] u v\nLevels: u v'),
        ]);
        expect(outputsOf(await run('list(a = 1, 2)'))).toEqual([
          result('$a\n[1] 1\n\n[[2]]\n[1] 2\n'),
        ]);
      });

      test('S3, S4 and reference classes show by the user’s own methods', async () => {
        const s3 = await run(
          'print.mine <- function(x, ...) cat("<mine>\\n"); structure(1, class = "mine")',
        );
        const s4 = await run(
          'setClass("P", representation(x = "numeric")); invisible(setMethod("show", "P", function(object) cat("P!\\n"))); new("P", x = 1)',
        );
        const reference = await run(
          'G <- setRefClass("G", fields = list(n = "numeric"), methods = list(show = function() cat("G of", n, "\\n"))); G$new(n = 3)',
        );
        const over = await run(
          'print.data.frame <- function(x, ...) cat("my frame\\n"); print(mtcars); rm(print.data.frame)',
        );

        expect(outputsOf(s3)).toEqual([result('<mine>')]);
        expect(outputsOf(s4)).toEqual([result('P!')]);
        expect(outputsOf(reference)).toEqual([result('G of 3 ')]);
        expect(outputsOf(over)).toEqual([printed('my frame\n')]);
      });

      test('printing obeys the width in force', async () => {
        const outcome = await run('old <- options(width = 20)\n1:10\noptions(old)');

        expect(outputsOf(outcome)).toEqual([printed(' [1]  1  2  3  4  5\n [6]  6  7  8  9 10\n')]);
      });

      test('text of all kinds comes through as it is', async () => {
        const outcome = await run(
          's <- "é 中 😀 \\u001b[1m \\\\ \\" \\t|"\ncat(s, "\\n", sep = "")\ns',
        );

        expect(outputsOf(outcome)).toEqual([
          printed('é 中 😀 \u001b[1m \\ " \t|\n'),
          result('[1] "é 中 😀 \\033[1m \\\\ \\" \\t|"'),
        ]);
      });

      test('a cell of more than 10 000 characters with Unicode runs', async () => {
        const outcome = await run(`x <- "${'é'.repeat(12_000)}"; nchar(x)`);

        expect(outputsOf(outcome)).toEqual([result('[1] 12000')]);
      });

      test('a silent cell shows neither values nor plots', async () => {
        const outcome = await run('1; plot(1); 2', { silent: true });

        expect(outcome.messages).toEqual([DONE]);
      });
    });

    describe('what code can see is what it sees at R’s console', () => {
      test('the top level is the global environment with no frame', async () => {
        const outcome = await run(
          'identical(parent.frame(), globalenv()); sys.call(); sys.nframe(); environment(); f <- function() parent.frame(); f()',
        );

        expect(outputsOf(outcome)).toEqual([
          printed('[1] TRUE\nNULL\n[1] 0\n<environment: R_GlobalEnv>\n'),
          result('<environment: R_GlobalEnv>'),
        ]);
      });

      test('on.exit does nothing and return is an error at top level', async () => {
        const onExit = await run('on.exit(cat("bye"))');
        const returned = await run('return(1)');

        expect(outputsOf(onExit)).toEqual([]);
        expect(errorOf(returned)).toEqual({
          type: 'error',
          ename: 'Error',
          evalue: 'no function to return from, jumping to top level',
          traceback: ['Error: no function to return from, jumping to top level'],
        });
      });

      test('a condition that is only signalled changes nothing', async () => {
        const outcome = await run(
          'signalCondition(simpleError("e")); signalCondition(simpleWarning("w")); signalCondition(simpleMessage("m")); 3',
        );

        expect(outcome).toEqual({
          messages: [printed('NULL\nNULL\nNULL\n'), result('[1] 3'), DONE],
          stderr: '',
          error: '',
        });
      });

      test('the user’s own handlers come first', async () => {
        const outcome = await run(
          [
            'tryCatch(stop("a"), error = function(e) conditionMessage(e))',
            'tryCatch(warning("b"), warning = function(w) conditionMessage(w))',
            'withCallingHandlers(suppressMessages({ message("c"); 1 }))',
            'suppressWarnings(as.integer("x"))',
          ].join('\n'),
        );

        expect(outcome).toEqual({
          messages: [printed('[1] "a"\n[1] "b"\n[1] 1\n'), result('[1] NA'), DONE],
          stderr: '',
          error: '',
        });
      });
    });

    describe('warnings and messages', () => {
      test('deferred warnings follow their expression in R’s own words', async () => {
        const outcome = await run(
          'f <- function() { warning("w1"); 1 }\nf()\nwarning("top")\nlog(-1)',
        );

        expect(outcome).toEqual({
          messages: [printed('[1] 1\n'), result('[1] NaN'), DONE],
          stderr:
            'Warning message:\nIn f() : w1\nWarning message:\ntop \nWarning message:\nIn log(-1) : NaNs produced\n',
          error: '',
        });
      });

      test('several and many warnings are counted, and warnings() has them', async () => {
        const several = await run('for (i in 1:2) warning("w", i)');
        const many = await run('for (i in 1:60) warning("w", i)');
        const kept = await run('length(warnings())');

        expect(several.stderr).toBe('Warning messages:\n1: w1 \n2: w2 \n');
        expect(many.stderr).toBe(
          'There were 50 or more warnings (use warnings() to see the first 50)\n',
        );
        expect(outputsOf(kept)).toEqual([result('[1] 50')]);
      });

      test('options(warn = 1) prints at once, 2 makes errors', async () => {
        const one = await run('options(warn = 1); f <- function() warning("now"); f()', {
          executionCount: 8,
        });
        const two = await run('options(warn = 2); f()');
        await run('options(warn = 0)');

        expect(one.stderr).toBe('Warning in f() : now\n');
        expect(errorOf(two)).toEqual({
          type: 'error',
          ename: 'Error',
          evalue: '(converted from warning) now',
          traceback: [
            'Error in f() : (converted from warning) now',
            'Traceback:',
            '2: warning("now") at In[8]#1',
            '1: f()',
          ],
        });
        expect(two.stderr).toBe('');
      });

      test('messages go to stderr in R’s words', async () => {
        const outcome = await run(
          'message("one"); message("two", appendLF = FALSE); cat("out\\n")',
        );

        expect(outcome).toEqual({
          messages: [printed('out\n'), DONE],
          stderr: 'one\ntwo',
          error: '',
        });
      });

      test('what a program writes to stderr itself is not lost', async () => {
        const outcome = await run('cat("direct\\n", file = stderr())');

        expect(outcome.stderr).toBe('direct\n');
      });
    });

    describe('errors', () => {
      test('the traceback holds the user’s own frames with their lines', async () => {
        const outcome = await run(
          'f <- function(x) stop("bad ", x)\ng <- function(y) {\n  f(y)\n}\ng(3)',
          { executionCount: 7 },
        );

        expect(outcome).toEqual({
          messages: [
            {
              type: 'error',
              ename: 'Error',
              evalue: 'bad 3',
              traceback: [
                'Error in f(y) : bad 3',
                'Traceback:',
                '3: stop("bad ", x) at In[7]#1',
                '2: f(y) at In[7]#3',
                '1: g(3)',
              ],
            },
            FAILED,
          ],
          stderr: '',
          error: 'bad 3',
        });
      });

      test('output before the error stays, warnings come with it', async () => {
        const outcome = await run(
          'cat("before\\n"); as.integer("a")\nwarning("late"); stop("now")',
        );

        expect(errorOf(outcome).traceback).toEqual(['Error: now', 'Traceback:', '1: stop("now")']);
        expect(outcome.messages[0]).toEqual(printed('before\n[1] NA\n'));
        expect(outcome.stderr).toBe(
          'Warning message:\nNAs introduced by coercion \nWarning message:\nlate \n',
        );
      });

      test('rlang words its own errors', async ({ skip }) => {
        const isThere = await run('stopifnot(requireNamespace("rlang", quietly = TRUE))');
        if (isThere.error !== '') skip('needs the R package rlang');

        const outcome = await run('f <- function() rlang::abort(c("top", x = "bad"))\nf()');

        expect(errorOf(outcome).ename).toBe('rlang_error');
        expect(errorOf(outcome).evalue).toBe('top\n✖ bad');
        expect(errorOf(outcome).traceback[0]).toBe('Error in `f()`:\n! top\n✖ bad');
      });

      test('C code’s errors and missing objects read as at the console', async () => {
        const builtin = errorOf(await run('1 + "a"'));
        const missing = errorOf(await run('no_such_object'));

        expect(builtin.traceback).toEqual([
          'Error in 1 + "a" : non-numeric argument to binary operator',
        ]);
        expect(missing.traceback).toEqual(["Error: object 'no_such_object' not found"]);
      });

      test('the class of a condition of one’s own is the error’s name', async () => {
        const outcome = await run(
          'stop(structure(class = c("http_404", "error", "condition"), list(message = "gone", call = NULL)))',
        );

        expect(errorOf(outcome)).toMatchObject({ ename: 'http_404', evalue: 'gone' });
      });

      test('a long message gets a line of its own, as in R', async () => {
        const outcome = await run(`f <- function() stop("${'long '.repeat(15)}"); f()`);

        expect(errorOf(outcome).traceback[0]).toBe(`Error in f() : \n  ${'long '.repeat(15)}`);
      });

      test('a syntax error shows the line with its mark, and nothing of the cell runs', async () => {
        const outcome = await run('cat("not run")\nx y', { executionCount: 4 });

        const evalue = 'In[4]:2:3: unexpected symbol\n1: cat("not run")\n2: x y\n     ^';
        expect(outcome).toEqual({
          messages: [
            { type: 'error', ename: 'ParseError', evalue, traceback: [`Error: ${evalue}`] },
            FAILED,
          ],
          stderr: '',
          error: evalue,
        });
      });

      test('an error while a value is printed keeps what was printed', async () => {
        const outcome = await run(
          'print.broken <- function(x, ...) { cat("partial\\n"); stop("in print") }; structure(1, class = "broken")',
        );

        expect(outcome.messages[0]).toEqual(printed('partial\n'));
        expect(errorOf(outcome).traceback.slice(-2)).toEqual(['2: print.broken(x)', '1: print(x)']);
      });

      test('endless recursion ends as an error and the session goes on', async () => {
        const outcome = await run('h <- function() h(); h()');
        const after = await run('1');

        expect(errorOf(outcome).evalue).toMatch(/infinite recursion|C stack usage/);
        expect(errorOf(outcome).traceback.length).toBeLessThan(45);
        expect(outputsOf(after)).toEqual([result('[1] 1')]);
      });

      test('stop() with a condition that is no error fails the cell, too', async () => {
        const outcome = await run(
          'stop(structure(class = c("odd", "condition"), list(message = "odd one", call = NULL)))',
        );

        expect(errorOf(outcome)).toMatchObject({ ename: 'Error', evalue: 'odd one' });
      });

      test('a jump out of the agent ends the cell as an error', async () => {
        const code = host.agent.runCode('cat("a\\n"); plot(1); invokeRestart("out")', RUN);
        const outcome = await host.execute(`withRestarts(${code}, out = function() NULL)`);

        const evalue = 'The cell was left before its end, by return() or a jump to top level.';
        expect(outcome.messages).toEqual([
          printed('a\n'),
          { type: 'error', ename: 'Error', evalue, traceback: [evalue] },
          FAILED,
        ]);
      });

      test('where a server evaluates by eval(), top-level code does what it does in IRkernel', async () => {
        const cell = host.agent.runCode(
          'return(5)\non.exit(cat("bye\\n"))\nenvironment()\nf <- function() stop("x")\nf()',
          { ...RUN, executionCount: 3 },
        );
        const outcome = await host.execute(`eval(quote(${cell}), globalenv())`);

        expect(outcome.messages.slice(0, -2)).toEqual([
          printed('[1] 5\nbye\n<environment: R_GlobalEnv>\n'),
        ]);
        expect(errorOf(outcome).traceback).toEqual([
          'Error in f() : x',
          'Traceback:',
          '2: stop("x") at In[3]#4',
          '1: f()',
        ]);
      });

      test('quit() in all its forms ends the cell, not the session', async () => {
        const quit = await run('cat("a\\n"); quit(status = 3); cat("b\\n")');
        const inside = await run('f <- function() base::q("no"); f()');
        const after = await run('"alive"');

        expect(errorOf(quit)).toMatchObject({ ename: 'SystemExit', evalue: '3' });
        expect(quit.messages[0]).toEqual(printed('a\n'));
        expect(errorOf(inside)).toMatchObject({ ename: 'SystemExit', evalue: '' });
        expect(outputsOf(after)).toEqual([result('[1] "alive"')]);
      });

      test('an interrupt stops the cell and keeps the workspace', async () => {
        let isInterrupted = false;
        const outcome = await run(
          'kept <- 1; cat("started\\n"); flush(stdout()); repeat Sys.sleep(0.01)',
          {},
          (text) => {
            if (!isInterrupted && text.includes('started')) host.interrupt();
            isInterrupted ||= text.includes('started');
          },
        );
        const after = await run('kept');

        expect(outcome.messages).toEqual([
          printed('started\n'),
          {
            type: 'error',
            ename: 'Interrupt',
            evalue: 'The cell was interrupted.',
            traceback: ['Interrupted'],
          },
          FAILED,
        ]);
        expect(outputsOf(after)).toEqual([result('[1] 1')]);
      });
    });

    describe('plots', () => {
      test('drawing in several steps gives one picture', async () => {
        const outcome = await run('plot(1:10)\nlines(1:10)\nabline(h = 5); cat("end\\n")');

        expect(withImageSizes(outputsOf(outcome))).toEqual([printed('end\n'), PLOT]);
      });

      test('several pages are several pictures, each sent when the next begins', async () => {
        const outcome = await run('for (i in 1:3) { plot(i); cat("plot", i, "\\n") }');

        expect(withImageSizes(outputsOf(outcome))).toEqual([
          printed('plot 1 \n'),
          PLOT,
          printed('plot 2 \n'),
          PLOT,
          printed('plot 3 \n'),
          PLOT,
        ]);
      });

      test('panels of one page are one picture', async () => {
        const outcome = await run('par(mfrow = c(2, 2)); for (i in 1:5) plot(i)');

        expect(withImageSizes(outputsOf(outcome))).toEqual([PLOT, PLOT]);
      });

      test('a page on which nothing is drawn is not sent', async () => {
        const base = await run('plot.new(); 1');
        const grid = await run('grid::grid.newpage(); 1');
        const sized = await run('par(mfrow = c(1, 2)); 1');

        expect([base, grid, sized].map(outputsOf)).toEqual([
          [result('[1] 1')],
          [result('[1] 1')],
          [result('[1] 1')],
        ]);
      });

      test('grid graphics are pictures', async () => {
        const outcome = await run(
          'grid::grid.newpage(); grid::grid.circle(); grid::grid.newpage(); grid::grid.rect()',
        );

        expect(withImageSizes(outputsOf(outcome))).toEqual([PLOT, PLOT]);
      });

      test('size, resolution and scale follow IRkernel’s options', async () => {
        const outcome = await run(
          'old <- options(repr.plot.width = 4, repr.plot.height = 3, repr.plot.res = 100, jupyter.plot_scale = 1)\nplot(1)',
        );
        await run('options(old)');

        expect(withImageSizes(outputsOf(outcome))).toEqual([
          { png: [400, 300], metadata: { 'image/png': { width: 400, height: 300 } } },
        ]);
      });

      test.each([0, 1, 2, 3, 100])(
        '%i bytes are the same base64 with and without jsonlite',
        async (count) => {
          const show = `.rserver_kernel$display(list("image/png" = as.raw((seq_len(${count}) * 37) %% 256)))`;
          const without = await run(show);
          await run('invisible(requireNamespace("jsonlite", quietly = TRUE))');
          const withJsonlite = await run(
            `${show}; invisible(try(unloadNamespace("jsonlite"), TRUE))`,
          );

          const bytes = Buffer.from(Array.from({ length: count }, (_, i) => ((i + 1) * 37) % 256));
          const data = { 'image/png': bytes.toString('base64') };
          const message = { type: 'display', data, metadata: {} };
          expect(outputsOf(without)).toEqual([message]);
          expect(outputsOf(withJsonlite)).toEqual([message]);
        },
      );

      test('what was drawn before an error is shown', async () => {
        const outcome = await run('plot(1); stop("after")');

        expect(withImageSizes(outcome.messages)[0]).toEqual(PLOT);
        expect(errorOf(outcome).evalue).toBe('after');
      });

      test('the user’s dev.off() shows the picture and the next plot is a new one', async () => {
        const outcome = await run('plot(1); invisible(dev.off()); cat("off\\n"); plot(2)');

        expect(withImageSizes(outputsOf(outcome))).toEqual([
          // Closed and therefore complete, but sent after the expression in which it was closed.
          PLOT,
          printed('off\n'),
          PLOT,
        ]);
      });

      test('the user’s own devices are left alone', async () => {
        const outcome = await run(
          [
            'file <- tempfile(fileext = ".svg"); svg(file); plot(1); own <- dev.cur()',
            'dev.new(); plot(2); invisible(dev.set(own)); plot(3)',
          ].join('\n'),
        );
        const after = await run(
          'identical(dev.cur(), own); invisible(dev.off()); file.exists(file); dev.list()',
        );

        expect(withImageSizes(outputsOf(outcome))).toEqual([PLOT]);
        expect(outputsOf(after)).toEqual([printed('[1] TRUE\n[1] TRUE\n'), result('NULL')]);
      });

      test('other formats are drawn on request', async () => {
        const outcome = await run(
          'old <- options(jupyter.plot_mimetypes = c("image/png", "image/svg+xml"))\nplot(1:3); text(2, 2, "uniqueé"); grid::grid.newpage(); grid::grid.circle()',
        );
        await run('options(old)');

        const displays = outputsOf(outcome).map((message) => {
          if (message.type !== 'display') throw new Error(message.type);
          const svg = message.data['image/svg+xml'];
          return [
            Object.keys(message.data),
            typeof svg === 'string' && svg.startsWith('<?xml'),
            message.metadata,
          ];
        });
        const kinds = ['text/plain', 'image/png', 'image/svg+xml'];
        const metadata = { ...PLOT.metadata, 'image/svg+xml': { isolated: true } };
        expect(displays).toEqual([
          [kinds, true, metadata],
          [kinds, true, metadata],
        ]);
      });

      test('nothing is left: no device, no file, no hook, no option', async () => {
        await run('plot(1)');
        const outcome = await host.execute(
          'cat(length(dev.list()), length(list.files(tempdir(), "^rserver_kernel")), length(getHook("plot.new")), is.null(getOption("jupyter.in_kernel")), is.null(getOption("error")))',
        );

        expect(outcome.messages).toEqual([printed('0 0 0 TRUE TRUE')]);
      });
    });

    describe('pages', () => {
      test('?topic is the help page in HTML and text', async () => {
        const [message] = outputsOf(await run('?mean'));

        if (message?.type !== 'result') throw new Error(JSON.stringify(message));
        expect(Object.keys(message.data)).toEqual(['text/plain', 'text/html']);
        expect(message.data['text/plain']).toMatch(
          /^mean +package:base +R Documentation\n\nArithmetic Mean\n/,
        );
        expect(message.data['text/html']).toMatch(/<h2>Arithmetic Mean<\/h2>/);
        expect(message.data['text/html']).not.toMatch(/<html|<head|<body|<link/);
      });

      test('a topic without a page says what R says', async () => {
        const outcome = await run('?nosuchtopic');

        expect(outputsOf(outcome)).toEqual([
          result(
            'No documentation for ‘nosuchtopic’ in specified packages and libraries:\nyou could try ‘??nosuchtopic’',
          ),
        ]);
      });

      test('pagers, browsers and data viewers show here', async () => {
        const pager = await run('f <- function() 1\npage(f, method = "print")');
        const browser = await run('browseURL("https://example.org/")');
        const viewer = await run('View(data.frame(a = 1))');

        expect(outputsOf(pager)).toMatchObject([
          {
            type: 'display',
            data: { 'text/plain': expect.stringContaining('function() 1') as string },
          },
        ]);
        expect(outputsOf(browser)).toEqual([printed('https://example.org/\n')]);
        expect(outputsOf(viewer)).toEqual([printed('  a\n1 1\n')]);
      });

      test('browser() says that it cannot and lets the code go on', async () => {
        const outcome = await run('f <- function() { browser(); 1 }; f()');

        expect(outcome).toEqual({
          messages: [result('[1] 1'), DONE],
          stderr: 'browser() needs an interactive console: the code goes on.\n',
          error: '',
        });
      });
    });

    describe('user expressions', () => {
      test('are evaluated after the code, errors apart', async () => {
        const outcome = await run('z <- 2', {
          userExpressions: { twice: 'z * 2', 'bad one': 'stop("no")', worse: 'x y' },
        });

        const done = outcome.messages.at(-1);
        expect(outcome.error).toBe('');
        expect(done).toMatchObject({
          type: 'done',
          status: 'ok',
          user_expressions: {
            twice: { status: 'ok', data: { 'text/plain': '[1] 4' }, metadata: {} },
            'bad one': { status: 'error', ename: 'Error', evalue: 'no' },
            worse: { status: 'error', ename: 'Error' },
          },
        });
      });
    });

    describe('completion', () => {
      const complete = async (code: string, cursor = Array.from(code).length) =>
        replyOf(await host.execute(host.agent.completeCode(code, cursor)));

      test.each([
        ['members', 'x <- mtcars$m', ['mpg numeric'], 12],
        ['exports of a package', 'utils::read.cs', ['read.csv function', 'read.csv2 function'], 7],
        [
          'internals of a package',
          'stats:::plot.ts',
          ['plot.ts function', 'plot.tskernel function'],
          8,
        ],
        ['packages', 'library(parall', ['parallel module'], 8],
        ['columns in brackets', 'mtcars[["cy', ['cyl column'], 9],
        ['arguments', 'lm(formula = y, singul', ['singular.ok =  param'], 16],
        ['arguments of the usual method', 'plot(1, xla', ['xlab =  param'], 8],
        ['options', 'options(scip', ['scipen =  param'], 8],
        ['variables of the environment', 'Sys.getenv("R_HOM', ['R_HOME variable'], 12],
        ['data sets', 'data(mtc', ['mtcars dataframe'], 5],
        ['topics of help', '?rnor', ['rnorm function'], 1],
        ['words of the language', 'repea', ['repeat keyword'], 0],
        ['after astral characters', '"😀"; mtcars$cy', ['cyl numeric'], 12],
        ['in the middle', 'mtcars$cy + 1', ['cyl numeric'], 7, 9],
        ['nothing in a comment', '# mtcars$cy', [], 11],
        ['nothing of what a call would give', 'identity(mtcars)$cy', [], 17],
        ['nothing of nonsense', 'qqqzzz', [], 0],
      ])('finds %s', async (_name, code, expected, start, cursor?: number) => {
        const reply = await complete(code, cursor);

        const types = (reply['metadata'] as Record<string, { text: string; type: string }[]>)[
          '_jupyter_types_experimental'
        ];
        expect(types?.map(({ text, type }) => `${text} ${type}`)).toEqual(expected);
        expect(reply).toMatchObject({
          matches: types?.map(({ text }) => text),
          cursor_start: start,
          cursor_end: cursor ?? Array.from(code).length,
        });
      });

      test('tells the arguments of functions', async () => {
        expect(await complete('rnor')).toMatchObject({
          metadata: {
            _jupyter_types_experimental: [{ text: 'rnorm', signature: '(n, mean = 0, sd = 1)' }],
          },
        });
      });

      test('finds what environments and S4 objects hold', async () => {
        await run(
          'counter <- new.env(); counter$count <- 1; counter$add <- function() 1; makeActiveBinding("live", function() stop("ran"), counter)\nsetClass("Point", representation(across = "numeric")); p <- new("Point", across = 1)',
        );

        expect(await complete('counter$')).toMatchObject({
          matches: ['add', 'count', 'live'],
          metadata: {
            _jupyter_types_experimental: [
              { type: 'function' },
              { type: 'instance' },
              { type: 'property' },
            ],
          },
        });
        expect(await complete('p@')).toMatchObject({ matches: ['across'] });
      });

      test('finds arguments of a call that began lines before', async () => {
        const code = "matrix(\n  1:4, # don't\n  byr";

        expect(await complete(code)).toMatchObject({
          matches: ['byrow = '],
          cursor_start: code.length - 3,
          cursor_end: code.length,
        });
      });

      test('puts odd names in backticks', async () => {
        await run('odd <- list(`a b` = 1)');

        expect(await complete('odd$a')).toMatchObject({ matches: ['`a b`'] });
      });

      test('finds files inside strings', async () => {
        await run(
          'dir.create(d <- file.path(tempdir(), "files")); file.create(file.path(d, "only.csv")); old <- setwd(d)',
        );

        const reply = await complete('read.csv("on');
        await run('setwd(old)');

        expect(reply).toMatchObject({ matches: ['only.csv'], cursor_start: 10, cursor_end: 12 });
      });
    });

    describe('inspection', () => {
      const inspect = async (code: string, cursor = code.length, detail: 0 | 1 = 0) =>
        replyOf(await host.execute(host.agent.inspectCode(code, cursor, detail)));

      test('a function of a package has its help page', async () => {
        const reply = await inspect('x <- nchar(a)', 7);

        const data = reply['data'] as Record<string, string>;
        expect(reply['found']).toBe(true);
        expect(data['text/plain']).toMatch(/^nchar\(x, type = "chars"/);
        expect(data['text/html']).toMatch(/<h2>Count the Number of Characters/);
      });

      test('inside the parentheses it is about the call', async () => {
        const reply = await inspect('paste(1, ');

        expect((reply['data'] as Record<string, string>)['text/plain']).toMatch(
          /^paste\(\.\.\., sep = " "/,
        );
      });

      test('a function of one’s own has its arguments and source', async () => {
        await run('mine <- function(a, b = 2) {\n  a # yes\n}');

        expect(await inspect('mine')).toEqual({
          found: true,
          data: { 'text/plain': 'mine(a, b = 2)\n\nfunction(a, b = 2) {\n  a # yes\n}\n' },
          metadata: {},
        });
      });

      test('a value has its class, size and structure', async () => {
        await run('d <- list(v = 1:3)');

        expect(await inspect('d$v')).toEqual({
          found: true,
          data: { 'text/plain': 'Class: integer\nLength: 3\n int [1:3] 1 2 3\n' },
          metadata: {},
        });
      });

      test('what is not there is not found', async () => {
        expect(await inspect('no_such_thing')).toEqual({ found: false, data: {}, metadata: {} });
        expect(await inspect('')).toEqual({ found: false, data: {}, metadata: {} });
      });
    });

    test.each([
      ['x <- 1', { status: 'complete' }],
      ['', { status: 'complete' }],
      ['# note', { status: 'complete' }],
      ['x y', { status: 'invalid' }],
      [')', { status: 'invalid' }],
      ['f(', { status: 'incomplete' }],
      ['1 +', { status: 'incomplete' }],
      ['f <- function() {\n  if (x) {', { status: 'incomplete' }],
      ['f <- function() {\n  x', { status: 'incomplete' }],
      ['"abc', { status: 'incomplete' }],
    ])('%j is judged for completeness', async (code, expected) => {
      expect(replyOf(await host.execute(host.agent.isCompleteCode(code)))).toEqual(expected);
    });

    test('variables are listed without being run', async () => {
      const fresh = await startHost(channel);
      await fresh.run(
        [
          'n <- 1.5; s <- "é\\"q"; v <- 1:100; f <- function(x, y = 2) x; d <- data.frame(a = 1:2, b = 3)',
          'l <- list(p = 1, q = 2); nothing <- NULL; makeActiveBinding("act", function() stop("ran"), globalenv())',
          'fa <- factor(c("u", "v")); day <- as.Date("2020-01-02"); .hidden <- 1',
        ].join('\n'),
      );

      const reply = replyOf(await fresh.execute(fresh.agent.variablesCode()));

      expect(reply).toEqual({
        variables: [
          { name: 'act', type: 'active binding', size: '', value: '' },
          { name: 'd', type: 'data.frame', size: '2 × 2', value: 'a, b' },
          { name: 'day', type: 'Date', size: '1', value: '2020-01-02' },
          { name: 'f', type: 'function', size: '', value: 'function (x, y = 2)' },
          { name: 'fa', type: 'factor', size: '2', value: 'u, v' },
          { name: 'l', type: 'list', size: '2', value: 'p, q' },
          { name: 'n', type: 'numeric', size: '1', value: '1.5' },
          { name: 'nothing', type: 'NULL', size: '0', value: 'NULL' },
          { name: 's', type: 'character', size: '1', value: '"é\\"q"' },
          { name: 'v', type: 'integer', size: '100', value: '1, 2, 3, 4, 5, 6, 7, 8, 9, 10' },
        ],
      });
    });

    describe('what the kernel is told of the workspace', () => {
      const toldBy = (outcome: Outcome) =>
        outcome.messages.filter((message) => message.type === 'workspace');
      const start = async () => {
        const fresh = await startHost(channel);
        let known = 0;
        const tell = async (code: string) => {
          const told = toldBy(await fresh.run(code, { known }));
          known = told.at(-1)?.serial ?? known;
          return told;
        };
        return { fresh, tell };
      };

      test('everything before the first cell, then only what changes', async () => {
        const { tell } = await start();

        const [first] = await tell('1');
        const made = await tell(
          'd <- data.frame(a = 1:2); f <- function(x, n = 2) x; l <- list(p = 1)',
        );
        const nothing = await tell('1 + 1');
        const inPlace = await tell('l$q <- mean');
        const gone = await tell('rm(d)');

        expect(first).toMatchObject({
          full: true,
          spaces: { 'package:stats': expect.any(Array) as unknown },
        });
        expect(made[0]?.objects).toEqual(
          expect.arrayContaining([
            {
              name: 'd',
              type: 'data.frame',
              size: '2 × 1',
              value: 'a',
              kind: 'dataframe',
              members: ['a'],
              types: ['integer'],
              access: '$',
            },
            {
              name: 'f',
              type: 'function',
              size: '',
              value: 'function (x, n = 2)',
              kind: 'function',
              signature: '(x, n = 2)',
            },
            {
              name: 'l',
              type: 'list',
              size: '1',
              value: 'p',
              kind: 'instance',
              members: ['p'],
              types: ['instance'],
              access: '$',
            },
          ]),
        );
        expect(nothing).toEqual([]);
        expect(inPlace[0]?.objects).toMatchObject([{ name: 'l', members: ['p', 'q'] }]);
        expect(gone[0]).toMatchObject({ gone: ['d'] });
      });

      test('looking runs neither promises nor active bindings', async () => {
        const { fresh, tell } = await start();
        await tell('1');

        const told = await tell(
          'delayedAssign("late", cat("ran")); makeActiveBinding("live", function() cat("ran"), globalenv())',
        );
        const after = await fresh.run('2');

        const types = told[0]?.objects?.map(({ name, type }) => `${name} ${type}`);
        expect(types?.sort()).toEqual(['late promise', 'live active binding']);
        expect(outputsOf(after)).toEqual([result('[1] 2')]);
      });

      test('all again, when the kernel knows another state', async () => {
        const { fresh, tell } = await start();
        await tell('a <- 1');

        const told = toldBy(await fresh.run('1', { known: 12 }));

        expect(told).toMatchObject([{ full: true, objects: [{ name: 'a' }] }]);
      });

      test('a failing cell, too, and nothing to a kernel that does not ask', async () => {
        const { fresh, tell } = await start();
        await tell('1');

        const told = await tell('kept <- 1; stop("no")');
        const silent = toldBy(await fresh.run('other <- 1'));

        expect(told[0]?.objects).toMatchObject([{ name: 'kept' }]);
        expect(silent).toEqual([]);
      });
    });

    describe('hiding', () => {
      test('the session shows one entry on the search path, with one object besides the helpers, and nothing in the workspace', async () => {
        const fresh = await startHost(channel);
        await fresh.run('plot(1); ?mean; 1');

        const outcome = await fresh.run(
          'setdiff(search(), c(".GlobalEnv", paste0("package:", c(getOption("defaultPackages"), "base")), "Autoloads")); ls(all.names = TRUE); grep("display|mimebundle|clear_output", ls("tools:rserver_kernel", all.names = TRUE), invert = TRUE, value = TRUE); exists(".Random.seed"); nrow(showConnections())',
        );

        expect(outputsOf(outcome)).toEqual([
          printed(
            '[1] "package:methods"      "tools:rserver_kernel"\ncharacter(0)\n[1] ".rserver_kernel"\n[1] FALSE\n'.replace(
              /^\[1\] "package:methods" +/,
              '[1] ',
            ),
          ),
          result('[1] 1'),
        ]);
      });

      test('a device which the server has open from the start is no place for plots', async () => {
        const fresh = new RAgentTextHost(channel);
        hosts.push(fresh);
        await fresh.execute('grDevices::pdf(NULL)');
        await fresh.install();

        const outcome = await fresh.run('plot(1); names(dev.list())[1]; 1');
        const after = await fresh.run('names(dev.cur())');

        expect(withImageSizes(outputsOf(outcome))).toEqual([
          printed('[1] "pdf"\n'),
          result('[1] 1'),
          PLOT,
        ]);
        expect(outputsOf(after)).toEqual([result('[1] "png"')]);
        expect((await fresh.execute('cat(names(dev.cur()))')).messages).toEqual([printed('pdf')]);
      });

      test('installing again replaces the agent and leaves one', async () => {
        const fresh = await startHost(channel);
        await fresh.install();

        const outcome = await fresh.run('sum(search() == "tools:rserver_kernel")');
        const quit = await fresh.run('quit()');

        expect(outputsOf(outcome)).toEqual([result('[1] 1')]);
        expect(errorOf(quit).ename).toBe('SystemExit');
      });

      test('a session without it says what isMissing() looks for', async () => {
        const fresh = new RAgentTextHost(channel);
        hosts.push(fresh);

        const outcome = await fresh.run('1');

        expect(outcome.messages).toEqual([]);
        expect(fresh.agent.isMissing(outcome.error)).toBe(true);
      });

      test('options which a cell sets stay set, the agent’s own do not', async () => {
        await run('options(digits = 3, pager = "mine")');
        const outcome = await host.execute('cat(getOption("digits"), getOption("pager"))');
        await run('options(digits = 7)');

        expect(outcome.messages).toEqual([printed('3 mine')]);
      });

      test('user objects named like R’s functions do no harm', async () => {
        await run(
          'c <- 1; paste0 <- "p"; list <- NULL; print <- 3; sink <- function(...) stop("no"); T <- FALSE',
        );
        const outcome = await run('data.frame(a = 1)[1, ]\n2');
        await run('rm(c, paste0, list, print, sink, T)');

        expect(outputsOf(outcome)).toEqual([printed('[1] 1\n'), result('[1] 2')]);
      });
    });
  });

  test('on the console channel messages and stderr come in the order in which they were made', async () => {
    const host = await startHost('console');

    const outcome = await host.run(
      'cat("a\\n"); message("b"); .rserver_kernel$display(list("text/plain" = "c")); cat("d\\n")',
    );

    expect(outcome.messages).toEqual([
      printed('a\n'),
      { type: 'display', data: { 'text/plain': 'c' }, metadata: {} },
      printed('d\n'),
      DONE,
    ]);
    expect(outcome.stderr).toBe('b\n');
  });

  describe('in a session of the embedded server', () => {
    const agent = createRAgent();
    let runtime: Runtime;
    let workRoot = '';
    beforeAll(async () => {
      workRoot = await mkdtemp(path.join(tmpdir(), 'agent-r-'));
      const options = { language: rLanguage(), workRoot, env: { ...process.env, LANGUAGE: 'en' } };
      runtime = await createProcessRuntime(options);
      await execute(agent.installCode({ channel: 'events', nonce: NONCE }));
    });
    afterAll(async () => {
      await runtime.close();
      await rm(workRoot, { recursive: true });
    });

    async function execute(code: string, onText?: () => void) {
      const messages: AgentMessage[] = [];
      const execution = { code, inputParameters: [], outputParameters: [] };
      const { success } = await runtime.execute(execution, (event) => {
        if (event.type === 'input_request') throw new Error(event.prompt);
        if (event.type === 'stream') onText?.();
        const pieces = event.type === 'stream' ? [event] : parseAgentMessages(event.data);
        for (const message of pieces) {
          if (message === undefined) throw new Error(JSON.stringify(event));
          const last = messages.at(-1);
          if (message.type === 'stream' && last?.type === 'stream' && last.name === message.name) {
            messages[messages.length - 1] = { ...last, text: last.text + message.text };
          } else {
            messages.push(message);
          }
        }
      });
      const done = messages.findIndex(({ type }) => type === 'done');
      return { messages: inText(done < 0 ? messages : messages.slice(0, done + 1)), success };
    }
    const run = (source: string, onText?: () => void) =>
      execute(
        agent.runCode(source, {
          silent: false,
          storeHistory: true,
          executionCount: 1,
          userExpressions: {},
        }),
        onText,
      );

    test('stdout, stderr, displays and the result come in the order in which they were made', async () => {
      const outcome = await run(
        'cat("a\\n"); message("b"); cat("c\\n"); warning("d")\n.rserver_kernel$display(list("text/plain" = "e")); options(warn = 1); cat("f\\n"); warning("g"); cat("h\\n"); options(warn = 0); 1',
      );

      const stream = (name: 'stdout' | 'stderr', text: string) => ({ type: 'stream', name, text });
      expect(outcome).toEqual({
        success: true,
        messages: [
          stream('stdout', 'a\n'),
          stream('stderr', 'b\n'),
          stream('stdout', 'c\n'),
          stream('stderr', 'Warning message:\nd \n'),
          { type: 'display', data: { 'text/plain': 'e' }, metadata: {} },
          stream('stdout', 'f\n'),
          stream('stderr', 'Warning: g\n'),
          stream('stdout', 'h\n'),
          result('[1] 1'),
          DONE,
        ],
      });
    });

    test('a failing cell fails the execution, and the session goes on', async () => {
      const failed = await run('f <- function() stop("x"); f()');
      const quit = await run('q()');
      const after = await run('1');

      const error = {
        type: 'error',
        ename: 'Error',
        evalue: 'x',
        traceback: [
          '\u001b[31mError in f() : \u001b[39mx',
          'Traceback:',
          '2: stop("x") at In[1]#1',
          '1: f()',
        ],
      };
      expect(failed).toEqual({ success: false, messages: [error, FAILED] });
      expect(quit).toMatchObject({ success: false, messages: [{ ename: 'SystemExit' }, FAILED] });
      expect(after).toEqual({ success: true, messages: [result('[1] 1'), DONE] });
    });

    test('an interrupt becomes the error of that name', async () => {
      const outcome = await run('plot(1); cat("started\\n"); Sys.sleep(30)', () => {
        runtime.interrupt();
      });

      expect(withImageSizes(outcome.messages)).toEqual([
        printed('started\n'),
        PLOT,
        {
          type: 'error',
          ename: 'Interrupt',
          evalue: 'The cell was interrupted.',
          traceback: ['Interrupted'],
        },
        FAILED,
      ]);
    });

    test('plots are pictures and their files stay out of the working directory', async () => {
      const outcome = await run('plot(1)');

      expect(withImageSizes(outcome.messages)).toEqual([PLOT, DONE]);
      expect(await runtime.listFiles()).toEqual([]);
      expect(await runtime.listObjects()).toEqual(['f']);
    });
  });

  test('on the console channel a diverted stdout swallows no message', async () => {
    const host = await startHost('console');

    const outcome = await host.run(
      'sink(file <- tempfile()); print(1); .rserver_kernel$display(list("text/plain" = "shown")); sink(); readLines(file)',
    );

    // With one text for all, only stderr escapes the user's sink: the server merges the two.
    const display = '{"type":"display","data":{"text/plain":"shown"},"metadata":{}}';
    expect(outcome.stderr).toBe(`\u001e${NONCE}:${display}\u001e`);
    expect(outputsOf(outcome).slice(-1)).toEqual([result('[1] "[1] 1"')]);
  });
});
