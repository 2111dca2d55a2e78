// %output over a real server: a cell that runs is shown and followed beside it, and again when it is over.
import { writeFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { OutputRecorder } from '../../helpers/fake-remote.js';
import { isMissing } from '../../helpers/requirements.js';
import { LANGUAGES, MODES, TestSite, type Cell } from './harness.js';

const somebody = { allowed: true, requestInput: () => Promise.resolve('') };

/** Prints, waits for a file, shows a table, and fails. */
const CELLS = {
  R: (gate: string) =>
    `cat("before\\n")\nwhile (!file.exists("${gate}")) Sys.sleep(0.05)
cat("\\r50 %\\r100 %\\n")\ndata.frame(a = 1:2)\nplot(1:2)\nstop("went wrong")`,
  python: (gate: string) => `print("before")
import os, time
from IPython.display import HTML, clear_output, display
while not os.path.exists("${gate}"): time.sleep(0.05)
print("\\r50 %\\r100 %")
bar = display(HTML("<i>0 %</i>"), display_id=True)
bar.update(HTML("<i>100 %</i>"))
raise ValueError("went wrong")`,
};

/** What a cell shows in the end: kinds and texts, where one changes the other the last. */
function pageOf({ outputs }: Cell): readonly unknown[] {
  const changed = new Map(
    outputs.flatMap((one) => ('update' in one ? [[one.update.displayId, one.update.data]] : [])),
  );
  return outputs.flatMap((one): readonly unknown[] => {
    if ('stream' in one) return [[one.stream, one.text]];
    const display = 'display' in one ? one.display : 'result' in one ? one.result : undefined;
    if (display === undefined) return [];
    return [changed.get(display.displayId ?? '') ?? display.data];
  });
}

describe.skipIf(isMissing('R')).each(MODES)('the output of a cell, %s', (mode) => {
  let site: TestSite;
  beforeAll(async () => {
    site = await TestSite.start();
  });
  afterEach(() => site.endKernels());
  afterAll(() => site.close());

  test.each(LANGUAGES)('is followed beside it, and shown again after it (%s)', async (language) => {
    const kernel = await site.kernel({ language, mode });
    await kernel.ok(language === 'R' ? 'x <- 1' : 'x = 1');
    const gate = `${site.folder}/gate-${language}`;
    const asked = new OutputRecorder('asking');

    const running = kernel.run(CELLS[language](gate), { input: somebody });
    const beside = kernel.run('%output', { input: somebody, subshellId: 's', output: asked });
    await asked.whenText('before\n');
    writeFileSync(gate, '');
    const [cell, followed] = await Promise.all([running, beside]);
    const after = await kernel.run('%output', { input: somebody });

    if (cell.result.status !== 'error') throw new Error('the cell has not failed');
    const { traceback } = cell.result;
    const page = [...pageOf(cell), ['stderr', `${traceback.join('\n')}\n`]];
    expect(page.length).toBeGreaterThan(2);
    expect(pageOf(after)).toEqual(page);
    expect(pageOf(followed)).toEqual(page);
    expect([after.result.status, followed.result.status]).toEqual(['ok', 'ok']);
  });

  test('is left when the cell that follows it is interrupted', async () => {
    const kernel = await site.kernel({ language: 'R', mode });
    const gate = `${site.folder}/gate-left`;
    const asked = new OutputRecorder('asking');
    const interrupt = new AbortController();
    const code = `cat("before\\n")\nwhile (!file.exists("${gate}")) Sys.sleep(0.05)\ncat("over\\n")`;

    const running = kernel.run(code, { input: somebody });
    const { signal } = interrupt;
    const parts = { input: somebody, subshellId: 's', output: asked, signal };
    const beside = kernel.run('%output', parts);
    await asked.whenText('before\n');
    interrupt.abort();
    const left = await beside;
    writeFileSync(gate, '');
    const cell = await running;

    expect(left.result.status).toBe('error');
    expect(left.text).toBe('before\n');
    expect(cell.text).toBe('before\nover\n');
  });
});
