// Slow cells over a real server: the line tells what they wait for, and is gone in the end.
import { writeFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { OutputRecorder } from '../../helpers/fake-remote.js';
import { isMissing } from '../../helpers/requirements.js';
import { MODES, TestSite, type TestKernel } from './harness.js';

const somebody = { allowed: true, requestInput: () => Promise.resolve('') };

/** Runs a cell as a notebook does. @returns Every text of the line, in order. */
async function linesOf(
  kernel: TestKernel,
  code: string,
  onLine: (text: string) => void = () => undefined,
): Promise<{ readonly lines: readonly string[]; readonly output: OutputRecorder }> {
  const output = new OutputRecorder();
  const lines: string[] = [];
  const note = (data: Readonly<Record<string, unknown>>): void => {
    const text = String(data['text/plain']);
    lines.push(text);
    onLine(text);
  };
  const display = output.display.bind(output);
  const update = output.updateDisplay.bind(output);
  output.display = (shown) => {
    display(shown);
    note(shown.data);
  };
  output.updateDisplay = (shown) => {
    update(shown);
    note(shown.data);
  };
  await kernel.run(code, { output, input: somebody, cellId: 'cell' });
  return { lines, output };
}

describe.skipIf(isMissing('R')).each(MODES)('a slow cell, %s', (mode) => {
  let site: TestSite;
  beforeAll(async () => {
    site = await TestSite.start();
  });
  afterEach(() => site.endKernels());
  afterAll(() => site.close());

  test('is told to run, and its output takes the place of the line', async () => {
    const kernel = await site.kernel({ language: 'R', mode });
    await kernel.ok('1');

    const { lines, output } = await linesOf(kernel, 'Sys.sleep(3.5)\ncat("over")');

    // Which seconds are seen depends on the machine.
    expect(lines.length).toBeGreaterThan(0);
    for (const line of lines) expect(line).toMatch(/^Running [2-9] s$/);
    expect(lines).toEqual([...new Set(lines)].sort());
    expect(output.outputs.slice(-2)).toEqual([{ clear: true }, { stream: 'stdout', text: 'over' }]);
  });
});

// Without events the text of the other cell cannot be told from that of this one, which then needs no line.
describe.skipIf(isMissing('R'))('a cell in the session of another kernel', () => {
  let site: TestSite;
  beforeAll(async () => {
    site = await TestSite.start();
  });
  afterEach(() => site.endKernels());
  afterAll(() => site.close());

  test('is told to be queued behind its cell', async () => {
    const first = await site.kernel({ language: 'R', mode: 'extensions' });
    const second = await site.kernel({ language: 'R', mode: 'extensions' });
    const id = await first.sessionId();
    await second.ok(`%session attach ${id}`);
    const gate = `${site.folder}/gate`;

    const started = new OutputRecorder();
    const running = first.run(`cat("started")\nwhile (!file.exists("${gate}")) Sys.sleep(0.05)`, {
      output: started,
    });
    await started.whenText('started');
    const { lines } = await linesOf(second, 'Sys.sleep(2.5)', () => {
      writeFileSync(gate, '');
    });
    await running;

    expect(lines[0]).toMatch(/^Queued behind another execution, \d s$/);
    expect(lines.at(-1)).toMatch(/^Running \d s$/);
  });
});
