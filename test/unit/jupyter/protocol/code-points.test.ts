import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { toCodePoints, toUtf16Index } from '../../../../src/jupyter/protocol/code-points.js';

const TEXT = 'a😀é𝒳b';

describe('positions in text', () => {
  test('an astral character is one code point and two UTF-16 units', () => {
    const indexes = [0, 1, 2, 3, 4, 5].map((position) => toUtf16Index(TEXT, position));

    expect(indexes).toEqual([0, 1, 3, 4, 6, 7]);
  });

  test('UTF-16 indexes count back to code points', () => {
    const positions = [0, 1, 3, 4, 6, 7].map((index) => toCodePoints(TEXT, index));

    expect(positions).toEqual([0, 1, 2, 3, 4, 5]);
  });

  test('an index inside a pair counts as before it', () => {
    expect(toCodePoints(TEXT, 2)).toBe(1);
  });

  test('positions outside the text are moved to its ends', () => {
    expect([toUtf16Index(TEXT, -3), toUtf16Index(TEXT, 99)]).toEqual([0, 7]);
    expect([toCodePoints(TEXT, -3), toCodePoints(TEXT, 99)]).toEqual([0, 5]);
  });

  test('there and back again is the same position, for any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.nat(), (text, seed) => {
        const length = Array.from(text).length;
        const position = length === 0 ? 0 : seed % (length + 1);
        return toCodePoints(text, toUtf16Index(text, position)) === position;
      }),
    );
  });
});
