import { describe, expect, test } from 'vitest';
import { readAssignments, readWords } from '../../../../src/bridge/magics/words.js';

describe('words', () => {
  test('quotes keep spaces, options take their values', () => {
    const found = readWords('m', `put "a b.csv" 'c d' --force --name "e \\"f\\"" --other=g h`, {
      force: 'flag',
      name: 'value',
      other: 'value',
    });

    expect(found).toEqual({
      words: ['put', 'a b.csv', 'c d', 'h'],
      options: { force: true, name: 'e "f"', other: 'g' },
    });
  });

  test('negative numbers and quoted dashes are words', () => {
    expect(readWords('m', '-5 "--force"').words).toEqual(['-5', '--force']);
  });

  test.each([
    ['an unknown option', '--what', '%m has no option --what. It takes --force.'],
    ['a missing value', '--name', '%m: --name wants a value.'],
    ['an open quote', '"a b', '%m: a quote is not closed.'],
  ])('%s is told', (_title, argument, message) => {
    const allowed =
      argument === '--name' ? ({ name: 'value' } as const) : ({ force: 'flag' } as const);

    expect(() => readWords('m', argument, allowed)).toThrow(
      expect.objectContaining({ code: 'BRIDGE_MAGIC_USAGE', message }),
    );
  });

  test('a name from Object.prototype is no option', () => {
    expect(() => readWords('m', '--constructor')).toThrow('has no option');
  });
});

describe('assignments', () => {
  test('a value ends at a space outside strings and brackets', () => {
    const found = readAssignments(
      'inputs',
      'a=1  b=[1, 2] c="x y" d={"e": ["f g", "]"]} @in.json @"my file.json"',
    );

    expect(found).toEqual([
      { name: 'a', text: '1' },
      { name: 'b', text: '[1, 2]' },
      { name: 'c', text: '"x y"' },
      { name: 'd', text: '{"e": ["f g", "]"]}' },
      { file: 'in.json' },
      { file: 'my file.json' },
    ]);
  });

  test.each(['a', 'a =1', '=1', '1a=2', '@'])(
    '"%s" is told to be neither value nor file',
    (text) => {
      expect(() => readAssignments('inputs', text)).toThrow(
        expect.objectContaining({ code: 'BRIDGE_MAGIC_USAGE' }),
      );
    },
  );
});
