// %push: files of the kernel's machine become variables, or files, of the session.
import { createReadStream } from 'node:fs';
import { access, readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { messageOf } from '../../base/index.js';
import { formatBytes } from '../display/tables.js';
import { BridgeError } from '../errors.js';
import { Digests } from '../transfer/digests.js';
import { FORMATS, formatOf, hasTypes, nameFromFile, type Format } from '../transfer/formats.js';
import { mayTransfer, showProgress } from '../transfer/progress.js';
import { cleanUp, sendFile, temporaryName, untold } from '../transfer/remote-files.js';
import { callTransfer, type TransferSession } from '../transfer/session-code.js';
import { countRows } from '../transfer/rows.js';
import type { Magic, MagicContext } from './magic.js';
import { NAME, readWords } from './words.js';

const OPTIONS = { name: 'value', as: 'value', yes: 'flag', force: 'flag' } as const;

export const pushMagic: Magic = {
  name: 'push',
  summary: "Sends files of the kernel's machine into variables of the session.",
  usages: [
    {
      call: 'FILE [FILE ...]',
      form: 'line',
      help: 'Each file becomes a variable of its name; `*` and `?` in file names stand for several.',
    },
  ],
  options: [
    { name: 'name', value: 'NAME', help: 'The name of the variable, or of the file.' },
    {
      name: 'as',
      value: 'FORMAT',
      help: `One of ${FORMATS.join(', ')}. Default: by the file's extension.`,
    },
    { name: 'force', help: 'With files that stay files: replaces one that is there.' },
    { name: 'yes', help: 'Does not ask before more than 100 MB.' },
  ],
  examples: ['%push data/sales.csv', '%push "my data.parquet" --name sales', '%push images/*.png'],
  details:
    'A `.csv` or `.json` that `%pull` wrote has its types in a file beside it and comes back as it was. Files of other kinds go into the working directory. An `.RData` without `--name` gives its variables their own names.',
  complete: (words) => (words.at(-1) === '--as' ? FORMATS : []),
  async run({ argument }, context) {
    const { words, options } = readWords('push', argument, OPTIONS);
    const files = (await Promise.all(words.map(expand))).flat();
    const name = typeof options['name'] === 'string' ? options['name'] : undefined;
    if (files.length === 0) {
      throw new BridgeError('BRIDGE_MAGIC_USAGE', '%push wants the path of a file.');
    }
    if (name !== undefined && files.length > 1) {
      throw new BridgeError('BRIDGE_MAGIC_USAGE', '%push --name is for a single file.');
    }
    const plans = files.map((file) => planFor(file, name, options));
    for (const plan of plans) await push(plan, context);
    return undefined;
  },
};

interface Plan {
  readonly file: string;
  readonly format: Format;
  readonly name: string;
  readonly isSure: boolean;
  readonly replaces: boolean;
}

function planFor(
  file: string,
  name: string | undefined,
  options: Readonly<Record<string, string | true>>,
): Plan {
  const format = formatOf('push', options['as'], file);
  const isFile = format === 'file';
  if (!isFile && name !== undefined && !NAME.test(name)) {
    throw new BridgeError('BRIDGE_MAGIC_USAGE', `%push: "${name}" is not a variable's name.`);
  }
  const own = isFile ? path.basename(file) : format === 'rdata' ? '' : nameFromFile(file);
  return {
    file,
    format,
    name: name ?? own,
    isSure: options['yes'] === true,
    replaces: options['force'] === true,
  };
}

async function push(plan: Plan, context: MagicContext): Promise<void> {
  const { file, format, name } = plan;
  const { session, cell, signal, language, print } = context;
  const bytes = await sizeOf(file);
  const rows = await countRows(file, format, bytes);
  if (!(await mayTransfer(file, bytes, rows, plan.isSure, context))) return;
  const live = await session.ready(cell);
  const target = { live, language, limits: session.configuration.settings };
  const temporary = temporaryName(path.extname(file));
  const types = `${temporary}.types`;
  const progress = showProgress(`Sending ${path.basename(file)}`, bytes, context);
  try {
    await sendFile(target, temporary, createReadStream(file), new Digests(progress.at), signal);
    progress.end();
    if (format === 'file') await keep(target, temporary, plan, signal);
    else {
      const isTyped = hasTypes(format) && (await sendTypes(file, types, target, signal));
      const values = [temporary, format, name, isTyped ? types : undefined];
      const [report] = await callTransfer(target, 'load_file', values, signal);
      print(`${describe(report, name)} (${formatBytes(bytes)})`);
      return;
    }
    print(`File ${name} sent (${formatBytes(bytes)}).`);
  } catch (error) {
    await cleanUp(target, [temporary, types]);
    throw error;
  }
}

async function keep(
  target: TransferSession,
  temporary: string,
  { name, replaces }: Plan,
  signal: AbortSignal,
): Promise<void> {
  const [report] = await callTransfer(target, 'keep_file', [temporary, name, replaces], signal);
  if (report?.[0] !== 'exists') return;
  throw new BridgeError('BRIDGE_TRANSFER', `The session has a file "${name}" already.`, {
    hint: 'Give another name with --name, or replace it with --force.',
  });
}

/** The types which `%pull` wrote beside a text file. */
async function sendTypes(
  file: string,
  name: string,
  target: TransferSession,
  signal: AbortSignal,
): Promise<boolean> {
  const types = `${file}.types`;
  try {
    await access(types);
  } catch {
    return false;
  }
  await sendFile(target, name, createReadStream(types), new Digests(), signal);
  return true;
}

function describe(report: readonly string[] | undefined, name: string): string {
  const [word, ...fields] = report ?? [];
  if (word === 'names') return `Variables ${fields.join(', ')} sent`;
  if (word !== 'value') throw untold();
  const [type = '', rows = '', columns = ''] = fields;
  return `Variable ${name} sent: ${type}, ${rows} x ${columns}`;
}

async function sizeOf(file: string): Promise<number> {
  try {
    const about = await stat(file);
    if (about.isFile()) return about.size;
  } catch (error) {
    throw new BridgeError(
      'BRIDGE_LOCAL_FILE',
      `The file ${file} cannot be read: ${messageOf(error)}`,
      { cause: error },
    );
  }
  throw new BridgeError('BRIDGE_LOCAL_FILE', `${file} is no file.`);
}

/** The files a pattern stands for, in order of their names; a path without pattern stays as it is. */
async function expand(pattern: string): Promise<readonly string[]> {
  const name = path.basename(pattern);
  if (!/[*?]/.test(name)) return [pattern];
  const folder = path.dirname(pattern);
  const source = name
    .replaceAll(/[\\^$.|+()[\]{}]/g, String.raw`\$&`)
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  const wanted = new RegExp(`^${source}$`, 'su');
  const found = await namesIn(folder);
  const files = found.filter((entry) => wanted.test(entry) && !entry.startsWith('.')).sort();
  if (files.length > 0) return files.map((entry) => path.join(folder, entry));
  throw new BridgeError('BRIDGE_LOCAL_FILE', `There is no file ${pattern}.`);
}

async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    const entries = await readdir(folder, { withFileTypes: true });
    return entries.filter((entry) => !entry.isDirectory()).map(({ name }) => name);
  } catch (error) {
    throw new BridgeError(
      'BRIDGE_LOCAL_FILE',
      `The folder ${folder} cannot be read: ${messageOf(error)}`,
      { cause: error },
    );
  }
}
