// Every setting there is, as one table: its names, kind, default, and the places it may come from.
// `docs/configuration.md` is checked against it. Reading the places is the business of config.ts.
import path from 'node:path';
import { ConfigError } from './errors.js';

/** Places a setting can come from, as far as a setting may allow or refuse them. */
export type SettingPlace = 'flag' | 'environment' | 'notebook' | 'profile' | 'cell';

/** What a value must look like. Choices list their words. */
export type SettingKind =
  | 'text'
  | 'url'
  | 'proxy'
  | 'path'
  | 'boolean'
  | 'milliseconds'
  | 'bytes'
  | 'headers'
  | readonly string[];

/** One setting. Its TOML key is the table's key; its flag is that key with dashes. */
export interface SettingDefinition {
  readonly environment: string;
  readonly kind: SettingKind;
  /** As it would be written in the environment; absent: no value. */
  readonly defaultValue?: string;
  readonly places: readonly SettingPlace[];
  /** Never shown; only whether it is set. */
  readonly isSecret?: true;
  readonly help: string;
}

const ANYWHERE = ['flag', 'environment', 'notebook', 'profile', 'cell'] as const;
const NOT_NOTEBOOK = ['flag', 'environment', 'profile', 'cell'] as const;
/** What would let a notebook choose programs, files or trust on this machine is kept from notebooks and cells. */
const MACHINE = ['flag', 'environment', 'profile'] as const;
const ENVIRONMENT = ['environment'] as const;

