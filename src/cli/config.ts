// Brings the settings together: cell > flag > environment > notebook > profile > default, each with its origin.
// Never holds a secret's value longer than the layer it came in; secrets.ts alone asks for those.
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type {
  BridgeSettings,
  Configuration,
  SettingEntry,
  SettingOrigin,
} from '../bridge/index.js';
import { messageOf } from '../base/index.js';
import { ConfigError } from './errors.js';
import { variable, type Machine } from './machine.js';
import { readNotebookBlock, type NotebookBlock } from './notebook-metadata.js';
import { profileFilePath } from './paths.js';
import type { ProfileFile, ProfileValues } from './profile-file.js';
import {
  definitionOf,
  hideUserInfo,
  isSettingKey,
  parseSetting,
  SETTING_KEYS,
  type SettingKey,
  type SettingPlace,
  type SettingValue,
} from './settings.js';

/** What a configuration is made from. */
export interface ConfigurationInputs {
  readonly machine: Machine;
  /** Flags by setting key, e.g. `{ url: 'http://localhost:12800' }`. */
  readonly flags: Readonly<Record<string, string>>;
  readonly notebook?: NotebookBlock | undefined;
  readonly file?: { readonly path: string; readonly content: ProfileFile } | undefined;
}

/** Settings from one place, as text. */
interface Layer {
  readonly place: SettingPlace;
  readonly values: ProfileValues;
  /** What to call the place of a key in messages and in `%config`. */
  sourceOf(key: SettingKey): string;
  /** Relative paths start here. */
  readonly directory: string;
}

interface Resolved {
  readonly value: unknown;
  readonly text: string;
  readonly origin: SettingOrigin;
  readonly source?: string;
}

/** A secret's setting as some place gives it. */
export interface SecretSetting {
  readonly key: 'token' | 'token_file' | 'password' | 'password_file' | 'password_keyring';
  /** The secret itself, or the file's path; `true` for the keyring. */
  readonly value: string | boolean;
  /** E.g. `RSERVER_PASSWORD_FILE` or the profile file. */
  readonly source: string;
}

/**
 * Reads every place that a configuration can come from.
 *
 * @param flags - By setting key.
 * @throws {ConfigError} `CONFIG_FILE`, `CONFIG_KEY`, `CONFIG_VALUE`, `CONFIG_SOURCE`, `CONFIG_PROFILE`.
 */
export async function loadConfiguration(
  machine: Machine,
  flags: Readonly<Record<string, string>> = {},
): Promise<ResolvedConfiguration> {
  const [notebook, file] = await Promise.all([
    readNotebookBlock(machine),
    readProfileFile(profileFilePath(machine)),
  ]);
  return new ResolvedConfiguration({ machine, flags, notebook, file });
}

async function readProfileFile(file: string): Promise<ConfigurationInputs['file']> {
  let content: string;
  try {
    content = await readFile(file, 'utf8');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new ConfigError('CONFIG_FILE', messageOf(cause), { cause });
  }
  const { parseProfileFile } = await import('./profile-file.js');
  return { path: file, content: parseProfileFile(content, file) };
}

const SECRET_KEYS = [
  'token',
  'token_file',
  'password',
  'password_file',
  'password_keyring',
] as const;

/** The settings in force, with where each came from. Immutable: `with` and `withProfile` make another one. */
export class ResolvedConfiguration implements Configuration {
  readonly settings: BridgeSettings;
  readonly #inputs: ConfigurationInputs;
  readonly #cell: ProfileValues;
  readonly #chosenProfile: string | undefined;
  readonly #layers: readonly Layer[];
  readonly #resolved: ReadonlyMap<SettingKey, Resolved>;

