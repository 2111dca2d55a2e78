// %output: writes the full text of a cell whose output was cut to a file.
import { BridgeError } from '../errors.js';
import { writeLocalFile } from './local-file.js';
import type { Magic } from './magic.js';
import { readWords } from './words.js';

export const outputMagic: Magic = {
  name: 'output',
  summary: 'Writes the full text of the last cell whose output was cut to a file.',
  usages: [{ call: 'FILE', form: 'line', help: "Writes it to this file on the kernel's machine." }],
  options: [{ name: 'force', help: 'Replaces a file that is already there.' }],
  examples: ['%output long.txt'],
  details:
    'Cells of a front end where somebody sits show text up to the setting `output_limit_bytes`; the rest is kept in a temporary file until the next cell is cut, or the kernel ends. Batch runs are not cut.',
  async run({ argument }, { keptText, print, signal }) {
    const { words, options } = readWords('output', argument, { force: 'flag' });
    const [file, ...more] = words;
    if (file === undefined || more.length > 0) {
      throw new BridgeError('BRIDGE_MAGIC_USAGE', '%output wants the name of one file.');
    }
    const content = keptText.read();
    if (content === undefined) {
      throw new BridgeError('BRIDGE_OUTPUT_NOT_CUT', 'No cell of this kernel had its text cut.');
    }
    const replaces = options['force'] === true;
    const written = await writeLocalFile(file, 'output.txt', content, { replaces, signal });
    print(`${written.bytes.toString()} bytes written to ${written.file}.`);
    return undefined;
  },
};
