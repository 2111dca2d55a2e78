// Questions are answered while a cell runs, from what the agent sent along with the cells before it.
import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { open } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { performance } from 'node:perf_hooks';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import type { LanguageName } from '../../../src/bridge/index.js';
import type { Completions, DebugResult } from '../../../src/jupyter/index.js';
import { LANGUAGES, MODES, TestSite, type TestKernel } from './harness.js';

/** What an answer may take while a cell runs. Milliseconds. */
const AT_ONCE_MS = 50;
const MARK = { source: 'last-cell', sessionBusy: true };
const LIST = { command: 'inspectVariables', arguments: {} } as const;

let site: TestSite;
let folder: string;
beforeAll(async () => {
  site = await TestSite.start();
  folder = mkdtempSync(path.join(os.tmpdir(), 'rserver-busy-'));
});
afterEach(() => site.endKernels());
afterAll(async () => {
  await site.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Does something while a cell runs: the cell reads from a pipe into which nobody writes before. */
async function whileBusy<T>(
  kernel: TestKernel,
  language: LanguageName,
  work: () => Promise<T>,
): Promise<T> {
  const pipe = path.join(folder, `pipe-${randomUUID()}`);
  execFileSync('mkfifo', [pipe]);
  const code =
    language === 'R'
      ? `invisible(readLines(fifo("${pipe}", "r", blocking = TRUE), 1L))`
      : `open(${JSON.stringify(pipe)}).readline();`;
  const running = kernel.ok(code);
  // Opens when the cell has opened its end.
  const writer = await open(pipe, 'w');
  try {
    return await work();
  } finally {
    await writer.write('on\n');
    await writer.close();
    await running;
  }
}

const PREPARED: Readonly<Record<LanguageName, string>> = {
  R: 'speeds <- data.frame(dist = 1:3, `top speed` = c(1.5, 2, 3), check.names = FALSE)\nmeasure <- function(x, unit = "km") x\nlm(dist ~ 1, speeds)$rank',
  python:
    'import json\nspeeds = {"dist": 1, "top": 2}\nclass Car:\n    def drive(self, km=1): pass\ncar = Car()\ncar.colour = "red"\ndef measure(x, unit="km"): return x\njson.dumps(1)',
};

interface Question {
  readonly code: string;
  /** What the answer begins with. */
  readonly matches: readonly string[];
}

const QUESTIONS: Readonly<Record<LanguageName, readonly Question[]>> = {
  R: [
    { code: 'speeds$d', matches: ['dist'] },
    { code: 'speeds[["top', matches: ['top speed'] },
    { code: 'measure(u', matches: ['unit = ', 'unclass'] },
    { code: 'lm(subs', matches: ['subset = ', 'subset'] },
    { code: 'stats::rnor', matches: ['rnorm'] },
  ],
  python: [
    { code: 'speeds["to', matches: ['top'] },
    { code: 'car.', matches: ['colour', 'drive'] },
    { code: 'measure(un', matches: ['unit='] },
    { code: 'json.dum', matches: ['dump', 'dumps'] },
    { code: 'isinst', matches: ['isinstance'] },
  ],
};

describe.each(LANGUAGES)('%s', (language) => {
  describe.each(MODES)('on the way "%s"', (mode) => {
    test('completion, inspection, completeness, variables and history answer while a cell runs', async () => {
      const kernel = await site.kernel({ language, mode });
      await kernel.ok(PREPARED[language]);
      const { interpreter } = kernel;
      const durations: number[] = [];
      const timed = async <T>(question: () => Promise<T> | undefined): Promise<T | undefined> => {
        const start = performance.now();
        const answer = await question();
        durations.push(performance.now() - start);
        return answer;
      };

      const completions: (Completions | undefined)[] = [];
      const [help, goesOn, panel, history] = await whileBusy(kernel, language, async () => {
        for (const { code } of QUESTIONS[language]) {
          completions.push(await timed(() => interpreter.complete(code, code.length)));
        }
        return [
          await timed(() => interpreter.inspect('measure(', 8, 0)),
          await timed(() => interpreter.isComplete('measure(')),
          await timed(() => interpreter.debug?.(LIST)),
          await timed(() =>
            interpreter.history({ output: false, raw: true, accessType: 'tail', count: 2 }),
          ),
        ] as const;
      });

      QUESTIONS[language].forEach(({ matches }, index) => {
        expect(completions[index]?.matches.slice(0, matches.length)).toEqual(matches);
        expect(completions[index]?.metadata?.['rserver']).toEqual(MARK);
      });
      expect(help).toMatchObject({ found: true, metadata: { rserver: MARK } });
      expect(goesOn).toMatchObject({ status: 'incomplete' });
      expect(namesOf(panel)).toEqual(
        language === 'R' ? ['measure', 'speeds'] : ['Car', 'car', 'measure', 'speeds'],
      );
      expect(history).toHaveLength(2);
      // The very first may find a slow machine; the middle one tells.
      expect(durations.sort((a, b) => a - b)[4]).toBeLessThan(AT_ONCE_MS);
    });

    test('the very first cell need not have ended', async () => {
      const kernel = await site.kernel({ language, mode });
      const [code, name] = language === 'R' ? ['rnor', 'rnorm'] : ['isinst', 'isinstance'];

      await whileBusy(kernel, language, () =>
        // What the agent sent before the cell may still be on its way.
        vi.waitFor(
          async () => {
            const { matches } = await kernel.interpreter.complete(code, code.length);
            expect(matches).toEqual([name]);
          },
          { timeout: 10_000 },
        ),
      );
    });

    test('what a snapshot brought into the session is known in the next cell', async () => {
      const kernel = await site.kernel({ language, mode: 'extensions' });
      await kernel.ok('of_the_snapshot = 5');
      const name = `merged-${randomUUID()}`;
      await kernel.ok(`%snapshot create ${name}`);
      await kernel.ok(language === 'R' ? 'rm(of_the_snapshot)' : 'del of_the_snapshot');
      await kernel.ok(`%snapshot load ${name}`);

      const answer = await whileBusy(kernel, language, () =>
        kernel.interpreter.complete('of_the_sn', 9),
      );

      expect(answer.matches).toEqual(['of_the_snapshot']);
    });

    test('what a cell changes in place, adds and removes is known in the next', async () => {
      const kernel = await site.kernel({ language, mode });
      const [first, second, question] =
        language === 'R'
          ? ['v <- list(a = 1); gone <- 2', 'v$b <- 2; rm(gone); assign("made", 3)', 'v$']
          : ['v = {"a": 1}; gone = 2', 'v["b"] = 2; del gone; globals()["made"] = 3', 'v["'];
      await kernel.ok(first);
      await kernel.ok(second);

      const [members, panel] = await whileBusy(kernel, language, async () => [
        await kernel.interpreter.complete(question, question.length),
        await kernel.interpreter.debug?.(LIST),
      ]);

      expect(members).toMatchObject({ matches: ['a', 'b'] });
      expect(namesOf(panel)).toEqual(['made', 'v']);
    });
  });

  test('the variable panel opens what variables hold, and shows one as a cell would', async () => {
    const kernel = await site.kernel({ language, mode: 'extensions' });
    await kernel.ok(PREPARED[language]);
    const ask = (command: string, parameters: Record<string, unknown> = {}) =>
      kernel.interpreter.debug?.({ command, arguments: parameters });

    const list = bodyOf(await ask('inspectVariables'))['variables'] as {
      name: string;
      variablesReference: number;
    }[];
    const speeds = list.find(({ name }) => name === 'speeds');
    const opened = await ask('variables', { variablesReference: speeds?.variablesReference });
    const shown = await ask('richInspectVariables', { variableName: 'speeds' });
    const injected = await ask('richInspectVariables', { variableName: 'print("ran")' });
    const modules = await ask('modules');

    expect(namesOf(opened)).toEqual(language === 'R' ? ['dist', 'top speed'] : ['dist', 'top']);
    expect(bodyOf(shown)['data']).toMatchObject({
      'text/plain': expect.stringMatching('dist') as unknown,
    });
    expect(injected).toEqual({
      success: false,
      message: 'The session has no variable "print("ran")".',
    });
    expect(bodyOf(modules)).toEqual({ modules: [] });
  });
});

function bodyOf(result: DebugResult | undefined): Readonly<Record<string, unknown>> {
  return result?.success === true ? result.body : {};
}

function namesOf(result: DebugResult | undefined): readonly unknown[] {
  return ((bodyOf(result)['variables'] ?? []) as { name: string }[]).map(({ name }) => name);
}
