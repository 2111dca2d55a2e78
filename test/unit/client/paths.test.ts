import fc from 'fast-check';
import { expect, test } from 'vitest';
import { pathOf, queryOf } from '../../../src/client/paths.js';

test('any name becomes exactly one segment that decodes to itself', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', minLength: 1 }), (name) => {
      const path = pathOf`/sessions/${'id'}/files/${name}`;

      const { pathname } = new URL(path, 'http://server');
      expect(pathname.split('/')).toHaveLength(5);
      expect(decodeURIComponent(path.split('/')[4] ?? '')).toBe(name);
    }),
  );
});

test.each(['.', '..', 'a/b', 'a\\b', '%2e', '?', '#', ' ', '\ud800'])(
  'the name %j stays in its place',
  (name) => {
    const path = pathOf`/files/${name}/end`;

    expect(path.split('/')).toHaveLength(4);
    expect(path).toMatch(/^\/files\/[A-Za-z0-9%._~!'()*-]+\/end$/);
    expect(['.', '..']).not.toContain(path.split('/')[2]);
  },
);

test('an empty name is refused, because the path would be another one', () => {
  expect(() => pathOf`/sessions/${'s1'}/files/${''}`).toThrow(
    expect.objectContaining({ code: 'CLIENT_OPTION' }),
  );
});

test('a query leaves out what is not set', () => {
  expect(queryOf({ a: 1, b: undefined, 'c&': 'x+/=', d: false })).toBe(
    '?a=1&c%26=x%2B%2F%3D&d=false',
  );
  expect(queryOf({ a: undefined })).toBe('');
});
