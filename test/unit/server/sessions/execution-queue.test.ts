import { expect, test } from 'vitest';
import { createDeferred } from '../../../../src/base/index.js';
import { ExecutionQueue } from '../../../../src/server/sessions/execution-queue.js';

/** Work that lasts until it is told to end, and notes when it began. */
function heldWork(log: string[], name: string) {
  const ended = createDeferred<undefined>();
  const work = async (): Promise<string> => {
    log.push(`begin ${name}`);
    await ended.promise;
    log.push(`end ${name}`);
    return name;
  };
  const end = (): void => {
    ended.resolve(undefined);
  };
  return { work, end };
}

test('work runs one at a time in the order it came, and each gets its own result', async () => {
  const queue = new ExecutionQueue();
  const log: string[] = [];
  const held = ['a', 'b', 'c'].map((name) => heldWork(log, name));

  const results = Promise.all(held.map(({ work }) => queue.run(work)));
  for (const { end } of held.reverse()) end();

  expect(await results).toEqual(['a', 'b', 'c']);
  expect(log).toEqual(['begin a', 'end a', 'begin b', 'end b', 'begin c', 'end c']);
  expect(queue.isBusy).toBe(false);
});

test('work that fails does not hold up the next', async () => {
  const queue = new ExecutionQueue();

  const failing = queue.run(() => Promise.reject(new Error('no')));
  const next = queue.run(() => Promise.resolve('yes'));

  await expect(failing).rejects.toThrow('no');
  expect(await next).toBe('yes');
});

test('work that was given up while it waited is never started', async () => {
  const queue = new ExecutionQueue();
  const log: string[] = [];
  const first = heldWork(log, 'first');
  const dropped = heldWork(log, 'dropped');
  const last = heldWork(log, 'last');
  let isAbandoned = false;

  const running = queue.run(first.work);
  const waiting = queue.run(dropped.work, () => isAbandoned);
  const following = queue.run(last.work);
  isAbandoned = true;
  first.end();
  last.end();

  await expect(waiting).rejects.toMatchObject({ name: 'AbortError' });
  await Promise.all([running, following]);
  expect(log).toEqual(['begin first', 'end first', 'begin last', 'end last']);
});

test('closing refuses what waits and what comes, and lets the running work end', async () => {
  const queue = new ExecutionQueue();
  const log: string[] = [];
  const first = heldWork(log, 'first');
  const running = queue.run(first.work);
  const waiting = queue.run(() => Promise.resolve('waiting'));

  queue.close(new Error('closed'));
  const late = queue.run(() => Promise.resolve('late'));
  first.end();

  await expect(waiting).rejects.toThrow('closed');
  await expect(late).rejects.toThrow('closed');
  expect(await running).toBe('first');
});
