// The command line that kernelspecs use.
import { describe, expect, test } from 'vitest';
import { parseKernelArguments } from '../../../src/cli/kernel.js';

describe('the command line of a kernel', () => {
  test('names the connection file, the language and any settings', () => {
    expect(
      parseKernelArguments(['c.json', '--language', 'r', '--profile', 'work', '--on-exit=keep']),
    ).toEqual({
      connectionFile: 'c.json',
      language: 'r',
      flags: { profile: 'work', on_exit: 'keep' },
    });
  });

  test('the scripts which `jupyter run` adds are left alone', () => {
    expect(parseKernelArguments(['c.json', '--language', 'r', 'script.R'])).toEqual({
      connectionFile: 'c.json',
      language: 'r',
      flags: {},
    });
  });

  test.each([
    [['--language', 'r'], 'kernel takes a connection file.'],
    [['c.json'], '--language must be r or python.'],
    [['c.json', '--language', 'julia'], '--language must be r or python.'],
    [['c.json', '--language'], '--language needs a value.'],
  ])('%j is refused', (args, message) => {
    expect(() => parseKernelArguments(args)).toThrow(
      expect.objectContaining({ code: 'CONFIG_ARGUMENT', message }),
    );
  });
});
