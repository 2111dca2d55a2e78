// `npm run bench:load`: the embedded server under load, in a process of its own: sessions opened and closed, services
// consumed, a batch; then it is killed (SIGKILL) under load and started again. Nothing acknowledged may be lost, no
// process may stay behind, and memory must not grow. Options: `--sessions 200 --calls 10000 --items 100`.
// Results go to bench/results/load.json.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { PROJECT_ROOT } from '../test/helpers/requirements.js';
import { runLoad } from './load/run-load.js';

const { values } = parseArgs({
  options: {
    sessions: { type: 'string', default: '200' },
    calls: { type: 'string', default: '10000' },
    items: { type: 'string', default: '100' },
  },
});

const dataDirectory = mkdtempSync(path.join(os.tmpdir(), 'rserver-load-'));
try {
  const report = await runLoad({
    dataDirectory,
    sessionCount: Number(values.sessions),
    callCount: Number(values.calls),
    itemCount: Number(values.items),
    onProgress: (line) => {
      console.log(line);
    },
  });
  console.log(JSON.stringify(report, null, 2));
  const folder = path.join(PROJECT_ROOT, 'bench', 'results');
  mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(folder, 'load.json'), JSON.stringify(report, null, 2));
  if (report.lost.length > 0 || report.orphans.length > 0) process.exitCode = 1;
} finally {
  rmSync(dataDirectory, { recursive: true, force: true });
}
