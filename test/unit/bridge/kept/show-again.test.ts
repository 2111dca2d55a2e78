// What a cell has shown, shown again by another cell: after it, and while it still runs.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { CellRecords } from '../../../../src/bridge/kept/cell-records.js';
import { RecordingOutput } from '../../../../src/bridge/kept/recording-output.js';
import { showAgain } from '../../../../src/bridge/kept/show-again.js';
import type { Display } from '../../../../src/jupyter/index.js';
import { OutputRecorder, type RecordedOutput } from '../../../helpers/fake-remote.js';

const plain = (text: string): Display => ({ data: { 'text/plain': text }, metadata: { n: 1 } });
const withId = (text: string, displayId: string) => ({ ...plain(text), displayId });

let records: CellRecords;
beforeEach(() => {
  records = new CellRecords();
});
afterEach(() => {
  records.close();
});

/** A cell that runs. */
function begin(executionCount: number): { cell: RecordingOutput; page: OutputRecorder } {
  const page = new OutputRecorder(`request-${executionCount}`);
  return { cell: new RecordingOutput(page, records, executionCount), page };
}

/** A cell that is over. */
function run(executionCount: number, show: (cell: RecordingOutput) => void): void {
  const { cell } = begin(executionCount);
  show(cell);
  cell.end({ status: 'ok' });
}

function ask(
  executionCount?: number,
  signal: AbortSignal = new AbortController().signal,
): { readonly page: OutputRecorder; readonly done: Promise<void> } {
  const page = new OutputRecorder('asking');
  return { page, done: showAgain(records, executionCount, page, signal) };
}

async function shown(executionCount?: number): Promise<readonly RecordedOutput[]> {
  const { page, done } = ask(executionCount);
  await done;
  return page.outputs;
}

/** Until all that waits for nothing but files is done. */
async function settled(isSettled: () => boolean): Promise<void> {
  while (!isSettled()) await new Promise((resolve) => setImmediate(resolve));
}

describe('the output of a cell that is over', () => {
  test('is shown in order; a value is a display, an error is text', async () => {
    const { cell, page } = begin(3);
    cell.stream('stdout', 'a');
    cell.stream('stdout', 'b\n');
    cell.stream('stderr', 'warned');
    cell.display(plain('plot'));
    cell.result(plain('value'));
    cell.stream('stderr', 'still');
    cell.end({ status: 'error', ename: 'E', evalue: 'v', traceback: ['Error in f()', 'E: v'] });

    expect(await shown()).toEqual([
      { stream: 'stdout', text: 'ab\n' },
      { stream: 'stderr', text: 'warned' },
      { display: plain('plot') },
      { display: plain('value') },
      { stream: 'stderr', text: 'still\nError in f()\nE: v\n' },
    ]);
    expect(page.outputs).toEqual([
      { stream: 'stdout', text: 'ab\n' },
      { stream: 'stderr', text: 'warned' },
      { display: plain('plot') },
      { result: plain('value') },
      { stream: 'stderr', text: 'still' },
    ]);
  });

  test('is that since it was cleared', async () => {
    run(1, (cell) => {
      cell.stream('stdout', 'frame 1');
      cell.clear(true);
      cell.stream('stdout', 'frame 2');
      cell.clear(false);
      cell.stream('stdout', 'frame 3');
      cell.clear(true);
    });

    expect(await shown(1)).toEqual([{ stream: 'stdout', text: 'frame 3' }]);
  });

  test('an error takes the place of what waited to be cleared', async () => {
    const { cell } = begin(1);
    cell.stream('stderr', 'frame');
    cell.clear(true);
    cell.end({ status: 'error', ename: 'E', evalue: 'v', traceback: ['E: v'] });

    expect(await shown(1)).toEqual([{ stream: 'stderr', text: 'E: v\n' }]);
  });

  test('a display is as it was last changed, by whatever cell, and has another id', async () => {
    run(1, (cell) => {
      cell.display(withId('old', 'bar'));
      cell.stream('stdout', '-');
      cell.display(withId('0 %', 'bar'));
      cell.updateDisplay(withId('50 %', 'bar'));
    });
    run(2, (cell) => {
      cell.updateDisplay(withId('100 %', 'bar'));
    });

    const outputs = await shown(1);

    const displays = outputs.flatMap((one) => ('display' in one ? [one.display] : []));
    const [id] = displays.map(({ displayId }) => displayId);
    expect(id).not.toBe('bar');
    expect(displays).toEqual([
      { ...plain('100 %'), displayId: id },
      { ...plain('100 %'), displayId: id },
    ]);
    expect(await shown(2)).toEqual([
      { stream: 'stdout', text: 'The cell [2] has shown nothing.\n' },
    ]);
  });

  test('what is large comes back whole and in order', async () => {
    const picture = 'p'.repeat(200_000);
    const lines = Array.from({ length: 20_000 }, (_, index) => `${index} äöü😀\n`);
    run(1, (cell) => {
      for (const [index, line] of lines.entries()) {
        cell.stream(index % 1000 < 500 ? 'stdout' : 'stderr', line);
        if (index === 10_000) cell.display(plain(picture));
      }
      cell.display(withId(picture, 'large'));
    });

    const outputs = await shown(1);

    const text = outputs.map((one) => ('stream' in one ? one.text : '')).join('');
    expect(text).toBe(lines.join(''));
    expect(outputs.filter((one) => 'stream' in one)).toHaveLength(41);
    const displays = outputs.flatMap((one) => ('display' in one ? [one.display.data] : []));
    expect(displays).toEqual([{ 'text/plain': picture }, { 'text/plain': picture }]);
    expect(outputs.findIndex((one) => 'display' in one)).toBe(21);
  });

  test('many large displays that change come back as they were last', async () => {
    const text = (index: number, round: number): string => `${index}/${round} `.repeat(50_000);
    run(1, (cell) => {
      for (let round = 0; round < 3; round += 1) {
        for (let index = 0; index < 20; index += 1) {
          const display = withId(text(index, round), `id-${index}`);
          if (round === 0) cell.display(display);
          else cell.updateDisplay(display);
        }
      }
    });

    const outputs = await shown(1);

    const texts = outputs.flatMap((one) =>
      'display' in one ? [one.display.data['text/plain']] : [],
    );
    expect(texts).toEqual(Array.from({ length: 20 }, (_, index) => text(index, 2)));
  });
});

