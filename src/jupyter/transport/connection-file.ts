// The connection file: where a kernel binds and the key it signs with. Jupyter writes it, the kernel reads it.
import { readFileSync } from 'node:fs';
import { messageOf } from '../../base/index.js';
import { JupyterError } from '../errors.js';

/** A connection file's content, checked. Port 0 means a free port (tcp only). */
export interface ConnectionInfo {
  readonly transport: 'tcp' | 'ipc';
  /** An address, or with ipc the beginning of the socket files' path. */
  readonly ip: string;
  readonly shellPort: number;
  readonly iopubPort: number;
  readonly stdinPort: number;
  readonly controlPort: number;
  readonly heartbeatPort: number;
  /** Empty: messages are not signed. */
  readonly key: string;
  /** With keys, every socket is a CURVE server: encrypted, and only clients that know the public key get in. */
  readonly curve?: { readonly publicKey: string; readonly secretKey: string };
}

/**
 * Reads a connection file.
 *
 * @throws {JupyterError} `JUPYTER_CONNECTION_FILE`, `JUPYTER_CONNECTION_VALUE`.
 * @see https://jupyter-client.readthedocs.io/en/stable/kernels.html#connection-files
 */
export function readConnectionFile(path: string): ConnectionInfo {
  return parseConnectionInfo(readJsonFile(path));
}

/** Reads the JSON of a connection or registration file. @throws {JupyterError} `JUPYTER_CONNECTION_FILE`. */
export function readJsonFile(path: string): unknown {
  try {
    // Synchronous on purpose: nothing else can be done before, and it is the quickest way at the start.
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (cause) {
    throw new JupyterError(
      'JUPYTER_CONNECTION_FILE',
      `Cannot read the connection file ${path}: ${messageOf(cause)}`,
      { cause },
    );
  }
}

/**
 * Checks the content of a connection file.
 *
 * @throws {JupyterError} `JUPYTER_CONNECTION_VALUE`, naming the field.
 */
export function parseConnectionInfo(value: unknown): ConnectionInfo {
  const file = asFields(value);
  const transport = readTransport(file);
  const firstPort = transport === 'tcp' ? 0 : 1;
  return {
    transport,
    ip: text(file, 'ip'),
    shellPort: port(file, 'shell_port', firstPort),
    iopubPort: port(file, 'iopub_port', firstPort),
    stdinPort: port(file, 'stdin_port', firstPort),
    controlPort: port(file, 'control_port', firstPort),
    heartbeatPort: port(file, 'hb_port', firstPort),
    key: text(file, 'key'),
    ...curveOf(file),
  };
}

/** The fields of a file's content. @throws {JupyterError} `JUPYTER_CONNECTION_VALUE`. */
export function asFields(value: unknown): Record<string, unknown> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return value as Record<string, unknown>;
  }
  throw new JupyterError('JUPYTER_CONNECTION_VALUE', 'The connection file is not a JSON object.');
}

/** The transport; checks the signature scheme on the way. @throws {JupyterError} `JUPYTER_CONNECTION_VALUE`. */
export function readTransport(file: Record<string, unknown>): 'tcp' | 'ipc' {
  const scheme = file['signature_scheme'] ?? 'hmac-sha256';
  if (scheme !== 'hmac-sha256') throw badValue('signature_scheme', '"hmac-sha256"', scheme);
  const transport = file['transport'] ?? 'tcp';
  if (transport === 'tcp' || transport === 'ipc') return transport;
  throw badValue('transport', '"tcp" or "ipc"', transport);
}

function curveOf(file: Record<string, unknown>): Pick<ConnectionInfo, 'curve'> {
  if (file['curve_secretkey'] === undefined && file['curve_publickey'] === undefined) return {};
  return {
    curve: { publicKey: text(file, 'curve_publickey'), secretKey: text(file, 'curve_secretkey') },
  };
}

/** A string. @throws {JupyterError} `JUPYTER_CONNECTION_VALUE`. */
export function text(file: Record<string, unknown>, name: string): string {
  const value = file[name];
  if (typeof value !== 'string') throw badValue(name, 'a string', value);
  return value;
}

/** A port number. @throws {JupyterError} `JUPYTER_CONNECTION_VALUE`. */
export function port(file: Record<string, unknown>, name: string, first: number): number {
  const value = file[name];
  if (typeof value === 'number' && Number.isInteger(value) && value >= first && value <= 65_535) {
    return value;
  }
  throw badValue(name, `a port number from ${first} to 65535`, value);
}

/** Names the type, never the value: it may be a key. */
function badValue(name: string, expected: string, value: unknown): JupyterError {
  const got = value === undefined ? 'nothing' : typeof value;
  return new JupyterError(
    'JUPYTER_CONNECTION_VALUE',
    `The connection file's "${name}" must be ${expected}, got ${got}.`,
  );
}
