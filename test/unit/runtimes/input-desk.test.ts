import { expect, test } from 'vitest';
import { ANSWER } from '../../../src/runtimes/framing.js';
import { InputDesk } from '../../../src/runtimes/input-desk.js';

/** A request for input as a worker sends it. */
function request(number: number, prompt = '? ', isPassword = false) {
  const bytes = Buffer.alloc(8);
  bytes.writeInt32LE(number, 0);
  bytes.writeInt32LE(isPassword ? 1 : 0, 4);
  return { kind: ANSWER.input, text: prompt, bytes };
}

/** A desk, and what it has sent: `kind text number`. */
function setUp(): { desk: InputDesk; sent: string[] } {
  const sent: string[] = [];
  const desk = new InputDesk((frame) => {
    const text = frame.toString('utf8', 12, 12 + frame.readInt32LE(4));
    sent.push(`${frame.readInt32LE(0)} ${text} ${frame.readInt32LE(12 + frame.readInt32LE(4))}`);
  });
  return { desk, sent };
}

test('a request becomes an event, and its answer goes to the worker once', () => {
  const { desk, sent } = setUp();
  desk.open();

  const event = desk.take(request(1, 'Pin? ', true));
  desk.answer('1', { status: 'ok', text: 'a\0b' });
  desk.answer('1', { status: 'ok', text: 'again' });
  desk.answer('2', { status: 'ok', text: 'unasked' });

  expect(event).toEqual({ type: 'input_request', inputId: '1', prompt: 'Pin? ', isPassword: true });
  expect(sent).toEqual(['1 ab 1']);
});

test('the end of input and a refusal are told as such', () => {
  const { desk, sent } = setUp();
  desk.open();
  desk.take(request(1));
  desk.take(request(2));

  desk.answer('1', { status: 'end' });
  desk.answer('2', { status: 'unavailable', reason: 'why' });

  expect(sent).toEqual(['2  1', '3 why 2']);
});

test('an interrupt ends what waits and what asks later, until the next execution', () => {
  const { desk, sent } = setUp();
  desk.open();
  desk.take(request(1));

  desk.interrupt();
  const later = desk.take(request(2));
  desk.close();
  desk.open();
  const next = desk.take(request(3));

  expect(sent).toEqual(['4  1', '4  2']);
  expect(later).toBeUndefined();
  expect(next).toMatchObject({ inputId: '3' });
});

test('code that runs on without an execution has nobody to ask', () => {
  const { desk, sent } = setUp();
  desk.open();
  desk.take(request(1));
  desk.close();

  const later = desk.take(request(2));
  desk.interrupt();

  const reason = 'Input was asked for by code that goes on after the end of its execution.';
  expect(later).toBeUndefined();
  expect(sent).toEqual([`3 ${reason} 1`, `3 ${reason} 2`]);
});

test('a request without a number is no request of a worker', () => {
  const { desk } = setUp();

  expect(() => desk.take({ kind: ANSWER.input, text: '', bytes: Buffer.alloc(3) })).toThrow(
    expect.objectContaining({ code: 'RUNTIME_GARBLED' }) as Error,
  );
});
