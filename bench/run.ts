// `npm run bench`: every target of docs/performance.md in one run, and the page written anew.
//
//   npm run bench                              everything, 3 rounds
//   npm run bench -- --quick                   less of everything; the page stays as it is
//   npm run bench -- --only startup,roundtrip  some parts; the others keep the figures they have
//   npm run bench -- --render                  measures nothing, writes the page from what is kept
//
// Results are kept in bench/results/, one file a part; `--results DIR` keeps them elsewhere.
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { PROJECT_ROOT } from '../test/helpers/requirements.js';
import { runGrowth } from './growth/run-growth.js';
import { runHops } from './hops/run-hops.js';
import { KERNEL_PARTS, runKernelPart, type RunOptions } from './kernel-parts.js';
import { describeMachine } from './machine.js';
import { FOREIGN_PARTS, runForeignPart } from './foreign-parts.js';
import { figuresOf, renderTargets } from './page/target-table.js';
import { writePage } from './page/write-page.js';
import { ResultFolder } from './results.js';
import { openSubjects, type Subjects } from './subjects.js';

const PARTS = [...Object.keys(KERNEL_PARTS), 'hops', 'growth', ...FOREIGN_PARTS];

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    rounds: { type: 'string', default: '3' },
    quick: { type: 'boolean', default: false },
    render: { type: 'boolean', default: false },
    results: { type: 'string' },
  },
});
const isQuick = values.quick;
const directory = values.results ?? path.join('bench', 'results', ...(isQuick ? ['quick'] : []));
const folder = new ResultFolder(path.resolve(PROJECT_ROOT, directory));
const wanted = values.render ? [] : (values.only?.split(',') ?? PARTS);
const unknown = wanted.filter((part) => !PARTS.includes(part));
if (unknown.length > 0) {
  console.error(`no part ${unknown.join(', ')}; there are ${PARTS.join(', ')}`);
  process.exit(2);
}

if (wanted.length > 0) {
  await measure(wanted, {
    rounds: values.quick ? Math.min(1, Number(values.rounds)) : Number(values.rounds),
    isQuick,
  });
  folder.write('machine', describeMachine());
}
const results = PARTS.flatMap((part) => folder.read(part) ?? []);
const measured = figuresOf(results).filter(({ ours }) => ours !== '');
console.log(`\n${renderTargets(measured)}\n`);
if (values.render || (!isQuick && values.results === undefined)) await writePage(results, folder);

/** Runs the parts, one after the other; one that fails is told, and the others go on. */
async function measure(parts: readonly string[], options: RunOptions): Promise<void> {
  const build = spawnSync('npm', ['run', '--silent', 'build'], {
    cwd: PROJECT_ROOT,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  if (build.status !== 0) throw new Error('the build failed');
  const subjects = await openSubjects();
  try {
    for (const part of parts) {
      const startedAt = Date.now();
      console.log(`\n## ${part}`);
      try {
        await runPart(part, subjects, options);
      } catch (error) {
        console.error(`${part} failed:`, error);
        process.exitCode = 1;
      }
      console.log(`${part}: ${((Date.now() - startedAt) / 1_000).toFixed(0)} s`);
    }
  } finally {
    await subjects.close();
  }
}

async function runPart(part: string, subjects: Subjects, options: RunOptions): Promise<void> {
  if (part in KERNEL_PARTS) runKernelPart(part, subjects, folder, options);
  else if (part === 'hops') await runHops(subjects, folder, options);
  else if (part === 'growth') await runGrowth(folder, options);
  else runForeignPart(part, folder, options);
}
