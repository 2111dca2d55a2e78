// Connection files for kernels of tests. Over ipc the test knows the addresses beforehand; Windows has none.
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import type { ConnectionInfo } from '../../src/jupyter/index.js';

/** A connection file as Jupyter writes it, and what it says. */
export interface ConnectionFile {
  readonly file: string;
  readonly info: ConnectionInfo;
}

/** Writes a connection file into a folder, in which the sockets will be, too. */
export function writeConnectionFile(directory: string): ConnectionFile {
  const ip = path.join(directory, 'k');
  const key = 'a key of tests';
  const file = path.join(directory, 'connection.json');
  const [shellPort, iopubPort, stdinPort, controlPort, heartbeatPort] = [1, 2, 3, 4, 5] as const;
  writeFileSync(
    file,
    JSON.stringify({
      transport: 'ipc',
      ip,
      key,
      signature_scheme: 'hmac-sha256',
      shell_port: shellPort,
      iopub_port: iopubPort,
      stdin_port: stdinPort,
      control_port: controlPort,
      hb_port: heartbeatPort,
    }),
  );
  const ports = { shellPort, iopubPort, stdinPort, controlPort, heartbeatPort };
  return { file, info: { transport: 'ipc', ip, key, ...ports } };
}
