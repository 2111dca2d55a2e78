import { expect, test } from 'vitest';
import { OUTPUT_LIMIT_BYTES, OutputText } from '../../../src/runtimes/service-output.js';

const marker = Buffer.from('\u001dabcd');

function textOf(...chunks: string[]): { text: string; isComplete: boolean } {
  const output = new OutputText(marker);
  for (const chunk of chunks) output.push(Buffer.from(chunk));
  return { text: output.toString(), isComplete: output.isComplete };
}

test('the text of a call ends at the marker', () => {
  expect(textOf('one\n', 'two\n\u001dabcd')).toEqual({ text: 'one\ntwo\n', isComplete: true });
});

test('a call that prints nothing has no text', () => {
  expect(textOf('\u001dabcd')).toEqual({ text: '', isComplete: true });
});

test('a marker in pieces is one', () => {
  expect(textOf('é', '\u001d', 'ab', 'cd')).toEqual({ text: 'é', isComplete: true });
});

test('the beginning of a marker that is none is text', () => {
  expect(textOf('a\u001dab', 'x\u001dabcd')).toEqual({ text: 'a\u001dabx', isComplete: true });
});

test('what comes behind the marker is nobody’s', () => {
  expect(textOf('a\u001dabcdlate', 'later')).toEqual({ text: 'a', isComplete: true });
});

test('text without a marker is kept when the marker cannot come', () => {
  expect(textOf('a\u001dab')).toEqual({ text: 'a\u001dab', isComplete: false });
});

test('a character in two pieces is put together', () => {
  const output = new OutputText(marker);
  const bytes = Buffer.from('ü\u001dabcd');

  output.push(bytes.subarray(0, 1));
  output.push(bytes.subarray(1));

  expect(output.toString()).toBe('ü');
});

test('text without end is cut, and the marker is still found', () => {
  const output = new OutputText(marker);
  const chunk = Buffer.alloc(1024 * 1024, 'x');

  for (let i = 0; i < 20; i += 1) output.push(chunk);
  output.push(marker);

  expect(output.isComplete).toBe(true);
  expect(output.toString().length).toBeLessThan(OUTPUT_LIMIT_BYTES + 200);
  expect(output.toString()).toMatch(/the output is cut here/);
});
