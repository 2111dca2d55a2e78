import { expect, test } from 'vitest';
import {
  createSecretVerifier,
  hashPassword,
  verifyPassword,
} from '../../../../src/server/auth/passwords.js';

test('a hash verifies its password and no other, and two hashes of a password differ', async () => {
  const [first, second] = await Promise.all([hashPassword('pässword'), hashPassword('pässword')]);

  expect(first).not.toBe(second);
  expect(first).toMatch(/^scrypt\$32768\$8\$3\$[\w-]{22}\$[\w-]{43}$/);
  expect(await verifyPassword('pässword', first)).toBe(true);
  expect(await verifyPassword('pa\u0308ssword', first)).toBe(true); // typed on another keyboard
  expect(await verifyPassword('password', first)).toBe(false);
}, 60_000);

test('a text that is no hash is refused in plain words', async () => {
  await expect(verifyPassword('x', 'plain text')).rejects.toThrow(/does not begin with "scrypt\$"/);
});

test('a secret verifier takes its one name and secret', async () => {
  const verify = createSecretVerifier('owner', 'b9f3…');

  expect(await verify('owner', 'b9f3…')).toBe(true);
  expect(await verify('owner', 'b9f3')).toBe(false);
  expect(await verify('Owner', 'b9f3…')).toBe(false);
});