/** The table. Order is the order of `%config` and of the documentation. */
export const SETTINGS = {
  profile: {
    environment: 'RSERVER_PROFILE',
    kind: 'text',
    places: ['flag', 'environment', 'notebook', 'profile'],
    help: 'Profile of the profile file to use; in the file itself the key is `default_profile`.',
  },
  url: {
    environment: 'RSERVER_URL',
    kind: 'url',
    places: ANYWHERE,
    help: 'Base URL of the R Server; not set means the embedded server.',
  },
  username: {
    environment: 'RSERVER_USERNAME',
    kind: 'text',
    places: ANYWHERE,
    help: 'Whom to log in as.',
  },
  password: {
    environment: 'RSERVER_PASSWORD',
    kind: 'text',
    places: ENVIRONMENT,
    isSecret: true,
    help: 'Password of that user.',
  },
  password_file: {
    environment: 'RSERVER_PASSWORD_FILE',
    kind: 'path',
    places: MACHINE,
    help: 'File with mode 0600 whose first line is the password.',
  },
  password_keyring: {
    environment: 'RSERVER_PASSWORD_KEYRING',
    kind: 'boolean',
    defaultValue: 'false',
    places: MACHINE,
    help: 'Take the password from the system keyring (service `rserver-kernel`, account `USERNAME@URL`); needs the package `@napi-rs/keyring`.',
  },
  token: {
    environment: 'RSERVER_TOKEN',
    kind: 'text',
    places: ENVIRONMENT,
    isSecret: true,
    help: 'Bearer token (Azure AD) in place of a password.',
  },
  token_file: {
    environment: 'RSERVER_TOKEN_FILE',
    kind: 'path',
    places: MACHINE,
    help: 'File with mode 0600 whose first line is the bearer token; read again at each login.',
  },
  display: {
    environment: 'RSERVER_DISPLAY',
    kind: ['rich', 'plain'],
    defaultValue: 'rich',
    places: ANYWHERE,
    help: '`rich`: tables, plots and tracebacks, by a helper in the session. `plain`: the code as it is, and text only.',
  },
  extensions: {
    environment: 'RSERVER_EXTENSIONS',
    kind: ['auto', 'off'],
    defaultValue: 'auto',
    places: ANYWHERE,
    help: '`off`: use nothing beyond the documented API of R Server 9.1, whatever the server offers.',
  },
  restart: {
    environment: 'RSERVER_RESTART',
    kind: ['clean', 'keep'],
    defaultValue: 'clean',
    places: ANYWHERE,
    help: 'What restarting the kernel does: a clean session, or keep the one there is.',
  },
  on_exit: {
    environment: 'RSERVER_ON_EXIT',
    kind: ['close', 'keep'],
    defaultValue: 'close',
    places: ANYWHERE,
    help: 'Whether the session is closed when the kernel ends.',
  },
  execute_timeout_ms: {
    environment: 'RSERVER_EXECUTE_TIMEOUT_MS',
    kind: 'milliseconds',
    defaultValue: '0',
    places: ANYWHERE,
    help: 'Longest time one cell may take; 0 means no limit.',
  },
  interrupt_timeout_ms: {
    environment: 'RSERVER_INTERRUPT_TIMEOUT_MS',
    kind: 'milliseconds',
    defaultValue: '2000',
    places: ANYWHERE,
    help: 'How long to wait for the remote side after an interrupt before saying that it did not stop.',
  },
  output_limit_bytes: {
    environment: 'RSERVER_OUTPUT_LIMIT_BYTES',
    kind: 'bytes',
    defaultValue: '10485760',
    places: ANYWHERE,
    help: 'Most text a cell shows, and most of each rich output; `%output FILE` fetches all. 0 means no limit; batch runs have none.',
  },
  progress: {
    environment: 'RSERVER_PROGRESS',
    kind: ['auto', 'off'],
    defaultValue: 'auto',
    places: ANYWHERE,
    help: '`auto`: a line tells what a slow cell waits for, until the cell shows something. Batch runs have none.',
  },
  connect_timeout_ms: {
    environment: 'RSERVER_CONNECT_TIMEOUT_MS',
    kind: 'milliseconds',
    defaultValue: '10000',
    places: NOT_NOTEBOOK,
    help: 'Longest time to reach the server.',
  },
  login_timeout_ms: {
    environment: 'RSERVER_LOGIN_TIMEOUT_MS',
    kind: 'milliseconds',
    defaultValue: '30000',
    places: NOT_NOTEBOOK,
    help: 'Longest time a login may take.',
  },
  request_timeout_ms: {
    environment: 'RSERVER_REQUEST_TIMEOUT_MS',
    kind: 'milliseconds',
    defaultValue: '60000',
    places: NOT_NOTEBOOK,
    help: 'Longest time of a request that neither runs code nor moves files.',
  },
  transfer_timeout_ms: {
    environment: 'RSERVER_TRANSFER_TIMEOUT_MS',
    kind: 'milliseconds',
    defaultValue: '600000',
    places: NOT_NOTEBOOK,
    help: 'Longest time to move a file or a snapshot.',
  },
  tls_ca_file: {
    environment: 'RSERVER_TLS_CA_FILE',
    kind: 'path',
    places: MACHINE,
    help: 'PEM file of the authority that signed the certificate of the server.',
  },
  tls_cert_file: {
    environment: 'RSERVER_TLS_CERT_FILE',
    kind: 'path',
    places: MACHINE,
    help: 'PEM file of our own certificate, where the server asks for one.',
  },
  tls_key_file: {
    environment: 'RSERVER_TLS_KEY_FILE',
    kind: 'path',
    places: MACHINE,
    help: 'PEM file of the key to that certificate, with mode 0600.',
  },
  tls_key_passphrase: {
    environment: 'RSERVER_TLS_KEY_PASSPHRASE',
    kind: 'text',
    places: ENVIRONMENT,
    isSecret: true,
    help: 'Passphrase of that key.',
  },
  tls_verify: {
    environment: 'RSERVER_TLS_VERIFY',
    kind: 'boolean',
    defaultValue: 'true',
    places: MACHINE,
    help: '`false` takes any certificate: for a test machine only.',
  },
  proxy_url: {
    environment: 'RSERVER_PROXY_URL',
    kind: 'proxy',
    places: MACHINE,
    help: 'HTTP proxy between us and the server; may hold a user name and password.',
  },
  no_proxy: {
    environment: 'RSERVER_NO_PROXY',
    kind: 'text',
    places: MACHINE,
    help: 'Hosts that are reached without the proxy, e.g. `localhost,.example.org,10.0.0.0/8`.',
  },
  headers: {
    environment: 'RSERVER_HEADERS',
    kind: 'headers',
    places: MACHINE,
    isSecret: true,
    help: 'Headers sent with each request: a table in the file, a JSON object in the environment.',
  },
  history: {
    environment: 'RSERVER_HISTORY',
    kind: ['on', 'off'],
    defaultValue: 'on',
    places: ['flag', 'environment', 'notebook', 'profile'],
    help: '`on`: inputs are kept for later kernels, in a file that only the user can read. `off`: they end with the kernel.',
  },
  r: {
    environment: 'RSERVER_R',
    kind: 'text',
    defaultValue: 'R',
    places: MACHINE,
    help: 'Command of R for sessions of the embedded server.',
  },
  python: {
    environment: 'RSERVER_PYTHON',
    kind: 'text',
    defaultValue: 'python3',
    places: MACHINE,
    help: 'Command of Python for sessions of the embedded server; `install` sets it to the Python of the Jupyter environment.',
  },
  data_dir: {
    environment: 'RSERVER_DATA_DIR',
    kind: 'path',
    places: MACHINE,
    help: 'Folder of the embedded server: snapshots, accounts, logs. Default: the data folder of the user.',
  },
  idle_timeout_ms: {
    environment: 'RSERVER_IDLE_TIMEOUT_MS',
    kind: 'milliseconds',
    defaultValue: '900000',
    places: MACHINE,
    help: 'How long the embedded server stays without sessions.',
  },
} as const satisfies Record<string, SettingDefinition>;

