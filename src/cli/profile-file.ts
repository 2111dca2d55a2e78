// The profile file: TOML with settings at the top, for every profile, and tables `[profiles.NAME]`.
// Loaded only where such a file exists, since TOML and schemas take time to load.
import { z } from 'zod';
import { ConfigError } from './errors.js';
import { definitionOf, SETTING_KEYS, type SettingKey, type SettingKind } from './settings.js';
import { parseToml, toConfigError } from './toml-file.js';

/** Settings as the file has them, as text (see `parseSetting`). */
export type ProfileValues = Readonly<Partial<Record<SettingKey, string>>>;

/** The content of a profile file. */
export interface ProfileFile {
  readonly defaultProfile: string | undefined;
  readonly common: ProfileValues;
  readonly profiles: Readonly<Record<string, ProfileValues>>;
}

/**
 * Reads the content of a profile file.
 *
 * @param file - Its path, for messages.
 * @throws {ConfigError} `CONFIG_FILE` for what is no TOML, `CONFIG_KEY` for an unknown key, `CONFIG_VALUE` for a value
 *   of the wrong type, `CONFIG_SOURCE` for a secret or another setting that has no place in the file.
 */
export function parseProfileFile(content: string, file: string): ProfileFile {
  const document = parseToml(content, file);
  refuseMisplaced(document, file);
  const result = fileSchema().safeParse(document);
  if (!result.success) throw toConfigError(result.error.issues, file);
  const { default_profile: defaultProfile, profiles = {}, ...common } = result.data;
  return {
    defaultProfile,
    common: toTexts(common),
    profiles: Object.fromEntries(
      Object.entries(profiles).map(([name, values]) => [name, toTexts(values)]),
    ),
  };
}

const isForFile = (key: SettingKey): boolean =>
  key !== 'profile' && definitionOf(key).places.includes('profile');

/** Says of a known setting in the wrong place where it belongs, instead of calling it unknown. */
function refuseMisplaced(document: Record<string, unknown>, file: string): void {
  const profiles = document['profiles'];
  const tables = typeof profiles === 'object' && profiles !== null ? Object.values(profiles) : [];
  for (const table of [document, ...(tables as unknown[])]) {
    if (typeof table !== 'object' || table === null) continue;
    for (const key of SETTING_KEYS) {
      if (!(key in table) || isForFile(key)) continue;
      throw new ConfigError('CONFIG_SOURCE', `${file}: ${misplacedText(key)}`);
    }
  }
}

function misplacedText(key: SettingKey): string {
  if (key === 'profile') return '`profile` is called `default_profile` in the file.';
  const better = key === 'password' || key === 'token' ? `, or name a file by ${key}_file` : '';
  return `${key} does not belong in this file; set ${definitionOf(key).environment}${better}.`;
}

type Scalar = string | number | boolean | Record<string, string>;

function schemaOf(kind: SettingKind): z.ZodType<Scalar> {
  if (typeof kind !== 'string') return z.enum(kind as [string, ...string[]]);
  switch (kind) {
    case 'boolean':
      return z.boolean();
    case 'milliseconds':
    case 'bytes':
      return z.int().min(0);
    case 'headers':
      return z.record(z.string(), z.string());
    case 'text':
    case 'url':
    case 'proxy':
    case 'path':
      return z.string().min(1);
  }
}

function fileSchema() {
  const shape = Object.fromEntries(
    SETTING_KEYS.filter(isForFile).map((key) => [key, schemaOf(definitionOf(key).kind).optional()]),
  );
  return z.strictObject({
    ...shape,
    default_profile: z.string().min(1).optional(),
    profiles: z.record(z.string(), z.strictObject(shape)).optional(),
  });
}

function toTexts(values: Readonly<Record<string, unknown>>): ProfileValues {
  return Object.fromEntries(
    Object.entries(values)
      .filter(([, value]) => value !== undefined)
      .map(([key, value]) => [key, typeof value === 'string' ? value : JSON.stringify(value)]),
  );
}
