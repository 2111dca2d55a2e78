// Files on the kernel's machine, for magics that send or fetch.
import { randomBytes } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { access, readFile, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { isAbortError, messageOf } from '../../base/index.js';
import { BridgeError } from '../errors.js';

/** @throws {BridgeError} `BRIDGE_LOCAL_FILE`. */
export async function readLocalFile(file: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (error) {
    throw localFileError(`The file ${file} cannot be read`, error);
  }
}

/**
 * Writes a stream under a temporary name and renames it, so that no half file is ever seen.
 *
 * @param file - A file name; for an existing folder, `fallbackName` in it.
 * @param replaces - Whether a file that is there may be replaced.
 * @returns The path written and its bytes.
 * @throws {BridgeError} `BRIDGE_LOCAL_FILE`.
 */
export async function writeLocalFile(
  file: string,
  fallbackName: string,
  content: Readable,
  options: { readonly replaces: boolean; readonly signal: AbortSignal },
): Promise<{ readonly file: string; readonly bytes: number }> {
  const target = (await isFolder(file)) ? path.join(file, safeFileName(fallbackName)) : file;
  if (!options.replaces && (await exists(target))) {
    content.destroy();
    throw new BridgeError('BRIDGE_LOCAL_FILE', `The file ${target} is already there.`, {
      hint: 'Give another name, or replace it with --force.',
    });
  }
  const temporary = `${target}.${randomBytes(4).toString('hex')}.part`;
  try {
    await pipeline(content, createWriteStream(temporary, { flags: 'wx' }), {
      signal: options.signal,
    });
    const { size } = await stat(temporary);
    await rename(temporary, target);
    return { file: target, bytes: size };
  } catch (error) {
    await rm(temporary, { force: true });
    if (isAbortError(error) || !isFileSystemError(error)) throw error;
    throw localFileError(`The file ${target} cannot be written`, error);
  }
}

/** A name from the server as a file name of this machine: no folders, nothing hidden. */
export function safeFileName(name: string): string {
  const plain = name.replaceAll(/[\\/:*?"<>|\p{Cc}]/gu, '_').replace(/^\.+/, '');
  return plain === '' ? 'file' : plain;
}

async function isFolder(file: string): Promise<boolean> {
  try {
    return (await stat(file)).isDirectory();
  } catch {
    return false;
  }
}

async function exists(file: string): Promise<boolean> {
  try {
    await access(file);
    return true;
  } catch {
    return false;
  }
}

function isFileSystemError(error: unknown): boolean {
  return error instanceof Error && 'syscall' in error;
}

function localFileError(what: string, cause: unknown): BridgeError {
  return new BridgeError('BRIDGE_LOCAL_FILE', `${what}: ${messageOf(cause)}`, { cause });
}
