// %inputs: gives values to the code of the cell, typed, from JSON.
import { BridgeError } from '../errors.js';
import { readJsonObject, readJsonValue } from '../json-values.js';
import type { NamedValue } from '../remote-client.js';
import { readLocalFile } from './local-file.js';
import type { Magic } from './magic.js';
import { NAME, readAssignments } from './words.js';

export const inputsMagic: Magic = {
  name: 'inputs',
  summary: 'Gives values to the code that follows, as input parameters.',
  usages: [
    { call: 'NAME=JSON [NAME=JSON ...]', form: 'line', help: 'One value or several.' },
    {
      call: '@FILE.json',
      form: 'line',
      help: "An object of names and values from a file on the kernel's machine.",
    },
    { call: '', form: 'cell', help: 'The cell is a JSON object of names and values.' },
  ],
  options: [],
  examples: [
    '%inputs alpha=0.05 species=["setosa", "virginica"]\nalpha * 2',
    '%%inputs\n{"sales": {"month": ["Jan", "Feb"], "total": [120, 95]}}',
  ],
  details:
    'Lists become vectors, lists of equal lists matrices, objects of equal lists data frames. Without code after it, the values are assigned at once and stay in the session.',
  async prepare({ form, argument, body }, plan) {
    if (form === 'cell') {
      if (argument !== '') {
        throw new BridgeError(
          'BRIDGE_MAGIC_USAGE',
          '%%inputs takes its values from the lines below it.',
        );
      }
      plan.addInputs(readVariables(body, '%%inputs'));
      return;
    }
    const assignments = readAssignments('inputs', argument);
    if (assignments.length === 0) {
      throw new BridgeError('BRIDGE_MAGIC_USAGE', '%inputs wants name=JSON or @file.json.');
    }
    for (const assignment of assignments) {
      plan.addInputs(
        'file' in assignment
          ? readVariables((await readLocalFile(assignment.file)).toString('utf8'), assignment.file)
          : [{ name: assignment.name, value: readJsonValue(assignment.text, assignment.name) }],
      );
    }
  },
};

/** An object whose names are those of variables. */
function readVariables(text: string, where: string): readonly NamedValue[] {
  const values = readJsonObject(text, where);
  const wrong = values.find(({ name }) => !NAME.test(name));
  if (wrong === undefined) return values;
  throw new BridgeError(
    'BRIDGE_INPUT_VALUE',
    `${where}: "${wrong.name}" is not a variable's name.`,
  );
}
