// Parts that are programs of their own: `npm run bench:sessions`, `npm run bench:snapshots`.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { PROJECT_ROOT } from '../test/helpers/requirements.js';
import type { RunOptions } from './kernel-parts.js';
import type { PartResult, ResultFolder } from './results.js';

export const FOREIGN_PARTS = ['sessions', 'snapshots'] as const;

/**
 * Runs one, and keeps what it wrote to `bench/results/<name>.json`: an object with a list `figures`.
 *
 * @throws Error when it fails, or writes nothing.
 */
export function runForeignPart(name: string, folder: ResultFolder, options: RunOptions): void {
  if (!isThere(name)) {
    console.log(`there is no bench:${name}`);
    return;
  }
  const startedAtMs = Date.now();
  const run = spawnSync(
    'npm',
    ['run', '--silent', `bench:${name}`, '--', ...(options.isQuick ? ['--quick'] : [])],
    { cwd: PROJECT_ROOT, stdio: ['ignore', 'inherit', 'inherit'] },
  );
  const file = path.join(PROJECT_ROOT, 'bench', 'results', `${name}.json`);
  if (run.status !== 0) throw new Error(`bench:${name} ended with ${String(run.status)}`);
  if (!existsSync(file) || statSync(file).mtimeMs < startedAtMs) {
    throw new Error(`bench:${name} wrote no ${file}`);
  }
  const written = JSON.parse(readFileSync(file, 'utf8')) as Partial<PartResult>;
  folder.write(name, {
    ...written,
    date: new Date().toISOString(),
    rounds: written.rounds ?? 1,
    isQuick: options.isQuick,
  });
}

function isThere(name: string): boolean {
  const { scripts } = JSON.parse(readFileSync(path.join(PROJECT_ROOT, 'package.json'), 'utf8')) as {
    readonly scripts: Readonly<Record<string, string>>;
  };
  return `bench:${name}` in scripts;
}
