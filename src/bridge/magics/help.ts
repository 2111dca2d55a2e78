// %help: how the magics are called.
import { BridgeError } from '../errors.js';
import { helpDisplay } from './help-text.js';
import { showMagicList } from './lsmagic.js';
import type { Magic } from './magic.js';
import { readWords } from './words.js';

export const helpMagic: Magic = {
  name: 'help',
  summary: 'Shows how a magic is called.',
  usages: [
    { call: '', form: 'line', help: 'Lists the magics.' },
    { call: 'MAGIC', form: 'line', help: 'Shows the help of one; `%MAGIC?` does so too.' },
  ],
  options: [],
  examples: ['%help snapshot', '%snapshot?'],
  complete: (words, { magics }) => (words.length === 0 ? magics.all.map(({ name }) => name) : []),
  runsBeside: () => true,
  run({ argument }, { magics, show }) {
    const { words } = readWords('help', argument);
    const name = words[0]?.replace(/^%{1,2}/, '');
    if (name === undefined) {
      showMagicList(magics, show);
      return Promise.resolve(undefined);
    }
    const magic = magics.find(name);
    if (magic === undefined) {
      throw new BridgeError('BRIDGE_MAGIC_UNKNOWN', `There is no magic %${name} in this kernel.`);
    }
    show(helpDisplay(magic));
    return Promise.resolve(undefined);
  },
};
