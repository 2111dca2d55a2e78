import { describe, expect, test } from 'vitest';
import { TaskQueue } from '../../../src/base/index.js';

/** A task that ends when told to. */
function gate(): { task: () => Promise<string>; open: (value: string) => void; begun: boolean } {
  let resolve: (value: string) => void = () => undefined;
  const promise = new Promise<string>((settle) => (resolve = settle));
  const self = {
    begun: false,
    task: () => {
      self.begun = true;
      return promise;
    },
    open: (value: string) => {
      resolve(value);
    },
  };
  return self;
}

describe('TaskQueue', () => {
  test('runs one task at a time, in the order they came', async () => {
    const queue = new TaskQueue();
    const first = gate();
    const second = gate();
    const results = [queue.run(first.task), queue.run(second.task)];

    const begunBefore = [first.begun, second.begun];
    first.open('one');
    second.open('two');

    expect(begunBefore).toEqual([true, false]);
    expect(await Promise.all(results)).toEqual(['one', 'two']);
  });

  test('runs as many tasks together as it may', () => {
    const queue = new TaskQueue(2);
    const gates = [gate(), gate(), gate()];

    for (const { task } of gates) void queue.run(task);

    expect(gates.map(({ begun }) => begun)).toEqual([true, true, false]);
    expect([queue.runningCount, queue.waitingCount]).toEqual([2, 1]);
  });

  test('goes on after a task that throws', async () => {
    const queue = new TaskQueue();
    const failing = queue.run(() => Promise.reject(new Error('boom')));
    const next = queue.run(() => Promise.resolve('fine'));

    await expect(failing).rejects.toThrow('boom');
    expect(await next).toBe('fine');
  });

  test('takes a waiting task out when its signal is aborted', async () => {
    const queue = new TaskQueue();
    const first = gate();
    const second = gate();
    const controller = new AbortController();
    const running = queue.run(first.task);
    const waiting = queue.run(second.task, controller.signal);

    controller.abort();
    first.open('one');

    await expect(waiting).rejects.toHaveProperty('name', 'AbortError');
    await running;
    expect([second.begun, queue.runningCount, queue.waitingCount]).toEqual([false, 0, 0]);
  });

  test('lets a task go on whose signal is aborted after it began', async () => {
    const queue = new TaskQueue();
    const only = gate();
    const controller = new AbortController();
    const running = queue.run(only.task, controller.signal);

    controller.abort();
    only.open('done');

    expect(await running).toBe('done');
  });

  test('hands the place to the next in line, not to a newcomer', async () => {
    const queue = new TaskQueue();
    const order: string[] = [];
    const first = gate();
    const running = queue.run(first.task).then(() => {
      void queue.run(() => Promise.resolve(order.push('newcomer')));
    });
    const second = queue.run(() => Promise.resolve(order.push('second')));

    first.open('');
    await Promise.all([running, second]);
    await queue.whenIdle();

    expect(order).toEqual(['second', 'newcomer']);
  });

  test('whenIdle waits for the last task', async () => {
    const queue = new TaskQueue();
    const only = gate();
    void queue.run(only.task);
    let isIdle = false;
    const idle = queue.whenIdle().then(() => (isIdle = true));

    const before = isIdle;
    only.open('');
    await idle;

    expect([before, isIdle]).toEqual([false, true]);
  });

  test('refuses a concurrency below one', () => {
    expect(() => new TaskQueue(0)).toThrow(RangeError);
  });
});
