// %session: which session on the server this notebook uses.
import { tableDisplay, textDisplay } from '../display/tables.js';
import { BridgeError } from '../errors.js';
import type { RemoteSessionEntry } from '../remote-client.js';
import { choose } from './choose.js';
import type { Magic, MagicContext } from './magic.js';
import { readWords } from './words.js';

const COMMANDS = ['info', 'list', 'new', 'attach', 'close'];

export const sessionMagic: Magic = {
  name: 'session',
  summary: 'Shows, changes and closes the session on the server.',
  usages: [
    { call: '', form: 'line', help: 'Same as `info`.' },
    { call: 'info', form: 'line', help: 'Server, session and how they are used.' },
    { call: 'list', form: 'line', help: 'Lists your sessions on the server.' },
    {
      call: 'new [NAME]',
      form: 'line',
      help: 'Goes on in a new, empty session; the present one is closed.',
    },
    {
      call: 'attach X',
      form: 'line',
      help: 'Goes on in another session, by its name or id; the present one stays until the kernel ends.',
    },
    { call: 'close', form: 'line', help: 'Closes the session; the next cell opens a new one.' },
    { call: 'close X', form: 'line', help: 'Closes another session, by its name or id.' },
  ],
  awaitsSnapshots: true,
  options: [
    { name: 'force', help: 'With `close`: kills a session whose code does not stop.' },
    { name: 'keep', help: 'With `new`: leaves the present session open until the kernel ends.' },
  ],
  examples: ['%session', '%session attach 5b8a', '%session close --force'],
  details:
    'The session of a kernel that was killed stays on the server with its variables. The next kernel of the notebook tells its id; after `attach` it is the own session of the notebook again. A session that somebody else made is left when the kernel ends.',
  complete: (words) => (words.length === 0 ? COMMANDS : []),
  async run({ argument }, context) {
    const { words, options } = readWords('session', argument, { force: 'flag', keep: 'flag' });
    const [command = 'info', ...rest] = words;
    const name = rest.join(' ');
    if (command === 'info') await showInfo(context);
    else if (command === 'list') await listSessions(context);
    else if (command === 'new') await openNew(name, options['keep'] === true, context);
    else if (command === 'attach') await attach(name, context);
    else if (command === 'close') await close(name, options['force'] === true, context);
    else {
      throw new BridgeError('BRIDGE_MAGIC_USAGE', `%session has no command "${command}".`, {
        hint: `It has ${COMMANDS.join(', ')}.`,
      });
    }
    return undefined;
  },
};

async function showInfo({ session, companion, cell, language, show }: MagicContext): Promise<void> {
  const live = await session.ready(cell);
  const { settings } = session.configuration;
  const kind = session.connection?.kind === 'embedded' ? 'embedded server' : 'R Server';
  const other = companion.session?.live;
  const info = {
    server: live.client.url,
    kind,
    username: live.client.username ?? '',
    session: live.name,
    id: live.id,
    language: language.runtimeType,
    madeBy: live.isOwn ? 'this kernel' : 'somebody else (attached)',
    display: settings.display,
    output: live.channel === 'events' ? 'event stream' : 'console reading',
    onExit: live.isOwn ? settings.onExit : 'keep',
  };
  const lines = [
    `Session "${info.session}" (${info.language})`,
    `  id        ${info.id}`,
    `  server    ${info.server} (${info.kind})${info.username === '' ? '' : `, user ${info.username}`}`,
    `  made by   ${info.madeBy}; at the end of the kernel: ${info.onExit}`,
    `  display   ${info.display}, output by ${info.output}`,
  ];
  if (other !== undefined) {
    lines.push(
      `Second session "${other.name}" (${companion.language.runtimeType})`,
      `  id        ${other.id}`,
    );
  }
  const second = other === undefined ? {} : { second: { session: other.name, id: other.id } };
  show(textDisplay(lines.join('\n'), { ...info, ...second }));
}

async function listSessions({ session, cell, signal, show }: MagicContext): Promise<void> {
  const { client } = await session.connected(cell);
  const sessions = await client.sessions.list({ signal });
  const current = session.live?.id;
  show(
    tableDisplay({
      caption: 'Sessions',
      columns: [
        { title: '' },
        { title: 'name' },
        { title: 'language' },
        { title: 'owner' },
        { title: 'id' },
      ],
      rows: sessions.map(({ id, name, runtimeType, owner }) => [
        id === current ? '*' : '',
        name,
        runtimeType,
        owner,
        id,
      ]),
      json: sessions,
      empty: 'There are no sessions.',
    }),
  );
}

async function openNew(name: string, keeps: boolean, context: MagicContext): Promise<void> {
  const { session, cell, print } = context;
  const { live, previous } = await session.openNew(cell, name === '' ? {} : { name });
  print(`New session "${live.name}": ${live.id}`);
  if (previous === undefined) return;
  if (keeps) session.leave(previous);
  const isClosed = !keeps && (await session.discard(previous));
  print(
    isClosed
      ? `The session "${previous.name}" was closed.`
      : `The session "${previous.name}" stays on the server: ${previous.id}`,
  );
}

async function attach(wanted: string, context: MagicContext): Promise<void> {
  const { session, cell, print } = context;
  if (wanted === '') {
    throw new BridgeError('BRIDGE_MAGIC_USAGE', '%session attach wants a name or an id.');
  }
  const entry = await findSession(wanted, context);
  if (entry.id === session.live?.id) {
    print(`This is the session "${entry.name}" already.`);
    return;
  }
  const { live, previous } = await session.attach(cell, entry);
  print(`Attached to session "${live.name}": ${live.id}`);
  if (previous === undefined) return;
  // A session in which nothing was done is not worth keeping.
  if (previous.isOwn && !previous.hasRunCode && (await session.discard(previous))) return;
  session.leave(previous);
  print(`The session "${previous.name}" stays on the server: ${previous.id}`);
}

async function findSession(
  wanted: string,
  { session, cell, signal }: MagicContext,
): Promise<RemoteSessionEntry> {
  const { client } = await session.connected(cell);
  return choose(await client.sessions.list({ signal }), wanted, {
    what: 'session',
    notFound: 'BRIDGE_SESSION_NOT_FOUND',
    ambiguous: 'BRIDGE_SESSION_AMBIGUOUS',
  });
}

async function close(wanted: string, force: boolean, context: MagicContext): Promise<void> {
  const { session, cell, print } = context;
  const entry = wanted === '' ? undefined : await findSession(wanted, context);
  if (entry !== undefined && entry.id !== session.live?.id) {
    await session.closeOther(cell, entry, { force });
    print(`The session "${entry.name}" was ${force ? 'ended by force' : 'closed'}: ${entry.id}`);
    return;
  }
  const closed = await session.close({ force });
  print(
    closed === undefined
      ? 'There is no session to close.'
      : `The session "${closed.name}" was ${force ? 'ended by force' : 'closed'}; the next cell opens a new one.`,
  );
}
