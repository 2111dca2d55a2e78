import { expect, test } from 'vitest';
import { bearerTokenOf } from '../../../../src/server/auth/authenticate.js';

test.each([
  ['Bearer abc.def', 'abc.def'],
  ['bearer abc', 'abc'],
  ['BEARER  abc ', 'abc'],
  ['Bearer ', undefined],
  ['Bearer', undefined],
  ['Basic abc', undefined],
  ['', undefined],
  [undefined, undefined],
])('the bearer token of %j is %j', (header, token) => {
  expect(bearerTokenOf(header)).toBe(token);
});
