import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { LoginLimiter, networkOf } from '../../../../src/server/auth/login-limiter.js';
import { ApiError } from '../../../../src/server/errors.js';

const MINUTE_MS = 60_000;
const wrong = new ApiError('API_CREDENTIALS', 'wrong');
const fail = (): Promise<never> => Promise.reject(wrong);
const succeed = (): Promise<string> => Promise.resolve('in');

let limiter: LoginLimiter;

beforeEach(() => {
  vi.useFakeTimers();
  limiter = new LoginLimiter({
    maxLoginFailures: 3,
    maxAddressLoginFailures: 5,
    loginWindowMs: 15 * MINUTE_MS,
  });
});

afterEach(() => {
  vi.useRealTimers();
});

const attempt = (username: string, address: string, check: () => Promise<string>) =>
  limiter.attempt({ username, address }, check).catch((error: unknown) => {
    if (!(error instanceof ApiError)) throw error;
    return error.code;
  });

test('after its failures a name waits, from whatever address, even with the right password', async () => {
  for (const address of ['10.0.0.1', '10.0.0.2', '10.0.0.3']) await attempt('ann', address, fail);

  expect(await attempt('ann', '10.0.0.4', succeed)).toBe('API_TOO_MANY_ATTEMPTS');
  expect(await attempt('bob', '10.0.0.1', succeed)).toBe('in');
});

test('after its failures an address waits, whatever the name', async () => {
  for (const name of ['a', 'b', 'c', 'd', 'e']) await attempt(name, '10.0.0.1', fail);

  expect(await attempt('f', '10.0.0.1', succeed)).toBe('API_TOO_MANY_ATTEMPTS');
  expect(await attempt('f', '10.0.0.2', succeed)).toBe('in');
});

test('the refusal says how long to wait, and after that time the name may try again', async () => {
  for (let failure = 0; failure < 3; failure += 1) await attempt('ann', '10.0.0.1', fail);
  await vi.advanceTimersByTimeAsync(5 * MINUTE_MS);

  await expect(
    limiter.attempt({ username: 'ann', address: '10.0.0.1' }, succeed),
  ).rejects.toMatchObject({ retryAfterSeconds: 600, statusCode: 429 });
  await vi.advanceTimersByTimeAsync(10 * MINUTE_MS);
  expect(await attempt('ann', '10.0.0.1', succeed)).toBe('in');
});

test('a right password forgives the failures of the name', async () => {
  await attempt('ann', '10.0.0.1', fail);
  await attempt('ann', '10.0.0.1', fail);
  await attempt('ann', '10.0.0.1', succeed);
  await attempt('ann', '10.0.0.1', fail);
  await attempt('ann', '10.0.0.1', fail);

  expect(await attempt('ann', '10.0.0.2', succeed)).toBe('in');
});

test('a hundred guesses at once are no more than the limit', async () => {
  let checkCount = 0;
  const guess = (): Promise<never> => {
    checkCount += 1;
    return fail();
  };

  await Promise.all(Array.from({ length: 100 }, () => attempt('ann', '10.0.0.1', guess)));

  expect(checkCount).toBe(3);
});

test('a directory that does not answer is nobody’s failure', async () => {
  const unavailable = (): Promise<never> =>
    Promise.reject(new ApiError('API_AUTHORITY_UNAVAILABLE', 'down'));

  for (let count = 0; count < 10; count += 1) await attempt('ann', '10.0.0.1', unavailable);

  expect(await attempt('ann', '10.0.0.1', succeed)).toBe('in');
});

test.each([
  ['127.0.0.1', '127.0.0.1'],
  ['::ffff:10.1.2.3', '10.1.2.3'],
  ['2001:db8:0:1:aaaa:bbbb:cccc:dddd', '2001:db8:0:1'],
  ['2001:DB8::1', '2001:db8:0:0'],
  ['2001:0db8:0000:0001::', '2001:db8:0:1'],
  ['fe80::1%eth0', 'fe80:0:0:0'],
  ['::1', '0:0:0:0'],
])('the address %s is counted as %s', (address, network) => {
  expect(networkOf(address)).toBe(network);
});
