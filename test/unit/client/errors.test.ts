import { expect, test } from 'vitest';
import { CLIENT_ERROR_CODES, ClientError, isClientError } from '../../../src/client/index.js';

test('every code has a cause and a remedy in whole sentences', () => {
  const bad = Object.entries(CLIENT_ERROR_CODES).filter(
    ([code, { cause, remedy }]) =>
      !/^CLIENT_[A-Z_]+$/.test(code) || !/^[A-Z].*\.$/s.test(cause) || !/^[A-Z].*\.$/s.test(remedy),
  );

  expect(bad).toEqual([]);
});

test('an error has the remedy of its code as hint, unless it knows better', () => {
  const plain = new ClientError('CLIENT_AUTH', 'no');
  const special = new ClientError('CLIENT_AUTH', 'no', { hint: 'Ask Bob.' });

  expect([plain.hint, special.hint]).toEqual([CLIENT_ERROR_CODES.CLIENT_AUTH.remedy, 'Ask Bob.']);
});

test('errors are told apart by code', () => {
  const error = new ClientError('CLIENT_AUTH', 'no');

  expect([
    isClientError(error),
    isClientError(error, 'CLIENT_AUTH'),
    isClientError(error, 'CLIENT_TLS'),
    isClientError(new Error('no')),
  ]).toEqual([true, true, false, false]);
});