export type SettingKey = keyof typeof SETTINGS;
export const SETTING_KEYS = Object.keys(SETTINGS) as readonly SettingKey[];

type ValueOfKind<Kind> = Kind extends readonly (infer Word)[]
  ? Word
  : Kind extends 'boolean'
    ? boolean
    : Kind extends 'milliseconds' | 'bytes'
      ? number
      : Kind extends 'headers'
        ? Readonly<Record<string, string>>
        : string;

/** The type of a setting's value, e.g. `number` for `execute_timeout_ms`. */
export type SettingValue<Key extends SettingKey> = ValueOfKind<(typeof SETTINGS)[Key]['kind']>;

/** Variables beside the settings: where things lie and what is logged. Documented with them. */
export const OTHER_VARIABLES = {
  RSERVER_CONFIG:
    'The profile file. Default: `profiles.toml` in the configuration folder of the user.',
  RSERVER_RUNTIME_DIR:
    'Folder (mode 0700) where running servers of this user are written down. Default: `rserver-kernel` in XDG_RUNTIME_DIR, or `run` in the data folder.',
  RSERVER_LOG_LEVEL: '`debug`, `info`, `warn` (default), `error` or `silent`.',
  RSERVER_LOG_FILE: 'File that log lines are added to; default is stderr.',
  RSERVER_ADMIN_PASSWORD: 'Password of the account `admin` of `rserver-kernel serve`.',
} as const;

/** Whether this is the key of a setting. */
export function isSettingKey(key: string): key is SettingKey {
  return Object.hasOwn(SETTINGS, key);
}

/** Looks a definition up with its common type, not its literal one. */
export function definitionOf(key: SettingKey): SettingDefinition {
  return SETTINGS[key];
}

/** Where a text came from, for messages; and the folder that relative paths of it start from. */
export interface TextSource {
  /** E.g. `RSERVER_URL` or `--url`. */
  readonly name: string;
  readonly directory: string;
  readonly homeDirectory: string;
}

/**
 * Reads a setting from text, as the environment, a flag or `%config` gives it.
 *
 * @throws {ConfigError} `CONFIG_VALUE`; the message never repeats a secret.
 */
export function parseSetting(key: SettingKey, text: string, source: TextSource): unknown {
  const definition = definitionOf(key);
  const refuse = (expected: string): never => {
    const shown = definition.isSecret === true ? '' : `, not ${JSON.stringify(hideUserInfo(text))}`;
    throw new ConfigError('CONFIG_VALUE', `${source.name}: ${key} must be ${expected}${shown}.`);
  };
  const { kind } = definition;
  if (typeof kind !== 'string') {
    return kind.includes(text) ? text : refuse(`one of ${kind.join(', ')}`);
  }
  switch (kind) {
    case 'text':
      return text;
    case 'url':
      return parseUrl(text) ?? refuse('an http:// or https:// URL without user and password');
    case 'proxy':
      return URL.canParse(text) ? text : refuse('a URL, e.g. http://proxy.example.org:3128');
    case 'path':
      return resolvePath(text, source);
    case 'boolean':
      return parseBoolean(text) ?? refuse('true or false');
    case 'milliseconds':
      return /^\d{1,12}$/.test(text) ? Number(text) : refuse('a whole number of milliseconds');
    case 'bytes':
      return /^\d{1,12}$/.test(text) ? Number(text) : refuse('a whole number of bytes');
    case 'headers':
      return parseHeaders(text) ?? refuse('a JSON object of texts');
  }
}

/** A URL as it may be shown: without the user name and password that it may hold. */
export function hideUserInfo(url: string): string {
  return url.replace(/\/\/[^/]*@/, '//********@');
}

function parseUrl(text: string): string | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) return undefined;
  if (url.username !== '' || url.password !== '') return undefined;
  return text.replace(/\/+$/, '');
}

function parseBoolean(text: string): boolean | undefined {
  if (/^(true|1|yes|on)$/i.test(text)) return true;
  return /^(false|0|no|off)$/i.test(text) ? false : undefined;
}

function parseHeaders(text: string): Record<string, string> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
    const isText = Object.values(value).every((item) => typeof item === 'string');
    return isText ? (value as Record<string, string>) : undefined;
  } catch {
    return undefined; // the caller names what was expected
  }
}

function resolvePath(text: string, { directory, homeDirectory }: TextSource): string {
  const expanded = /^~(?=$|[\\/])/.test(text) ? path.join(homeDirectory, text.slice(1)) : text;
  return path.resolve(directory, expanded);
}
