// %config: the settings, where each comes from, and changing them.
import { pythonLiteral } from '../agent/python-literal.js';
import { tableDisplay } from '../display/tables.js';
import { BridgeError } from '../errors.js';
import type { Magic } from './magic.js';
import { readWords } from './words.js';

/** Settings that say which server is used: they take effect by a new connection only. */
const CONNECTION_KEYS = new Set(['url', 'username', 'profile', 'extensions']);

/** `InlineBackend.figure_format = 'svg'`: classes of IPython begin with a capital, settings of ours never do. */
const IPYTHON_OPTION = /^[A-Z]\w*(?:[.\s]|$)/;

export const configMagic: Magic = {
  name: 'config',
  summary: 'Shows the settings and where each comes from; changes them for this kernel.',
  usages: [
    { call: '', form: 'line', help: 'Shows every setting.' },
    { call: 'KEY=VALUE [KEY=VALUE ...]', form: 'line', help: 'Changes settings of this kernel.' },
    {
      call: 'CLASS[.OPTION [= VALUE]]',
      form: 'line',
      help: 'In Python sessions: shows or sets an option of IPython, such as InlineBackend.figure_format.',
    },
  ],
  options: [],
  examples: ['%config', '%config execute_timeout_ms=600000'],
  complete: (_words, { session }) => session.configuration.entries().map(({ key }) => `${key}=`),
  runsBeside: (argument) => argument === '',
  async run({ argument }, { language, session, show, print, setConfiguration, runCode }) {
    if (language.name === 'python' && IPYTHON_OPTION.test(argument)) {
      return runCode(callIPython(argument));
    }
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

/** IPython's own magic; the value of an option is shown wherever in the cell it stands. */
function callIPython(argument: string): string {
  const call = `get_ipython().run_line_magic("config", ${pythonLiteral(argument)})`;
  return `(lambda value: None if value is None else display(value))(${call})`;
}

function readPair(word: string): [string, string] {
  const at = word.indexOf('=');
  if (at <= 0) {
    throw new BridgeError('BRIDGE_MAGIC_USAGE', `%config: "${word}" is not KEY=VALUE.`);
  }
  return [word.slice(0, at), word.slice(at + 1)];
}
