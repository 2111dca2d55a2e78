// From settings to the credentials a client logs in with. Nothing here keeps or logs a secret.
import type { AskSecret } from '../bridge/index.js';
import type { ClientAuth } from '../client/index.js';
import { isAbortError, messageOf } from '../base/index.js';
import type { ResolvedConfiguration, SecretSetting } from './config.js';
import { ConfigError } from './errors.js';
import { readSecretFile } from './private-files.js';

/** Reads one password of the system's keyring; undefined when it has none. */
export type ReadKeyring = (service: string, account: string) => Promise<string | undefined>;

const KEYRING_SERVICE = 'rserver-kernel';

/**
 * The credentials for the server in force. Secrets in files and the keyring are read at login, not before;
 * where none is configured the person is asked, once per connection.
 *
 * @throws {ConfigError} `CONFIG_USERNAME`; the password's own function throws `CONFIG_PASSWORD`, `CONFIG_SECRET_FILE`,
 *   `CONFIG_SECRET_FILE_MODE`, `CONFIG_KEYRING`.
 */
export function credentialsOf(
  configuration: ResolvedConfiguration,
  askSecret: AskSecret,
  readKeyring: ReadKeyring = readSystemKeyring,
): ClientAuth {
  const secret = configuration.findSecret();
  if (secret?.key === 'token') return { type: 'token', accessToken: String(secret.value) };
  if (secret?.key === 'token_file') {
    const file = String(secret.value);
    // eslint-disable-next-line @typescript-eslint/require-await -- a promise, so that an error is a rejection
    return { type: 'token', accessToken: async () => readSecretFile(file, 'token_file') };
  }
  const { url = '', username } = configuration.settings;
  if (username === undefined) {
    throw new ConfigError('CONFIG_USERNAME', `No user name is set for ${url}.`);
  }
  const account = `${username}@${url}`;
  const password = (): Promise<string> => readPassword(secret, account, askSecret, readKeyring);
  return { type: 'password', username, password: secret === undefined ? once(password) : password };
}

async function readPassword(
  secret: SecretSetting | undefined,
  account: string,
  askSecret: AskSecret,
  readKeyring: ReadKeyring,
): Promise<string> {
  if (secret === undefined) return askPassword(account, askSecret);
  if (secret.key === 'password') return String(secret.value);
  if (secret.key === 'password_keyring') return readKeyringPassword(account, readKeyring);
  return readSecretFile(String(secret.value), secret.key);
}

async function readKeyringPassword(account: string, readKeyring: ReadKeyring): Promise<string> {
  const password = await readKeyring(KEYRING_SERVICE, account);
  if (password !== undefined) return password;
  throw new ConfigError(
    'CONFIG_KEYRING',
    `The keyring has no password for service ${KEYRING_SERVICE}, account ${account}.`,
  );
}

async function askPassword(account: string, askSecret: AskSecret): Promise<string> {
  try {
    return await askSecret(`Password for ${account}: `);
  } catch (cause) {
    if (isAbortError(cause)) throw cause;
    throw new ConfigError('CONFIG_PASSWORD', `No password is configured for ${account}.`, {
      cause,
    });
  }
}

/** Remembers the first answer, but no failure. */
function once(ask: () => Promise<string>): () => Promise<string> {
  let answer: Promise<string> | undefined;
  return () => {
    answer ??= ask().catch((error: unknown) => {
      answer = undefined;
      throw error;
    });
    return answer;
  };
}

/** The part of `@napi-rs/keyring` that is used. @see https://github.com/Brooooooklyn/keyring-node */
interface KeyringModule {
  readonly Entry: new (service: string, account: string) => { getPassword(): string | null };
}

/** Optional: not among our dependencies, since a server or a container has no keyring. */
async function readSystemKeyring(service: string, account: string): Promise<string | undefined> {
  const moduleName = '@napi-rs/keyring';
  try {
    const { Entry } = (await import(moduleName)) as KeyringModule;
    return new Entry(service, account).getPassword() ?? undefined;
  } catch (cause) {
    throw new ConfigError('CONFIG_KEYRING', `The system keyring: ${messageOf(cause)}`, { cause });
  }
}
