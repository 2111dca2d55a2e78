import { expect, test } from 'vitest';
import { EventLog } from '../../../../src/server/sessions/event-log.js';
import { EventLogs } from '../../../../src/server/sessions/event-logs.js';

const never = (): boolean => false;

test('gives what came after the first so many', () => {
  const log = new EventLog(never);
  for (const frame of ['a', 'b', 'c']) log.add(frame);

  expect([log.after(0), log.after(2), log.after(3)]).toEqual([['a', 'b', 'c'], ['c'], []]);
});

test('forgets the oldest of much, and says so', () => {
  const log = new EventLog(never);
  const mebibyte = 'x'.repeat(1024 * 1024);
  for (let count = 0; count < 100; count += 1) log.add(mebibyte);
  log.add('end');

  expect(log.after(0)).toBeUndefined();
  expect(log.after(100)).toEqual(['end']);
  expect(log.after(99)).toEqual([mebibyte, 'end']);
});

test('keeps little of an execution that is over', () => {
  const log = new EventLog(never);
  for (const frame of ['x'.repeat(1024 * 1024), 'answer']) log.add(frame);

  log.end();

  expect([log.after(0), log.after(1)]).toEqual([undefined, ['answer']]);
});

test('logs are kept of executions under way and of the last one that ended', () => {
  const logs = new EventLogs();
  for (const id of ['one', 'two', 'three']) logs.begin(id, never);

  logs.end('one');
  logs.end('two');

  expect(['one', 'two', 'three'].map((id) => logs.get(id) !== undefined)).toEqual([
    false,
    true,
    true,
  ]);
  expect([logs.isKnown('one'), logs.isKnown('four')]).toEqual([true, false]);
});

test('of thousands of executions only the last are known', () => {
  const logs = new EventLogs();
  for (let count = 0; count < 2000; count += 1) {
    logs.begin(`e${count}`, never);
    logs.end(`e${count}`);
  }

  expect([logs.isKnown('e1999'), logs.isKnown('e0')]).toEqual([true, false]);
});
