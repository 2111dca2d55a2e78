// Events as frames of the event stream. Long text goes as bytes: writing it as JSON, and reading that again, costs more than
// all else on its way.
import type { ExecuteAnswer, SessionEvent } from '../../api/index.js';

/** JSON; or the form that `STREAM_TEXT_AS_BYTES` tells of. */
export type EventFrame = string | Buffer;

/** Text from this length on goes as bytes. UTF-16 units. */
const LONG_TEXT_LENGTH = 4096;
const LINE_FEED = 0x0a;

/** The frame of an event. */
export function encodeEvent(event: SessionEvent | ExecuteAnswer): EventFrame {
  if (event.type !== 'stream' || event.text.length < LONG_TEXT_LENGTH) return JSON.stringify(event);
  const { text, ...head } = event;
  const line = Buffer.from(`${JSON.stringify(head)}\n`);
  const frame = Buffer.allocUnsafe(line.length + Buffer.byteLength(text));
  line.copy(frame);
  frame.write(text, line.length);
  return frame;
}

/** The frame for a client that takes JSON only. */
export function toJsonFrame(frame: EventFrame): string {
  if (typeof frame === 'string') return frame;
  const lineEnd = frame.indexOf(LINE_FEED);
  const head = JSON.parse(frame.toString('utf8', 0, lineEnd)) as object;
  return JSON.stringify({ ...head, text: frame.toString('utf8', lineEnd + 1) });
}
