// A small version of `npm run bench:load`: the server is killed under load and started again.
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { runLoad } from '../../../bench/load/run-load.js';
import { isMissing } from '../../helpers/requirements.js';

const LOAD_MS = 180_000;

test.skipIf(isMissing('R', 'jupyter') || process.platform !== 'linux')(
  'a server that is killed under load loses nothing that it acknowledged and leaves no process behind',
  { timeout: LOAD_MS },
  async () => {
    const dataDirectory = await mkdtemp(path.join(os.tmpdir(), 'rserver-load-'));
    try {
      const report = await runLoad({
        dataDirectory,
        sessionCount: 8,
        callCount: 200,
        itemCount: 20,
      });

      expect(report).toMatchObject({
        acknowledged: 20,
        lost: [],
        orphans: [],
        batchAfterRestart: 'Complete',
      });
    } finally {
      await rm(dataDirectory, { recursive: true, force: true });
    }
  },
);
