import { expect, test } from 'vitest';
import { withoutSecrets } from '../../../../src/bridge/history/without-secrets.js';

test.each([
  ['%config password=hunter2', '%config password=********'],
  ['  %config  token = "a b" display=plain', '  %config  token = ******** display=plain'],
  ["%connect x --tls_key_passphrase='s'", '%connect x --tls_key_passphrase=********'],
  ['%config headers={"Authorization": "Bearer x"}', '%config headers=********'],
  ['a <- 1\n%config password=x\nb', 'a <- 1\n%config password=********\nb'],
  ['%config password_file=~/pw', '%config password_file=~/pw'],
  ['%config PASSWORD=x', '%config PASSWORD=********'],
  ['password = "mine"', 'password = "mine"'],
  ['x %in% y; password=1', 'x %in% y; password=1'],
  ['%config display=plain', '%config display=plain'],
])('%j is kept as %j', (input, kept) => {
  expect(withoutSecrets(input)).toBe(kept);
});
