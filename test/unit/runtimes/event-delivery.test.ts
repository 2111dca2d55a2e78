import { describe, expect, test } from 'vitest';
import { createDeferred } from '../../../src/base/index.js';
import { EventDelivery } from '../../../src/runtimes/event-delivery.js';
import type { RuntimeEvent } from '../../../src/runtimes/index.js';

const text = (content: string): RuntimeEvent => ({ type: 'stream', name: 'stdout', text: content });

function setUp(): { delivery: EventDelivery; flow: string[] } {
  const flow: string[] = [];
  const delivery = new EventDelivery({
    pause: () => flow.push('pause'),
    resume: () => flow.push('resume'),
  });
  return { delivery, flow };
}

describe('event delivery', () => {
  test('events go to the receiver as they come', () => {
    const { delivery } = setUp();
    const received: RuntimeEvent[] = [];
    delivery.attach((event) => {
      received.push(event);
    });

    delivery.push(text('a'));
    delivery.push(text('b'));

    expect(received).toEqual([text('a'), text('b')]);
  });

  test('events without a receiver wait for the next one', () => {
    const { delivery } = setUp();
    const received: RuntimeEvent[] = [];
    delivery.push(text('early'));

    delivery.attach((event) => {
      received.push(event);
    });

    expect(received).toEqual([text('early')]);
  });

  test('while the receiver takes an event nothing is read and nothing is handed on', async () => {
    const { delivery, flow } = setUp();
    const received: RuntimeEvent[] = [];
    const taking = createDeferred<undefined>();
    delivery.attach(async (event) => {
      received.push(event);
      await taking.promise;
    });
    flow.length = 0;

    delivery.push(text('a'));
    delivery.push(text('b'));
    const meanwhile = [...received, ...flow];
    taking.resolve(undefined);
    await delivery.taken();

    expect(meanwhile).toEqual([text('a'), 'pause']);
    expect(received).toEqual([text('a'), text('b')]);
    expect(flow.at(-1)).toBe('resume');
  });

  test('what the receiver throws is kept for the end, and it gets no more events', async () => {
    const { delivery } = setUp();
    const received: RuntimeEvent[] = [];
    delivery.attach((event) => {
      received.push(event);
      throw new Error('broken');
    });

    delivery.push(text('a'));
    delivery.push(text('b'));

    await expect(delivery.taken()).rejects.toThrow('broken');
    expect(received).toEqual([text('a')]);
  });

  test('a rejected promise counts as thrown', async () => {
    const { delivery } = setUp();
    delivery.attach(() => Promise.reject(new Error('broken')));

    delivery.push(text('a'));

    await expect(delivery.taken()).rejects.toThrow('broken');
  });

  test('the next receiver starts afresh', async () => {
    const { delivery } = setUp();
    delivery.attach(() => {
      throw new Error('broken');
    });
    delivery.push(text('a'));
    delivery.detach();
    const received: RuntimeEvent[] = [];

    delivery.attach((event) => {
      received.push(event);
    });
    delivery.push(text('b'));
    await delivery.taken();

    expect(received).toEqual([text('b')]);
  });

  test('too much text without a receiver stops the reading', () => {
    const { delivery, flow } = setUp();

    for (let i = 0; i < 17; i += 1) delivery.push(text('x'.repeat(65_536)));

    expect(flow).toEqual(['pause']);
  });
});
