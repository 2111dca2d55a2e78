// Opens an echo kernel on real sockets, with a client, and closes both.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { silentLogger, type Logger } from '../../../src/base/index.js';
import {
  createZeromqTransport,
  Kernel,
  type BoundPorts,
  type ConnectionInfo,
} from '../../../src/jupyter/index.js';
import { EchoInterpreter } from '../../helpers/echo-interpreter.js';
import { KernelClient } from '../../helpers/kernel-client.js';

/** A kernel and how to reach it. */
export interface OpenKernel {
  readonly kernel: Kernel;
  readonly interpreter: EchoInterpreter;
  readonly info: ConnectionInfo;
  readonly client: KernelClient;
  /** Warnings of the kernel. */
  readonly warnings: string[];
  close(): Promise<void>;
}

const KEY = 'a-key-of-tests';

/** Where to bind: free ports on loopback, or socket files in a folder that `remove` deletes. */
export function freePlace(transport: 'tcp' | 'ipc'): {
  info: ConnectionInfo;
  directory: string;
  remove: () => void;
} {
  const directory = mkdtempSync(path.join(tmpdir(), 'jupyter-'));
  const isIpc = transport === 'ipc';
  const info = {
    transport,
    ip: isIpc ? path.join(directory, 'kernel') : '127.0.0.1',
    shellPort: isIpc ? 1 : 0,
    iopubPort: isIpc ? 2 : 0,
    stdinPort: isIpc ? 3 : 0,
    controlPort: isIpc ? 4 : 0,
    heartbeatPort: isIpc ? 5 : 0,
    key: KEY,
  };
  const remove = (): void => {
    rmSync(directory, { recursive: true });
  };
  return { info, directory, remove };
}

/** The same connection with the ports that were really bound. */
export function withPorts(info: ConnectionInfo, ports: BoundPorts): ConnectionInfo {
  return {
    ...info,
    shellPort: ports.shell,
    iopubPort: ports.iopub,
    stdinPort: ports.stdin,
    controlPort: ports.control,
    heartbeatPort: ports.heartbeat,
  };
}

export async function openKernel(transport: 'tcp' | 'ipc' = 'tcp'): Promise<OpenKernel> {
  const place = freePlace(transport);
  const warnings: string[] = [];
  const logger: Logger = { ...silentLogger, warn: (_facts, message) => warnings.push(message) };
  const interpreter = new EchoInterpreter();
  const kernel = new Kernel({
    interpreter,
    transport: createZeromqTransport({ info: place.info, logger }),
    logger,
  });
  const info = withPorts(place.info, await kernel.start());
  const client = await KernelClient.connect(info);
  const close = async (): Promise<void> => {
    try {
      await client.close();
    } finally {
      await kernel.close();
      place.remove();
    }
  };
  return { kernel, interpreter, info, client, warnings, close };
}
