// The startup handshake (JEP 66): a kernel that was given no ports binds ports of its own and tells them to its launcher.
import { existsSync } from 'node:fs';
import { JupyterError, WireError } from '../errors.js';
import type { BoundPorts } from '../protocol/connect.js';
import { DELIMITER } from '../wire/frames.js';
import { Signer } from '../wire/signature.js';
import {
  asFields,
  parseConnectionInfo,
  port,
  readJsonFile,
  readTransport,
  text,
  type ConnectionInfo,
} from './connection-file.js';
import { exchange } from './zeromq.js';

/** A registration file's content, checked. */
export interface RegistrationInfo {
  readonly kernelId: string;
  readonly transport: 'tcp' | 'ipc';
  /** An address, or with ipc the beginning of a socket file's path. */
  readonly registrationIp: string;
  readonly registrationPort: number;
  /** Signs the handshake and everything after it; empty: nothing is signed. */
  readonly key: string;
}

/** What a kernel is told when it starts. */
export interface StartInfo {
  readonly connection: ConnectionInfo;
  /** When it is there, the ports of `connection` are the kernel's choice, and the launcher waits to hear them. */
  readonly registration?: RegistrationInfo;
}

/** How long the launcher may take to answer. Milliseconds. */
const REGISTRATION_TIMEOUT_MS = 10_000;

/**
 * Reads the file that a kernel is started with: a connection file, or a registration file, which has
 * `registration_port`.
 *
 * @throws {JupyterError} `JUPYTER_CONNECTION_FILE`, `JUPYTER_CONNECTION_VALUE`.
 * @see https://jupyter-client.readthedocs.io/en/latest/kernels.html#registration-file-format (protocol 5.6)
 */
export function readStartFile(path: string): StartInfo {
  const value = readJsonFile(path);
  const registration = parseRegistrationInfo(value);
  if (registration === undefined) return { connection: parseConnectionInfo(value) };
  return { registration, connection: choosePlace(registration) };
}

/** @returns Nothing when this is no registration file. @throws {JupyterError} `JUPYTER_CONNECTION_VALUE`. */
function parseRegistrationInfo(value: unknown): RegistrationInfo | undefined {
  const file = asFields(value);
  const given = file['registration_port'];
  if (given === undefined) return undefined;
  // Launchers that keep ports as text write them so.
  const isDigits = typeof given === 'string' && /^\d+$/.test(given);
  const numbered = isDigits ? { registration_port: Number(given) } : file;
  return {
    kernelId: text(file, 'kernel_id'),
    transport: readTransport(file),
    registrationIp: text(file, 'registration_ip'),
    registrationPort: port(numbered, 'registration_port', 1),
    key: text(file, 'key'),
  };
}

/**
 * Tells the launcher the ports of a kernel that listens already.
 *
 * @throws {JupyterError} `JUPYTER_REGISTRATION` when no signed answer comes in time: the kernel is of no use then.
 * @see https://jupyter-client.readthedocs.io/en/latest/messaging.html#kernel-startup-handshake (protocol 5.6)
 */
export async function register(
  info: RegistrationInfo,
  ports: BoundPorts,
  signal: AbortSignal,
  timeoutMs = REGISTRATION_TIMEOUT_MS,
): Promise<void> {
  const signer = new Signer(info.key);
  // Ports as text: that is how the protocol has them here.
  const content = JSON.stringify({
    kernel_id: info.kernelId,
    control_port: String(ports.control),
    shell_port: String(ports.shell),
    stdin_port: String(ports.stdin),
    iopub_port: String(ports.iopub),
    hb_port: String(ports.heartbeat),
  });
  const address = addressOf(info);
  const isRegistered = await exchange({
    address,
    frames: [DELIMITER, signer.sign([content]), content],
    isAnswer: (frames) => isSigned(frames, signer),
    timeoutMs,
    signal,
  });
  if (isRegistered || signal.aborted) return;
  throw new JupyterError(
    'JUPYTER_REGISTRATION',
    `Nobody answered at ${address} within ${timeoutMs} ms, where the ports of this kernel are to be told.`,
  );
}

/** Content of the acknowledgement is left to the launcher; its signature is not. */
function isSigned(frames: readonly Buffer[], signer: Signer): boolean {
  const delimiter = frames.findIndex((frame) => frame.equals(DELIMITER));
  const [signature, content] = frames.slice(delimiter + 1);
  if (delimiter < 0 || signature === undefined || content === undefined) return false;
  try {
    signer.verify(signature, [content]);
    return true;
  } catch (error) {
    if (error instanceof WireError) return false;
    throw error;
  }
}

function addressOf({ transport, registrationIp: ip, registrationPort }: RegistrationInfo): string {
  if (transport === 'ipc') return `ipc://${ip}-${registrationPort}`;
  return `tcp://${ip.includes(':') ? `[${ip}]` : ip}:${registrationPort}`;
}

/** Where to bind: the launcher looks for the kernel at the address that it has given for itself. */
function choosePlace(info: RegistrationInfo): ConnectionInfo {
  const { transport, registrationIp: ip, key } = info;
  const [shellPort, iopubPort, stdinPort, controlPort, heartbeatPort] =
    transport === 'tcp' ? [0, 0, 0, 0, 0] : freeNumbers(ip, info.registrationPort);
  return { transport, ip, key, shellPort, iopubPort, stdinPort, controlPort, heartbeatPort };
}

/** With ipc a port is the number at the end of a socket file's name. */
function freeNumbers(ip: string, taken: number): [number, number, number, number, number] {
  const numbers: number[] = [];
  for (let number = 1; numbers.length < 5; number += 1) {
    if (number !== taken && !existsSync(`${ip}-${number}`)) numbers.push(number);
  }
  return numbers as [number, number, number, number, number];
}
