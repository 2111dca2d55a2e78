import { expect, test } from 'vitest';
import { ConsoleText } from '../../../../src/server/sessions/console-text.js';

test('the text is what was appended, in order', () => {
  const text = new ConsoleText(100);

  text.append('one\n');
  text.append('two');

  expect(text.toString()).toBe('one\ntwo');
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
