// %pull: variables, or files, of the session become files on the kernel's machine.
import { access } from 'node:fs/promises';
import { formatBytes } from '../display/tables.js';
import { BridgeError } from '../errors.js';
import { Digests } from '../transfer/digests.js';
import { extensionOf, FORMATS, formatOf, ownFormat, type Format } from '../transfer/formats.js';
import { mayTransfer, showProgress } from '../transfer/progress.js';
import { cleanUp, temporaryName, untold } from '../transfer/remote-files.js';
import { callTransfer, type TransferSession } from '../transfer/session-code.js';
import { writeLocalFile } from './local-file.js';
import type { Magic, MagicContext } from './magic.js';
import { NAME, readWords } from './words.js';

const OPTIONS = { as: 'value', yes: 'flag', force: 'flag' } as const;

export const pullMagic: Magic = {
  name: 'pull',
  summary: "Fetches a variable of the session into a file of the kernel's machine.",
  usages: [
    {
      call: 'NAME [FILE]',
      form: 'line',
      help: 'The format is that of the extension of FILE. Without FILE: `NAME.rds` from R, `NAME.pickle` from Python.',
    },
  ],
  options: [
    {
      name: 'as',
      value: 'FORMAT',
      help: `One of ${FORMATS.join(', ')}; with \`file\`, NAME is a file of the session.`,
    },
    { name: 'force', help: 'Replaces a file that is already there.' },
    { name: 'yes', help: 'Does not ask before more than 100 MB.' },
  ],
  examples: ['%pull sales sales.csv', '%pull fit', '%pull plot.png --as file'],
  details:
    'Beside a `.csv` or `.json` a small file `.types` says what the columns are; with it `%push` brings the very same values back.',
  complete: (words) => (words.at(-1) === '--as' ? FORMATS : []),
  async run({ argument }, context) {
    const { words, options } = readWords('pull', argument, OPTIONS);
    const [name, file, ...others] = words;
    if (name === undefined || others.length > 0) {
      throw new BridgeError('BRIDGE_MAGIC_USAGE', '%pull wants the name of a variable and a file.');
    }
    const format = chooseFormat(file, options['as'], context);
    if (format !== 'file' && !NAME.test(name)) {
      throw new BridgeError('BRIDGE_MAGIC_USAGE', `%pull: "${name}" is not a variable's name.`, {
        hint: 'Files of the session are fetched with --as file.',
      });
    }
    const target = file ?? (format === 'file' ? '.' : `${name}${extensionOf(format)}`);
    const plan = {
      name,
      format,
      file: target,
      isSure: options['yes'] === true,
      replaces: options['force'] === true,
    };
    await pull(plan, context);
    return undefined;
  },
};

interface Plan {
  readonly name: string;
  readonly format: Format;
  readonly file: string;
  readonly isSure: boolean;
  readonly replaces: boolean;
}

function chooseFormat(
  file: string | undefined,
  asked: string | true | undefined,
  { language }: MagicContext,
): Format {
  if (asked === undefined && file === undefined) return ownFormat(language.name);
  const format = formatOf('pull', asked, file ?? '');
  if (asked !== undefined || format !== 'file') return format;
  throw new BridgeError(
    'BRIDGE_MAGIC_USAGE',
    `%pull does not know the format of ${file ?? ''} by its name.`,
    { hint: 'Give the format with --as.' },
  );
}

async function pull(plan: Plan, context: MagicContext): Promise<void> {
  const { name, format, file, replaces } = plan;
  await requireFree(file, plan);
  const { session, cell, signal, language, print } = context;
  const live = await session.ready(cell);
  const source = { live, language, limits: session.configuration.settings };
  const remote = format === 'file' ? name : temporaryName(extensionOf(format));
  try {
    const about = await prepare(source, plan, remote, signal);
    if (!(await mayTransfer(name, about.bytes, about.rows, plan.isSure, context))) return;
    const progress = showProgress(`Fetching ${name}`, about.bytes, context);
    const digests = new Digests(progress.at, about.digest);
    const written = await save(source, remote, digests, file, name, replaces, signal);
    progress.end();
    if (about.isTyped) {
      const types = `${written.file}.types`;
      await save(source, `${remote}.types`, new Digests(), types, types, true, signal);
    }
    print(`${about.text} fetched: ${written.file} (${formatBytes(written.bytes)})`);
  } finally {
    if (format !== 'file') await cleanUp(source, [remote, `${remote}.types`]);
  }
}

/** Before the session writes anything: whether the file may be written. */
async function requireFree(file: string, { format, replaces }: Plan): Promise<void> {
  if (replaces || format === 'file') return;
  try {
    await access(file);
  } catch {
    return;
  }
  throw new BridgeError('BRIDGE_LOCAL_FILE', `The file ${file} is already there.`, {
    hint: 'Give another name, or replace it with --force.',
  });
}

async function prepare(
  source: TransferSession,
  { name, format }: Plan,
  remote: string,
  signal: AbortSignal,
): Promise<{
  readonly bytes: number;
  readonly rows: number | undefined;
  readonly digest: readonly string[];
  readonly isTyped: boolean;
  readonly text: string;
}> {
  const reports =
    format === 'file'
      ? await callTransfer(source, 'file_digest', [name], signal)
      : await callTransfer(source, 'save_file', [name, format, remote], signal);
  if (reports.some(([word]) => word === 'missing')) {
    throw format === 'file'
      ? new BridgeError('BRIDGE_FILE_NOT_FOUND', `The session has no file "${name}".`)
      : new BridgeError('BRIDGE_OBJECT_NOT_FOUND', `The session has no variable "${name}".`);
  }
  const about = reports.find(([word]) => word === 'file');
  if (about === undefined) throw untold();
  const [, bytes, algorithm = '', digest = '', isTyped] = about;
  const [, type = '', rows = '', columns = ''] = reports.find(([word]) => word === 'value') ?? [];
  return {
    bytes: Number(bytes),
    rows: rows === '' ? undefined : Number(rows),
    digest: [algorithm, digest],
    isTyped: isTyped === 'TRUE',
    text: type === '' ? `File ${name}` : `Variable ${name}: ${type}, ${rows} x ${columns},`,
  };
}

async function save(
  { live }: TransferSession,
  remote: string,
  digests: Digests,
  file: string,
  name: string,
  replaces: boolean,
  signal: AbortSignal,
): Promise<{ readonly file: string; readonly bytes: number }> {
  const content = await live.client.files.get(live.id, remote, { signal });
  content.on('error', (error) => digests.destroy(error));
  digests.on('close', () => content.destroy());
  const isChecked = content.pipe(digests);
  return writeLocalFile(file, name, isChecked, { replaces, signal });
}
