// The errors of the command line and the configuration.
import { AppError, type AppErrorOptions } from '../base/index.js';

/** What is behind each code and what to do about it; `docs/errors.md` is made from this table. */
export const CONFIG_ERROR_CODES = {
  CONFIG_ARGUMENT: {
    cause: 'The command line has an argument that is missing, unknown or does not fit.',
    remedy: 'See `rserver-kernel help COMMAND`.',
  },
  CONFIG_FILE: {
    cause: 'The profile file, or the file of `serve`, cannot be read or is not TOML.',
    remedy:
      'Mend the line that the message names, or point RSERVER_CONFIG (for `serve`: --config) to another file.',
  },
  CONFIG_KEY: {
    cause: 'A setting has a name that nobody knows.',
    remedy: 'Correct the spelling; docs/configuration.md lists every setting.',
  },
  CONFIG_VALUE: {
    cause: 'A setting has a value that does not fit, or settings do not fit together.',
    remedy: 'Give it a value of the kind that the message names; docs/configuration.md lists them.',
  },
  CONFIG_SOURCE: {
    cause:
      'A setting comes from a place that must not set it: a notebook that sets a password, say.',
    remedy: 'Set it in one of the places that the message names.',
  },
  CONFIG_PROFILE: {
    cause: 'No profile of this name is in the profile file.',
    remedy: 'Choose one of the names in the message, or add the profile to the file.',
  },
  CONFIG_USERNAME: {
    cause: 'A server is named, but nobody to log in as.',
    remedy: 'Set `username` (RSERVER_USERNAME), or RSERVER_TOKEN for a token of Azure AD.',
  },
  CONFIG_PASSWORD: {
    cause: 'The server wants a password, none is configured, and there is nobody to ask.',
    remedy:
      'Set RSERVER_PASSWORD, or `password_file` to a file with mode 0600, or `password_keyring`.',
  },
  CONFIG_SECRET_FILE: {
    cause: 'A file that should hold a secret is missing, empty or cannot be read.',
    remedy: 'Write the secret into the file, as its only line.',
  },
  CONFIG_SECRET_FILE_MODE: {
    cause: 'A file that holds a secret can be read by other users of this machine.',
    remedy: 'Make it yours alone: chmod 600 FILE.',
  },
  CONFIG_KEYRING: {
    cause: 'The password should come from the system keyring, which is not there or has no entry.',
    remedy:
      'Install the package @napi-rs/keyring beside rserver-kernel and store the password for service "rserver-kernel", or use another source.',
  },
  CONFIG_DIRECTORY: {
    cause: 'A folder of ours cannot be made, or belongs to somebody else or is open to others.',
    remedy: 'Correct its owner and mode (0700), or name another one by RSERVER_RUNTIME_DIR.',
  },
  CONFIG_KERNELSPEC: {
    cause: 'The kernelspecs cannot be written, or there is none of ours to remove.',
    remedy: 'Choose a place you may write to: --user, --sys-prefix or --prefix DIR.',
  },
  CONFIG_PYTHON: {
    cause: 'No Python was found that could say where its environment is.',
    remedy: 'Activate the environment, or name its Python by --python FILE.',
  },
  CONFIG_EMBEDDED_START: {
    cause: 'The embedded server did not start.',
    remedy:
      'Read the last lines of the log that the message names, then run `rserver-kernel doctor`.',
  },
  CONFIG_ACCOUNT: {
    cause:
      'An account of the server exists already, does not exist, or has a name or password that is not taken.',
    remedy: 'See `rserver-kernel user list`, and `rserver-kernel help user`.',
  },
  CONFIG_SERVER_START: {
    cause: 'The server could not start to listen.',
    remedy: 'Choose another --port or --host, or stop the program that has it.',
  },
} as const satisfies Record<string, { readonly cause: string; readonly remedy: string }>;

export type ConfigErrorCode = keyof typeof CONFIG_ERROR_CODES;

/** The person's configuration, command line or machine does not fit: one line on stderr, exit status 2. */
export class ConfigError extends AppError {
  declare readonly code: ConfigErrorCode;

  constructor(code: ConfigErrorCode, message: string, options: AppErrorOptions = {}) {
    super(code, message, { hint: CONFIG_ERROR_CODES[code].remedy, ...options });
  }
}
