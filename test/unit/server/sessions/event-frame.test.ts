import { expect, test } from 'vitest';
import { encodeEvent, toJsonFrame } from '../../../../src/server/sessions/event-frame.js';

const stream = (text: string) =>
  ({ type: 'stream', executionId: 'e1', name: 'stderr', text }) as const;

test('long text goes as bytes behind a line of JSON', () => {
  const text = 'é "quoted" \\ 😀\n'.repeat(1000);

  const frame = encodeEvent(stream(text));

  expect(frame.toString()).toBe(`{"type":"stream","executionId":"e1","name":"stderr"}\n${text}`);
  expect(Buffer.isBuffer(frame)).toBe(true);
});

test.each([
  ['short text', stream('a\n')],
  ['an event without text', { type: 'finished', executionId: 'e1' } as const],
  ['data, however long', { type: 'data', executionId: 'e1', data: 'x'.repeat(10_000) } as const],
])('%s goes as JSON', (_what, event) => {
  expect(encodeEvent(event)).toBe(JSON.stringify(event));
});

test('for clients that take JSON only every frame becomes JSON', () => {
  const events = [stream('a\n'), stream('é "quoted" \\ 😀\n\n'.repeat(1000))];

  const frames = events.map((event) => toJsonFrame(encodeEvent(event)));

  expect(frames.map((frame) => JSON.parse(frame) as unknown)).toEqual(events);
});
