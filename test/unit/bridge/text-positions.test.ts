import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fromCodePointIndex, toCodePointIndex } from '../../../src/bridge/text-positions.js';

test('characters outside the basic plane count once for the agent', () => {
  expect(toCodePointIndex('a🙂b', 3)).toBe(2);
  expect(fromCodePointIndex('a🙂b', 2)).toBe(3);
});

const text = fc.string({ unit: 'binary', maxLength: 12 });

test('every position between characters goes there and back', () => {
  fc.assert(
    fc.property(text, text, (before, after) => {
      const whole = before + after;
      const codePoints = toCodePointIndex(whole, before.length);

      expect(codePoints).toBe(Array.from(before).length);
      expect(fromCodePointIndex(whole, codePoints)).toBe(before.length);
    }),
  );
});
