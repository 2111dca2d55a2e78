// The errors of the Jupyter side. An error in the user's code is never one of these: it is a result.
import { AppError, type AppErrorOptions } from '../base/index.js';

/** What is behind each code and what to do about it; `docs/errors.md` is made from this table. */
export const JUPYTER_ERROR_CODES = {
  WIRE_DELIMITER_MISSING: {
    cause: 'A message came without the <IDS|MSG> delimiter, so it is not of the Jupyter protocol.',
    remedy: 'Nothing needs doing unless it goes on: another program may be using the port.',
  },
  WIRE_FRAMES_MISSING: {
    cause: 'A message has fewer frames than the protocol demands.',
    remedy: 'Nothing needs doing unless it goes on: another program may be using the port.',
  },
  WIRE_SIGNATURE_BAD: {
    cause: 'The signature of a message does not fit its content and the key of this kernel.',
    remedy:
      'Restart the kernel from the front end, so that both have the same connection file; if it goes on, somebody without the key is sending.',
  },
  WIRE_SIGNATURE_REPLAYED: {
    cause: 'A message with this signature has been here before.',
    remedy: 'Nothing needs doing unless it goes on: then somebody repeats recorded messages.',
  },
  WIRE_JSON_BAD: {
    cause: 'A part of a message is not a JSON object in UTF-8, or a front end sent NaN.',
    remedy: 'Report it to the makers of the front end.',
  },
  WIRE_HEADER_BAD: {
    cause: 'The header of a message lacks its id or its type.',
    remedy: 'Report it to the makers of the front end.',
  },
  JUPYTER_CONNECTION_FILE: {
    cause: 'The connection file cannot be read, or is not JSON.',
    remedy:
      'Let Jupyter start the kernel, or give the path of a connection file that Jupyter wrote.',
  },
  JUPYTER_CONNECTION_VALUE: {
    cause: 'The connection file has a value that is missing or does not fit.',
    remedy: 'Correct the value that the message names; Jupyter itself writes these files right.',
  },
  JUPYTER_BIND: {
    cause: 'A socket could not be opened at the address of the connection file.',
    remedy:
      'Restart the kernel: Jupyter then chooses other ports. With ipc, use a shorter folder name.',
  },
  JUPYTER_SEND: {
    cause: 'A message could not be handed to its socket and is lost.',
    remedy: 'Restart the kernel, and report what the log says.',
  },
  JUPYTER_REQUEST_BAD: {
    cause: 'A request of the front end has a field that is missing or does not fit.',
    remedy: 'Report it to the makers of the front end.',
  },
  JUPYTER_SUBSHELL_UNKNOWN: {
    cause: 'A front end named a subshell that this kernel does not have, or has no longer.',
    remedy:
      'Nothing needs doing after a restart of the kernel; else report it to the makers of the front end.',
  },
  JUPYTER_REGISTRATION: {
    cause:
      'Jupyter started the kernel with a registration file, and did not answer when the kernel told its ports.',
    remedy:
      'Start the kernel again; if it goes on, look whether a firewall keeps the kernel from the registration address.',
  },
  JUPYTER_STDIN_UNAVAILABLE: {
    cause: 'Code or the kernel asked for a line of input where nobody can give one.',
    remedy:
      'Run the notebook in a front end with input (not nbconvert or papermill), or configure what is asked for.',
  },
  JUPYTER_SHUTDOWN_TIMEOUT: {
    cause: 'The back end did not end within the time that Jupyter allows.',
    remedy: 'Nothing needs doing; a remote session may live until its server ends it.',
  },
} as const satisfies Record<string, { readonly cause: string; readonly remedy: string }>;

export type JupyterErrorCode = keyof typeof JUPYTER_ERROR_CODES;
type CodeOf<Prefix extends string> = Extract<JupyterErrorCode, `${Prefix}${string}`>;

/** A received message is not what the protocol says: it is dropped, counted and logged. */
export class WireError extends AppError {
  declare readonly code: CodeOf<'WIRE_'>;

  constructor(code: CodeOf<'WIRE_'>, message: string, options: AppErrorOptions = {}) {
    super(code, message, options);
  }
}

/** The kernel's surroundings (connection file, sockets, a front end's request) are not as they must be. */
export class JupyterError extends AppError {
  declare readonly code: CodeOf<'JUPYTER_'>;

  constructor(code: CodeOf<'JUPYTER_'>, message: string, options: AppErrorOptions = {}) {
    super(code, message, options);
  }
}

/** Input was asked for where the front end allows none. Code `JUPYTER_STDIN_UNAVAILABLE`. */
export class InputUnavailableError extends JupyterError {
  constructor(message: string, options: AppErrorOptions = {}) {
    super('JUPYTER_STDIN_UNAVAILABLE', message, options);
  }
}
