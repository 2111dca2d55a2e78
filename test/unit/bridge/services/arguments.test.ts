import { describe, expect, test } from 'vitest';
import { readInputList, readServiceArguments } from '../../../../src/bridge/services/arguments.js';

const allowed = { into: 'value', description: 'value', batch: 'flag' } as const;

describe('readServiceArguments', () => {
  test.each([
    ['Cars 1.0', ['Cars', '1.0'], {}, []],
    [
      'Cars x=[1, 2] --into a y={"b": [1, "c d"]}',
      ['Cars'],
      { into: 'a' },
      [
        { name: 'x', value: [1, 2] },
        { name: 'y', value: { b: [1, 'c d'] } },
      ],
    ],
    ['"My Cars" x=$df', ['My Cars'], {}, [{ name: 'x', variable: 'df' }]],
    [
      'Cars --description="two words" name="it\'s ] \\"quoted\\""',
      ['Cars'],
      { description: 'two words' },
      [{ name: 'name', value: 'it\'s ] "quoted"' }],
    ],
    [
      'Cars --description \'two "words"\' --batch',
      ['Cars'],
      { description: 'two "words"', batch: true },
      [],
    ],
    ['Cars --description a=b', ['Cars'], { description: 'a=b' }, []],
  ])('reads %s', async (text, words, options, inputs) => {
    expect(await readServiceArguments('consume', text, allowed)).toEqual({
      words,
      options,
      inputs,
    });
  });

  test('an unknown option is a mistake', async () => {
    await expect(readServiceArguments('consume', 'Cars --nope', allowed)).rejects.toMatchObject({
      code: 'BRIDGE_MAGIC_USAGE',
    });
  });
});

describe('readInputList', () => {
  test('splits at commas outside brackets', async () => {
    expect(await readInputList('publish', 'hp=120, x=[1,2],s="a,b"')).toEqual([
      { name: 'hp', value: 120 },
      { name: 'x', value: [1, 2] },
      { name: 's', value: 'a,b' },
    ]);
  });

  test('what is no input is a mistake', async () => {
    await expect(readInputList('publish', 'hp=1,wt')).rejects.toMatchObject({
      code: 'BRIDGE_MAGIC_USAGE',
    });
  });
});
