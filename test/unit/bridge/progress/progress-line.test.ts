import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { CellProgress, type WaitedSession } from '../../../../src/bridge/progress/cell-progress.js';
import { ProgressLine, type ProgressStyle } from '../../../../src/bridge/progress/progress-line.js';
import { OutputRecorder } from '../../../helpers/fake-remote.js';

const ERASE = '\r\u001b[K';
const READY = { activity: undefined, live: { isQueued: false } };

let output: OutputRecorder;
let session: WaitedSession;
let progress: CellProgress;

beforeEach(() => {
  vi.useFakeTimers();
  output = new OutputRecorder();
  session = READY;
  progress = new CellProgress(() => [session, undefined]);
});
afterEach(() => {
  vi.useRealTimers();
});

function begin(style: ProgressStyle = 'notebook'): ProgressLine {
  return new ProgressLine({ output, style, describe: (ms) => progress.describe(ms) });
}

/** What a front end shows in the end: outputs in order, as `clear_output` and updates leave them. */
function screen(): readonly string[] {
  let shown: string[] = [];
  let clearsNext = false;
  const add = (text: string): void => {
    if (clearsNext) shown = [];
    clearsNext = false;
    shown.push(text);
  };
  for (const one of output.outputs) {
    if ('clear' in one && one.clear) clearsNext = true;
    else if ('clear' in one) shown = [];
    else if ('update' in one) shown[shown.length - 1] = String(one.update.data['text/plain']);
    else if ('display' in one) add(String(one.display.data['text/plain']));
    else if ('result' in one) add(String(one.result.data['text/plain']));
    else if ('stream' in one) add(one.text);
  }
  return shown;
}

describe('a cell that shows nothing', () => {
  test('is told to run after two seconds, and the seconds are counted', () => {
    begin();

    vi.advanceTimersByTime(1900);
    expect(output.outputs).toEqual([]);
    vi.advanceTimersByTime(200);
    expect(screen()).toEqual(['Running 2 s']);
    vi.advanceTimersByTime(1000);
    expect(screen()).toEqual(['Running 3 s']);
    vi.advanceTimersByTime(117_000);
    expect(screen()).toEqual(['Running 2 min 0 s']);

    const ids = output.outputs.map((one) =>
      'display' in one ? one.display.displayId : 'update' in one ? one.update.displayId : '',
    );
    expect(new Set(ids).size).toBe(1);
    expect(ids.length).toBeLessThan(80);
  });

  test('leaves nothing when it ends', () => {
    const line = begin();
    vi.advanceTimersByTime(5000);

    line.end();
    line.end();
    vi.advanceTimersByTime(5000);

    expect(screen()).toEqual([]);
    expect(output.outputs.at(-1)).toEqual({ clear: false });
    expect(vi.getTimerCount()).toBe(0);
  });

  test('that is short shows no line at all', () => {
    const line = begin();
    line.result({ data: { 'text/plain': '2' }, metadata: {} });
    line.end();

    expect(output.outputs).toEqual([{ result: { data: { 'text/plain': '2' }, metadata: {} } }]);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('is told to wait for its session after half a second, and to run from then on', () => {
    session = { activity: 'Starting an R session on http://r:12800', live: undefined };
    begin();

    vi.advanceTimersByTime(600);
    expect(screen()).toEqual(['Starting an R session on http://r:12800…']);
    vi.advanceTimersByTime(5000);
    session = READY;
    vi.advanceTimersByTime(3000);

    expect(screen()).toEqual(['Running 3 s']);
  });

  test('is told to be queued, and which magic runs', () => {
    session = { activity: undefined, live: { isQueued: true } };
    begin();
    vi.advanceTimersByTime(3000);
    expect(screen()).toEqual(['Queued behind another execution, 3 s']);

    session = READY;
    progress.work.magic = 'publish';
    vi.advanceTimersByTime(1000);

    expect(screen()).toEqual(['Running %publish 4 s']);
  });
});

describe('the line makes way', () => {
  const shows: readonly [string, (line: ProgressLine) => void, readonly string[]][] = [
    [
      'text',
      (line) => {
        line.stream('stdout', 'hello\n');
      },
      ['hello\n'],
    ],
    [
      'a display',
      (line) => {
        line.display({ data: { 'text/plain': 'd' }, metadata: {} });
      },
      ['d'],
    ],
    [
      'the value',
      (line) => {
        line.result({ data: { 'text/plain': 'v' }, metadata: {} });
      },
      ['v'],
    ],
  ];

  test.each(shows)('for %s, without a flicker, and does not come back', (_what, show, expected) => {
    const line = begin();
    vi.advanceTimersByTime(3000);

    show(line);
    vi.advanceTimersByTime(10_000);
    line.end();

    expect(screen()).toEqual(expected);
    expect(output.outputs.filter((one) => 'clear' in one)).toEqual([{ clear: true }]);
  });

  test('at once for what may not become an output of the cell', () => {
    const display = { data: { 'text/plain': 'x' }, metadata: {}, displayId: 'elsewhere' };
    const ways: readonly ((line: ProgressLine) => void)[] = [
      (line) => {
        line.comm({ type: 'message', commId: 'c', data: {} });
      },
      (line) => {
        line.updateDisplay(display);
      },
      (line) => {
        line.clear(true);
      },
    ];
    for (const way of ways) {
      output = new OutputRecorder();
      const line = begin();
      vi.advanceTimersByTime(3000);

      way(line);
      vi.advanceTimersByTime(3000);
      line.end();

      expect(output.outputs.filter((one) => 'clear' in one)[0]).toEqual({ clear: false });
      expect(output.outputs.filter((one) => 'display' in one)).toHaveLength(1);
    }
  });

  test('for a question to the person, and does not come back: it would take the answer away', async () => {
    const line = begin();
    vi.advanceTimersByTime(3000);
    const input = line.before({ allowed: true, requestInput: () => Promise.resolve('me') });

    const answer = await input.requestInput('Who? ');
    vi.advanceTimersByTime(10_000);

    expect(answer).toBe('me');
    expect(screen()).toEqual([]);
    expect(output.outputs.filter((one) => 'display' in one)).toHaveLength(1);
  });

  test('never clears what the cell has shown', () => {
    const line = begin();
    line.stream('stdout', 'at once\n');

    vi.advanceTimersByTime(60_000);
    line.end();

    expect(output.outputs).toEqual([{ stream: 'stdout', text: 'at once\n' }]);
  });
});

describe('at a console', () => {
  test('the line is written over, and wiped before anything else', () => {
    const line = begin('console');
    vi.advanceTimersByTime(3000);
    line.stream('stdout', 'done\n');
    line.end();

    expect(output.text()).toBe(`${ERASE}Running 2 s${ERASE}Running 3 s${ERASE}done\n`);
    expect(output.outputs.filter((one) => 'clear' in one)).toEqual([]);
  });

  test('it never is longer than a line', () => {
    session = { activity: `Starting an R session on http://${'r'.repeat(200)}`, live: undefined };
    begin('console');
    vi.advanceTimersByTime(600);

    expect(output.text().length).toBeLessThan(80 + ERASE.length);
  });
});
