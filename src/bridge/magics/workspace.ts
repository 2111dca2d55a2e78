// %workspace: the variables of the session.
import { AppError } from '../../base/index.js';
import { tableDisplay } from '../display/tables.js';
import { BridgeError } from '../errors.js';
import { listVariables as listSessionVariables } from '../knowledge/variables.js';
import type { Magic, MagicContext } from './magic.js';
import { readWords } from './words.js';

const COMMANDS = ['list', 'delete'];

export const workspaceMagic: Magic = {
  name: 'workspace',
  summary: 'Lists and deletes the variables of the session.',
  usages: [
    { call: '', form: 'line', help: 'Same as `list`.' },
    {
      call: 'list',
      form: 'line',
      help: 'Lists the variables with type and size (names only with `display=plain`).',
    },
    { call: 'delete NAME [NAME ...]', form: 'line', help: 'Deletes variables.' },
  ],
  options: [],
  examples: ['%workspace', '%workspace delete model'],
  complete: (words) => (words.length === 0 ? COMMANDS : []),
  async run({ argument }, context) {
    const [command = 'list', ...names] = readWords('workspace', argument).words;
    if (command === 'list' && names.length === 0) await listVariables(context);
    else if (command === 'delete' && names.length > 0) await deleteVariables(names, context);
    else {
      throw new BridgeError(
        'BRIDGE_MAGIC_USAGE',
        `%workspace ${[command, ...names].join(' ')} is not a call of this magic.`,
        { hint: 'Write %workspace list or %workspace delete NAME.' },
      );
    }
    return undefined;
  },
};

async function listVariables({ session, cell, signal, show }: MagicContext): Promise<void> {
  const live = await session.ready(cell);
  const variables = await listSessionVariables(live);
  if (variables !== undefined) {
    show(
      tableDisplay({
        caption: 'Variables of the session',
        columns: [
          { title: 'name' },
          { title: 'type' },
          { title: 'size', isNumeric: true },
          { title: 'value' },
        ],
        rows: variables.map(({ name, type, size, value }) => [name, type, size, value]),
        json: variables,
        empty: 'The session has no variables.',
      }),
    );
    return;
  }
  const names = await live.client.workspace.list(live.id, { signal });
  show(
    tableDisplay({
      caption: 'Variables of the session',
      columns: [{ title: 'name' }],
      rows: names.map((name) => [name]),
      json: names.map((name) => ({ name })),
      empty: 'The session has no variables.',
    }),
  );
}

async function deleteVariables(
  names: readonly string[],
  { session, cell, signal, print }: MagicContext,
): Promise<void> {
  const { client, id } = await session.ready(cell);
  const present = await client.workspace.list(id, { signal });
  const missing = names.filter((name) => !present.includes(name));
  if (missing.length > 0) throw notFound(missing);
  for (const name of names) {
    try {
      await client.workspace.delete(id, name, { signal });
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== 'CLIENT_STATUS') throw error;
      if (error.facts['statusCode'] !== 404) throw error;
      throw notFound([name]);
    }
  }
  print(`Deleted: ${names.join(', ')}`);
}

function notFound(names: readonly string[]): BridgeError {
  const what = names.map((name) => `"${name}"`).join(', ');
  return new BridgeError('BRIDGE_OBJECT_NOT_FOUND', `The session has no variable ${what}.`);
}
