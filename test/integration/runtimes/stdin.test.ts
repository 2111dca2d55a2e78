// Programs that read from the keyboard, in real processes: what they ask, and what they make of the answers.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { InputAnswer, Runtime, RuntimeEvent } from '../../../src/runtimes/index.js';
import { describeEachWay, languages, run, temporaryFolder, type Outcome } from './support.js';

type Answer = string | null | InputAnswer;
type Question = Extract<RuntimeEvent, { type: 'input_request' }>;

const toAnswer = (answer: Answer): InputAnswer =>
  answer === null
    ? { status: 'end' }
    : typeof answer === 'string'
      ? { status: 'ok', text: answer }
      : answer;

/** What was asked, and the rest of what a run gave. `null` answers with the end of input. */
interface Dialogue extends Outcome {
  readonly prompts: readonly string[];
  readonly questions: readonly Question[];
}

/** Runs code and answers its questions one by one; a missing answer fails the run. */
async function converse(
  runtime: Runtime,
  code: string,
  ...answers: readonly Answer[]
): Promise<Dialogue> {
  const left = [...answers];
  const questions: Question[] = [];
  const outcome = await run(runtime, code, {
    onEvent: (event) => {
      if (event.type !== 'input_request') return;
      questions.push(event);
      const answer = left.length === 0 ? unavailable : left.shift();
      runtime.answerInput(event.inputId, toAnswer(answer as Answer));
    },
  });
  expect(left).toEqual([]);
  return { ...outcome, questions, prompts: questions.map(({ prompt }) => prompt) };
}

const unavailable: InputAnswer = { status: 'unavailable', reason: 'Nobody is there.' };

/** Starts code and settles with its first question; `over` settles with the end of the run. */
async function upToQuestion(
  runtime: Runtime,
  code: string,
): Promise<{ readonly question: Question; readonly over: Promise<Outcome> }> {
  let over!: Promise<Outcome>;
  const question = await new Promise<Question>((resolve) => {
    over = run(runtime, code, {
      onEvent: (event) => {
        if (event.type === 'input_request') resolve(event);
      },
    });
  });
  return { question, over };
}

describe.each(['R', 'Python'] as const)('input in %s', (language) => {
  const workRoot = temporaryFolder();
  const code = {
    R: {
      ask: 'x <- readline("Name? ")',
      show: 'cat(x)',
      around: 'cat("before"); message("warned"); x <- readline("Name? "); cat("after")',
      caught: 'x <- tryCatch(readline("Name? "), interrupt = function(i) "interrupted")',
    },
    Python: {
      ask: 'x = input("Name? ")',
      show: 'print(x, end="")',
      around:
        'import sys\nprint("before", end="")\nprint("warned", file=sys.stderr)\nx = input("Name? ")\nprint("after", end="")',
      caught: 'try:\n  x = input("Name? ")\nexcept KeyboardInterrupt:\n  x = "interrupted"',
    },
  }[language];

  describeEachWay(language, 'asks', (start) => {
    let runtime: Runtime;
    beforeAll(async () => {
      runtime = await start(languages[language], workRoot);
    });
    afterAll(() => runtime.close());

    test('for a line, in its place between what is printed, and shows neither prompt nor answer', async () => {
      const { events } = await converse(runtime, code.around, 'Zoë 🙂');
      const shown = await run(runtime, code.show);

      expect(events).toEqual([
        { type: 'stream', name: 'stdout', text: 'before' },
        { type: 'stream', name: 'stderr', text: 'warned\n' },
        {
          type: 'input_request',
          inputId: expect.any(String) as string,
          prompt: 'Name? ',
          isPassword: false,
        },
        { type: 'stream', name: 'stdout', text: 'after' },
      ]);
      expect(shown.text).toBe('Zoë 🙂');
    });

    test('takes a long answer whole, and NUL characters out of it', async () => {
      const long = 'é'.repeat(200_000);

      await converse(runtime, code.ask, `${long}\0!`);
      const shown = await run(runtime, code.show);

      expect(shown.text === `${long}!`).toBe(true);
    });

    test('and fails with the reason when nobody can answer', async () => {
      const { success, errorMessage } = await converse(runtime, code.ask, unavailable);

      expect(success).toBe(false);
      expect(errorMessage).toContain('Nobody is there.');
    });

    test('and is interrupted while it waits; a late answer is dropped', async () => {
      const { question, over } = await upToQuestion(runtime, code.ask);

      runtime.interrupt();
      const { success } = await over;
      runtime.answerInput(question.inputId, { status: 'ok', text: 'too late' });
      const next = await converse(runtime, code.ask, 'in time');
      const shown = await run(runtime, code.show);

      expect(success).toBe(false);
      expect(next.success).toBe(true);
      expect(shown.text).toBe('in time');
    });

    test('and its own handler sees the interrupt', async () => {
      const { over } = await upToQuestion(runtime, code.caught);

      runtime.interrupt();
      const { success } = await over;
      const shown = await run(runtime, code.show);

      expect(success).toBe(true);
      expect(shown.text).toBe('interrupted');
    });

    test('and can be closed while it waits', async () => {
      const waiting = await start(languages[language], workRoot);
      const { over } = await upToQuestion(waiting, code.ask);
      const ended = over.catch((error: unknown) => error);

      await waiting.close();

      await ended;
      await expect(waiting.exited).resolves.toMatchObject({
        stderrTail: expect.any(String) as string,
      });
    });
  });
});

