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
  const output = new CellOutput({
    requestId: 'r1',
    publish: (type, content) => published.push([type, content]),
    publishComm: (message) => published.push(['comm', message]),
    taken: () => undefined,
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

    output.stream('stdout', 'a\n');

    expect(published).toEqual([stdout('a\n')]);
  });

  test('merges what follows in the same turn, per stretch of one stream', async () => {
    const { output, published } = createOutput();

    for (const text of ['a\n', 'b\n', 'c\n']) output.stream('stdout', text);
    for (const text of ['d\n', 'e\n']) output.stream('stderr', text);
    output.stream('stdout', 'f\n');
    await nextTurn();

    expect(published).toEqual([stdout('a\n'), stdout('b\nc\n'), stderr('d\ne\n'), stdout('f\n')]);
  });

  test('publishes at once again after a quiet turn', async () => {
    const { output, published } = createOutput();
    output.stream('stdout', 'a\n');
    await nextTurn();

    output.stream('stdout', 'b\n');

    expect(published).toEqual([stdout('a\n'), stdout('b\n')]);
  });

  test('publishes merged text before any other output', () => {
    const { output, published } = createOutput();

    output.stream('stdout', 'a\n');
    output.stream('stdout', 'b\n');
    output.display(plain('picture'));
    output.stream('stderr', 'c\n');
    output.result(plain('value'));

    expect(published).toEqual([
      stdout('a\n'),
      stdout('b\n'),
      ['display_data', { ...plain('picture'), transient: {} }],
      stderr('c\n'),
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

  test('hands text over in messages of about a quarter of a million characters', () => {
    const { output, published } = createOutput();
    const line = `${'x'.repeat((1 << 16) - 1)}\n`;
    output.stream('stdout', 'a\n');

    for (let n = 0; n < 5; n += 1) output.stream('stdout', line);

    const [, content] = published[1] ?? [];
    expect(published).toHaveLength(2);
    expect(JSON.parse(String(content))).toEqual({ name: 'stdout', text: line.repeat(4) });
  });

  test('loses nothing of long text that comes as a pipe gives it', async () => {
    const { output, published } = createOutput();
    const text = `${'größer 🎉 '.repeat(9)}\n`.repeat(5000);

    for (let at = 0; at < text.length; at += 50_001) {
      output.stream('stdout', text.slice(at, at + 50_001));
      if (at % 3 === 0) await nextTurn();
    }
    output.end();

    const texts = published.map(([, content]) => {
      const { text: one } = (
        Buffer.isBuffer(content) ? JSON.parse(content.toString()) : content
      ) as { text: string };
      return one;
    });
    expect(texts.join('')).toBe(text);
  });

  test('at the end publishes what is left, and nothing after', async () => {
    const { output, published } = createOutput();
    output.stream('stdout', 'a\n');
    output.stream('stdout', 'b\n');

    output.end();
    output.stream('stdout', 'late');
    output.display(plain('late'));
    await nextTurn();

    expect(published).toEqual([stdout('a\n'), stdout('b\n')]);
  });

  test('publishes nothing for a silent cell', () => {
    const { output, published } = createOutput({ silent: true });

    output.stream('stdout', 'a\n');
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

  describe('text that ends in the middle of a line', () => {
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

    test('is shown in time by a program that never ends its line', () => {
      vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
      const { output, published } = createOutput();

      for (let n = 0; n < 4; n += 1) {
        output.stream('stdout', '.');
        vi.advanceTimersByTime(1);
      }

      expect(published).toEqual([stdout('...')]);
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
