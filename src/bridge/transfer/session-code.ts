// Runs the transfer code in a session: sent with each call, without the agent, leaving no names behind.
import { readFileSync } from 'node:fs';
import { assetPath } from '../../base/index.js';
import { compactRSource, rString } from '../agent/r-agent.js';
import { pythonLiteral } from '../agent/python-literal.js';
import { BridgeError } from '../errors.js';
import type { Language } from '../language/languages.js';
import type { LiveSession } from '../live-session.js';
import type { RunLimits } from '../session-turns.js';

/** A function of `r/` and `python/`. */
export type TransferFunction = 'check' | 'load_file' | 'save_file' | 'keep_file' | 'file_digest';

/** Where it runs. */
export interface TransferSession {
  readonly live: LiveSession;
  readonly language: Language;
  readonly limits: RunLimits;
}

type Value = string | boolean | undefined;

const MARK = '<rserver-transfer>\t';

/** File stems of `r/`; the first has what is about files only. */
const R_FILES = [
  'files',
  'columns',
  'frames',
  'texts',
  'integer64',
  'typed_texts',
  'csv_files',
  'json_files',
  'packages',
  'variables',
];

/** The same of `python/`, without `run`, in the order in which they build on each other. */
const PYTHON_FILES = [
  'files',
  'packages',
  'columns',
  'encode',
  'decode',
  'frames',
  'texts',
  'typed_texts',
  'csv_files',
  'json_files',
  'variables',
];

/**
 * Calls a transfer function.
 *
 * @returns Its reports: each a word and its fields.
 * @throws {BridgeError} `BRIDGE_TRANSFER` with the words of the session. @throws `AbortError` when interrupted.
 */
export async function callTransfer(
  { live, language, limits }: TransferSession,
  name: TransferFunction,
  values: readonly Value[],
  signal: AbortSignal,
): Promise<readonly (readonly string[])[]> {
  let text = '';
  const result = await live.run(
    {
      code: language.name === 'R' ? rCall(name, values) : pythonCall(name, values),
      source: '',
      inputParameters: [],
      outputParameters: [],
      agentOptions: undefined,
    },
    {
      text: (stream, piece) => {
        if (stream === 'stdout') text += piece;
      },
      message: () => undefined,
    },
    signal,
    limits,
  );
  if (!result.success) {
    signal.throwIfAborted();
    throw new BridgeError('BRIDGE_TRANSFER', lastWords(result.errorMessage));
  }
  return text
    .split(/\r?\n/)
    .filter((line) => line.startsWith(MARK))
    .map((line) => line.slice(MARK.length).split('\t'));
}

/** What a function needs of them. */
function filesFor(name: TransferFunction, stems: readonly string[]): readonly string[] {
  return name === 'load_file' || name === 'save_file' ? stems : stems.slice(0, 1);
}

function rCall(name: TransferFunction, values: readonly Value[]): string {
  const list = values.map((value) => {
    if (value === undefined) return 'NULL';
    return typeof value === 'string' ? rString(value) : value ? 'TRUE' : 'FALSE';
  });
  const sources = filesFor(name, R_FILES).map((stem) => compactRSource(readSource(`r/${stem}.R`)));
  const call = `base::invisible(${name}(${list.join(',')}))`;
  return `base::local({\n${sources.join('\n')}\n${call}\n},envir=base::new.env(parent=base::baseenv()))`;
}

function pythonCall(name: TransferFunction, values: readonly Value[]): string {
  const list = values.map((value) => {
    if (value === undefined) return 'None';
    return typeof value === 'string' ? pythonLiteral(value) : value ? 'True' : 'False';
  });
  const sources = filesFor(name, PYTHON_FILES).map((stem) => {
    const source = readSource(`python/${stem}.py`);
    return `(${pythonLiteral(`_rserver_transfer.${stem}`)}, ${pythonLiteral(source)})`;
  });
  const run = pythonLiteral(readSource('python/run.py'));
  return `exec(${run}, {"SOURCES": [${sources.join(', ')}], "NAME": "${name}", "ARGUMENTS": [${list.join(', ')}]})`;
}

function readSource(file: string): string {
  return readFileSync(assetPath(import.meta.url, `./${file}`), 'utf8');
}

/** What failed, without the way to it. */
function lastWords(errorMessage: string): string {
  const lines = errorMessage.trim().split('\n');
  const words = (lines.at(-1) ?? '').trim();
  return words === '' ? 'The session did not move the data.' : words.replace(/^Error\s*:\s*/, '');
}