describe('the output of a cell that runs', () => {
  test('is shown and followed until the cell is done', async () => {
    const { cell } = begin(1);
    cell.stream('stdout', 'before\n');
    const { page, done } = ask();
    await page.whenText('before');

    cell.stream('stdout', 'aft');
    await page.whenText('aft');
    cell.stream('stdout', 'er\n');
    cell.display(plain('plot'));
    cell.end({ status: 'ok' });
    await done;

    expect(page.outputs).toEqual([
      { stream: 'stdout', text: 'before\nafter\n' },
      { display: plain('plot') },
    ]);
  });

  test('is followed through the file', async () => {
    const { cell } = begin(1);
    const { page, done } = ask();
    const lines = Array.from({ length: 300 }, (_, index) => `${index} ${'x'.repeat(1000)}\n`);
    for (const [index, line] of lines.entries()) {
      cell.stream('stdout', line);
      if (index % 7 === 0) await page.whenText(line);
    }
    cell.end({ status: 'ok' });
    await done;

    expect(page.outputs).toEqual([{ stream: 'stdout', text: lines.join('') }]);
  });

  test.each([
    ['at once', false],
    ['when the next output comes', true],
  ])('is cleared with it %s', async (_when, wait) => {
    const { cell } = begin(1);
    cell.display(withId('bar', 'bar'));
    cell.stream('stdout', 'x'.repeat(100_000));
    const { page, done } = ask(1);
    await page.whenText('x');

    cell.clear(wait);
    if (!wait) await settled(() => page.outputs.length === 3);
    cell.stream('stdout', 'new');
    await page.whenText('new');
    cell.end({ status: 'ok' });
    await done;

    expect(page.outputs.slice(2)).toEqual([{ clear: wait }, { stream: 'stdout', text: 'new' }]);
  });

  test('is left where it is when the cell clears it while it is being read', async () => {
    const { cell } = begin(1);
    for (let count = 0; count < 30; count += 1) {
      cell.stream('stdout', 'x'.repeat(100_000));
      cell.display(plain('between'));
    }
    const { page, done } = ask(1);
    await page.whenText('x');

    cell.clear(false);
    cell.stream('stdout', 'new');
    cell.end({ status: 'ok' });
    await done;

    expect(page.text().length).toBeLessThan(3_000_000);
    expect(page.outputs.slice(-2)).toEqual([{ clear: true }, { stream: 'stdout', text: 'new' }]);
  });

  test('changes with the displays of the cell', async () => {
    const { cell } = begin(1);
    cell.display(withId('0 %', 'bar'));
    const { page, done } = ask(1);
    await settled(() => page.outputs.length === 1);

    cell.updateDisplay(withId('50 %', 'bar'));
    await settled(() => page.outputs.length === 2);
    cell.end({ status: 'ok' });
    await done;

    const [first] = page.outputs;
    const displayId = first !== undefined && 'display' in first ? first.display.displayId : '';
    expect(page.outputs).toEqual([
      { display: { ...plain('0 %'), displayId } },
      { update: { ...plain('50 %'), displayId } },
    ]);
  });

  test('is left when the asking cell is interrupted', async () => {
    const { cell } = begin(1);
    const interrupt = new AbortController();
    const { page, done } = ask(1, interrupt.signal);
    cell.stream('stdout', 'a');
    await page.whenText('a');

    interrupt.abort();

    await expect(done).rejects.toThrow(/abort/);
    cell.stream('stdout', 'b');
    expect(page.text()).toBe('a');
  });

  test('waits for a front end that is behind', async () => {
    let letGo: () => void = () => undefined;
    run(1, (cell) => {
      cell.display(plain('1'));
      cell.display(plain('2'));
    });
    const page = new OutputRecorder('asking');
    page.behind = new Promise((resolve) => (letGo = resolve));
    const done = showAgain(records, 1, page, new AbortController().signal);
    await settled(() => page.outputs.length > 0);
    expect(page.outputs).toHaveLength(1);

    letGo();
    await done;

    expect(page.outputs).toHaveLength(2);
  });
});

