// %history: what was run, by this kernel or in the session.
import { textDisplay } from '../display/tables.js';
import { BridgeError } from '../errors.js';
import type { Magic, MagicContext } from './magic.js';
import { readWords } from './words.js';

export const historyMagic: Magic = {
  name: 'history',
  summary: 'Shows what was run.',
  usages: [{ call: '[N]', form: 'line', help: 'The last N inputs of this kernel; default all.' }],
  options: [
    {
      name: 'session',
      help: 'What the server recorded for the session instead, also by others and before this kernel.',
    },
    {
      name: 'search',
      value: 'PATTERN',
      help: 'Inputs of all kernels of this language that match: `*` stands for any text, `?` for one character.',
    },
  ],
  examples: ['%history 5', '%history --session', '%history --search "*lm(*"'],
  details:
    'Inputs of earlier kernels are kept in a file that only their user can read; `history = "off"` in the profile, or RSERVER_HISTORY=off, keeps none. Values of secrets that are written into a magic are replaced by asterisks.',
  runsBeside: (argument) => !argument.includes('--session'),
  async run({ argument }, context) {
    const { words, options } = readWords('history', argument, {
      session: 'flag',
      search: 'value',
    });
    const [countWord, ...others] = words;
    const count = countWord === undefined ? Infinity : Number(countWord);
    if (others.length > 0 || Number.isNaN(count) || count < 0) {
      throw new BridgeError('BRIDGE_MAGIC_USAGE', '%history takes one number.');
    }
    const { search } = options;
    if (typeof search === 'string') await showFound(search, count, context);
    else if (options['session'] === true) await showSessionHistory(count, context);
    else showKernelHistory(count, context);
    return undefined;
  },
};

function showKernelHistory(count: number, { history, show }: MagicContext): void {
  const lines = history.tail(count);
  const text = lines.map(({ line, input }) => `${line.toString()}: ${indent(input)}`).join('\n');
  show(textDisplay(text === '' ? 'Nothing was run yet.' : text, lines));
}

async function showFound(
  pattern: string,
  count: number,
  { history, show }: MagicContext,
): Promise<void> {
  const found = await history.search(pattern, Math.min(count, Number.MAX_SAFE_INTEGER));
  const text = found
    .map(({ session, line, input }) => `${session.toString()}/${line.toString()}: ${indent(input)}`)
    .join('\n');
  show(textDisplay(text === '' ? `Nothing matches ${pattern}.` : text, found));
}

async function showSessionHistory(
  count: number,
  { session, cell, signal, show }: MagicContext,
): Promise<void> {
  const { client, id } = await session.ready(cell);
  const entries = (await client.sessions.history(id, { signal })).filter(
    (entry) => entry.trim() !== '' && !isOurs(entry),
  );
  const shown = count === 0 ? [] : entries.slice(-count);
  const text = shown
    .map((entry, index) => `${(index + 1).toString()}: ${indent(entry)}`)
    .join('\n');
  show(textDisplay(text === '' ? 'The session has no history yet.' : text, shown));
}

/** A genuine server records the calls of our helper as well; runs of cells stay, in the helper's words. */
function isOurs(entry: string): boolean {
  return entry.includes('rserver_kernel') && !/rserver_kernel"?\)?[$.]run\(/.test(entry);
}

function indent(text: string): string {
  return text.trimEnd().replaceAll('\n', '\n   ');
}
