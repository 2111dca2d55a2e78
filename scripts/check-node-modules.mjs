// Exit status 0 when node_modules holds what the lock file names. Plain JavaScript: it runs before anything is installed.
import { existsSync, readFileSync } from 'node:fs';
import process from 'node:process';
import { URL } from 'node:url';

const root = new URL('../', import.meta.url);
const read = (path) => JSON.parse(readFileSync(new URL(path, root), 'utf8'));
const { packages } = read('package-lock.json');
const missing = Object.entries(packages).find(([path, { version, optional }]) => {
  if (path === '') return false;
  const file = `${path}/package.json`;
  // Optional packages are those of other platforms; npm leaves them out.
  if (!existsSync(new URL(file, root))) return optional !== true;
  return read(file).version !== version;
});
process.exitCode = missing === undefined ? 0 : 1;
