import { expect, test } from 'vitest';
import { History } from '../../../../src/server/sessions/history.js';

test('sources come oldest first', () => {
  const history = new History(100);

  history.add('a <- 1');
  history.add('b <- 2');

  expect(history.list()).toEqual(['a <- 1', 'b <- 2']);
});

test('the oldest sources go when all together are too long, but the last one stays', () => {
  const history = new History(10);

  history.add('12345');
  history.add('67');
  history.add('8901');
  expect(history.list()).toEqual(['67', '8901']);
  history.add('longer than the limit');
  expect(history.list()).toEqual(['longer than the limit']);
});

test('what nobody typed is left out', () => {
  const history = new History(100);

  history.add('a <- 1');
  history.add('');

  expect(history.list()).toEqual(['a <- 1']);
});
