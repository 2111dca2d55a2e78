// %config: the settings, where each comes from, and changing them.
import { tableDisplay } from '../display/tables.js';
import { BridgeError } from '../errors.js';
import type { Magic } from './magic.js';
import { readWords } from './words.js';

/** Settings that say which server is used: they take effect by a new connection only. */
const CONNECTION_KEYS = new Set(['url', 'username', 'profile', 'extensions']);

export const configMagic: Magic = {
  name: 'config',
  summary: 'Shows the settings and where each comes from; changes them for this kernel.',
  usages: [
    { call: '', form: 'line', help: 'Shows every setting.' },
    { call: 'KEY=VALUE [KEY=VALUE ...]', form: 'line', help: 'Changes settings of this kernel.' },
  ],
  options: [],
  examples: ['%config', '%config execute_timeout_ms=600000'],
  complete: (_words, { session }) => session.configuration.entries().map(({ key }) => `${key}=`),
  async run({ argument }, { session, show, print, setConfiguration }) {
    const { words } = readWords('config', argument);
    if (words.length === 0) {
      const entries = session.configuration.entries();
      show(
        tableDisplay({
          caption: 'Settings',
          columns: [{ title: 'key' }, { title: 'value' }, { title: 'from' }, { title: 'meaning' }],
          rows: entries.map(({ key, value, origin, source, help }) => [
            key,
            value,
            source === undefined ? origin : `${origin} (${source})`,
            help,
          ]),
          json: entries,
          empty: 'There are no settings.',
        }),
      );
      return undefined;
    }
    const values = Object.fromEntries(words.map(readPair));
    setConfiguration(session.configuration.with(values));
    print(`Set: ${words.join(', ')}`);
    if (Object.keys(values).some((key) => CONNECTION_KEYS.has(key))) {
      print('It takes effect with the next connection: %connect.');
    }
    return Promise.resolve(undefined);
  },
};

function readPair(word: string): [string, string] {
  const at = word.indexOf('=');
  if (at <= 0) {
    throw new BridgeError('BRIDGE_MAGIC_USAGE', `%config: "${word}" is not KEY=VALUE.`);
  }
  return [word.slice(0, at), word.slice(at + 1)];
}
