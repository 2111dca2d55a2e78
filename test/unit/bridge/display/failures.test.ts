import { describe, expect, test } from 'vitest';
import { agentFailure, failureOf, plainFailure } from '../../../../src/bridge/display/failures.js';
import { BRIDGE_ERROR_CODES, BridgeError } from '../../../../src/bridge/errors.js';
import { languageOf } from '../../../../src/bridge/language/languages.js';

describe('failures as results', () => {
  test('one of ours has its code, one line, and what to try', () => {
    const failed = failureOf(new BridgeError('BRIDGE_NOT_RUN', 'It did not run.'));

    expect(failed).toEqual({
      status: 'error',
      ename: 'BRIDGE_NOT_RUN',
      evalue: 'It did not run.',
      traceback: ['BRIDGE_NOT_RUN: It did not run.', 'What to try: Run the cell again.'],
    });
  });

  test.each([
    ['Error in f(x) : no such thing', 'no such thing'],
    ['Error in a::f(x) : no such thing\n', 'no such thing'],
    ['Error: no such thing', 'no such thing'],
    ['no such thing', 'no such thing'],
    ['', 'The code failed.'],
  ])('the R error %j', (message, evalue) => {
    expect(plainFailure(message, '', languageOf('R'))).toMatchObject({ ename: 'Error', evalue });
  });

  describe('too little memory', () => {
    const limit = 'The server allows a session 512 MB of memory.';

    test.each([
      [
        'R',
        'Error: cannot allocate vector of size 7.5 Gb',
        'cannot allocate vector of size 7.5 Gb',
      ],
      ['python', 'Traceback (most recent call last):\n  File\nMemoryError', ''],
    ] as const)('in %s is told in its own words, and the limit below', (name, words, evalue) => {
      const failed = plainFailure(`${words}\n${limit}\n`, '', languageOf(name));

      expect(failed).toMatchObject({ ename: name === 'R' ? 'Error' : 'MemoryError', evalue });
      expect(failed.traceback).toEqual([...words.split('\n'), limit]);
    });

    test('has the limit below the traceback of the agent', () => {
      const error = {
        type: 'error',
        ename: 'Error',
        evalue: 'no memory',
        traceback: ['a'],
      } as const;

      const failed = agentFailure(error, `Error: no memory\n${limit}`);

      expect(failed).toMatchObject({ evalue: 'no memory', traceback: ['a', limit] });
      expect(agentFailure(error, 'Error: no memory').traceback).toEqual(['a']);
    });
  });

  test.each([
    [
      "Traceback (most recent call last):\n  File\nNameError: name 'x' is not defined",
      'NameError',
      "name 'x' is not defined",
    ],
    ['json.decoder.JSONDecodeError: bad', 'JSONDecodeError', 'bad'],
    ['KeyboardInterrupt', 'KeyboardInterrupt', ''],
    ['something else', 'Error', 'something else'],
  ])('the Python error %j', (message, ename, evalue) => {
    expect(plainFailure(message, '', languageOf('python'))).toMatchObject({ ename, evalue });
  });

  test('an error that the text already shows is not repeated in full', () => {
    const message = 'Error in f() : no\nCalls: f';

    const failed = plainFailure(message, `before\n${message}\n`, languageOf('R'));

    expect(failed.traceback).toEqual(['Error: no\nCalls: f']);
  });

  test('every code has cause and remedy as whole sentences', () => {
    for (const [code, { cause, remedy }] of Object.entries(BRIDGE_ERROR_CODES)) {
      expect(code).toMatch(/^BRIDGE_[A-Z_]+$/);
      expect(cause).toMatch(/^[A-Z].*\.$/);
      expect(remedy).toMatch(/^[A-Z].*\.$/);
    }
  });
});
