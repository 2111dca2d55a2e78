// The output of a cell within a limit: what is shown, what is said, and that the full text is kept.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { KeptText } from '../../../src/bridge/kept-text.js';
import { OutputLimit } from '../../../src/bridge/output-limit.js';
import type { Display, ExecuteOutput } from '../../../src/jupyter/index.js';

describe('a cell whose output is limited', () => {
  let kept: KeptText;
  let shown: string;
  let displays: Display[];
  let output: ExecuteOutput;
  beforeEach(() => {
    kept = new KeptText();
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
    };
  });
  afterEach(() => {
    kept.close();
  });

  const keptText = async (): Promise<string> => {
    const chunks: Buffer[] = [];
    for await (const chunk of kept.read() ?? []) chunks.push(chunk as Buffer);
    return Buffer.concat(chunks).toString();
  };

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
      /^([^]*)\n\[This cell has printed 1000 bytes[^]*?\]\n\n\[[^]*? \((\d+) bytes\)[^]*?\]\n([^]*)$/.exec(
        shown,
      );
    const [, head = '', leftOut = '', tail = ''] = parts ?? [];
    expect(all.startsWith(head)).toBe(true);
    expect(head).toMatch(/^0 äöü😀\n[^]*\n$/);
    expect(Buffer.byteLength(head)).toBeLessThanOrEqual(1000);
    expect(all.endsWith(`\n${tail}`)).toBe(true);
    expect(tail).toMatch(/^\d+ äöü😀\n[^]*4999 äöü😀\n$/);
    expect(Buffer.byteLength(head) + Number(leftOut) + Buffer.byteLength(tail)).toBe(
      Buffer.byteLength(all),
    );
    expect(await keptText()).toBe(all);
  });

  test('a little over it nothing is left out', async () => {
    const limit = new OutputLimit(output, 10, kept);
    limit.stream('stdout', '12345\n12345\n');
    limit.end();

    expect(shown).toMatch(/^12345\n\n\[This cell has printed 10 bytes: [^\]]*\]\n12345\n$/);
    expect(await keptText()).toBe('12345\n12345\n');
  });

  test('a picture that is too large is named instead', () => {
    const limit = new OutputLimit(output, 1000, kept);
    limit.result({
      data: { 'text/plain': '<plot>', 'image/png': 'x'.repeat(2048) },
      metadata: {},
    });

    expect(displays.map(({ data }) => data)).toEqual([
      {
        'text/plain':
          '<plot>\n[Output left out: image/png, 2.0 KiB. The limit is the setting output_limit_bytes.]',
      },
    ]);
  });
});