describeEachWay('R', 'standard input of R', (start) => {
  const workRoot = temporaryFolder();
  let runtime: Runtime;
  beforeAll(async () => {
    runtime = await start(languages.R, workRoot);
  });
  afterAll(() => runtime.close());

  test('readline() strips blanks around the answer, and is empty at the end of input', async () => {
    const { text } = await converse(
      runtime,
      'dput(readline()); dput(readline("x"))',
      ' a b\t',
      null,
    );

    expect(text).toBe('"a b"\n""\n');
  });

  test.each([
    ['readLines(stdin(), 2)', ['one', ''], '"one" ""'],
    ['readLines("stdin", n = 1)', ['one'], '"one"'],
    [
      '{ con <- file("stdin"); x <- readLines(con); close(con); x }',
      ['one', 'two', ''],
      '"one" "two"',
    ],
    ['readLines()', ['one', null], '"one"'],
    ['{ a <- readLines(n = 1); c(readLines(n = 1), a) }', ['one\ntwo'], '"two" "one"'],
  ])('%s reads lines', async (call, answers, shown) => {
    const { text, prompts } = await converse(runtime, `cat(dQuote(${call}, FALSE))`, ...answers);

    expect(text).toBe(shown);
    expect(prompts).toEqual(answers.map(() => ''));
  });

  test('readLines() of a file is as ever, its warnings and errors too', async () => {
    const { text } = await run(
      runtime,
      `cat("a\\nb", file = "f.txt")
       print(readLines("f.txt"))
       con <- file("f.txt", "r"); print(readLines(con, 1)); close(con)
       print(readLines(textConnection("t")))
       print(scan(text = "1 2", quiet = TRUE))
       cat("3 4\\n", file = "n.txt"); print(scan("n.txt", quiet = TRUE))
       print(read.csv(text = "a,b\\n1,2"))
       readLines("missing.txt")`,
    );

    expect(text).toBe(
      `[1] "a" "b"
Warning message:
In readLines("f.txt") : incomplete final line found on 'f.txt'
[1] "a"
[1] "t"
[1] 1 2
[1] 3 4
  a b
1 1 2
Error in file(con, "r") : cannot open the connection
In addition: Warning message:
In file(con, "r") :
  cannot open file 'missing.txt': No such file or directory
`,
    );
  });

  test.each([
    ['scan()', ['1 2', '3', ''], ['1: ', '3: ', '4: '], 'Read 3 items\n', 'c(1, 2, 3)'],
    ['scan(n = 2, quiet = TRUE)', ['4', '5'], ['1: ', '2: '], '', 'c(4, 5)'],
    [
      'scan("", what = "", sep = ",")',
      ['a b,c', ''],
      ['1: ', '3: '],
      'Read 2 items\n',
      'c("a b", "c")',
    ],
    ['scan(stdin(), nlines = 1, quiet = TRUE)', ['7'], ['1: '], '', '7'],
    ['scan(what = list(0, ""), nmax = 1)', ['1 x'], ['1: '], 'Read 1 record\n', 'list(1, "x")'],
    ['scan("stdin", quiet = TRUE)', ['7', null], ['1: ', '2: '], '', '7'],
  ])('%s reads items', async (call, answers, asked, said, value) => {
    const { events, prompts, errorMessage } = await converse(runtime, `dput(${call})`, ...answers);
    const textOf = (name: string): string =>
      events
        .map((event) => (event.type === 'stream' && event.name === name ? event.text : ''))
        .join('');

    expect(errorMessage).toBe('');
    expect(prompts).toEqual(asked);
    expect(textOf('stderr')).toBe(said);
    expect(textOf('stdout')).toBe(`${value}\n`);
  });

  test('scan() tells at once what it cannot read', async () => {
    const { errorMessage } = await converse(runtime, 'scan()', 'abc');

    expect(errorMessage).toBe("Error in scan() : scan() expected 'a real', got 'abc'");
  });

  test('read.table(stdin()) reads a table up to an empty line', async () => {
    const { text } = await converse(runtime, 'print(read.csv(stdin()))', 'a,b', '1,x', '2,y', '');

    expect(text).toBe('  a b\n1 1 x\n2 2 y\n');
  });

  test('menu() shows the choices and asks until it gets one', async () => {
    const { text, prompts } = await converse(
      runtime,
      'print(menu(c("red", "blue"), title = "Colour?"))',
      'green',
      '7',
      '2',
    );

    const again = 'Enter an item from the menu, or 0 to exit\n';
    expect(prompts).toEqual(['Selection: ', 'Selection: ', 'Selection: ']);
    expect(text).toBe(`Colour? \n\n1: red\n2: blue\n\n${again}${again}[1] 2\n`);
  });

  test('menu() takes the text of a choice, 0 and the end of input', async () => {
    const { text } = await converse(
      runtime,
      'cat(menu(letters), menu("a"), menu("a"))',
      'c',
      '0',
      null,
    );

    expect(text.split('\n').at(-1)).toBe('3 0 0');
    expect(text).toContain(' 1: a   2: b   3: c ');
  });

  test('select.list() and askYesNo() ask', async () => {
    const { text, prompts } = await converse(
      runtime,
      'x <- select.list(c("red", "blue")); y <- select.list(c("red", "blue"), multiple = TRUE); cat(x, y, askYesNo("Sure?"), askYesNo("Sure?"), askYesNo("Sure?", default = NA))',
      '1',
      '1 2',
      'n',
      '',
      'c',
    );

    expect(prompts).toEqual([
      'Selection: ',
      '1: ',
      'Sure? (Yes/no/cancel) ',
      'Sure? (Yes/no/cancel) ',
      'Sure? (yes/no/Cancel) ',
    ]);
    expect(text.split('\n').at(-1)).toBe('red red blue FALSE TRUE NA');
  });

  test('passwords are asked for as such, by whatever package asks', async () => {
    const { text, questions } = await converse(
      runtime,
      `dir.create("library")
       for (package in c("getPass", "askpass")) {
         dir.create(file.path(package, "R"), recursive = TRUE)
         writeLines(c(paste("Package:", package), "Version: 1.0", "Title: T", "Description: D.", "License: GPL-2",
           "Author: A", "Maintainer: A <a@example.org>"), file.path(package, "DESCRIPTION"))
         writeLines(paste0("export(", package, ")"), file.path(package, "NAMESPACE"))
       }
       writeLines("getPass <- function(...) stop('no terminal')", "getPass/R/p.R")
       writeLines("askpass <- function(prompt = 'Please: ') getOption('askpass')(prompt)", "askpass/R/p.R")
       capture.output(suppressMessages(install.packages(c("getPass", "askpass"), "library", NULL, type = "source", quiet = TRUE)))
       .libPaths(c("library", .libPaths()))
       dput(getPass::getPass("One? "))
       library(getPass)
       dput(getPass(noblank = TRUE))
       dput(askpass::askpass("Three? "))`,
      ' first ',
      '',
      'second',
      'third',
    );

    expect(questions.map(({ prompt, isPassword }) => [prompt, isPassword])).toEqual([
      ['One? ', true],
      ['PASSWORD: ', true],
      ['PASSWORD: ', true],
      ['Three? ', true],
    ]);
    expect(text).toContain('" first "\nThe password must not be blank.\n"second"\n"third"\n');
  });

  test('a forked process has nobody to ask', async () => {
    const { text } = await converse(
      runtime,
      'cat(parallel::mclapply(1:2, function(i) tryCatch(readline("?"), error = conditionMessage))[[2]])',
    );

    expect(text).toBe('Input was asked for in a forked process, which has nobody to ask.');
  });

  test('the session stays not interactive, as in other notebook kernels of R', async () => {
    const { text } = await run(runtime, 'interactive()');

    expect(text).toBe('[1] FALSE\n');
  });
});

