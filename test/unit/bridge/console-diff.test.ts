import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ConsoleDiff } from '../../../src/bridge/console-diff.js';

/** What is shown for texts read while it runs and a final one. */
function shown(previous: string | undefined, reads: readonly string[], final: string): string[] {
  const diff = new ConsoleDiff(previous);
  return [...reads.map((text) => diff.next(text)), diff.finish(final)];
}

describe('what is new in console text', () => {
  test('each piece is shown once', () => {
    expect(shown('', ['a\n', 'a\n', 'a\nb\n'], 'a\nb\nc\n')).toEqual(['a\n', '', 'b\n', 'c\n']);
  });

  test('the text of the execution before is not shown again', () => {
    expect(shown('old\n', ['old\n', 'old\n', 'new\n'], 'new\n')).toEqual(['', '', 'new\n', '']);
  });

  test('the same text as before is shown when the execution has ended', () => {
    expect(shown('old\n', ['old\n'], 'old\n')).toEqual(['', 'old\n']);
  });

  test('where the text before is not known, the first text may be it', () => {
    expect(shown(undefined, ['old\n', 'old\n', 'new\n'], 'new\n')).toEqual(['', '', 'new\n', '']);
    expect(shown(undefined, ['a\n', 'a\nb\n'], 'a\nb\n')).toEqual(['', 'a\nb\n', '']);
  });

  test('Windows line ends become plain ones, also when cut in the middle', () => {
    expect(shown('', ['a\r\nb\r', 'a\r\nb\r\nc'], 'a\r\nb\r\nc\r\n')).toEqual(
      ['a\nb', '\nc', '\n', ''].slice(0, 3),
    );
  });

  test('a carriage return of a progress bar stays', () => {
    expect(shown('', ['10%\r20%'], '10%\r20%\r30%')).toEqual(['10%\r20%', '\r30%']);
  });

  test('half a character is held back', () => {
    expect(shown('', ['caf\ufffd', 'café'], 'café\n')).toEqual(['caf', 'é', '\n']);
    expect(shown('', ['a\ud83d', 'a🙂'], 'a🙂')).toEqual(['a', '🙂', '']);
  });

  test('a text that does not continue stops the showing, and the final text goes on from the last common line', () => {
    expect(shown('', ['a\nb\n', 'a\nX\n', 'a\nX\nc\n'], 'a\nX\nc\nd\n')).toEqual([
      'a\nb\n',
      '',
      '',
      'X\nc\nd\n',
    ]);
  });

  test('a server that keeps only the last part loses the beginning: the rest is shown once', () => {
    expect(shown('', ['a\nb\nc\n'], 'b\nc\nd\n')).toEqual(['a\nb\nc\n', 'd\n']);
  });

  test('a final text that has nothing in common is shown in whole', () => {
    expect(shown('', ['a\n'], 'x\ny\n')).toEqual(['a\n', 'x\ny\n']);
    expect(shown('', ['a\n'], '\n\n')).toEqual(['a\n', '\n\n']);
  });

  test('what an event stream has shown is left out', () => {
    const diff = new ConsoleDiff(undefined, 3);

    expect([diff.next('ab'), diff.next('abcd'), diff.finish('abcdef')]).toEqual(['', 'd', 'ef']);
  });

  test('whatever the pieces are, all of them together are the text', () => {
    const pieces = fc.array(fc.string({ unit: 'grapheme' }));

    fc.assert(
      fc.property(pieces, fc.nat(8), (texts, skipped) => {
        const wholes = texts.map((_, index) => texts.slice(0, index + 1).join(''));
        const final = texts.join('');
        const reads = wholes.filter((_, index) => index % (skipped + 1) === 0);

        expect(shown('', reads, final).join('')).toBe(final.replaceAll('\r\n', '\n'));
      }),
    );
  });
});
