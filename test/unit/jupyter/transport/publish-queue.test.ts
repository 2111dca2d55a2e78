import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import {
  PublishQueue,
  type PublishSocket,
} from '../../../../src/jupyter/transport/publish-queue.js';
import type { Frames } from '../../../../src/jupyter/transport/send-queue.js';

/** An XPUB socket with a reader that has room for `room` messages. */
class SlowReader implements PublishSocket {
  sendHighWaterMark = 1;
  room = Number.POSITIVE_INFINITY;
  readonly sent: Frames[] = [];

  send(frames: Frames): Promise<void> {
    if (frames[0] === 'fails') return Promise.reject(new Error('lost'));
    if (this.room === 0 && this.sendHighWaterMark > 0) {
      return Promise.reject(Object.assign(new Error('full'), { code: 'EAGAIN' }));
    }
    this.room = Math.max(0, this.room - 1);
    this.sent.push(frames);
    return Promise.resolve();
  }
}

const MEGABYTE = 'x'.repeat(1024 * 1024);

describe('PublishQueue', () => {
  let socket: SlowReader;
  let failures: string[];
  let stuckCount: number;
  let queue: PublishQueue;

  beforeEach(() => {
    vi.useFakeTimers();
    socket = new SlowReader();
    failures = [];
    stuckCount = 0;
    queue = new PublishQueue({
      socket,
      onFailure: (error) => failures.push(error.message),
      onStuck: () => (stuckCount += 1),
    });
  });

  afterEach(() => {
    vi.useRealTimers();
  });

  test('sends the first message before push returns, the others in order', async () => {
    queue.push(['a']);
    const first = [...socket.sent];
    queue.push(['b']);
    queue.push(['c']);
    await vi.advanceTimersByTimeAsync(0);

    expect(first).toEqual([['a']]);
    expect(socket.sent).toEqual([['a'], ['b'], ['c']]);
    expect(queue.taken()).toBeUndefined();
  });

  test('waits for a slow reader, which loses nothing', async () => {
    socket.room = 1;
    for (const text of ['a', 'b', 'c']) queue.push([text]);
    await vi.advanceTimersByTimeAsync(4_000);
    const before = socket.sent.length;

    socket.room = 2;
    await vi.advanceTimersByTimeAsync(20);

    expect(before).toBe(1);
    expect(socket.sent).toEqual([['a'], ['b'], ['c']]);
  });

  test('asks programs to wait when much is waiting, until most of it is sent', async () => {
    socket.room = 0;
    let isTaken = false;
    for (let count = 0; count < 4; count += 1) queue.push([MEGABYTE]);
    const early = queue.taken();
    queue.push([MEGABYTE]);
    void queue.taken()?.then(() => (isTaken = true));

    socket.room = 3;
    await vi.advanceTimersByTimeAsync(20);
    const half = isTaken;
    socket.room = 1;
    await vi.advanceTimersByTimeAsync(20);

    expect([early, half, isTaken]).toEqual([undefined, false, true]);
    expect(queue.taken()).toBeUndefined();
  });

  test('a reader that takes nothing for 5 s is waited for no longer, and loses nothing', async () => {
    socket.room = 0;
    queue.push(['a']);
    queue.push(['b']);
    await vi.advanceTimersByTimeAsync(4_900);
    const before = socket.sent.length;
    await vi.advanceTimersByTimeAsync(200);
    queue.push(['c']);
    await vi.advanceTimersByTimeAsync(0);

    expect(before).toBe(0);
    expect(socket.sent).toEqual([['a'], ['b'], ['c']]);
    expect(stuckCount).toBe(1);
  });

  test('closing does not wait for a reader that takes nothing', async () => {
    socket.room = 0;
    queue.push(['a']);
    queue.push(['b']);

    const closing = queue.close();
    await vi.advanceTimersByTimeAsync(400);
    await closing;

    expect(socket.sent).toEqual([['a'], ['b']]);
  });

  test('reports a lost message and sends the next ones', async () => {
    queue.push(['fails']);
    queue.push(['b']);
    await vi.advanceTimersByTimeAsync(0);

    expect(failures).toEqual(['lost']);
    expect(socket.sent).toEqual([['b']]);
  });
});
