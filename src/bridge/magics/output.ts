// %output: writes what was left out of a cell to a file.
import type { Readable } from 'node:stream';
import { BridgeError } from '../errors.js';
import type { KeptOutput } from '../kept/kept-output.js';
import { writeLocalFile } from './local-file.js';
import type { Magic } from './magic.js';
import { readWords } from './words.js';

const OPTIONS = { force: 'flag', part: 'value' } as const;

export const outputMagic: Magic = {
  name: 'output',
  summary: 'Writes what was left out of the last cell whose output was cut to a file.',
  usages: [
    {
      call: 'FILE',
      form: 'line',
      help: "Writes the full text of the cell to this file on the kernel's machine.",
    },
  ],
  options: [
    {
      name: 'part',
      value: 'N',
      help: 'Writes a picture, table or other output that was too large to show; the note in its place has the number.',
    },
    { name: 'force', help: 'Replaces a file that is already there.' },
  ],
  examples: ['%output long.txt', '%output plot.png --part 1'],
  details:
    'Cells of a front end where somebody sits show text up to the setting `output_limit_bytes`, and other outputs that are no larger; the rest is kept in a temporary file until the next cell is cut, or the kernel ends. `clear_output` begins the count anew. Batch runs are not cut.',
  async run({ argument }, { keptOutput, print, signal }) {
    const { words, options } = readWords('output', argument, OPTIONS);
    const [file, ...more] = words;
    if (file === undefined || more.length > 0) {
      throw new BridgeError('BRIDGE_MAGIC_USAGE', '%output wants the name of one file.');
    }
    const { part } = options;
    const content = typeof part === 'string' ? readPart(part, keptOutput) : readText(keptOutput);
    const replaces = options['force'] === true;
    const written = await writeLocalFile(file, 'output.txt', content, { replaces, signal });
    print(`${written.bytes.toString()} bytes written to ${written.file}.`);
    return undefined;
  },
};

function readText({ text }: KeptOutput): Readable {
  const content = text.read();
  if (content !== undefined) return content;
  throw new BridgeError('BRIDGE_OUTPUT_NOT_CUT', 'No cell of this kernel had its text cut.');
}

function readPart(part: string, { parts }: KeptOutput): Readable {
  const content = /^\d+$/.test(part) ? parts.read(Number(part)) : undefined;
  if (content !== undefined) return content;
  const there = parts.mimes.map((mime, index) => `${(index + 1).toString()} (${mime})`).join(', ');
  throw new BridgeError(
    'BRIDGE_OUTPUT_NOT_CUT',
    there === ''
      ? 'No output of this kernel was too large to show.'
      : `There is no part ${part} among what was left out: ${there}.`,
  );
}
