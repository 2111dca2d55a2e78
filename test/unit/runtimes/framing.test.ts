import { describe, expect, test } from 'vitest';
import { encodeFrame, FrameReader } from '../../../src/runtimes/framing.js';

const frame = (kind: number, text: string, bytes = ''): Buffer =>
  encodeFrame(kind, text, Buffer.from(bytes));

describe('framing', () => {
  test('a frame has its kind, two lengths in bytes, the text and the bytes', () => {
    const bytes = encodeFrame(1, 'é', Buffer.from([7]));

    expect([...bytes]).toEqual([1, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 0xc3, 0xa9, 7]);
  });

  test('frames read back the same however the pipe cuts them', () => {
    const sent = Buffer.concat([frame(2, 'first'), frame(3, '', 'bytes'), frame(4, 'größer', 'x')]);

    for (let size = 1; size <= sent.length; size += 1) {
      const reader = new FrameReader();
      const received: unknown[] = [];
      for (let at = 0; at < sent.length; at += size) {
        for (const { kind, text, bytes } of reader.push(sent.subarray(at, at + size))) {
          received.push([kind, text, bytes.toString()]);
        }
      }
      expect(received).toEqual([
        [2, 'first', ''],
        [3, '', 'bytes'],
        [4, 'größer', 'x'],
      ]);
    }
  });

  test('the chunk may be used again after the call', () => {
    const reader = new FrameReader();
    const chunk = frame(2, 'kept');
    reader.push(chunk.subarray(0, 14));
    const rest = Buffer.from(chunk.subarray(14));
    chunk.fill(0);

    expect(reader.push(rest).map(({ text }) => text)).toEqual(['kept']);
  });

  test.each([
    ['an unknown kind', Buffer.from('hello, this is text')],
    ['kind zero', Buffer.alloc(12)],
    ['a negative length', Buffer.from([2, 0, 0, 0, 255, 255, 255, 255, 0, 0, 0, 0])],
  ])('%s is refused as garbled', (_what, bytes) => {
    const reader = new FrameReader();

    expect(() => reader.push(bytes)).toThrow(
      expect.objectContaining({ code: 'RUNTIME_GARBLED' }) as Error,
    );
  });
});
