// %snapshot: keeps the whole session, and brings it back.
import { randomUUID } from 'node:crypto';
import { createDeferred, settlesWithin } from '../../base/index.js';
import { BridgeError } from '../errors.js';
import { formatBytes, tableDisplay } from '../display/tables.js';
import { snapshotDisplay } from '../pending-snapshots.js';
import type { RemoteSnapshotEntry } from '../remote-client.js';
import { choose } from './choose.js';
import { safeFileName, writeLocalFile } from './local-file.js';
import type { Magic, MagicContext } from './magic.js';
import { readWords } from './words.js';

const COMMANDS = ['create', 'list', 'load', 'restore', 'delete', 'download'] as const;
/** A snapshot that takes longer is left to be written while other cells run. */
const WRITING_PATIENCE_MS = 150;
/** A session that has not told by then what came with a snapshot tells it with the next cell. */
const LEARN_MS = 1000;
type Command = (typeof COMMANDS)[number];

export const snapshotMagic: Magic = {
  name: 'snapshot',
  summary: 'Keeps the whole session (variables and files) on the server, and brings it back.',
  usages: [
    { call: 'NAME', form: 'line', help: 'Same as `create NAME`.' },
    { call: 'create NAME', form: 'line', help: 'Makes a snapshot of the session.' },
    { call: 'list', form: 'line', help: 'Lists your snapshots.' },
    {
      call: 'restore X',
      form: 'line',
      help: 'Goes back to a snapshot exactly: a new session is made from it and takes the place of this one, which is deleted.',
    },
    {
      call: 'load X',
      form: 'line',
      help: 'Merges a snapshot into this session: what has the same name is replaced, the rest stays.',
    },
    { call: 'delete X', form: 'line', help: 'Deletes a snapshot for good.' },
    {
      call: 'download X [FILE]',
      form: 'line',
      help: "Saves a snapshot as a zip file on the kernel's machine.",
    },
  ],
  awaitsSnapshots: true,
  options: [{ name: 'force', help: 'With `download`: replaces a file that is already there.' }],
  examples: ['%snapshot create Iris Snapshot', '%snapshot restore Iris Snapshot'],
  details:
    'In a notebook the cell of a large snapshot ends when its state is taken; its output changes when it is written. What needs snapshots waits for that. In a batch run the cell waits. X is the name of a snapshot or its id (or the beginning of the id). A genuine R Server does not keep in a snapshot which packages are loaded: load them again after a restore.',
  complete: (words) => (words.length === 0 ? COMMANDS : []),
  async run({ argument }, context) {
    const { words, options } = readWords('snapshot', argument, { force: 'flag' });
    const [first = '', ...rest] = words;
    if (!isCommand(first)) {
      await createSnapshot(words.join(' '), context);
      return undefined;
    }
    if (first === 'list') await listSnapshots(context);
    else if (first === 'create') await createSnapshot(rest.join(' '), context);
    else if (first === 'download') await download(rest, options['force'] === true, context);
    else await useSnapshot(first, rest.join(' '), context);
    return undefined;
  },
};

function isCommand(word: string): word is Command {
  return COMMANDS.some((command) => command === word);
}

async function createSnapshot(name: string, context: MagicContext): Promise<void> {
  requireName(name, 'create NAME');
  const { client, id } = await context.session.ready(context.cell);
  const { signal } = context;
  const taken = createDeferred<undefined>();
  const onTaken = (): void => {
    taken.resolve(undefined);
  };
  const made = client.sessions.createSnapshot(id, { name }, { signal, onTaken });
  if (context.input.allowed && !(await isMadeSoon(made, taken.promise))) {
    const displayId = randomUUID();
    const text = `Snapshot "${name}" is being written; the session goes on meanwhile.`;
    context.show({ ...snapshotDisplay(text), displayId });
    context.snapshots.add({ name, made, displayId });
    return;
  }
  context.print(`Snapshot "${name}" made: ${await made}`);
}

