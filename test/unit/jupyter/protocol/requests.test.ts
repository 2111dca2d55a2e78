// What the readers make of requests: the protocol's defaults, and an error that names the field.
import { describe, expect, test } from 'vitest';
import { completeReply, readCursorRequest } from '../../../../src/jupyter/protocol/complete.js';
import { readExecuteRequest } from '../../../../src/jupyter/protocol/execute.js';
import { readHistoryRequest } from '../../../../src/jupyter/protocol/history.js';
import { readInspectRequest } from '../../../../src/jupyter/protocol/inspect.js';

describe('execute_request', () => {
  test('has the defaults of the protocol', () => {
    expect(readExecuteRequest({ code: 'x' })).toEqual({
      code: 'x',
      silent: false,
      storeHistory: true,
      userExpressions: {},
      allowStdin: true,
      stopOnError: true,
    });
  });

  test('is never stored when silent', () => {
    const fields = readExecuteRequest({ code: 'x', silent: true, store_history: true });

    expect(fields.storeHistory).toBe(false);
  });

  test('takes null for a field that is absent', () => {
    const fields = readExecuteRequest({ code: 'x', user_expressions: null, allow_stdin: null });

    expect(fields).toMatchObject({ userExpressions: {}, allowStdin: true });
  });

  test.each([
    [{}, '"code" must be a string, got nothing.'],
    [{ code: 5 }, '"code" must be a string, got number 5.'],
    [{ code: 'x', silent: 'no' }, '"silent" must be true or false, got string "no".'],
    [{ code: 'x', user_expressions: [] }, '"user_expressions" must be an object, got array [].'],
    [
      { code: 'x', user_expressions: { a: 1 } },
      '"user_expressions.a" must be a string, got number 1.',
    ],
  ])('%j is refused', (content, message) => {
    expect(() => readExecuteRequest(content)).toThrow(
      expect.objectContaining({ code: 'JUPYTER_REQUEST_BAD', message }),
    );
  });

  test('an error shows no more than the beginning of a value', () => {
    expect(() => readExecuteRequest({ code: ['x'.repeat(1000)] })).toThrow(
      /^"code" must be a string, got array \["x{78}…\.$/,
    );
  });
});

describe('complete_request and inspect_request', () => {
  test('count the cursor in code points', () => {
    expect(readCursorRequest({ code: '😀abc', cursor_pos: 3 })).toEqual({
      code: '😀abc',
      cursor: 4,
    });
  });

  test('without a cursor mean the end of the code', () => {
    expect(readCursorRequest({ code: '😀abc' })).toEqual({ code: '😀abc', cursor: 5 });
  });

  test('replies count in code points too, also inside the typed completions', () => {
    const reply = completeReply('😀pr', {
      matches: ['print'],
      start: 2,
      end: 4,
      metadata: {
        _jupyter_types_experimental: [{ start: 2, end: 4, text: 'print', type: 'function' }],
        other: 1,
      },
    });

    expect(reply).toEqual({
      status: 'ok',
      matches: ['print'],
      cursor_start: 1,
      cursor_end: 3,
      metadata: {
        _jupyter_types_experimental: [{ start: 1, end: 3, text: 'print', type: 'function' }],
        other: 1,
      },
    });
  });

  test('the detail level is 0 or 1', () => {
    const levels = [0, 1, 2].map(
      (level) => readInspectRequest({ code: '', cursor_pos: 0, detail_level: level }).detailLevel,
    );

    expect(levels).toEqual([0, 1, 1]);
  });
});

describe('history_request', () => {
  const open = Number.MAX_SAFE_INTEGER;

  test.each([
    [
      { hist_access_type: 'tail', n: 1000, output: false, raw: true },
      { accessType: 'tail', count: 1000, output: false, raw: true },
    ],
    [
      { hist_access_type: 'range', session: 0, start: 1, stop: null },
      { accessType: 'range', session: 0, start: 1, stop: open, output: false, raw: true },
    ],
    [
      { hist_access_type: 'search', pattern: 'a*', n: null, unique: true, output: true },
      {
        accessType: 'search',
        pattern: 'a*',
        count: undefined,
        unique: true,
        output: true,
        raw: true,
      },
    ],
  ])('%j is read', (content, expected) => {
    expect(readHistoryRequest(content)).toEqual(expected);
  });

  test('an access type that nobody knows is refused', () => {
    expect(() => readHistoryRequest({ hist_access_type: 'all' })).toThrow(
      '"hist_access_type" must be "tail", "range" or "search", got string "all".',
    );
  });
});
