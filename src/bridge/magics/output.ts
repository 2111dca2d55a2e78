// %output: shows again what a cell has shown, and writes what was left out of one to a file.
import type { Readable } from 'node:stream';
import { BridgeError } from '../errors.js';
import type { KeptOutput } from '../kept/kept-output.js';
import { writeLocalFile } from './local-file.js';
import type { Magic } from './magic.js';
import { readWords } from './words.js';

/** No argument, or the number of a cell. */
const CELL = /^\d*$/;

const OPTIONS = { force: 'flag', part: 'value' } as const;

export const outputMagic: Magic = {
  name: 'output',
  summary: 'Shows again what a cell has shown; writes what was left out of a cell to a file.',
  usages: [
    {
      call: '[N]',
      form: 'line',
      help: 'Shows what the cell `[N]` has shown; default the last cell. One that still runs is followed until it is done.',
    },
    {
      call: 'FILE',
      form: 'line',
      help: "Writes the full text of the last cell whose output was cut to this file on the kernel's machine.",
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
  examples: ['%output', '%output 5', '%output long.txt', '%output plot.png --part 1'],
  details:
    'Kept is what the last 20 cells have shown that a person ran in the notebook or at the console, up to 256 MiB; nothing of batch runs. After a page was loaded anew while a cell ran, `%output` shows all of that cell. In a subshell it runs beside the cell. A file whose name is a number is written `./5`.\n\nCells of a front end where somebody sits show text up to the setting `output_limit_bytes`, and other outputs that are no larger; the rest is kept in a temporary file until the next cell is cut, or the kernel ends. `clear_output` begins the count anew. Batch runs are not cut.',
  runsBeside: (argument) => CELL.test(argument),
  async run({ argument }, { keptOutput, print, signal, showAgain }) {
    if (CELL.test(argument)) {
      await showAgain(argument === '' ? undefined : Number(argument));
      return undefined;
    }
    const { words, options } = readWords('output', argument, OPTIONS);
    const [file, ...more] = words;
    if (file === undefined || more.length > 0) {
      throw new BridgeError(
        'BRIDGE_MAGIC_USAGE',
        '%output wants the number of a cell, or the name of one file.',
      );
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
