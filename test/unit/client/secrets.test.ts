import { expect, test } from 'vitest';
import { SecretKeeper } from '../../../src/client/secrets.js';

test('passwords and tokens are hidden wherever they stand', () => {
  const secrets = new SecretKeeper();
  secrets.add('correct-horse');
  secrets.addToken('eyJhbGciOi');

  expect(secrets.hideIn('a correct-horse and eyJhbGciOi, correct-horse')).toBe(
    'a ******** and ********, ********',
  );
});

test('very short texts are not hidden, they would blot out everything', () => {
  const secrets = new SecretKeeper();
  secrets.add('a');
  secrets.add('');
  secrets.add(undefined);

  expect(secrets.hideIn('a banana')).toBe('a banana');
});

test('a password stays hidden after many tokens, very old tokens are forgotten', () => {
  const secrets = new SecretKeeper();
  secrets.add('correct-horse');
  for (let index = 0; index < 100; index += 1) secrets.addToken(`token-number-${index}-`);

  expect(secrets.hideIn('correct-horse token-number-0- token-number-99-')).toBe(
    '******** token-number-0- ********',
  );
});
