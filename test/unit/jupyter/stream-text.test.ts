import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { StreamText } from '../../../src/jupyter/stream-text.js';

const BLOCK = 1 << 16;

function streamText(...texts: readonly string[]): StreamText {
  const text = new StreamText();
  for (const one of texts) text.add(one);
  return text;
}

describe('StreamText', () => {
  test('joins short texts and leaves long ones as they are', () => {
    const [long, other] = ['x'.repeat(BLOCK), 'y'.repeat(BLOCK)];

    expect(streamText('a', 'b\n', long, other, 'c', 'd').take()).toEqual([
      'ab\n',
      long,
      other,
      'cd',
    ]);
  });

  test('is empty when all has been taken', () => {
    const text = streamText('a\n');
    text.take();

    expect([text.length, text.take()]).toEqual([0, []]);
  });

  test('gives whole lines, and keeps the beginning of a line', () => {
    const text = streamText('one\ntwo\nthr');

    expect(text.takeLines()).toEqual(['one\ntwo\n']);
    expect([text.length, text.take()]).toEqual([3, ['thr']]);
  });

  test('keeps a line that has begun several pieces ago', () => {
    const begun = ['y'.repeat(BLOCK), 'z'.repeat(BLOCK)];
    const text = streamText(`a\n${'x'.repeat(BLOCK)}`, ...begun);

    expect(text.takeLines()).toEqual(['a\n']);
    expect(text.take()).toEqual(['x'.repeat(BLOCK), ...begun]);
  });

  test('no piece ends within a character', () => {
    const begun = `${'x'.repeat(BLOCK)}\ud83d`;

    expect(streamText(begun, '\ude00').take()).toEqual([`${begun}\ude00`]);
  });

  test('lines and rest together are what was added', () => {
    const texts = fc.array(fc.oneof(fc.string(), fc.constantFrom('\n', 'a\n', 'x'.repeat(BLOCK))));
    fc.assert(
      fc.property(texts, (added) => {
        const text = streamText(...added);
        const lines = text.takeLines().join('');
        const { length } = text;
        const rest = text.take().join('');

        expect(lines + rest).toBe(added.join(''));
        expect(rest.length).toBe(length);
        expect([lines === '' || lines.endsWith('\n'), rest.includes('\n')]).toEqual([true, false]);
      }),
      { numRuns: 200 },
    );
  });
});
