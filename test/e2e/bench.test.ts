// A small part of `npm run bench`, so that it stays runnable.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { spawnSync } from 'node:child_process';
import os from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import type { PartResult } from '../../bench/results.js';
import { isMissing, PROJECT_ROOT } from '../helpers/requirements.js';

test.skipIf(isMissing('R', 'IRkernel', 'jupyter') || process.platform !== 'linux')(
  'a quick part of the benchmark gives figures of all kernels',
  async () => {
    const results = await mkdtemp(path.join(os.tmpdir(), 'rserver-bench-'));
    try {
      const run = spawnSync(
        process.execPath,
        [
          ...['--import', 'tsx', path.join('bench', 'run.ts')],
          ...['--quick', '--only', 'roundtrip', '--results', results],
        ],
        { cwd: PROJECT_ROOT, encoding: 'utf8' },
      );

      const written = await readFile(path.join(results, 'roundtrip.json'), 'utf8');
      const { summary = {}, failures } = JSON.parse(written) as PartResult;
      expect(failures).toEqual([]);
      for (const subject of ['five-sockets', 'ir', 'python3', 'rserver-r', 'rserver-python']) {
        expect(summary[subject]?.['roundtrip.p50']).toMatchObject({ n: 1 });
        expect(summary[subject]?.['roundtrip.bad_signatures']).toMatchObject({ median: 0 });
        expect(summary[subject]?.['throughput.cells_per_s']).toMatchObject({ n: 1 });
      }
      expect(run.stdout).toMatch(/\| 2 \| `1\+1` to reply and idle, p50, R \| [\d.]+ ms \|/);
    } finally {
      await rm(results, { recursive: true, force: true });
    }
  },
);
