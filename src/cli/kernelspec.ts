// The two kernelspecs as data: made from the templates in kernel-spec/, written to and removed from a kernels folder.
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { assetPath, messageOf } from '../base/index.js';
import { ConfigError } from './errors.js';

/** What the kernelspecs of one installation have in common. */
export interface KernelspecOptions {
  /** Absolute path of Node. */
  readonly node: string;
  /** Absolute path of `main.js`. */
  readonly main: string;
  readonly version: string;
  /** First part of both folder names: `rserver` gives `rserver-r` and `rserver-python`. */
  readonly name: string;
  /** What stands in brackets after the language. */
  readonly displayName: string;
  readonly profile: string | undefined;
  readonly env: Readonly<Record<string, string>>;
}

/** One kernelspec, ready to be written. */
export interface Kernelspec {
  /** The name of its folder. */
  readonly name: string;
  readonly content: KernelJson;
  /** The folder of its template, which holds the logos beside. */
  readonly templateDirectory: string;
}

/** `kernel.json`. @see https://jupyter-client.readthedocs.io/en/stable/kernels.html#kernel-specs */
export interface KernelJson {
  readonly argv: readonly string[];
  readonly display_name: string;
  readonly language: string;
  readonly interrupt_mode: 'message' | 'signal';
  readonly kernel_protocol_version: string;
  readonly env: Readonly<Record<string, string>>;
  readonly metadata: Readonly<Record<string, unknown>>;
}

const LANGUAGES = [
  { directory: 'r', word: 'R' },
  { directory: 'python', word: 'Python' },
] as const;

const LOGOS = ['logo-svg.svg', 'logo-64x64.png'];

/** The folder names of an installation. */
function kernelspecNames(name: string): readonly string[] {
  return LANGUAGES.map(({ directory }) => `${name}-${directory}`);
}

/**
 * Both kernelspecs, filled in.
 * @throws {ConfigError} `CONFIG_ARGUMENT` for a name that Jupyter would not take.
 */
export function buildKernelspecs(options: KernelspecOptions): readonly Kernelspec[] {
  if (!/^[a-z0-9._-]+$/i.test(options.name)) {
    throw new ConfigError(
      'CONFIG_ARGUMENT',
      `--name takes letters, digits and . _ - only, not ${JSON.stringify(options.name)}.`,
    );
  }
  const templates = assetPath(import.meta.url, '../../kernel-spec');
  return LANGUAGES.map(({ directory, word }) => {
    const templateDirectory = path.join(templates, directory);
    const template = readFileSync(path.join(templateDirectory, 'kernel.json'), 'utf8');
    return {
      name: `${options.name}-${directory}`,
      content: fill(JSON.parse(template) as KernelJson, word, options),
      templateDirectory,
    };
  });
}

function fill(template: KernelJson, word: string, options: KernelspecOptions): KernelJson {
  const values: Record<string, string> = { '@NODE@': options.node, '@MAIN@': options.main };
  const profile = options.profile === undefined ? [] : ['--profile', options.profile];
  return {
    ...template,
    argv: [...template.argv.map((argument) => values[argument] ?? argument), ...profile],
    display_name: `${word} (${options.displayName})`,
    env: options.env,
    metadata: { ...template.metadata, [OUR_METADATA]: { version: options.version } },
  };
}

const OUR_METADATA = 'rserver-kernel';

/**
 * Writes kernelspecs into a kernels folder; those of the same name that are there are replaced.
 *
 * @returns The folders that were written.
 * @throws {ConfigError} `CONFIG_KERNELSPEC`.
 */
export function writeKernelspecs(
  kernelsDirectory: string,
  kernelspecs: readonly Kernelspec[],
): readonly string[] {
  try {
    return kernelspecs.map((kernelspec) => writeKernelspec(kernelsDirectory, kernelspec));
  } catch (cause) {
    throw new ConfigError('CONFIG_KERNELSPEC', messageOf(cause), { cause });
  }
}

function writeKernelspec(kernelsDirectory: string, kernelspec: Kernelspec): string {
  const directory = path.join(kernelsDirectory, kernelspec.name);
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory, { recursive: true });
  for (const logo of LOGOS) {
    copyFileSync(path.join(kernelspec.templateDirectory, logo), path.join(directory, logo));
  }
  const content = `${JSON.stringify(kernelspec.content, undefined, 2)}\n`;
  writeFileSync(path.join(directory, 'kernel.json'), content);
  return directory;
}

/**
 * Removes the kernelspecs of an installation.
 *
 * @returns The folders that were removed.
 * @throws {ConfigError} `CONFIG_KERNELSPEC` when none is there, or one of that name is somebody else's.
 */
export function removeKernelspecs(kernelsDirectory: string, name: string): readonly string[] {
  const directories = kernelspecNames(name)
    .map((folder) => path.join(kernelsDirectory, folder))
    .filter((directory) => existsSync(directory));
  if (directories.length === 0) {
    throw new ConfigError(
      'CONFIG_KERNELSPEC',
      `No ${name}-r or ${name}-python in ${kernelsDirectory}.`,
    );
  }
  for (const directory of directories) {
    if (isOurs(directory)) continue;
    throw new ConfigError(
      'CONFIG_KERNELSPEC',
      `${directory} is not of rserver-kernel: not removed.`,
    );
  }
  for (const directory of directories) rmSync(directory, { recursive: true });
  return directories;
}

function isOurs(directory: string): boolean {
  try {
    const text = readFileSync(path.join(directory, 'kernel.json'), 'utf8');
    return OUR_METADATA in (JSON.parse(text) as KernelJson).metadata;
  } catch {
    return false; // no kernel.json, or not as we write it
  }
}
