// The table of all magics.
import { configMagic } from './config.js';
import { connectMagic } from './connect.js';
import { consumeMagic } from './consume.js';
import { filesMagic } from './files.js';
import { helpMagic } from './help.js';
import { historyMagic } from './history.js';
import { inputsMagic } from './inputs.js';
import { lsmagicMagic } from './lsmagic.js';
import type { Magic, MagicTable } from './magic.js';
import { pythonMagic, rMagic } from './other-language.js';
import { outputMagic } from './output.js';
import { outputsMagic } from './outputs.js';
import { publishMagic } from './publish.js';
import { pullMagic } from './pull.js';
import { pushMagic } from './push.js';
import { realtimeMagic } from './realtime.js';
import { restartMagic } from './restart.js';
import { serviceMagic } from './service.js';
import { servicesMagic } from './services.js';
import { sessionMagic } from './session.js';
import { shareMagic } from './share.js';
import { snapshotMagic } from './snapshot.js';
import { timeMagic } from './time.js';
import { workspaceMagic } from './workspace.js';

/** Every magic, in the order of the documentation. */
export const MAGICS: readonly Magic[] = [
  snapshotMagic,
  publishMagic,
  consumeMagic,
  servicesMagic,
  serviceMagic,
  realtimeMagic,
  inputsMagic,
  outputsMagic,
  workspaceMagic,
  filesMagic,
  pushMagic,
  pullMagic,
  rMagic,
  pythonMagic,
  shareMagic,
  sessionMagic,
  connectMagic,
  restartMagic,
  configMagic,
  historyMagic,
  timeMagic,
  outputMagic,
  lsmagicMagic,
  helpMagic,
];

/** A table to look magics up by name. */
export function createMagicTable(magics: readonly Magic[] = MAGICS): MagicTable {
  const byName = new Map(magics.map((magic) => [magic.name, magic]));
  return { all: magics, find: (name) => byName.get(name) };
}
