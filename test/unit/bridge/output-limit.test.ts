// The output of a cell within a limit: what is shown, what is said, and that the full text is kept.
import type { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { KeptOutput } from '../../../src/bridge/kept/kept-output.js';
import { OutputLimit } from '../../../src/bridge/output-limit.js';
import type { Display, ExecuteOutput } from '../../../src/jupyter/index.js';

describe('a cell whose output is limited', () => {
  let kept: KeptOutput;
  let shown: string;
  let displays: Display[];
  let output: ExecuteOutput;
  beforeEach(() => {
    kept = new KeptOutput();
    shown = '';
    displays = [];
    const keep = (display: Display): void => void displays.push(display);
    output = {
      requestId: 'r',
      stream: (_name, text) => void (shown += text),
      display: keep,
      updateDisplay: keep,
      result: keep,
      clear: () => undefined,
      comm: () => undefined,
      taken: () => undefined,
    };
  });
  afterEach(() => {
    kept.close();
  });

  const bytesOf = async (content: Readable | undefined): Promise<Buffer> => {
    const chunks: Buffer[] = [];
    for await (const chunk of content ?? []) chunks.push(chunk as Buffer);
    return Buffer.concat(chunks);
  };
  const keptText = async (): Promise<string> => (await bytesOf(kept.text.read())).toString();

  test('shows all that is within it, and keeps nothing', async () => {
    const limit = new OutputLimit(output, 10, kept);
    limit.stream('stdout', '12345\n');
    limit.stream('stderr', '789\n');
    limit.end();

    expect(shown).toBe('12345\n789\n');
    expect(await keptText()).toBe('');
  });

  test('shows beginning and end of what is over it, counts the rest, keeps all', async () => {
    const limit = new OutputLimit(output, 1000, kept);
    const lines = Array.from({ length: 5000 }, (_, index) => `${index} äöü😀\n`);
    for (const line of lines) limit.stream('stdout', line);
    limit.end();

    const all = lines.join('');
    const parts =
      /^([^]*)\n\[This cell has printed 1000 bytes[^]*?\]\n\n\[[^]*? \((\d+) bytes, (\d+) lines\)[^]*?\]\n([^]*)$/.exec(
        shown,
      );
    const [, head = '', leftOut = '', leftOutLines = '', tail = ''] = parts ?? [];
    expect(all.startsWith(head)).toBe(true);
    expect(head).toMatch(/^0 äöü😀\n[^]*\n$/);
    expect(Buffer.byteLength(head)).toBeLessThanOrEqual(1000);
    expect(all.endsWith(`\n${tail}`)).toBe(true);
    expect(tail).toMatch(/^\d+ äöü😀\n[^]*4999 äöü😀\n$/);
    expect(Buffer.byteLength(head) + Number(leftOut) + Buffer.byteLength(tail)).toBe(
      Buffer.byteLength(all),
    );
    const linesOf = (text: string): number => text.split('\n').length - 1;
    expect(linesOf(head) + Number(leftOutLines) + linesOf(tail)).toBe(5000);
    expect(await keptText()).toBe(all);
  });

  test.each([false, true])(
    'begins anew when the cell clears its output (wait: %s)',
    async (wait) => {
      const limit = new OutputLimit(output, 10, kept);
      limit.stream('stdout', '12345678\n');
      limit.clear(wait);
      shown = '';
      limit.stream('stdout', 'abcdefgh\n');
      expect(shown).toBe('abcdefgh\n');

      limit.stream('stdout', '12345678\n');
      limit.end();

      expect(shown).toMatch(/^abcdefgh\n\n\[This cell has printed 10 bytes[^\]]*\]\n12345678\n$/);
      expect(await keptText()).toBe('abcdefgh\n12345678\n');
    },
  );

  test('what was cut is still shown when no output comes after a clearing that waits for one', () => {
    const limit = new OutputLimit(output, 10, kept);
    limit.stream('stdout', 'abcdefgh\n12345678\n');

    limit.clear(true);
    limit.end();

    expect(shown).toMatch(/12345678\n$/);
  });

  test('a little over it nothing is left out', async () => {
    const limit = new OutputLimit(output, 10, kept);
    limit.stream('stdout', '12345\n12345\n');
    limit.end();

    expect(shown).toMatch(/^12345\n\n\[This cell has printed 10 bytes: [^\]]*\]\n12345\n$/);
    expect(await keptText()).toBe('12345\n12345\n');
  });

  test('a picture that is too large is named instead, and kept', async () => {
    const picture = Buffer.alloc(1536, 7);
    const limit = new OutputLimit(output, 1000, kept);
    limit.result({
      data: { 'text/plain': '<plot>', 'image/png': picture.toString('base64') },
      metadata: {},
    });

    expect(displays.map(({ data }) => data)).toEqual([
      {
        'text/plain':
          '<plot>\n[Output left out: image/png, 2.0 KiB: %output FILE --part 1 writes it to a file. The limit is the setting output_limit_bytes.]',
      },
    ]);
    expect(await bytesOf(kept.parts.read(1))).toEqual(picture);
  });

  test('large outputs of one cell have numbers, and those of the next cell take their place', async () => {
    const first = new OutputLimit(output, 10, kept);
    const html = `<p>${'ä'.repeat(20)}</p>`;
    first.display({
      data: { 'text/html': html, 'application/json': { long: [1, 2, 3] } },
      metadata: {},
    });
    first.display({ data: { 'text/plain': 'a'.repeat(20) }, metadata: {} });

    expect(kept.parts.mimes).toEqual(['text/html', 'application/json', 'text/plain']);
    expect((await bytesOf(kept.parts.read(1))).toString()).toBe(html);
    expect((await bytesOf(kept.parts.read(2))).toString()).toBe('{"long":[1,2,3]}');
    expect(kept.parts.read(4)).toBeUndefined();

    const second = new OutputLimit(output, 10, kept);
    second.display({ data: { 'image/svg+xml': '<svg>xxxxxxxx</svg>' }, metadata: {} });

    expect(kept.parts.mimes).toEqual(['image/svg+xml']);
    expect((await bytesOf(kept.parts.read(1))).toString()).toBe('<svg>xxxxxxxx</svg>');
  });
});
