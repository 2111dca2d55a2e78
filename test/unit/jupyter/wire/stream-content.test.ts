import { expect, test } from 'vitest';
import { streamContent } from '../../../../src/jupyter/protocol/stream.js';
import { encodeJson } from '../../../../src/jupyter/wire/frames.js';
import { encodeStreamContent } from '../../../../src/jupyter/wire/stream-content.js';

test.each([
  ['plain lines', ['a\n', 'b\n']],
  ['what JSON escapes', ['"\\\t\u0000\u001b[31m', '\r\n']],
  ['text outside of ASCII', ['größer → 你好', ' 🎉']],
  ['half a character', ['a\ud83d', 'b']],
  ['nothing', ['', '']],
])('pieces become the JSON of their text: %s', (_what, pieces) => {
  const whole = encodeJson(streamContent('stderr', pieces.join('')));

  expect(encodeStreamContent('stderr', pieces).toString()).toBe(whole);
});