  /**
   * @param cell - Settings made in a cell.
   * @param chosenProfile - Profile chosen in a cell; its settings then outrank flags and environment.
   * @throws {ConfigError} `CONFIG_KEY`, `CONFIG_VALUE`, `CONFIG_SOURCE`, `CONFIG_PROFILE`.
   */
  constructor(inputs: ConfigurationInputs, cell: ProfileValues = {}, chosenProfile?: string) {
    this.#inputs = inputs;
    this.#cell = cell;
    this.#chosenProfile = chosenProfile;
    this.#layers = layersOf(inputs, cell, chosenProfile);
    this.#resolved = new Map(
      SETTING_KEYS.map((key) => [key, resolve(key, this.#layers, inputs.machine)]),
    );
    this.settings = {
      url: this.get('url'),
      username: this.get('username'),
      profile: this.get('profile'),
      display: this.get('display') ?? 'rich',
      extensions: this.get('extensions') ?? 'auto',
      restart: this.get('restart') ?? 'clean',
      onExit: this.get('on_exit') ?? 'close',
      executeTimeoutMs: this.get('execute_timeout_ms') ?? 0,
      interruptTimeoutMs: this.get('interrupt_timeout_ms') ?? 2000,
      outputLimitBytes: this.get('output_limit_bytes') ?? 0,
      progress: this.get('progress') ?? 'auto',
    };
  }

  /** The value of a setting, or undefined where it has none. */
  get<Key extends SettingKey>(key: Key): SettingValue<Key> | undefined {
    return this.#resolved.get(key)?.value as SettingValue<Key> | undefined;
  }

  entries(): readonly SettingEntry[] {
    return SETTING_KEYS.map((key) => {
      const { value, text, origin, source } = this.#resolved.get(key) ?? NOTHING;
      const { isSecret, help } = definitionOf(key);
      const shown = isSecret === true && value !== undefined ? '********' : hideUserInfo(text);
      return { key, value: shown, origin, ...(source === undefined ? {} : { source }), help };
    });
  }

  profiles(): readonly string[] {
    return Object.keys(this.#inputs.file?.content.profiles ?? {});
  }

  /** An empty value takes a setting away, so that `url=` goes back to the embedded server. */
  with(values: Readonly<Record<string, string>>): ResolvedConfiguration {
    const checked = checkKeys(values, 'cell', () => '%config');
    return new ResolvedConfiguration(
      this.#inputs,
      { ...this.#cell, ...checked },
      this.#chosenProfile,
    );
  }

  withProfile(name: string): ResolvedConfiguration {
    const cell = Object.fromEntries(
      Object.entries(this.#cell).filter(([key]) => key !== 'url' && key !== 'username'),
    );
    return new ResolvedConfiguration(this.#inputs, cell, name);
  }

  /**
   * The secret to log in with, from the first place that has one meant for the server in force.
   *
   * A secret goes to the server it was set up for and to no other: one from a place that also names a URL is for that
   * URL; and a URL that only a notebook or a cell names gets no stored secret at all, unless a profile, flag or the
   * environment names the same server. Else opening a stranger's notebook could send a password to its author.
   */
  findSecret(): SecretSetting | undefined {
    const url = this.settings.url;
    if (url === undefined) return undefined;
    for (const layer of this.#layers) {
      const urlOfPlace = layer.values.url;
      const isMeant =
        urlOfPlace === undefined || urlOfPlace === ''
          ? this.#isOurUrl(url)
          : isSameServer(urlOfPlace, url);
      if (!isMeant) continue;
      const key = SECRET_KEYS.find((candidate) => isSecretSet(layer.values[candidate]));
      if (key === undefined) continue;
      const value = parseLayerValue(key, layer, this.#inputs.machine) as string | boolean;
      if (value !== false) return { key, value, source: layer.sourceOf(key) };
    }
    return undefined;
  }

  /** Whether somebody in charge of this machine named the server, not just a notebook. */
  #isOurUrl(url: string): boolean {
    const profiles = Object.values(this.#inputs.file?.content.profiles ?? {});
    const trusted = this.#layers.filter(({ place }) => place !== 'notebook' && place !== 'cell');
    return [...trusted.map(({ values }) => values), ...profiles].some(
      (values) => values.url !== undefined && isSameServer(values.url, url),
    );
  }
}

const NOTHING: Resolved = { value: undefined, text: '', origin: 'default' };

const isSecretSet = (text: string | undefined): boolean => text !== undefined && text !== '';

/** The layers of a configuration, strongest first. */
function layersOf(
  inputs: ConfigurationInputs,
  cell: ProfileValues,
  chosenProfile: string | undefined,
): readonly Layer[] {
  const { machine, notebook } = inputs;
  const directory = machine.currentDirectory;
  const flag: Layer = {
    place: 'flag',
    values: checkKeys(inputs.flags, 'flag', flagName),
    sourceOf: flagName,
    directory,
  };
  const environment: Layer = {
    place: 'environment',
    values: environmentValues(machine),
    sourceOf: (key) => definitionOf(key).environment,
    directory,
  };
  const fromNotebook: Layer = {
    place: 'notebook',
    values: checkKeys(toTexts(notebook?.values ?? {}), 'notebook', () => notebook?.file ?? ''),
    sourceOf: () => notebook?.file ?? '',
    directory,
  };
  const profileName =
    chosenProfile ??
    [flag, environment, fromNotebook].find(({ values }) => values.profile !== undefined)?.values
      .profile ??
    inputs.file?.content.defaultProfile;
  const profile = profileLayer(inputs, profileName);
  return [
    { place: 'cell', values: cell, sourceOf: () => 'cell', directory },
    ...(chosenProfile === undefined ? [] : [profile]),
    flag,
    environment,
    fromNotebook,
    ...(chosenProfile === undefined ? [profile] : []),
  ];
}

const flagName = (key: string): string => `--${key.replaceAll('_', '-')}`;

function environmentValues(machine: Machine): ProfileValues {
  const set = SETTING_KEYS.flatMap((key) => {
    const text = variable(machine, definitionOf(key).environment);
    return text === undefined ? [] : [[key, text] as const];
  });
  return Object.fromEntries(set);
}

function profileLayer(inputs: ConfigurationInputs, name: string | undefined): Layer {
  const file = inputs.file?.path ?? profileFilePath(inputs.machine);
  const profiles = inputs.file?.content.profiles ?? {};
  if (name !== undefined && !Object.hasOwn(profiles, name)) {
    const names = Object.keys(profiles).join(', ') || 'none';
    throw new ConfigError('CONFIG_PROFILE', `No profile ${name} in ${file}; it has: ${names}.`);
  }
  const own = name === undefined ? {} : profiles[name];
  const common = inputs.file?.content.common ?? {};
  const values = { ...common, ...own, ...(name === undefined ? {} : { profile: name }) };
  return { place: 'profile', values, sourceOf: () => file, directory: path.dirname(file) };
}

/** @throws {ConfigError} `CONFIG_KEY` for unknown keys, `CONFIG_SOURCE` for settings that this place may not make. */
function checkKeys(
  values: Readonly<Record<string, string>>,
  place: SettingPlace,
  sourceOf: (key: string) => string,
): ProfileValues {
  for (const key of Object.keys(values)) {
    if (!isSettingKey(key)) {
      throw new ConfigError('CONFIG_KEY', `${sourceOf(key)}: there is no setting ${key}.`);
    }
    const { places, environment } = definitionOf(key);
    if (places.includes(place)) continue;
    const elsewhere = places.includes('profile')
      ? `the profile file or ${environment}`
      : environment;
    throw new ConfigError(
      'CONFIG_SOURCE',
      `${sourceOf(key)}: ${key} cannot be set ${PLACE_WORDS[place]}; set ${elsewhere}.`,
    );
  }
  return values;
}

const PLACE_WORDS: Record<SettingPlace, string> = {
  flag: 'by a flag',
  environment: 'in the environment',
  notebook: 'in a notebook',
  profile: 'in the profile file',
  cell: 'in a cell',
};

const toTexts = (values: Readonly<Record<string, unknown>>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(values).map(([key, value]) => [
      key,
      typeof value === 'string' ? value : JSON.stringify(value),
    ]),
  );

function resolve(key: SettingKey, layers: readonly Layer[], machine: Machine): Resolved {
  const layer = layers.find(({ values }) => values[key] !== undefined);
  if (layer !== undefined) {
    const text = layer.values[key] ?? '';
    // A cell takes a setting away with an empty value; elsewhere an empty one is refused like any other bad value.
    if (layer.place === 'cell' && text === '') return { ...NOTHING, origin: 'cell' };
    const value = parseLayerValue(key, layer, machine);
    return { value, text, origin: layer.place, source: layer.sourceOf(key) };
  }
  const text = definitionOf(key).defaultValue;
  if (text === undefined) return NOTHING;
  const source = { name: 'default', directory: '', homeDirectory: '' };
  return { value: parseSetting(key, text, source), text, origin: 'default' };
}

function parseLayerValue(key: SettingKey, layer: Layer, machine: Machine): unknown {
  const { homeDirectory } = machine;
  const name = layer.sourceOf(key);
  return parseSetting(key, layer.values[key] ?? '', {
    name,
    directory: layer.directory,
    homeDirectory,
  });
}

function isSameServer(left: string, right: string): boolean {
  if (!URL.canParse(left) || !URL.canParse(right)) return false;
  return new URL(left).origin === new URL(right).origin;
}
