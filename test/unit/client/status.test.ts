import { expect, test } from 'vitest';
import { parseRetryAfter } from '../../../src/client/http.js';
import { publishedVersion } from '../../../src/client/services.js';
import { toStatusReport } from '../../../src/client/status.js';

test.each([
  ['pass', 'pass'],
  ['Warn', 'warn'],
  ['FAIL', 'fail'],
  ['green', 'pass'],
  ['red', 'fail'],
  ['purple', 'warn'],
  [undefined, 'warn'],
])('the status word %s counts as %s', (word, expected) => {
  expect(toStatusReport({ statusCode: word }).statusCode).toBe(expected);
});

test('a tree of parts is read, null parts are none', () => {
  const report = toStatusReport({
    statusCode: 'pass',
    details: { logPath: 'x' },
    components: { database: { statusCode: 'warn', components: null, details: { state: 'Open' } } },
  });

  expect(report).toEqual({
    statusCode: 'pass',
    details: { logPath: 'x' },
    components: { database: { statusCode: 'warn', details: { state: 'Open' }, components: {} } },
  });
});

test.each([
  ['0', 0],
  ['120', 120_000],
  ['Tue, 14 Nov 2023 22:13:30 GMT', 10_000],
  ['Tue, 14 Nov 2000 22:13:30 GMT', 0],
  ['soon', undefined],
  [undefined, undefined],
])('Retry-After %j means %s ms', (value, expected) => {
  expect(parseRetryAfter(value, 1_700_000_000_000)).toBe(expected);
});

test.each([
  ['"v1.0.0"', 'v1.0.0'],
  ['v1.0.0', 'v1.0.0'],
  ['"8fac71e8-92a9-4959-a679-4376e5aab20d"', '8fac71e8-92a9-4959-a679-4376e5aab20d'],
  ['1.0', '1.0'],
  ['{"version":"2"}', '2'],
  ['', undefined],
  ['"Service published successfully"', undefined],
  ['<html>ok</html>', undefined],
])('the answer %j to a publication names the version %s', (body, expected) => {
  expect(publishedVersion(Buffer.from(body))).toBe(expected);
});
