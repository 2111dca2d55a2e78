// A temporary file without a name, read by several at once.
import { afterEach, expect, test } from 'vitest';
import { UnnamedFile } from '../../../../src/bridge/kept/unnamed-file.js';

const file = new UnnamedFile();
afterEach(() => {
  file.close();
});

async function textOf(chunks: AsyncIterable<unknown> | undefined): Promise<string> {
  let text = '';
  for await (const chunk of chunks ?? []) text += String(chunk);
  return text;
}

test('is still there for others when a reader leaves it before its end', async () => {
  const text = 'x'.repeat(1_000_000);
  file.begin();
  file.add(Buffer.from(text));

  for await (const chunk of file.read() ?? []) {
    expect(String(chunk).length).toBeLessThan(text.length);
    break;
  }
  file.add(Buffer.from('end'));

  expect(await textOf(file.read())).toBe(`${text}end`);
  expect(await textOf(file.read(999_999, 1_000_002))).toBe('xen');
});

test('holds nothing before it is begun, and after it is closed', () => {
  expect(file.add(Buffer.from('a'))).toBe(false);
  file.begin();
  file.add(Buffer.from('a'));
  file.close();

  expect([file.bytes, file.read()]).toEqual([0, undefined]);
});
