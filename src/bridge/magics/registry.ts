// The table of all magics.
import { configMagic } from './config.js';
import { connectMagic } from './connect.js';
import { filesMagic } from './files.js';
import { helpMagic } from './help.js';
import { historyMagic } from './history.js';
import { inputsMagic } from './inputs.js';
import { lsmagicMagic } from './lsmagic.js';
import type { Magic, MagicTable } from './magic.js';
import { outputsMagic } from './outputs.js';
import { restartMagic } from './restart.js';
import { sessionMagic } from './session.js';
import { snapshotMagic } from './snapshot.js';
import { timeMagic } from './time.js';
import { workspaceMagic } from './workspace.js';

/** Every magic, in the order of the documentation. */
export const MAGICS: readonly Magic[] = [
  snapshotMagic,
  inputsMagic,
  outputsMagic,
  workspaceMagic,
  filesMagic,
  sessionMagic,
  connectMagic,
  restartMagic,
  configMagic,
  historyMagic,
  timeMagic,
  lsmagicMagic,
  helpMagic,
];

/** A table to look magics up by name. */
export function createMagicTable(magics: readonly Magic[] = MAGICS): MagicTable {
  const byName = new Map(magics.map((magic) => [magic.name, magic]));
  return { all: magics, find: (name) => byName.get(name) };
}
