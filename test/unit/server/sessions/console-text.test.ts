import { expect, test } from 'vitest';
import { ConsoleText } from '../../../../src/server/sessions/console-text.js';

test('the text is what was appended, in order', () => {
  const text = new ConsoleText(100);

  text.append('one\n');
  text.append('two');

  expect(text.toString()).toBe('one\ntwo');
});

test('long text is kept whole', () => {
  const text = new ConsoleText(10_000_000);
  const lines = Array.from({ length: 20_000 }, (_, index) => `größer 🎉 ${index}\n`);

  for (const line of lines) text.append(line);
  text.append('x'.repeat(100_000));

  expect(text.toString()).toBe(`${lines.join('')}${'x'.repeat(100_000)}`);
});

test('memory that is used again brings nothing of another text', () => {
  const [first, second] = [new ConsoleText(10_000_000), new ConsoleText(10_000_000)];
  first.append('x'.repeat(300_000));
  first.release();

  second.append('é'.repeat(100_001));

  expect(second.toString()).toBe('é'.repeat(100_001));
  expect(first.toString()).toBe('');
});

test('past its limit the text keeps its beginning, says so once, and never changes again', () => {
  const text = new ConsoleText(5);

  text.append('abc');
  text.append('defg');
  const full = text.toString();
  text.append('h');

  expect(full).toBe(
    'abcde\n[The console text of this execution is longer than the server keeps.]\n',
  );
  expect(text.toString()).toBe(full);
});
