// The same small programs in both languages.
import { spawnSync } from 'node:child_process';
import type { LanguageName } from '../../../src/bridge/index.js';

/** Programs of one language. Text given to them holds no quotes. */
export interface Snippets {
  print(text: string): string;
  printError(text: string): string;
  printLines(count: number): string;
  assign(name: string, value: string): string;
  sleep(seconds: number): string;
  /** Prints, waits until the file is in the working directory, prints again. */
  printAndWaitForFile(before: string, file: string, after: string): string;
  /** A function `inner`, called by another, that fails with `went wrong`. */
  readonly failingFunction: string;
  readonly twoPlots: string;
  /** Its value has the columns `month` and `total`. */
  readonly dataFrame: string;
  /** A name that has help. */
  readonly documented: string;
  readonly removeAgent: string;
  /** Prints `started`, runs for a minute and does not listen to interrupts. */
  readonly stubborn: string;
  readonly killItself: string;
  writeFile(name: string, text: string): string;
  readFile(name: string): string;
  remove(name: string): string;
  exists(name: string): string;
  /** Adds a line to a file, so that runs can be counted. */
  appendLine(file: string): string;
  countLines(file: string): string;
}

const R: Snippets = {
  print: (text) => `cat("${text}\\n")`,
  printError: (text) => `message("${text}")`,
  printLines: (count) => `for (i in 1:${count.toString()}) cat("line ", i, "\\n", sep = "")`,
  assign: (name, value) => `${name} <- ${value}`,
  sleep: (seconds) => `Sys.sleep(${seconds.toString()})`,
  printAndWaitForFile: (before, file, after) =>
    `cat("${before}\\n"); while (!file.exists("${file}")) Sys.sleep(0.01); cat("${after}\\n")`,
  failingFunction:
    'inner <- function() stop("it went wrong")\nouter_function <- function() inner()\nouter_function()',
  twoPlots: 'plot(1:3)\nhist(c(1, 2, 2, 3))',
  dataFrame: 'data.frame(month = c("Jan", "Feb"), total = c(120, 95))',
  documented: 'mean',
  removeAgent: 'detach("tools:rserver_kernel", character.only = TRUE)',
  stubborn: [
    'first <- TRUE',
    'end <- Sys.time() + 60',
    'while (Sys.time() < end) tryCatch({',
    '  if (first) cat("started\\n")',
    '  first <- FALSE',
    '  Sys.sleep(1)',
    '}, interrupt = function(condition) NULL)',
  ].join('\n'),
  killItself: 'tools::pskill(Sys.getpid(), 9)',
  writeFile: (name, text) => `writeLines("${text}", "${name}")`,
  readFile: (name) => `cat(readLines("${name}"), sep = "\\n")`,
  remove: (name) => `rm(${name})`,
  exists: (name) => `exists("${name}")`,
  appendLine: (file) => `cat("run\\n", file = "${file}", append = TRUE)`,
  countLines: (file) => `cat(length(readLines("${file}")))`,
};

const PYTHON: Snippets = {
  print: (text) => `print("${text}")`,
  printError: (text) => `import sys; print("${text}", file=sys.stderr)`,
  printLines: (count) => `for i in range(${count.toString()}): print("line", i + 1)`,
  assign: (name, value) => `${name} = ${value}`,
  sleep: (seconds) => `import time; time.sleep(${seconds.toString()})`,
  printAndWaitForFile: (before, file, after) =>
    `import os, time\nprint("${before}")\nwhile not os.path.exists("${file}"): time.sleep(0.01)\nprint("${after}")`,
  failingFunction:
    'def inner():\n    raise ValueError("it went wrong")\ndef outer_function():\n    inner()\nouter_function()',
  twoPlots:
    'import matplotlib.pyplot as plt\nplt.figure(); plt.plot([1, 2, 3])\nplt.figure(); plt.hist([1, 2, 2, 3]);',
  dataFrame: 'import pandas as pd\npd.DataFrame({"month": ["Jan", "Feb"], "total": [120, 95]})',
  documented: 'print',
  removeAgent: 'import sys; del sys.modules["_rserver_kernel"]',
  stubborn: [
    'import time',
    'first = True',
    'end = time.time() + 60',
    'while time.time() < end:',
    '    try:',
    '        if first: print("started")',
    '        first = False',
    '        time.sleep(1)',
    '    except KeyboardInterrupt:',
    '        pass',
  ].join('\n'),
  killItself: 'import os; os.kill(os.getpid(), 9)',
  writeFile: (name, text) => `import pathlib; _ = pathlib.Path("${name}").write_text("${text}\\n")`,
  readFile: (name) => `print(open("${name}").read(), end="")`,
  remove: (name) => `del ${name}`,
  exists: (name) => `"${name}" in globals()`,
  appendLine: (file) => `with open("${file}", "a") as f: _ = f.write("run\\n")`,
  countLines: (file) => `print(len(open("${file}").readlines()), end="")`,
};

export function snippets(language: LanguageName): Snippets {
  return language === 'R' ? R : PYTHON;
}

/** Whether a Python has packages. */
export function hasPythonPackages(python: string, ...names: readonly string[]): boolean {
  return spawnSync(python, ['-c', `import ${names.join(', ')}`], { stdio: 'ignore' }).status === 0;
}
