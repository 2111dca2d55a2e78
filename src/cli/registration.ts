// A kernel that was started with a registration file: its introduction to the launcher, and its connection file.
import { mkdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { messageOf, type Logger } from '../base/index.js';
import {
  register,
  type BoundPorts,
  type ConnectionInfo,
  type Kernel,
  type RegistrationInfo,
} from '../jupyter/index.js';
import type { Machine } from './machine.js';
import { jupyterRuntimeDirectory } from './paths.js';
import { writePrivateFile } from './private-files.js';

/** A kernel that listens, and what it was started with. */
export interface Newcomer {
  readonly kernel: Kernel;
  readonly ports: BoundPorts;
  readonly connection: ConnectionInfo;
  readonly registration: RegistrationInfo;
  /** The registration file. */
  readonly connectionFile: string;
  readonly machine: Machine;
  readonly logger: Logger;
}

/**
 * Tells the launcher the ports, and writes the connection file by which other front ends find the kernel. The file
 * goes when the kernel does.
 *
 * @throws {JupyterError} `JUPYTER_REGISTRATION`; the kernel is closed then.
 */
export async function introduce(newcomer: Newcomer): Promise<void> {
  const { kernel, registration, ports } = newcomer;
  const closed = new AbortController();
  void kernel.closed.then(() => {
    closed.abort();
  });
  const file = writeConnectionFile(newcomer);
  if (file !== undefined) {
    process.once('exit', () => {
      rmSync(file, { force: true });
    });
  }
  try {
    await register(registration, ports, closed.signal);
  } catch (error) {
    await kernel.close();
    throw error;
  }
}

/** @returns Its path; nothing when it could not be written, which is no reason not to run. */
function writeConnectionFile(newcomer: Newcomer): string | undefined {
  const { connection, ports, machine, logger } = newcomer;
  const file = connectionFilePath(newcomer);
  const content = {
    transport: connection.transport,
    ip: connection.ip,
    shell_port: ports.shell,
    iopub_port: ports.iopub,
    stdin_port: ports.stdin,
    control_port: ports.control,
    hb_port: ports.heartbeat,
    signature_scheme: 'hmac-sha256',
    key: connection.key,
  };
  try {
    mkdirSync(jupyterRuntimeDirectory(machine), { recursive: true, mode: 0o700 });
    writePrivateFile(file, JSON.stringify(content, undefined, 2));
    return file;
  } catch (err) {
    logger.warn({ err }, `The connection file ${file} cannot be written: ${messageOf(err)}`);
    return undefined;
  }
}

/** Beside those of other kernels; never the registration file, which a restart needs again. */
function connectionFilePath({ registration, connectionFile, machine }: Newcomer): string {
  const name = `kernel-${registration.kernelId.replaceAll(/[^\w.-]/g, '_')}`;
  const directory = jupyterRuntimeDirectory(machine);
  const file = path.join(directory, `${name}.json`);
  return path.resolve(machine.currentDirectory, connectionFile) === path.resolve(file)
    ? path.join(directory, `${name}-ports.json`)
    : file;
}
