import { describe, expect, test } from 'vitest';
import { SendQueue, type Frames } from '../../../../src/jupyter/transport/send-queue.js';

/** A socket as ZeroMQ's: a second send while one waits throws at once. */
class BusySocket {
  readonly sent: Frames[] = [];
  #isBusy = false;

  readonly send = (frames: Frames): Promise<void> => {
    if (this.#isBusy) throw new Error('EBUSY');
    if (frames[0] === 'fails') return Promise.reject(new Error('lost'));
    this.#isBusy = true;
    this.sent.push(frames);
    return new Promise((resolve) =>
      setImmediate(() => {
        this.#isBusy = false;
        resolve();
      }),
    );
  };
}

const fail = (error: Error): never => {
  throw error;
};

describe('SendQueue', () => {
  test('sends one after the other, in order', async () => {
    const socket = new BusySocket();
    const queue = new SendQueue(socket.send, fail);

    for (const text of ['a', 'b', 'c']) queue.push([text]);
    await queue.whenEmpty();

    expect(socket.sent).toEqual([['a'], ['b'], ['c']]);
  });

  test('sends the first message before push returns', () => {
    const socket = new BusySocket();

    new SendQueue(socket.send, fail).push(['now']);

    expect(socket.sent).toEqual([['now']]);
  });

  test('takes messages again after it was empty', async () => {
    const socket = new BusySocket();
    const queue = new SendQueue(socket.send, fail);
    queue.push(['a']);
    await queue.whenEmpty();

    queue.push(['b']);
    await queue.whenEmpty();

    expect(socket.sent).toEqual([['a'], ['b']]);
  });

  test('reports a lost message and sends the next ones', async () => {
    const socket = new BusySocket();
    const failures: string[] = [];
    const queue = new SendQueue(socket.send, ({ message }) => failures.push(message));

    for (const text of ['a', 'fails', 'b']) queue.push([text]);
    await queue.whenEmpty();

    expect({ sent: socket.sent, failures }).toEqual({ sent: [['a'], ['b']], failures: ['lost'] });
  });
});
