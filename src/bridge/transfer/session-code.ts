// Runs the transfer code in a session: sent with each call, without the agent, leaving no names behind.
import { readFileSync } from 'node:fs';
import { assetPath } from '../../base/index.js';
import { compactRSource, rString } from '../agent/r-agent.js';
import { pythonLiteral } from '../agent/python-literal.js';
import { BridgeError } from '../errors.js';
import type { Language } from '../language/languages.js';
import type { LiveSession } from '../live-session.js';
import type { RunLimits } from '../session-turns.js';

/** A function of `transfer.R` and `transfer.py`. */
export type TransferFunction =
  'check' | 'load_file' | 'save_file' | 'keep_file' | 'file_digest' | 'remove_files';

/** Where it runs. */
export interface TransferSession {
  readonly live: LiveSession;
  readonly language: Language;
  readonly limits: RunLimits;
}

const MARK = '<rserver-transfer>\t';

/**
 * Calls a transfer function.
 *
 * @returns Its reports: each a word and its fields.
 * @throws {BridgeError} `BRIDGE_TRANSFER` with the words of the session. @throws `AbortError` when interrupted.
 */
export async function callTransfer(
  { live, language, limits }: TransferSession,
  name: TransferFunction,
  values: readonly (string | boolean | undefined)[],
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

function rCall(name: string, values: readonly (string | boolean | undefined)[]): string {
  const list = values.map((value) => {
    if (value === undefined) return 'NULL';
    return typeof value === 'string' ? rString(value) : value ? 'TRUE' : 'FALSE';
  });
  const source = compactRSource(readSource('transfer.R'));
  const call = `base::invisible(${name}(${list.join(',')}))`;
  return `base::local({\n${source}\n${call}\n},envir=base::new.env(parent=base::baseenv()))`;
}

function pythonCall(name: string, values: readonly (string | boolean | undefined)[]): string {
  const list = values.map((value) => {
    if (value === undefined) return 'None';
    return typeof value === 'string' ? pythonLiteral(value) : value ? 'True' : 'False';
  });
  if (name === 'load_file' || name === 'save_file') list.push('main');
  if (name === 'remove_files') list.splice(0, list.length, `[${list.join(', ')}]`);
  const source = `${readSource('transfer.py')}\n\n${name}(${list.join(', ')})\n`;
  return `exec(${pythonLiteral(source)}, {"__name__": "_rserver_transfer", "main": __import__("__main__").__dict__})`;
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
