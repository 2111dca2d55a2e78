import { describe, expect, test } from 'vitest';
import {
  describeLimit,
  prlimitArguments,
  withMemoryLimit,
} from '../../../../src/runtimes/isolation/process-limits.js';

const MEGABYTE = 1024 ** 2;

describe('arguments for prlimit', () => {
  test('name every limit, processor time in whole seconds with time to tidy up', () => {
    const limits = { memoryBytes: 5.5, cpuMs: 1_500, fileBytes: 7, processCount: 9 };

    expect(prlimitArguments(limits, true)).toEqual([
      '--data=5',
      '--cpu=2:7',
      '--fsize=7',
      '--nproc=9',
    ]);
  });

  test('are none without limits', () => {
    const limits = { memoryBytes: Infinity, cpuMs: Infinity, fileBytes: Infinity };

    expect(prlimitArguments({}, true)).toEqual([]);
    expect(prlimitArguments(limits, true)).toEqual([]);
  });

  test('do not count the processes of a user whom the server shares', () => {
    expect(prlimitArguments({ processCount: 9 }, false)).toEqual([]);
  });
});

describe('the limit that ended a process', () => {
  const limits = { memoryBytes: 100 * MEGABYTE, cpuMs: 2_000, fileBytes: 3 * MEGABYTE };

  test.each([
    ['SIGXCPU', 'It had used the 2 s of processor time that the server allows.'],
    ['SIGXFSZ', 'It wrote a file larger than the 3 MB that the server allows.'],
    ['SIGSEGV', 'The server allows it 100 MB of memory; that may be the reason.'],
    ['SIGABRT', 'The server allows it 100 MB of memory; that may be the reason.'],
    ['SIGKILL', undefined],
    [null, undefined],
  ])('%s: %s', (signal, words) => {
    expect(describeLimit({ signal }, limits)).toBe(words);
  });

  test('is none that is not set', () => {
    for (const signal of ['SIGXCPU', 'SIGXFSZ', 'SIGSEGV']) {
      expect(describeLimit({ signal }, {})).toBeUndefined();
    }
  });
});

describe('the message of a program that had too little memory', () => {
  const limits = { memoryBytes: 100 * MEGABYTE };

  test.each([
    ['R', 'Error: cannot allocate vector of size 7.5 Gb\n'],
    ['Python', 'MemoryError'],
    ['Python', 'numpy.core._exceptions._ArrayMemoryError: Unable to allocate 7.45 GiB'],
    ['Python', 'OSError: [Errno 12] Cannot allocate memory'],
  ] as const)('names the limit: %s, %s', (language, message) => {
    expect(withMemoryLimit(message, language, limits)).toBe(
      `${message.trimEnd()}\nThe server allows a session 100 MB of memory.`,
    );
  });

  test('stays as it is without a limit, and so does every other message', () => {
    expect(withMemoryLimit('MemoryError', 'Python', {})).toBe('MemoryError');
    expect(withMemoryLimit('object x not found', 'R', limits)).toBe('object x not found');
  });
});
