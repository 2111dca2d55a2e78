import { expect, test } from 'vitest';
import { isProxyExempt } from '../../../src/client/no-proxy.js';

test.each([
  ['', 'http://a', false],
  ['*', 'http://a', true],
  ['a', 'http://a', true],
  ['A', 'http://a', true],
  ['example.org', 'http://www.example.org', true],
  ['.example.org', 'http://www.example.org', true],
  ['.example.org', 'http://example.org', true],
  ['*.example.org', 'http://www.example.org', true],
  ['example.org', 'http://badexample.org', false],
  ['a:12800', 'http://a:12800', true],
  ['a:12800', 'http://a:12801', false],
  ['a:80', 'http://a', true],
  ['a:443', 'https://a', true],
  ['x, a', 'http://a', true],
  ['x a', 'http://a', true],
  ['127.0.0.1', 'http://127.0.0.1:1', true],
  ['0.1', 'http://127.0.0.1', false],
  ['10.0.0.0/8', 'http://10.1.2.3', true],
  ['10.0.0.0/8', 'http://11.1.2.3', false],
  ['10.0.0.0/99', 'http://10.1.2.3', false],
  ['nonsense/8', 'http://10.1.2.3', false],
  ['10.0.0.0/8', 'http://ten', false],
  ['::1', 'http://[::1]:12800', true],
  ['[::1]:12800', 'http://[::1]:12800', true],
  ['fd00::/8', 'http://[fd12::1]', true],
])('the list %j for %s: %s', (list, url, expected) => {
  expect(isProxyExempt(new URL(url), list)).toBe(expected);
});