describe('what is kept', () => {
  test('is that of the last 20 cells', async () => {
    for (let count = 1; count <= 25; count += 1)
      run(count, (cell) => {
        cell.stream('stdout', `${count}`);
      });

    expect(records.executionCounts).toEqual(Array.from({ length: 20 }, (_, index) => index + 6));
    expect(await shown(6)).toEqual([{ stream: 'stdout', text: '6' }]);
    await expect(ask(5).done).rejects.toThrow(
      /^The output of the cell \[5\] is not kept; that of \[6\], /,
    );
  });

  test('is read to its end by who has begun, also when it is too old by then', async () => {
    const text = 'x'.repeat(3_000_000);
    run(1, (cell) => {
      cell.stream('stdout', text);
      cell.display(withId('changed', 'bar'));
    });
    const { page, done } = ask(1);
    for (let count = 2; count <= 25; count += 1) run(count, () => undefined);
    await done;

    expect(page.text()).toBe(text);
    expect(page.outputs.at(-1)).toMatchObject({ display: plain('changed') });
  });

  test('is never that of the cell which asks', async () => {
    run(1, (cell) => {
      cell.stream('stdout', 'one');
    });
    const { page } = begin(2);

    await showAgain(records, undefined, page, new AbortController().signal);
    const itself = showAgain(records, 2, page, new AbortController().signal);

    expect(page.text()).toBe('one');
    await expect(itself).rejects.toMatchObject({ code: 'BRIDGE_OUTPUT_NOT_KEPT' });
  });

  test('takes the place of older cells where there is too much; a cell that alone is too much is cut', async () => {
    records = new CellRecords(2_560_000);
    const text = 't'.repeat(100_000);
    const print = (count: number, times: number): void => {
      run(count, (cell) => {
        for (let index = 0; index < times; index += 1) cell.stream('stdout', text);
      });
    };
    print(1, 10);
    print(2, 10);
    expect(records.executionCounts).toEqual([1, 2]);

    print(3, 10);
    expect(records.executionCounts).toEqual([2, 3]);

    print(4, 30);
    expect(records.executionCounts).toEqual([4]);
    const outputs = await shown(4);
    expect(outputs.at(-1)).toEqual({
      stream: 'stderr',
      text: '\n[What this cell showed next was not kept.]\n',
    });
  });
});
