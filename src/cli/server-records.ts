// The notes that running servers of this user leave in the runtime folder, so that kernels and commands find them.
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { createConnection } from 'node:net';
import { hostname } from 'node:os';
import path from 'node:path';
import { messageOf } from '../base/index.js';
import { ConfigError } from './errors.js';
import type { Machine } from './machine.js';
import { runtimeDirectoryCandidates } from './paths.js';
import { ensurePrivateDirectory, isOpenToOthers, writePrivateFile } from './private-files.js';

/** A running server. `secret` lets this user's kernels into an embedded server; a foreground one has accounts. */
export interface ServerRecord {
  readonly kind: 'embedded' | 'served';
  readonly url: string;
  readonly pid: number;
  /** Records of a home folder that several machines share are told apart by it. */
  readonly host: string;
  readonly version: string;
  readonly startedAtIso: string;
  readonly dataDirectory: string;
  readonly username?: string;
  readonly secret?: string;
  readonly logFile?: string;
}

/** A record and the file it lies in. */
export interface FoundRecord {
  readonly file: string;
  readonly record: ServerRecord;
}

const PROBE_TIMEOUT_MS = 1000;

/**
 * The folder of the records; made when missing.
 * @throws {ConfigError} `CONFIG_DIRECTORY` when none of the possible ones can be had.
 */
export function ensureRuntimeDirectory(machine: Machine): string {
  let failure: unknown;
  for (const directory of runtimeDirectoryCandidates(machine)) {
    try {
      ensurePrivateDirectory(directory);
      return directory;
    } catch (error) {
      failure ??= error;
    }
  }
  throw failure instanceof Error
    ? failure
    : new ConfigError('CONFIG_DIRECTORY', messageOf(failure));
}

/** A short name for whatever must not share a server: everything that makes one different from another. */
export function recordKey(parts: readonly string[]): string {
  return createHash('sha256')
    .update(JSON.stringify([hostname(), ...parts]))
    .digest('hex')
    .slice(0, 16);
}

/** The file of a record. */
export function recordFile(directory: string, kind: ServerRecord['kind'], key: string): string {
  return path.join(directory, `${kind}-${key}.json`);
}

/** Reads a record; undefined when there is none, it is damaged, or others could have written it. */
export function readRecord(file: string): ServerRecord | undefined {
  try {
    if (isOpenToOthers(file)) return undefined;
    const value: unknown = JSON.parse(readFileSync(file, 'utf8'));
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined; // not there, or half a file of a crashed machine: as good as none
  }
}

function isRecord(value: unknown): value is ServerRecord {
  if (typeof value !== 'object' || value === null) return false;
  const { kind, url, pid, host } = value as Partial<Record<keyof ServerRecord, unknown>>;
  const isKind = kind === 'embedded' || kind === 'served';
  return isKind && typeof url === 'string' && typeof pid === 'number' && typeof host === 'string';
}

/** Writes a record with mode 0600, in one step. */
export function writeRecord(file: string, record: ServerRecord): void {
  writePrivateFile(file, `${JSON.stringify(record, undefined, 2)}\n`);
}

/** Removes a record, if it still is the one of that process: a successor's stays. */
export function removeRecord(file: string, pid: number): void {
  if (readRecord(file)?.pid === pid) rmSync(file, { force: true });
}

/** All records in a folder, of servers that run and of servers that have died. */
export function listRecords(directory: string): readonly FoundRecord[] {
  return readdirSync(directory)
    .filter((name) => /^(embedded|served)-[^.]+\.json$/.test(name))
    .sort()
    .flatMap((name) => {
      const file = path.join(directory, name);
      const record = readRecord(file);
      return record?.host === hostname() ? [{ file, record }] : [];
    });
}

/** Whether a process exists; one of another user does too. */
export function isProcessAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Whether the server of a record is there: its process lives and its port answers (a process id can be taken anew). */
export async function isServerAlive(record: ServerRecord): Promise<boolean> {
  return isProcessAlive(record.pid) && (await isListening(record.url));
}

function isListening(url: string): Promise<boolean> {
  const { hostname: host, port, protocol } = new URL(url);
  const defaultPort = protocol === 'https:' ? 443 : 80;
  return new Promise((resolve) => {
    const socket = createConnection({
      host: host.replace(/^\[|\]$/g, ''),
      port: port === '' ? defaultPort : Number(port),
      timeout: PROBE_TIMEOUT_MS,
    });
    const settle = (isThere: boolean) => (): void => {
      socket.destroy();
      resolve(isThere);
    };
    socket.once('connect', settle(true));
    socket.once('error', settle(false));
    socket.once('timeout', settle(false));
  });
}
