// What a failure of the client says about the session and the connection.
import { AppError } from '../base/index.js';
import { BridgeError } from './errors.js';

/** After these the connection is made anew, and the same session taken up again if it is still there. */
export const CONNECTION_FAILURES: ReadonlySet<string> = new Set([
  'CLIENT_UNREACHABLE',
  'CLIENT_AUTH',
  'CLIENT_TLS',
]);

export function isSessionGone(error: unknown): boolean {
  return (
    error instanceof AppError &&
    (error.code === 'CLIENT_SESSION_GONE' || error.code === 'BRIDGE_SESSION_GONE')
  );
}

export function sessionGone(name: string | undefined, cause?: unknown): BridgeError {
  const session = name === undefined ? 'The session' : `The session "${name}"`;
  return new BridgeError(
    'BRIDGE_SESSION_GONE',
    `${session} is gone from the server: its variables and files are lost.`,
    { cause },
  );
}