/** Servers that do not tell when the state is taken keep the session busy until the end. */
async function isMadeSoon(made: Promise<string>, taken: Promise<undefined>): Promise<boolean> {
  const first = await Promise.race([made.then(String, () => 'failed'), taken]);
  return first !== undefined || (await settlesWithin(made, WRITING_PATIENCE_MS));
}

async function listSnapshots(context: MagicContext): Promise<void> {
  const { client } = await context.session.connected(context.cell);
  const snapshots = await client.snapshots.list({ signal: context.signal });
  context.show(
    tableDisplay({
      caption: 'Snapshots',
      columns: [
        { title: 'name' },
        { title: 'created' },
        { title: 'size', isNumeric: true },
        { title: 'owner' },
        { title: 'id' },
      ],
      rows: snapshots.map(({ name, creationTime, contentSize, owner, id }) => [
        name,
        creationTime,
        formatBytes(contentSize),
        owner,
        id,
      ]),
      json: snapshots,
      empty: 'There are no snapshots.',
    }),
  );
}

async function useSnapshot(
  command: 'load' | 'restore' | 'delete',
  wanted: string,
  context: MagicContext,
): Promise<void> {
  requireName(wanted, `${command} X`);
  const snapshot = await chooseSnapshot(wanted, context);
  if (command === 'restore') await restoreSnapshot(snapshot, context);
  else if (command === 'load') {
    const live = await context.session.ready(context.cell);
    await live.client.sessions.loadSnapshot(live.id, snapshot.id, { signal: context.signal });
    await live.learnAnew(LEARN_MS);
    context.print(`Snapshot "${snapshot.name}" merged into the session.`);
  } else {
    const { client } = await context.session.connected(context.cell);
    await client.snapshots.delete(snapshot.id, { signal: context.signal });
    context.print(`Snapshot "${snapshot.name}" (${snapshot.id}) deleted.`);
  }
}

/** Puts a new session made from a snapshot in place of the present one, which is deleted when it was ours. */
export async function restoreSnapshot(
  snapshot: RemoteSnapshotEntry,
  { session, cell, print }: MagicContext,
): Promise<void> {
  const { live, previous } = await session.openNew(cell, { snapshotId: snapshot.id });
  print(`Session restored from snapshot "${snapshot.name}": ${live.id}`);
  if (previous !== undefined && !(await session.discard(previous))) {
    print(`The session "${previous.name}" stays on the server: ${previous.id}`);
  }
}

/** @throws {BridgeError} `BRIDGE_SNAPSHOT_NOT_FOUND`, `BRIDGE_SNAPSHOT_AMBIGUOUS`. */
export async function chooseSnapshot(
  wanted: string,
  { session, cell, signal }: MagicContext,
): Promise<RemoteSnapshotEntry> {
  const { client } = await session.connected(cell);
  return choose(await client.snapshots.list({ signal }), wanted, {
    what: 'snapshot',
    notFound: 'BRIDGE_SNAPSHOT_NOT_FOUND',
    ambiguous: 'BRIDGE_SNAPSHOT_AMBIGUOUS',
  });
}

async function download(
  words: readonly string[],
  replaces: boolean,
  context: MagicContext,
): Promise<void> {
  const [wanted = '', file, ...others] = words;
  if (others.length > 0) {
    throw new BridgeError('BRIDGE_MAGIC_USAGE', '%snapshot download takes a snapshot and a file.', {
      hint: 'Put names with spaces in quotes: %snapshot download "Iris Snapshot" iris.zip',
    });
  }
  requireName(wanted, 'download X [FILE]');
  const snapshot = await chooseSnapshot(wanted, context);
  const { client } = await context.session.connected(context.cell);
  const { signal } = context;
  const fileName = `${safeFileName(snapshot.name)}.zip`;
  const content = await client.snapshots.get(snapshot.id, { signal });
  const written = await writeLocalFile(file ?? fileName, fileName, content, { replaces, signal });
  context.print(
    `Snapshot "${snapshot.name}" saved: ${written.file} (${formatBytes(written.bytes)})`,
  );
}

function requireName(name: string, call: string): void {
  if (name === '') {
    throw new BridgeError('BRIDGE_MAGIC_USAGE', `A name is missing: %snapshot ${call}.`);
  }
}
