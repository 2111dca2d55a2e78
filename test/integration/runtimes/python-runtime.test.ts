import { setTimeout as delay } from 'node:timers/promises';
import { mkdir, readdir } from 'node:fs/promises';
import path from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { pythonLanguage, type Runtime } from '../../../src/runtimes/index.js';
import {
  data,
  describeEachWay,
  hasPythonModule,
  isRunning,
  languages,
  run,
  runAndThen,
  stderr,
  stdout,
  temporaryFolder,
} from './support.js';

const hasDill = hasPythonModule('dill');

describeEachWay('Python', 'a Python runtime', (start) => {
  const workRoot = temporaryFolder();
  let python: Runtime;
  const emit = (text: string): string =>
    `__import__("rserver_runtime").emit(${JSON.stringify(text)})`;

  beforeAll(async () => {
    python = await start(languages.Python, workRoot);
  });
  afterAll(() => python.close());

  test('says which Python it is', () => {
    expect([python.runtimeType, python.languageVersion]).toEqual([
      'Python',
      expect.stringMatching(/^3\.\d+\.\d+/),
    ]);
  });

  const outputs: readonly (readonly [string, string, unknown])[] = [
    ['the value of the last expression is shown', '1; "a"\n"b"', [stdout("'b'\n")]],
    ['None is not shown', 'None', []],
    ['an assignment shows nothing', 'x = 1', []],
    ['text without a line end is passed on', 'print("a", end="")', [stdout('a')]],
    [
      'stderr stands between the lines of stdout',
      'import sys\nprint("a")\nsys.stderr.write("b\\n")\nprint("c", end="")\nsys.stderr.write("d")\nprint("e")',
      [stdout('a\n'), stderr('b\n'), stdout('c'), stderr('d'), stdout('e\n')],
    ],
    [
      'child programs print in their place',
      'import os, subprocess\nprint("a")\nos.system("echo child")\nprint("b")\nr = subprocess.run(["echo", "again"])\nprint("c")',
      [stdout('a\nchild\nb\nagain\nc\n')],
    ],
    [
      'C code and writes to the descriptor are shown',
      'import os\nprint("a", flush=True)\nn = os.write(1, b"raw\\n")\nprint("b")',
      [stdout('a\nraw\nb\n')],
    ],
    [
      'emitted data stands between the texts',
      `import sys\nprint("a")\n${emit('one')}\nprint("b", file=sys.stderr)\n${emit('two')}\n${emit('três')}\nprint("c")`,
      [stdout('a\n'), data('one'), stderr('b\n'), data('two'), data('três'), stdout('c\n')],
    ],
    [
      'data emitted as the last comes after all that is printed',
      `import sys\nprint("a")\n__import__("rserver_runtime").emit("end", last=True)\n${emit('one')}\nprint("b", file=sys.stderr)\nprint("c")`,
      [stdout('a\n'), data('one'), stderr('b\n'), stdout('c\n'), data('end')],
    ],
    [
      'emitted data is in order with text of the descriptor whatever sys.stdout is',
      `import os, io, sys\nsys.stdout = io.StringIO()\nn = os.write(1, b"raw")\n${emit('mark')}\nprint("lost")\nsys.stdout = sys.__stdout__\nprint("end")`,
      [stdout('raw'), data('mark'), stdout('end\n')],
    ],
    [
      'text outside of ASCII arrives as it is',
      'print("größer → 你好 🎉")',
      [stdout('größer → 你好 🎉\n')],
    ],
    ['what has no UTF-8 form is escaped', 'print("\\ud800")', [stdout('\\ud800\n')]],
    ['bytes go to the buffer', 'import sys\nn = sys.stdout.buffer.write(b"x\\n")', [stdout('x\n')]],
    [
      'sys.exit() without a status succeeds',
      'import sys\nprint("a")\nsys.exit()\nprint("b")',
      [stdout('a\n')],
    ],
    ['a future import lasts', 'from __future__ import annotations', []],
    [
      'a closed stdout does not end the output',
      'import sys\nsys.stdout.buffer.raw.close()\nprint("still")',
      [stdout('still\n')],
    ],
    [
      'the worker does not show',
      'print(__name__, [n for n in dir() if not n.startswith("_") and n not in ("os", "sys", "io", "subprocess", "annotations", "n", "r", "x")])\nimport os; [k for k in os.environ if k.startswith("RSERVER")]',
      [stdout('__main__ []\n[]\n')],
    ],
  ];
  test.each(outputs)('%s', async (_what, code, expected) => {
    const outcome = await run(python, code);

    expect(outcome.events).toEqual(expected);
    expect([outcome.success, outcome.errorMessage]).toEqual([true, '']);
  });

  test.skipIf(process.platform !== 'linux')(
    'much text widens its pipe, so that the server reads more of it at once',
    async () => {
      const size = 'import fcntl\nfcntl.fcntl(1, 1032)';

      const before = await run(python, size);
      await run(python, 'print("x" * 100000)');
      const after = await run(python, size);

      expect([before.events, after.events]).toEqual([[stdout('65536\n')], [stdout('262144\n')]]);
    },
  );

  test('an error shows the user’s own frames with their lines', async () => {
    await run(python, 'def inner(x):\n    return 1 / x\n');

    const outcome = await run(
      python,
      'print("before")\ndef outer():\n    inner(0)\n\nouter()\nprint("after")',
    );

    expect([outcome.success, outcome.errorMessage]).toEqual([
      false,
      'ZeroDivisionError: division by zero',
    ]);
    const withoutMarks = outcome.text
      .replaceAll(/^ *[~^]+\n/gm, '')
      .replaceAll(/<execution \d+>/g, '<execution>');
    expect(withoutMarks).toBe(
      'before\nTraceback (most recent call last):\n' +
        '  File "<execution>", line 5, in <module>\n    outer()\n' +
        '  File "<execution>", line 3, in outer\n    inner(0)\n' +
        '  File "<execution>", line 2, in inner\n    return 1 / x\n' +
        'ZeroDivisionError: division by zero\n',
    );
  });

  test('code with a syntax error does nothing at all', async () => {
    await run(python, 'untouched = 1');

    const outcome = await run(python, 'untouched = 2\nx y');

    expect(outcome.success).toBe(false);
    expect(outcome.errorMessage).toMatch(/^SyntaxError: invalid syntax/);
    expect((await run(python, 'untouched')).text).toBe('1\n');
  });

  const failures: readonly (readonly [string, string, string])[] = [
    ['sys.exit() with a status', 'import sys; sys.exit(3)', 'SystemExit: 3'],
    ['exit()', 'exit("bye")', 'SystemExit: bye'],
    [
      'an exception whose text fails',
      'class E(Exception):\n  def __str__(self): return 1 / 0\nraise E()',
      'E: <exception str() failed>',
    ],
    ['endless recursion', 'def f(): f()\nf()', 'RecursionError: maximum recursion depth exceeded'],
  ];
  test.each(failures)(
    '%s fails the execution and leaves the session',
    async (_what, code, message) => {
      const outcome = await run(python, code);

      expect([outcome.success, outcome.errorMessage]).toEqual([false, message]);
    },
  );

  test('text is UTF-8 also where the locale is not', async () => {
    const plain = await start(languages.Python, workRoot, {
      env: { PATH: process.env['PATH'], LC_ALL: 'C' },
    });

    const outcome = await run(
      plain,
      'print("größer")\nimport subprocess; r = subprocess.run(["echo", "größer"])',
    );

    expect(outcome.text).toBe('größer\ngrößer\n');
    await plain.close();
  });

  test('many lines in one go arrive in full', async () => {
    const outcome = await run(python, 'for i in range(100000): print("line", i)');

    const expected = Array.from({ length: 100_000 }, (_, i) => `line ${i}\n`).join('');
    expect(outcome.text === expected).toBe(true);
  });

  test('text shows while the code runs, though nothing flushes it', async () => {
    const outcome = await run(
      python,
      'import os, time\nprint("shown")\nwhile not os.path.exists("seen"): time.sleep(0.005)\nos.remove("seen")',
      {
        // The program ends only because its text was seen before.
        onEvent: () => python.writeFile('seen', Readable.from([''])),
      },
    );

    expect([outcome.success, outcome.text]).toEqual([true, 'shown\n']);
  });

  test('text of threads arrives', async () => {
    const outcome = await run(
      python,
      'import threading\nts = [threading.Thread(target=lambda: print("t" * 1000)) for _ in range(20)]\nfor t in ts: t.start()\nfor t in ts: t.join()',
    );

    expect(outcome.text.replaceAll('\n', '')).toBe('t'.repeat(20_000));
  });

  test('forked copies print, and only the first process speaks for the session', async () => {
    const outcome = await run(
      python,
      `import os, sys\nprint("before")\npid = os.fork()\nif pid == 0:\n    print("child")\n    ${emit('child')}\nelse:\n    done = os.waitpid(pid, 0)\n    ${emit('parent')}\n    print("parent")`,
    );

    expect(outcome.events).toEqual([stdout('before\nchild\n'), data('parent'), stdout('parent\n')]);
  });

  test('multiprocessing works', async () => {
    const outcome = await run(
      python,
      'import multiprocessing\ndef double(x): return 2 * x\nwith multiprocessing.get_context("fork").Pool(2) as pool: print(pool.map(double, [1, 2]))',
    );

    expect(outcome.text).toBe('[2, 4]\n');
  });

  const interrupts: readonly (readonly [string, string])[] = [
    ['a sleep', 'import time; time.sleep(60)'],
    ['a busy loop', 'while True: pass'],
    ['a child program', 'import os\nwhile True: os.system("sleep 60")'],
    ['a child program of subprocess', 'import subprocess; subprocess.run(["sleep", "60"])'],
    ['a printing loop', 'while True: print("x")'],
    [
      'a loop that swallows exceptions',
      'import time\nwhile True:\n    try: time.sleep(60)\n    except Exception: pass',
    ],
    ['asyncio', 'import asyncio; asyncio.run(asyncio.sleep(60))'],
  ];
  test.each(interrupts)('an interrupt stops %s and keeps the workspace', async (_what, code) => {
    const outcome = await runAndThen(python, `kept = "yes"\n${emit('started')}\n${code}`, () => {
      python.interrupt();
    });

    expect([outcome.success, outcome.errorMessage]).toEqual([
      false,
      'KeyboardInterrupt: The execution was interrupted.',
    ]);
    expect(outcome.milliseconds).toBeLessThan(2_000);
    expect((await run(python, 'kept')).text).toBe("'yes'\n");
  });

  test('user code can catch its interrupt', async () => {
    const code = `import time\ntry:\n    ${emit('started')}\n    time.sleep(60)\nexcept KeyboardInterrupt:\n    print("caught")`;

    const outcome = await runAndThen(python, code, () => {
      python.interrupt();
    });

    expect([outcome.success, outcome.text]).toEqual([true, 'caught\n']);
  });

  test('an interrupt that comes too late touches nothing', async () => {
    const pid = Number((await run(python, 'import os; print(os.getpid())')).text);

    for (let i = 0; i < 20; i += 1) {
      process.kill(pid, 'SIGINT'); // while nothing runs, as when it was sent in the last moment
      const outcome = await run(python, 'for i in range(2000): i * i\nprint("done")');
      expect([outcome.success, outcome.text]).toEqual([true, 'done\n']);
    }
    python.interrupt();
    expect((await run(python, 'print("alive")')).text).toBe('alive\n');
  });

  test('interrupts at any moment of short executions never break the channel', async () => {
    for (let i = 0; i < 60; i += 1) {
      const running = run(
        python,
        `import sys\nprint("a")\n${emit('x')}\nprint("b", file=sys.stderr)\nfor i in range(20000): i * i\n1`,
      );
      const interrupting = delay(i % 4).then(() => {
        python.interrupt();
      });
      await Promise.all([running, interrupting]);
    }

    expect((await run(python, 'print("fine")')).text).toBe('fine\n');
  });

  test('an interrupt handler of the user’s own lasts', async () => {
    await run(
      python,
      'import signal\nprevious = signal.signal(signal.SIGINT, lambda *_: (_ for _ in ()).throw(ValueError("mine")))',
    );

    const outcome = await runAndThen(
      python,
      `import time\n${emit('started')}\ntime.sleep(60)`,
      () => {
        python.interrupt();
      },
    );

    expect(outcome.errorMessage).toBe('ValueError: mine');
    await run(python, 'import signal; signal.signal(signal.SIGINT, signal.default_int_handler)');
  });

  test('changed files are named', async () => {
    await run(python, 'open("a.txt", "w").write("1"); open("b.txt", "w").write("1")');

    const outcome = await run(
      python,
      'open("b.txt", "w").write("longer"); open("c.txt", "w").write("1")',
    );

    expect(outcome.changedFiles).toEqual(['b.txt', 'c.txt']);
    await run(python, 'import os\nfor f in os.listdir(): os.remove(f)');
  });

  test('modules are found in the working directory', async () => {
    await run(python, 'open("own_module.py", "w").write("answer = 42")');

    expect((await run(python, 'import own_module; own_module.answer')).text).toBe('42\n');
    await run(
      python,
      'import os, shutil; os.remove("own_module.py"); shutil.rmtree("__pycache__", True)',
    );
  });

  test('objects go out and come in', async () => {
    await run(python, 'import json\nvalue = {"a": [1, (2, 3)], "b": {4}}\n_hidden = 1');

    await python.setObject('copy', await python.getObject('value'));

    expect((await run(python, 'copy == value and copy is not value')).text).toBe('True\n');
    const names = await python.listObjects();
    expect(names).toEqual(expect.arrayContaining(['copy', 'value']));
    expect(names.filter((name) => ['json', '_hidden', '__builtins__'].includes(name))).toEqual([]);
    await python.deleteObject('copy');
    expect(await python.listObjects()).not.toContain('copy');
  });

  test('objects that are not there, bytes that are none and objects that cannot travel are told apart', async () => {
    await run(python, 'import threading; lock = threading.Lock(); generator = (i for i in [1])');

    await expect(python.getObject('nope')).rejects.toMatchObject({
      code: 'RUNTIME_OBJECT_NOT_FOUND',
    });
    await expect(python.deleteObject('nope')).rejects.toMatchObject({
      code: 'RUNTIME_OBJECT_NOT_FOUND',
    });
    await expect(python.setObject('x', Buffer.from('no pickle'))).rejects.toMatchObject({
      code: 'RUNTIME_OBJECT_BAD_BYTES',
    });
    await expect(python.getObject('generator')).rejects.toMatchObject({
      code: 'RUNTIME_OBJECT_NOT_SERIALIZABLE',
      message: expect.stringContaining("'generator'") as string,
    });
    await run(python, 'del lock, generator');
  });

  test.skipIf(!hasDill)(
    'a snapshot carries functions, classes, modules and shared objects',
    async () => {
      const folder = path.join(workRoot, 'snapshot');
      await mkdir(folder);
      const source = await start(languages.Python, workRoot);
      await run(
        source,
        `import json as j, os.path
class Point:
    def __init__(self, x): self.x = x
    def double(self): return Point(factor * self.x)
factor = 2
def scale(p): return p.double().x + offset
offset = 1
p = Point(21)
shared = [1]
a, b = [shared], {"s": shared}
open("data.txt", "w").write("content")
with open("log.txt", "w") as log: log.write("kept")`,
      );
      await source.saveSnapshot(folder);
      await source.close();
      const other = await start(languages.Python, workRoot);

      await run(other, 'y = "stays"; factor = 5');
      await other.loadSnapshot(folder);
      const outcome = await run(
        other,
        'print(scale(p), j.dumps([1]), os.path.basename("/a/b"), y)\na[0].append(2); print(b["s"], type(p) is Point)\noffset = 100; print(scale(p)); print(open("data.txt").read(), open("log.txt").read())',
      );

      expect([outcome.text, outcome.errorMessage]).toEqual([
        '43 [1] b stays\n[1, 2] True\n142\ncontent kept\n',
        '',
      ]);
      await other.close();
      expect((await readdir(folder)).sort()).toEqual(['files', 'packages.json', 'workspace.dill']);
    },
  );

  test('a snapshot that cannot be made names every object to blame', async () => {
    const folder = path.join(workRoot, 'bad');
    await mkdir(folder);
    const source = await start(languages.Python, workRoot);
    await run(source, 'good = 1; first = (i for i in [1]); second = [(i for i in [1])]');

    await expect(source.saveSnapshot(folder)).rejects.toMatchObject({
      code: 'RUNTIME_OBJECT_NOT_SERIALIZABLE',
      message: expect.stringMatching(/'first'.*'second'/) as string,
    });
    await source.close();
  });

  test('without dill, plain objects are saved and what needs dill is named', async () => {
    const folder = path.join(workRoot, 'plain');
    await mkdir(folder);
    const source = await start(languages.Python, workRoot);
    await run(source, 'import sys; sys.modules["dill"] = None\nvalue = [1, 2]\nimport json');
    await source.saveSnapshot(folder);
    await run(source, 'def f(): pass\nclass C: pass\nc = C()');
    const unsaved = path.join(workRoot, 'not plain');
    await mkdir(unsaved);

    await expect(source.saveSnapshot(unsaved)).rejects.toMatchObject({
      code: 'RUNTIME_OBJECT_NOT_SERIALIZABLE',
      message: expect.stringMatching(/'C'.*'c'.*'f'.*install dill/) as string,
    });
    await run(source, 'del value, f, C, c, json');
    await source.loadSnapshot(folder);
    expect((await run(source, 'value, json.dumps(1)')).text).toBe("([1, 2], '1')\n");
    await source.close();
  });

  test.skipIf(!hasPythonModule('IPython'))(
    'what IPython keeps in the workspace is not part of it',
    async () => {
      const session = await start(languages.Python, workRoot);
      await run(
        session,
        `import sys
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance(user_module=sys.modules["__main__"])
del shell, sys, InteractiveShell`,
      );

      const outcome = await run(
        session,
        'get_ipython().run_cell("x = 6 * 7; x", store_history=True); None',
      );

      expect(outcome.text).toContain('42');
      expect(await session.listObjects()).toEqual(['x']);
      const folder = path.join(workRoot, 'ipython');
      await mkdir(folder);
      await session.saveSnapshot(folder);
      await session.close();
    },
  );

  test('modules are preloaded when they are there, and passed over when not', async () => {
    const language = pythonLanguage({
      command: languages.Python.workerCommand.command,
      preload: ['no_such_module_here', 'colorsys'],
    });
    const loaded = await start(language, workRoot);

    expect((await run(loaded, 'import sys; "colorsys" in sys.modules, sys.argv')).text).toBe(
      "(True, [''])\n",
    );
    await loaded.close();
  });

  test('a process that ends in the middle fails the execution and says how it ended', async () => {
    const doomed = await start(languages.Python, workRoot);

    const outcome = run(
      doomed,
      'import os, sys; print("last words", file=sys.stderr); os._exit(7)',
    );

    await expect(outcome).rejects.toMatchObject({
      code: 'RUNTIME_EXITED',
      facts: { exitCode: 7, stderrTail: 'last words\n' },
    });
    await doomed.close();
  });

  test('a crash of the interpreter leaves its trace', async () => {
    const doomed = await start(languages.Python, workRoot);

    const outcome = run(doomed, 'import ctypes; ctypes.string_at(0)');

    await expect(outcome).rejects.toMatchObject({
      facts: {
        signal: 'SIGSEGV',
        stderrTail: expect.stringContaining('Fatal Python error') as string,
      },
    });
    await doomed.close();
  });

  test('closing lets the program tidy up, and ends what it started', async () => {
    const closing = await start(languages.Python, workRoot);
    const { text } = await run(
      closing,
      'import subprocess, os; child = subprocess.Popen(["sleep", "1000"]); print(os.getpid(), child.pid)',
    );
    const [pid = 0, child = 0] = text.split(' ').map(Number);

    await closing.close();

    expect([isRunning(pid), isRunning(child)]).toEqual([false, false]);
    await expect(closing.exited).resolves.toMatchObject({ exitCode: 0 });
  });
});