describeEachWay('Python', 'standard input of Python', (start) => {
  const workRoot = temporaryFolder();
  let runtime: Runtime;
  beforeAll(async () => {
    runtime = await start(languages.Python, workRoot);
  });
  afterAll(() => runtime.close());

  test('input() takes answers as they are, and raises EOFError at the end of input', async () => {
    const { text, errorMessage } = await converse(
      runtime,
      'print(repr(input()), repr(input(3)))\ninput("more? ")',
      ' a ',
      '',
      null,
    );

    expect(text).toContain("' a ' ''\n");
    expect(errorMessage).toBe('EOFError: end of input');
  });

  test('getpass asks for a password', async () => {
    const { questions, text } = await converse(
      runtime,
      'import getpass\nfrom getpass import getpass as ask\nprint(repr([ask(), getpass.getpass("Pin: ")]))',
      'secret',
      '1234',
    );

    expect(questions.map(({ prompt, isPassword }) => [prompt, isPassword])).toEqual([
      ['Password: ', true],
      ['Pin: ', true],
    ]);
    expect(text).toBe("['secret', '1234']\n");
  });

  test.each([
    ['sys.stdin.readline()', ['one'], "'one\\n'"],
    ['sys.stdin.readline()', [null], "''"],
    ['sys.stdin.readline(2) + "|" + sys.stdin.readline()', ['one'], "'on|e\\n'"],
    ['sys.stdin.read()', ['one', 'two', ''], "'one\\ntwo\\n'"],
    ['[line.strip() for line in sys.stdin]', ['one', 'two', null], "['one', 'two']"],
    ['sys.stdin.readlines()', ['one\ntwo', ''], "['one\\n', 'two\\n']"],
  ])('%s reads', async (expression, answers, shown) => {
    const { text } = await converse(runtime, `import sys\nprint(repr(${expression}))`, ...answers);

    expect(text).toBe(`${shown}\n`);
  });

  test('a file in the place of sys.stdin is read instead', async () => {
    const { text, prompts } = await converse(
      runtime,
      'import io, sys\nkept, sys.stdin = sys.stdin, io.StringIO("from a file\\n")\nx = input("? ")\nsys.stdin = kept\nprint(x)',
    );

    expect(prompts).toEqual([]);
    expect(text).toBe('? from a file\n');
  });

  test('where nobody can answer, the error is what notebooks and scripts expect', async () => {
    const { text } = await converse(
      runtime,
      'try:\n  input()\nexcept EOFError as error:\n  print(type(error).__name__, isinstance(error, NotImplementedError), error)',
      unavailable,
    );

    expect(text).toBe('StdinNotImplementedError True Nobody is there.\n');
  });

  test('an alarm gives a question up, and its late answer is not taken for the next one', async () => {
    let first = '';
    const { text } = await run(
      runtime,
      `import signal
def late(*_): raise TimeoutError("too slow")
signal.signal(signal.SIGALRM, late)
signal.setitimer(signal.ITIMER_REAL, 0.2)
try:
    input("first? ")
except TimeoutError as error:
    print(error)
print(input("second? "))`,
      {
        onEvent: (event) => {
          if (event.type !== 'input_request') return;
          if (first === '') {
            first = event.inputId;
            return;
          }
          runtime.answerInput(first, { status: 'ok', text: 'late' });
          runtime.answerInput(event.inputId, { status: 'ok', text: 'in time' });
        },
      },
    );

    expect(text).toBe('too slow\nin time\n');
  });

  test('threads may ask, at the same time', async () => {
    const { text } = await converse(
      runtime,
      `from concurrent.futures import ThreadPoolExecutor
with ThreadPoolExecutor(2) as pool:
    print(sorted(pool.map(input, ["1", "1"])))`,
      'a',
      'b',
    );

    expect(text).toBe("['a', 'b']\n");
  });

  test('a thread that still waits when the execution ends is told so', async () => {
    const { over } = await upToQuestion(
      runtime,
      `import threading
asked = threading.Event()
ended = threading.Event()
def wait():
    global outcome
    asked.set()
    try:
        input("? ")
    except EOFError as error:
        outcome = str(error)
    ended.set()
threading.Thread(target=wait).start()
_ = asked.wait()`,
    );
    await over;

    const { text } = await run(runtime, 'ended.wait()\nprint(outcome)');

    expect(text).toContain(
      'Input was asked for by code that goes on after the end of its execution.',
    );
  });

  test('a forked process has nobody to ask', async () => {
    const { text } = await converse(
      runtime,
      `import os
sys_out, sys_in = os.pipe()[::-1]
child = os.fork()
if child == 0:
    try:
        input()
    except EOFError as error:
        os.write(sys_out, str(error).encode())
    os._exit(0)
os.waitpid(child, 0)
print(os.read(sys_in, 1000).decode())`,
    );

    expect(text).toContain('a forked process, which has nobody to ask');
  });

  test('the debugger is answered', async () => {
    const { text, prompts } = await converse(
      runtime,
      'def f(x):\n    import pdb; pdb.set_trace()\n    return x + 1\nprint(f(41))',
      'p x * 2',
      'c',
    );

    expect(prompts).toEqual(['(Pdb) ', '(Pdb) ']);
    expect(text).toMatch(/82\n42\n$/);
  });
});
