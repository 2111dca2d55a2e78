// Builds dist/: bundles src/ with what it needs into few files, and copies what is no TypeScript (R, Python) beside.
// `--if-needed` does nothing when no source has changed since the last build. Types are the business of `npm run types`.
import { createHash } from 'node:crypto';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { build as bundle, type Metafile, type Plugin } from 'esbuild';

const ROOT = path.resolve(import.meta.dirname, '..');
const SOURCE = path.join(ROOT, 'src');
const TARGET = path.join(ROOT, 'dist');
const ENTRY = path.join('cli', 'main');
const LICENSES = 'third-party-licenses.txt';
/** The admin page: a script for browsers, in a bundle of its own. */
const PAGE = path.join('server', 'admin');
/** Runs in a thread of its own, and is loaded by it without anything else. */
const THREAD = path.join('server', 'snapshots', 'chunk-worker');
const STAMP = path.join(ROOT, '.cache', 'build-stamp');

/** Stay outside: they have native parts, or start files of their own; or are optional. */
const EXTERNAL = ['zeromq', 'libsql', 'pino', '@napi-rs/keyring', 'bufferutil', 'utf-8-validate'];

async function build(): Promise<void> {
  const digest = digestOfSources();
  const isCurrent = existsSync(STAMP) && readFileSync(STAMP, 'utf8') === digest;
  if (process.argv.includes('--if-needed') && isCurrent && existsSync(TARGET)) return;
  const wanted = new Set([
    ...(await bundleSources()),
    await bundleThread(),
    await bundlePage(),
    ...copyAssets(),
  ]);
  removeLeftovers(wanted);
  chmodSync(path.join(TARGET, `${ENTRY}.js`), 0o755);
  mkdirSync(path.dirname(STAMP), { recursive: true });
  writeFileSync(STAMP, digest);
}

/** Names, sizes and times: content need not be read to see that nothing was touched. */
function digestOfSources(): string {
  const hash = createHash('sha256');
  const others = ['tsconfig.json', 'package-lock.json', path.join('scripts', 'build.ts')];
  for (const file of [...others, ...filesIn(SOURCE).map((name) => path.join('src', name))]) {
    const { size, mtimeMs } = statSync(path.join(ROOT, file));
    hash.update(`${file}\0${size}\0${mtimeMs}\n`);
  }
  return hash.digest('hex');
}

/**
 * One chunk for each part that is loaded at a time of its own: a kernel's first cell would else wait for hundreds of
 * small files.
 *
 * @returns The files written, relative to dist.
 */
async function bundleSources(): Promise<readonly string[]> {
  const { metafile } = await bundle({
    entryPoints: [path.join(SOURCE, `${ENTRY}.ts`)],
    outdir: path.join(TARGET, path.dirname(ENTRY)),
    chunkNames: 'chunk-[hash]',
    absWorkingDir: ROOT,
    bundle: true,
    splitting: true,
    metafile: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    external: EXTERNAL,
    plugins: [keepOwnPlace],
    // CommonJS packages inside call `require` for Node's own modules.
    banner: {
      js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);",
    },
    logLevel: 'warning',
  });
  writeFileSync(path.join(TARGET, LICENSES), licensesOf(metafile));
  const written = Object.keys(metafile.outputs).map((file) => path.relative('dist', file));
  return [...written, LICENSES];
}

/** @returns The file written, relative to dist. */
async function bundleThread(): Promise<string> {
  const file = `${THREAD}.js`;
  await bundle({
    entryPoints: [path.join(SOURCE, `${THREAD}.ts`)],
    outfile: path.join(TARGET, file),
    absWorkingDir: ROOT,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    logLevel: 'warning',
  });
  return file;
}

/** @returns The file written, relative to dist. */
async function bundlePage(): Promise<string> {
  const file = path.join(PAGE, 'page.js');
  await bundle({
    entryPoints: [path.join(SOURCE, PAGE, 'main.ts')],
    outfile: path.join(TARGET, file),
    absWorkingDir: ROOT,
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    logLevel: 'warning',
  });
  return file;
}

/** A module that asks where it is gets the place it would have without bundling: its R and Python files lie there. */
const keepOwnPlace: Plugin = {
  name: 'keep-own-place',
  setup: (builder) => {
    builder.onLoad({ filter: /[\\/]src[\\/].*\.ts$/ }, ({ path: file }) => {
      const text = readFileSync(file, 'utf8');
      if (!text.includes('import.meta.url')) return undefined;
      const folder = path.dirname(path.join(SOURCE, ENTRY));
      const place = path.relative(folder, file).replaceAll(path.sep, '/').replace(/\.ts$/, '.js');
      const url = `new URL(${JSON.stringify(place)}, import.meta.url).href`;
      return { contents: text.replaceAll('import.meta.url', url), loader: 'ts' };
    });
  },
};

/** The licences of all packages whose code is in the bundle, as these ask for. */
function licensesOf({ inputs }: Metafile): string {
  const folders = Object.keys(inputs).flatMap((file) => {
    const match = /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file);
    return match === null ? [] : [match[0]];
  });
  return [...new Set(folders)]
    .sort()
    .map((folder) => {
      const directory = path.join(ROOT, folder);
      const license = readdirSync(directory).find((name) => /^licen[cs]e/i.test(name));
      const text = license === undefined ? '' : readFileSync(path.join(directory, license), 'utf8');
      const about = JSON.parse(
        readFileSync(path.join(directory, 'package.json'), 'utf8'),
      ) as Record<'name' | 'version' | 'license', string>;
      return `${about.name} ${about.version} (${about.license})\n\n${text.trim()}\n`;
    })
    .join(`\n${'-'.repeat(80)}\n\n`);
}

/** @returns The files that were copied, relative to dist. */
function copyAssets(): readonly string[] {
  const assets = filesIn(SOURCE).filter((file) => !/(\.ts|tsconfig\.json)$/.test(file));
  for (const file of assets) {
    const target = path.join(TARGET, file);
    mkdirSync(path.dirname(target), { recursive: true });
    copyFileSync(path.join(SOURCE, file), target);
  }
  return assets;
}

/** What an earlier build has left. dist is not emptied first: a kernel may be starting from it. */
function removeLeftovers(wanted: ReadonlySet<string>): void {
  for (const file of filesIn(TARGET)) {
    if (!wanted.has(file)) rmSync(path.join(TARGET, file));
  }
}

function filesIn(directory: string): readonly string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.parentPath.search(/__pycache__/) === -1)
    .map((entry) => path.relative(directory, path.join(entry.parentPath, entry.name)))
    .sort();
}

await build();
