import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { CellOutput } from '../../../src/jupyter/cell-output.js';
import type { Display } from '../../../src/jupyter/index.js';

type Published = [type: string, content: unknown];

function createOutput(options: { silent?: boolean } = {}): {
  output: CellOutput;
  published: Published[];
} {
  const published: Published[] = [];
  const output = new CellOutput((type, content) => published.push([type, content]), {
    silent: options.silent ?? false,
    executionCount: 3,
  });
  return { output, published };
}

const stdout = (text: string): Published => ['stream', { name: 'stdout', text }];
const stderr = (text: string): Published => ['stream', { name: 'stderr', text }];
const plain = (text: string): Display => ({
  data: { 'text/plain': text },
  metadata: {},
});

describe('CellOutput', () => {
  test('publishes the first text at once', () => {
    const { output, published } = createOutput();

    output.stream('stdout', 'a');

    expect(published).toEqual([stdout('a')]);
  });

  test('merges what follows in the same turn, per stretch of one stream', async () => {
    const { output, published } = createOutput();

    for (const text of ['a', 'b', 'c']) output.stream('stdout', text);
    for (const text of ['d', 'e']) output.stream('stderr', text);
    output.stream('stdout', 'f');
    await nextTurn();

    expect(published).toEqual([stdout('a'), stdout('bc'), stderr('de'), stdout('f')]);
  });

  test('publishes at once again after a quiet turn', async () => {
    const { output, published } = createOutput();
    output.stream('stdout', 'a');
    await nextTurn();

    output.stream('stdout', 'b');

    expect(published).toEqual([stdout('a'), stdout('b')]);
  });

  test('publishes merged text before any other output', () => {
    const { output, published } = createOutput();

    output.stream('stdout', 'a');
    output.stream('stdout', 'b');
    output.display(plain('picture'));
    output.stream('stderr', 'c');
    output.result(plain('value'));

    expect(published).toEqual([
      stdout('a'),
      stdout('b'),
      ['display_data', { ...plain('picture'), transient: {} }],
      stderr('c'),
      ['execute_result', { ...plain('value'), transient: {}, execution_count: 3 }],
    ]);
  });

  test('gives displays their id', () => {
    const { output, published } = createOutput();

    output.display({ ...plain('old'), displayId: 'd1' });
    output.updateDisplay({ ...plain('new'), displayId: 'd1' });
    output.clear(true);

    expect(published).toEqual([
      ['display_data', { ...plain('old'), transient: { display_id: 'd1' } }],
      ['update_display_data', { ...plain('new'), transient: { display_id: 'd1' } }],
      ['clear_output', { wait: true }],
    ]);
  });

  test('hands text over in pieces of about a million characters', () => {
    const { output, published } = createOutput();
    output.stream('stdout', 'a');

    for (let n = 0; n < 17; n += 1) output.stream('stdout', 'x'.repeat(1 << 16));
    const sizes = published.map(([, content]) => (content as { text: string }).text.length);

    expect(sizes).toEqual([1, 1 << 20]);
  });

  test('at the end publishes what is left, and nothing after', async () => {
    const { output, published } = createOutput();
    output.stream('stdout', 'a');
    output.stream('stdout', 'b');

    output.end();
    output.stream('stdout', 'late');
    output.display(plain('late'));
    await nextTurn();

    expect(published).toEqual([stdout('a'), stdout('b')]);
  });

  test('publishes nothing for a silent cell', () => {
    const { output, published } = createOutput({ silent: true });

    output.stream('stdout', 'a');
    output.display(plain('picture'));
    output.result(plain('value'));
    output.clear(false);
    output.end();

    expect(published).toEqual([]);
  });

  test('ignores empty text', () => {
    const { output, published } = createOutput();

    output.stream('stdout', '');

    expect(published).toEqual([]);
  });

  describe('a block of a fast program', () => {
    const line = `${'x'.repeat(79)}\n`;
    const block = line.repeat(100);
    afterEach(() => {
      vi.useRealTimers();
    });

    test('is cut at the end of a line, and the rest goes with what follows', () => {
      const { output, published } = createOutput();

      output.stream('stdout', `${block}begin`);
      output.stream('stdout', 'ning\n');
      output.end();

      expect(published).toEqual([stdout(block), stdout('beginning\n')]);
    });

    test('shows the beginning of its last line when nothing follows', () => {
      vi.useFakeTimers();
      const { output, published } = createOutput();

      output.stream('stdout', `${block}Name? `);
      vi.runAllTimers();

      expect(published).toEqual([stdout(block), stdout('Name? ')]);
    });

    test('keeps its order with other outputs', () => {
      const { output, published } = createOutput();

      output.stream('stdout', `${block}begin`);
      output.stream('stderr', 'warned\n');
      output.stream('stdout', 'ning\n');
      output.end();

      expect(published).toEqual([
        stdout(block),
        stdout('begin'),
        stderr('warned\n'),
        stdout('ning\n'),
      ]);
    });
  });
});
