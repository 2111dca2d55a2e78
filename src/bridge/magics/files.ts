// %files: the working directory of the session.
import path from 'node:path';
import { AppError } from '../../base/index.js';
import { formatBytes, tableDisplay } from '../display/tables.js';
import { BridgeError } from '../errors.js';
import { readLocalFile, writeLocalFile } from './local-file.js';
import type { Magic, MagicContext } from './magic.js';
import { readWords } from './words.js';

const COMMANDS = ['list', 'put', 'get', 'delete'];

export const filesMagic: Magic = {
  name: 'files',
  summary: 'Lists, sends, fetches and deletes files in the working directory of the session.',
  usages: [
    { call: '', form: 'line', help: 'Same as `list`.' },
    { call: 'list', form: 'line', help: 'Lists the files.' },
    {
      call: 'put FILE [as NAME]',
      form: 'line',
      help: "Sends a file from the kernel's machine; one of the same name is replaced.",
    },
    { call: 'get NAME [FILE]', form: 'line', help: "Fetches a file to the kernel's machine." },
    { call: 'delete NAME', form: 'line', help: 'Deletes a file of the session.' },
  ],
  options: [{ name: 'force', help: 'With `get`: replaces a file that is already there.' }],
  examples: ['%files put data/sales.csv', '%files get plot.png'],
  details: 'Put names with spaces in quotes.',
  complete: (words) => (words.length === 0 ? COMMANDS : []),
  async run({ argument }, context) {
    const { words, options } = readWords('files', argument, { force: 'flag' });
    const [command = 'list', first, second, third] = words;
    if (command === 'list' && first === undefined) await listFiles(context);
    else if (command === 'put' && first !== undefined && words.length <= 4) {
      const name =
        second === 'as' && third !== undefined ? third : (second ?? path.basename(first));
      await putFile(first, name, context);
    } else if (command === 'get' && first !== undefined && words.length <= 3) {
      await getFile(first, second, options['force'] === true, context);
    } else if (command === 'delete' && first !== undefined && words.length === 2) {
      await deleteFile(first, context);
    } else throw usageError(command);
    return undefined;
  },
};

function usageError(command: string): BridgeError {
  return new BridgeError(
    'BRIDGE_MAGIC_USAGE',
    COMMANDS.includes(command)
      ? `%files ${command} is called differently.`
      : `%files has no command "${command}".`,
    {
      hint: 'Write %files list, %files put FILE [as NAME], %files get NAME [FILE] or %files delete NAME.',
    },
  );
}

async function listFiles({ session, cell, signal, show }: MagicContext): Promise<void> {
  const { client, id } = await session.ready(cell);
  const files = await client.files.list(id, { signal });
  show(
    tableDisplay({
      caption: 'Files of the session',
      columns: [{ title: 'name' }],
      rows: files.map((name) => [name]),
      json: files,
      empty: 'The session has no files.',
    }),
  );
}

async function putFile(
  file: string,
  name: string,
  { session, cell, signal, print }: MagicContext,
): Promise<void> {
  const content = await readLocalFile(file);
  const { client, id } = await session.ready(cell);
  await client.files.upload(id, name, content, { signal });
  print(`File ${name} sent (${formatBytes(content.length)}).`);
}

async function getFile(
  name: string,
  file: string | undefined,
  replaces: boolean,
  { session, cell, signal, print }: MagicContext,
): Promise<void> {
  const { client, id } = await session.ready(cell);
  const content = await orNotFound(name, client.files.get(id, name, { signal }));
  const written = await writeLocalFile(file ?? '.', name, content, { replaces, signal });
  print(`File ${name} fetched: ${written.file} (${formatBytes(written.bytes)})`);
}

async function deleteFile(
  name: string,
  { session, cell, signal, print }: MagicContext,
): Promise<void> {
  const { client, id } = await session.ready(cell);
  await orNotFound(name, client.files.delete(id, name, { signal }));
  print(`File ${name} deleted.`);
}

/** The client tells a missing file from a missing session, which is a failure of its own. */
async function orNotFound<T>(name: string, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    const isMissing =
      error instanceof AppError &&
      error.code === 'CLIENT_STATUS' &&
      error.facts['statusCode'] === 404;
    if (!isMissing) throw error;
    throw new BridgeError('BRIDGE_FILE_NOT_FOUND', `The session has no file "${name}".`, {
      cause: error,
    });
  }
}
