import { expect, test } from 'vitest';
import { defaultRange } from '../../../../src/runtimes/isolation/user-range.js';

test('takes users above all that systems use', () => {
  expect(defaultRange('         0          0 4294967295\n')?.firstUid).toBe(1_900_000_000);
});

test('takes lower ones in a container with 16 bits of users', () => {
  expect(defaultRange('         0     100000      65536\n')?.firstUid).toBe(50_000);
});

test('finds a range in any line of the map', () => {
  expect(defaultRange('0 1000 1\n1 100000 65536\n')?.firstUid).toBe(50_000);
});

test('takes none where there are too few', () => {
  expect(defaultRange('         0       1000          1\n')).toBeUndefined();
});
