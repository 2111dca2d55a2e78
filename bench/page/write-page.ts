// Writes the generated parts of docs/performance.md and its pictures.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { format, resolveConfig } from 'prettier';
import { PROJECT_ROOT, venvBin } from '../../test/helpers/requirements.js';
import type { MachineDescription } from '../machine.js';
import type { PartResult, ResultFolder } from '../results.js';
import { fill } from './fill.js';
import {
  picturesOf,
  renderCurves,
  renderHops,
  renderMachine,
  renderMissed,
  renderSessionCosts,
  type Picture,
} from './other-tables.js';
import { curvesOf, figuresOf, renderTargets } from './target-table.js';

const PAGE = path.join(PROJECT_ROOT, 'docs', 'performance.md');
const IMAGES = path.join(PROJECT_ROOT, 'docs', 'images');

/** @throws Error when the pictures cannot be drawn, or the page lacks a mark. */
export async function writePage(
  results: readonly PartResult[],
  folder: ResultFolder,
): Promise<void> {
  const machine = folder.read('machine') as unknown as MachineDescription | undefined;
  const curves = curvesOf(results);
  const pictures = picturesOf(curves);
  draw(pictures);
  const figures = figuresOf(results);
  const page = fill(readFileSync(PAGE, 'utf8'), {
    machine: renderMachine(machine, results, figures),
    targets: renderTargets(figures),
    missed: renderMissed(figures),
    hops: renderHops(results.flatMap(({ hops = [] }) => hops)),
    sessions: renderSessionCosts(curves),
    curves: renderCurves(pictures),
  });
  const options = await resolveConfig(PAGE);
  writeFileSync(PAGE, await format(page, { ...options, parser: 'markdown' }));
  console.log(`written: ${path.relative(PROJECT_ROOT, PAGE)}`);
}

function draw(pictures: readonly Picture[]): void {
  mkdirSync(IMAGES, { recursive: true });
  const program = path.join(PROJECT_ROOT, 'bench', 'page', 'draw_curves.py');
  const run = spawnSync(venvBin('python'), [program, IMAGES], {
    input: JSON.stringify(pictures),
    stdio: ['pipe', 'inherit', 'inherit'],
  });
  if (run.status !== 0) throw new Error('the pictures could not be drawn');
}
