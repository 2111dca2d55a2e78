// The audit log as a file: one JSON object a line, with mode 0600, rotated by size. Several processes may write it.
import { closeSync, fstatSync, openSync, renameSync, rmSync, statSync, writeSync } from 'node:fs';
import { messageOf, type Logger } from '../base/index.js';
import type { AuditEntry, AuditSink } from './audit.js';

export interface AuditFileOptions {
  /** Absolute path; `.1`, `.2` ... beside it are older. */
  readonly file: string;
  /** Past so many bytes the file becomes `.1`; default 64 MiB. */
  readonly maxBytes?: number;
  /** Older files that are kept; default 10. */
  readonly keptFiles?: number;
  /** Told when the file cannot be written. */
  readonly logger: Logger;
}

/** Opens an audit file at the first line. A line is with the system when the call returns, so a crash loses none. */
export function createAuditFile(options: AuditFileOptions): AuditSink {
  const { file, maxBytes = 64 * 1024 ** 2, keptFiles = 10, logger } = options;
  let descriptor: number | undefined;
  const reopen = (): number => {
    if (descriptor !== undefined) closeSync(descriptor);
    descriptor = openSync(file, 'a', 0o600);
    return descriptor;
  };
  return (entry) => {
    try {
      descriptor ??= reopen();
      if (fstatSync(descriptor).size >= maxBytes) {
        // Another process may have moved the file that we have open.
        if (isSameFile(descriptor, file)) rotate(file, keptFiles);
        descriptor = reopen();
      }
      writeSync(descriptor, `${lineOf(entry)}\n`);
    } catch (error) {
      logger.error({ file, error: messageOf(error) }, 'the audit log cannot be written');
    }
  };
}

function lineOf({ timeIso, statusCode, ...rest }: AuditEntry): string {
  return JSON.stringify({ time: timeIso, ...rest, status: statusCode });
}

function rotate(file: string, keptFiles: number): void {
  rmSync(`${file}.${keptFiles}`, { force: true });
  for (let number = keptFiles - 1; number >= 1; number -= 1) {
    moveIfThere(`${file}.${number}`, `${file}.${number + 1}`);
  }
  if (keptFiles > 0) moveIfThere(file, `${file}.1`);
  else rmSync(file, { force: true });
}

function moveIfThere(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
  }
}

function isSameFile(descriptor: number, file: string): boolean {
  return fstatSync(descriptor).ino === statSync(file, { throwIfNoEntry: false })?.ino;
}
