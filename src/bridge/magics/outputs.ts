// %outputs: fetches variables after the code of the cell has run, and shows them typed.
import { BridgeError } from '../errors.js';
import type { Magic } from './magic.js';
import { NAME, readWords } from './words.js';

export const outputsMagic: Magic = {
  name: 'outputs',
  summary: 'Fetches variables as typed values after the code of the cell has run.',
  usages: [
    {
      call: 'NAME [NAME ...]',
      form: 'line',
      help: 'Asks for these variables as output parameters of the cell, and shows each with its type.',
    },
  ],
  options: [],
  examples: ['%outputs result other_result\nresult <- sum(1:10)\nother_result <- letters[1:3]'],
  details:
    'The line may stand anywhere in the cell. Numbers, strings, logical values, vectors, matrices and data frames come back; the JSON is in the output as well, for programs that read the notebook.',
  prepare({ argument }, plan) {
    const names = readWords('outputs', argument.replaceAll(',', ' ')).words;
    if (names.length === 0) {
      throw new BridgeError('BRIDGE_MAGIC_USAGE', '%outputs wants the names of variables.');
    }
    const wrong = names.find((name) => !NAME.test(name));
    if (wrong !== undefined) {
      throw new BridgeError('BRIDGE_MAGIC_USAGE', `%outputs: "${wrong}" is not a variable's name.`);
    }
    plan.addOutputs(names);
    return Promise.resolve();
  },
};
