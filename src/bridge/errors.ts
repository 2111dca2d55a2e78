// The errors of the bridge: what goes wrong between a cell and the remote session, and in the magics.
import { AppError, type AppErrorOptions } from '../base/index.js';

/** What is behind each code and what to do about it; `docs/errors.md` is made from this table. */
export const BRIDGE_ERROR_CODES = {
  BRIDGE_SESSION_GONE: {
    cause:
      'The server no longer has the session: it was closed, it crashed, or the server was started anew. Its variables and files are lost.',
    remedy:
      'Run the next cell or `%session new` to go on in a new session, or `%snapshot restore NAME` to go on from a snapshot.',
  },
  BRIDGE_OUTCOME_UNKNOWN: {
    cause:
      'The connection broke while the cell ran, and neither the history nor the console of the session shows how it ended.',
    remedy:
      'Look at the variables and files that the cell makes before you run it again; nothing is run twice by itself.',
  },
  BRIDGE_NOT_RUN: {
    cause: 'The connection broke before the server had taken the cell: it did not run.',
    remedy: 'Run the cell again.',
  },
  BRIDGE_INTERRUPT_IGNORED: {
    cause:
      'The server was asked to stop the running code, but the code did not stop: R Server does not promise that it does.',
    remedy:
      'Wait for it to end, or end the session by `%session close --force` or `%restart`; then its variables are lost.',
  },
  BRIDGE_EXECUTE_TIMEOUT: {
    cause: 'The cell ran longer than the setting execute_timeout_ms allows and was interrupted.',
    remedy: 'Raise the limit, e.g. `%config execute_timeout_ms=600000`; 0 means no limit.',
  },
  BRIDGE_AGENT: {
    cause: 'The helper which shows rich results could not be installed in the remote session.',
    remedy: 'Use `%config display=plain` to work without it, or `%session new` for a new session.',
  },
  BRIDGE_INPUT_UNAVAILABLE: {
    cause: 'A password is needed, and this front end cannot be asked for one.',
    remedy:
      'Set RSERVER_PASSWORD, a password file or a keyring entry before the kernel starts (see docs/configuration.md).',
  },
  BRIDGE_MAGIC_USAGE: {
    cause: 'A magic was called with arguments that it does not take.',
    remedy: 'Run `%help MAGIC` to see how it is called.',
  },
  BRIDGE_MAGIC_UNKNOWN: {
    cause: 'Help was asked for a magic which does not exist.',
    remedy: 'Run `%lsmagic` to see all magics.',
  },
  BRIDGE_INPUT_VALUE: {
    cause: 'A value given to %inputs is not JSON.',
    remedy:
      'Write strings in double quotes, true and false in small letters, lists as [1, 2] and tables as {"column": [1, 2]}.',
  },
  BRIDGE_OUTPUT_MISSING: {
    cause: 'A name given to %outputs does not exist in the session after the cell has run.',
    remedy: 'Check the spelling; `%workspace` lists the names that exist.',
  },
  BRIDGE_OUTPUT_UNSUPPORTED: {
    cause: 'A value asked for by %outputs has a type that cannot be sent as data.',
    remedy:
      'Ask for plain values, vectors, matrices and data frames, or convert the value in the cell.',
  },
  BRIDGE_SNAPSHOT_NOT_FOUND: {
    cause: 'No snapshot of yours has this name or id.',
    remedy: 'Run `%snapshot list` to see them.',
  },
  BRIDGE_SNAPSHOT_AMBIGUOUS: {
    cause: 'Several snapshots have this name.',
    remedy: 'Use the id of the one you mean; `%snapshot list` shows the ids.',
  },
  BRIDGE_SESSION_NOT_FOUND: {
    cause: 'No session of yours has this name or id.',
    remedy: 'Run `%session list` to see them.',
  },
  BRIDGE_SESSION_AMBIGUOUS: {
    cause: 'Several sessions have this name.',
    remedy: 'Use the id of the one you mean; `%session list` shows the ids.',
  },
  BRIDGE_SESSION_LANGUAGE: {
    cause: 'The session runs another language than this kernel.',
    remedy: 'Choose a session of this language, or a notebook with the other kernel.',
  },
  BRIDGE_FILE_NOT_FOUND: {
    cause: 'The working directory of the session has no file of this name.',
    remedy: 'Run `%files list` to see them.',
  },
  BRIDGE_OBJECT_NOT_FOUND: {
    cause: 'The workspace of the session has no object of this name.',
    remedy: 'Run `%workspace` to see them.',
  },
  BRIDGE_SERVICE_EXISTS: {
    cause: 'This version of the service is published already.',
    remedy: 'Change it with --update, or publish under another version.',
  },
  BRIDGE_SERVICE_NOT_FOUND: {
    cause: 'The server has no service of this name and version.',
    remedy: 'Run `%services` to see them.',
  },
  BRIDGE_SERVICE_TYPE: {
    cause:
      'The type of an input or output was left out, and the session has no variable of this name to take it from, or one which a service cannot take or give.',
    remedy:
      'Write the type after the name, e.g. `--inputs hp:numeric`: logical, numeric, integer, character, vector, matrix or data.frame.',
  },
  BRIDGE_SERVICE_FAILED: {
    cause: 'The code of a web service failed; the message has its words.',
    remedy: 'Check the inputs, or correct the code and publish it again with --update.',
  },
  BRIDGE_TRANSFER: {
    cause:
      'The session could not read or write the data of %push, %pull or %share; the message has its words.',
    remedy:
      'Choose another format with --as, install the package that is named, or convert the variable; docs/moving-data.md lists what each format holds.',
  },
  BRIDGE_TRANSFER_DAMAGED: {
    cause: 'The bytes that arrived are not the bytes that were sent. Nothing was replaced.',
    remedy: 'Run the cell again; if it happens again, something on the way changes the data.',
  },
  BRIDGE_OUTPUT_NOT_CUT: {
    cause: 'There is no full text to fetch: nothing was left out of any cell.',
    remedy: 'What the cells show is all that they printed.',
  },
  BRIDGE_OUTPUT_NOT_KEPT: {
    cause:
      'The cell that %output was asked for is not kept: the last 20 cells are, of a front end where somebody sits.',
    remedy: 'Give the number of a cell which the message names, or run the cell again.',
  },
  BRIDGE_LOCAL_FILE: {
    cause: "A file on the kernel's machine cannot be read or written.",
    remedy: 'Check its path and permissions; relative paths start in the folder of the kernel.',
  },
} as const satisfies Record<string, { readonly cause: string; readonly remedy: string }>;

export type BridgeErrorCode = keyof typeof BRIDGE_ERROR_CODES;

/** Something between a cell and its remote session failed; becomes the error of the cell. */
export class BridgeError extends AppError {
  declare readonly code: BridgeErrorCode;

  /** @param options - `hint` defaults to the remedy of the code. */
  constructor(code: BridgeErrorCode, message: string, options: AppErrorOptions = {}) {
    super(code, message, { hint: BRIDGE_ERROR_CODES[code].remedy, ...options });
  }
}
