// Which services may serve several calls with one copy of their process: those of which both languages can tell from
// the code and the workspace that a call leaves nothing behind.
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Runtime } from '../../../src/runtimes/index.js';
import { describeLanguage, languages, run, start, temporaryFolder } from './support.js';

const workRoot = temporaryFolder();
const folder = path.resolve(import.meta.dirname, '../../../src/runtimes/r');

const R_JUDGE = `options(judge = local({
  e <- new.env(parent = baseenv())
  for (file in dir("${folder}", "[.]R$", full.names = TRUE)) sys.source(file, e)
  e
}))`;

/** Before: what the workspace holds; code: what each call runs. */
const R_PURE: readonly (readonly [before: string, code: string])[] = [
  ['', 'answer <- x + 1'],
  ['', 'set.seed(3); answer <- mean(rnorm(10))'],
  ['', 'rows <- sapply(1:3, function(i) i^2); names(rows) <- c("a", "b", "c"); answer <- rows'],
  ['', 'library(stats); answer <- tryCatch(log(x), error = function(e) NA)'],
  [
    'm <- glm(am ~ hp + wt, mtcars, family = binomial); f <- function(hp, wt = 2) { d <- data.frame(hp, wt); d$hp <- d$hp * 1; predict(m, d, type = "response") }',
    'answer <- f(hp, wt)',
  ],
  [
    'm <- lm(mpg ~ log(hp) + factor(cyl), mtcars)',
    'answer <- stats::predict(m, data.frame(hp, cyl))',
  ],
];
const R_IMPURE: readonly (readonly [before: string, code: string])[] = [
  ['', 'count <<- 1'],
  ['', 'options(digits = 3)'],
  ['', 'Sys.setenv(A = "b")'],
  ['', 'answer <- eval(parse(text = x))'],
  ['', 'answer <- do.call("options", list(digits = 3))'],
  ['', 'answer <- sapply(1, "options")'],
  ['', 'answer <- sapply(names, x)'],
  ['', 'answer <- base::assign("a", 1, envir = baseenv())'],
  ['', 'write.csv(mtcars, "a.csv")'],
  ['', 'cat("x", file = "a.txt")'],
  ['', 'library(splines)'],
  ['', 'f <- (function() options)(); f(digits = 3)'],
  ['', 'tryCatch(stop(), error = quit)'],
  ['', 'set.seed(1, kind = "Marsaglia-Multicarry")'],
  ['e <- new.env()', 'e$x <- 1'],
  ['l <- list(inner = list(new.env()))', 'l$inner[[1]]$x <- 1'],
  ['f <- local({ n <- 0; function() { n <<- n + 1; n } })', 'answer <- f()'],
  ['l <- list(f = function() options(digits = 3))', 'answer <- 1'],
  ['makeActiveBinding("now", function() 1, globalenv())', 'answer <- 1'],
  [
    'm <- lm(mpg ~ hp, mtcars); m$terms <- quote(a ~ b); class(m$terms) <- "formula"; m$terms[[3]] <- quote(options(digits = 3))',
    'answer <- 1',
  ],
  ['setClass("P", representation(x = "numeric")); p <- new("P", x = 1)', 'answer <- 1'],
];

describeLanguage('R', 'The judge of R services', () => {
  let session: Runtime;
  beforeAll(async () => {
    session = await start(languages.R, workRoot);
    await run(session, R_JUDGE);
  });
  afterAll(() => session.close());
  const judge = async (before: string, code: string): Promise<unknown> => {
    const prepared = await run(session, `rm(list = ls(all.names = TRUE))\n${before}`);
    expect(prepared.errorMessage).toBe('');
    const outcome = await run(
      session,
      `options(verdict = getOption("judge")$is_pure_service(parse(text = ${JSON.stringify(code)}))); verdict <- getOption("verdict")`,
      { outputParameters: ['verdict'] },
    );
    expect(outcome.errorMessage).toBe('');
    return outcome.outputParameters[0]?.value;
  };

  test.each(R_PURE)('after %j, %j leaves nothing behind', async (before, code) => {
    expect(await judge(before, code)).toBe(true);
  });

  test.each(R_IMPURE)('after %j, %j may leave something behind', async (before, code) => {
    expect(await judge(before, code)).toBe(false);
  });
});

const PYTHON_PURE: readonly (readonly [before: string, code: string])[] = [
  ['', 'answer = x + 1'],
  ['', 'answer = [round(v * 2.5, 1) for v in x if v]'],
  ['import math', 'answer = math.sqrt(x)'],
  [
    'rate = 2\ndef f(a, b=1):\n    def g(c):\n        return c * rate\n    return g(a) + b',
    'answer = f(x)',
  ],
];
const PYTHON_IMPURE: readonly (readonly [before: string, code: string])[] = [
  ['', 'import os; os.environ["a"] = "b"'],
  ['', 'exec(x)'],
  ['', 'open("a", "w").write("x")'],
  ['kept = []', 'kept.append(1)'],
  ['kept = {}', 'kept["a"] = 1'],
  ['kept = []', 'kept += [1]'],
  ['kept = []\nalias = [kept]', 'alias[0].extend([1])'],
  ['count = 0\ndef f():\n    global count\n    count = count + 1', 'f()'],
  [
    'def make():\n    n = 0\n    def f():\n        nonlocal n\n        n = n + 1\n        return n\n    return f\nf = make()',
    'answer = f()',
  ],
  ['import itertools\nnumbers = itertools.count()', 'answer = next(numbers)'],
  ['numbers = (i for i in range(10))', 'answer = next(numbers)'],
  ['import sys', 'answer = sys.modules'],
  ['class P(object):\n    pass\np = P()', 'answer = p'],
  ['', 'setattr(x, "a", 1)'],
  ['', 'class A(object):\n    pass'],
  ['def f(a=[]):\n    a.append(1)\n    return a', 'answer = f()'],
  ['', 'print(1, file=x)'],
];

describeLanguage('Python', 'The judge of Python services', () => {
  let session: Runtime;
  beforeAll(async () => {
    session = await start(languages.Python, workRoot);
  });
  afterAll(() => session.close());
  const judge = async (before: string, code: string): Promise<unknown> => {
    const clear = 'for _n in [n for n in globals() if n[:2] != "__"]: del globals()[_n]\n';
    expect((await run(session, clear + before)).errorMessage).toBe('');
    const outcome = await run(
      session,
      `verdict = (lambda server, judge: judge(server.executor, server.executor.compile(${JSON.stringify(code)})).is_pure)(__import__("rserver_runtime.server").server._server, __import__("rserver_runtime.purity").purity.Purity)`,
      { outputParameters: ['verdict'] },
    );
    expect(outcome.errorMessage).toBe('');
    return outcome.outputParameters[0]?.value;
  };

  test.each(PYTHON_PURE)('after %j, %j leaves nothing behind', async (before, code) => {
    expect(await judge(before, code)).toBe(true);
  });

  test.each(PYTHON_IMPURE)('after %j, %j may leave something behind', async (before, code) => {
    expect(await judge(before, code)).toBe(false);
  });
});
