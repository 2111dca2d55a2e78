// What the outer tests need from the machine. With CI=true a missing piece is a failure, else a skip that says why.
import { existsSync } from 'node:fs';
import path from 'node:path';
import { spawnSync } from 'node:child_process';
import { findPostgresql } from './postgresql.js';
import { hasSlapd } from './slapd.js';

export const PROJECT_ROOT = path.resolve(import.meta.dirname, '../..');

/** A file of the project's virtual environment, e.g. `jupyter`. */
export function venvBin(name: string): string {
  return path.join(PROJECT_ROOT, '.venv', 'bin', name);
}

const CHROMIUM_NAMES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** Path of a Chromium, or undefined. */
export const chromiumPath = CHROMIUM_NAMES.find((file) => existsSync(file));

function onPath(command: string, versionFlag = '--version'): boolean {
  return spawnSync(command, [versionFlag], { stdio: 'ignore' }).status === 0;
}

const CHECKS = {
  R: () => onPath('R'),
  IRkernel: () => spawnSync('Rscript', ['-e', 'loadNamespace("IRkernel")']).status === 0,
  python: () => existsSync(venvBin('python')),
  vermin: () => existsSync(venvBin('vermin')),
  jupyter: () => existsSync(venvBin('jupyter')),
  jupyterlab: () => existsSync(venvBin('jupyter-lab')),
  chromium: () => chromiumPath !== undefined,
  postgresql: () => findPostgresql() !== undefined,
  slapd: () => hasSlapd() && onPath('openssl', 'version'),
  openssl: () => onPath('openssl', 'version'),
  schemathesis: () => existsSync(venvBin('schemathesis')),
  'openapi-generator': () => existsSync(venvBin('openapi-generator-cli')),
  build: () => existsSync(path.join(PROJECT_ROOT, 'dist', 'cli', 'main.js')),
} as const;

/**
 * Whether a test that needs these has to be skipped.
 *
 * @throws Error with `CI=true` when one is missing: there a missing runtime, browser or front end is a failure.
 */
export function isMissing(...needed: (keyof typeof CHECKS)[]): boolean {
  const missing = needed.filter((name) => !CHECKS[name]());
  if (missing.length === 0) return false;
  const message = `needs ${missing.join(', ')}: run scripts/setup --test`;
  if (process.env['CI'] === 'true') throw new Error(message);
  console.warn(`skipped, ${message}`);
  return true;
}
