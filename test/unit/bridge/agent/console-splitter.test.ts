// Text and messages come apart in order, wherever the console text is cut.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  ConsoleSplitter,
  type ConsoleItem,
} from '../../../../src/bridge/agent/console-splitter.js';

const clear = (wait: boolean): ConsoleItem => ({
  type: 'message',
  message: { type: 'clear', wait },
});
const text = (content: string): ConsoleItem => ({ type: 'text', text: content });
const mark = (json: string): string => `\u001eabc:${json}\u001e`;
const CLEAR = mark('{"type":"clear","wait":true}');

function splitAll(chunks: readonly string[]): ConsoleItem[] {
  const splitter = new ConsoleSplitter('abc');
  return [...chunks.flatMap((chunk) => splitter.push(chunk)), ...splitter.finish()];
}

/** Neighbouring texts joined: where chunks were cut does not count. */
function joined(items: readonly ConsoleItem[]): ConsoleItem[] {
  return items.reduce<ConsoleItem[]>((all, item) => {
    const last = all.at(-1);
    if (item.type !== 'text' || last?.type !== 'text') return [...all, item];
    return [...all.slice(0, -1), text(last.text + item.text)];
  }, []);
}

describe('ConsoleSplitter', () => {
  test('text without messages is handed out at once', () => {
    const splitter = new ConsoleSplitter('abc');

    const items = splitter.push('[1] 1\n');

    expect(items).toEqual([text('[1] 1\n')]);
  });

  test('messages come out between the texts around them', () => {
    const items = splitAll([`a${CLEAR}b${mark('{"type":"clear","wait":false}')}`]);

    expect(items).toEqual([text('a'), clear(true), text('b'), clear(false)]);
  });

  test('the beginning of an opening mark is held back until more is known', () => {
    const splitter = new ConsoleSplitter('abc');

    const early = splitter.push('a\u001eab');
    const late = splitter.push('d');

    expect(early).toEqual([text('a')]);
    expect(late).toEqual([text('\u001eabd')]);
  });

  test('a message is held back until it is closed', () => {
    const splitter = new ConsoleSplitter('abc');

    const early = splitter.push(CLEAR.slice(0, -1));
    const late = splitter.push(CLEAR.slice(-1));

    expect(early).toEqual([]);
    expect(late).toEqual([clear(true)]);
  });

  test('separators which the program prints itself stay text', () => {
    const items = splitAll(['x\u001ey\u001e\u001ezzz:{}\u001e']);

    expect(joined(items)).toEqual([text('x\u001ey\u001e\u001ezzz:{}\u001e')]);
  });

  test('the nonce of another session marks nothing', () => {
    const items = splitAll([CLEAR.replace('abc', 'abd')]);

    expect(joined(items)).toEqual([text(CLEAR.replace('abc', 'abd'))]);
  });

  test('what is marked but is no message is reported as garbled', () => {
    const items = splitAll([`a${mark('{"type":"cle')}b`]);

    expect(items).toEqual([text('a'), { type: 'garbled', text: '{"type":"cle' }, text('b')]);
  });

  test('the end hands out what was held back, and the splitter can be used again', () => {
    const splitter = new ConsoleSplitter('abc');
    splitter.push('a\u001eabc');

    const first = splitter.finish();
    splitter.push('\u001eabc:{"type"');
    const second = splitter.finish();
    const third = splitter.push('b');

    expect(first).toEqual([text('\u001eabc')]);
    expect(second).toEqual([{ type: 'garbled', text: '{"type"' }]);
    expect(third).toEqual([text('b')]);
  });

  test('where the text is cut makes no difference', () => {
    const piece = fc.constantFrom(
      'a',
      '\n',
      '\u001e',
      '\u001eabc',
      '\u001eab',
      'abc:',
      CLEAR,
      'é😀',
    );
    const lengths = fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1 });
    fc.assert(
      fc.property(fc.array(piece), lengths, (pieces, chunkLengths) => {
        const whole = pieces.join('');
        const chunks: string[] = [];
        for (let start = 0; start < whole.length; start += chunks.at(-1)?.length ?? 1) {
          const length = chunkLengths[chunks.length % chunkLengths.length] ?? 1;
          chunks.push(whole.slice(start, start + length));
        }

        expect(joined(splitAll(chunks))).toEqual(joined(splitAll([whole])));
      }),
    );
  });
});
