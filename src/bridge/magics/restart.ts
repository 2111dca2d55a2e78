// %restart: a fresh start of the session, while the kernel stays.
import { BridgeError } from '../errors.js';
import type { LiveSession } from '../live-session.js';
import type { Magic, MagicContext } from './magic.js';
import { chooseSnapshot, restoreSnapshot } from './snapshot.js';
import { readWords } from './words.js';

const COMMANDS = ['clean', 'keep', 'snapshot'];

export const restartMagic: Magic = {
  name: 'restart',
  summary: 'Starts the session afresh, or the connection to it.',
  usages: [
    { call: '', form: 'line', help: 'Same as `clean`.' },
    {
      call: 'clean',
      form: 'line',
      help: 'A new, empty session; the present one is deleted, and the one of the other language with it.',
    },
    { call: 'keep', form: 'line', help: 'Logs in anew and goes on in the same session.' },
    { call: 'snapshot X', form: 'line', help: 'A new session from a snapshot, by name or id.' },
  ],
  awaitsSnapshots: true,
  options: [],
  examples: ['%restart', '%restart snapshot Iris Snapshot'],
  details:
    'Works while earlier code does not stop, too: the present session is then ended by force. With `keep` and `snapshot` the session of the other language stays as it is. In a cell of the other language, below `%%r` or `%%python`, it restarts the session of that cell only.',
  complete: (words) => (words.length === 0 ? COMMANDS : []),
  async run({ argument }, context) {
    const [command = 'clean', ...rest] = readWords('restart', argument).words;
    const name = rest.join(' ');
    if (command === 'snapshot' && name !== '') {
      await restoreSnapshot(await chooseSnapshot(name, context), context);
    } else if (command === 'clean' && name === '') await startClean(context);
    else if (command === 'keep' && name === '') {
      const live = await context.session.renew(context.cell);
      context.print(`Connected anew; same session "${live.name}": ${live.id}`);
    } else {
      throw new BridgeError(
        'BRIDGE_MAGIC_USAGE',
        `%restart ${argument} is not a call of this magic.`,
        { hint: 'Write %restart, %restart keep or %restart snapshot NAME.' },
      );
    }
    return undefined;
  },
};

async function startClean({ session, companion, cell, print }: MagicContext): Promise<void> {
  const { live, previous } = await session.openNew(cell);
  print(`New session "${live.name}": ${live.id}`);
  const tellKept = ({ name, id }: LiveSession): void => {
    print(`The session "${name}" stays on the server: ${id}`);
  };
  if (previous !== undefined && !(await session.discard(previous))) tellKept(previous);
  const second = await companion.abandon();
  if (second === undefined) return;
  const { runtimeType } = companion.language;
  print(
    `The ${runtimeType} session of this notebook has ended, too; the next cell of it opens a new one.`,
  );
  if (!second.isEnded) tellKept(second.live);
}
