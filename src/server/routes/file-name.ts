// Names of files in a session's flat working directory.
import { ApiError } from '../errors.js';

const MAX_NAME_BYTES = 255;

/**
 * A name that stays inside the working directory.
 *
 * @throws {ApiError} `API_BAD_FILE_NAME`.
 */
export function checkFileName(name: string): string {
  const isPlain =
    name !== '' &&
    name !== '.' &&
    name !== '..' &&
    !/[/\\\0]/.test(name) &&
    Buffer.byteLength(name) <= MAX_NAME_BYTES;
  if (isPlain) return name;
  throw new ApiError(
    'API_BAD_FILE_NAME',
    `${JSON.stringify(name)} is no plain file name: the working directory has no folders.`,
  );
}

/** The last part of a path of Windows, macOS or Linux. @see rserver-api section 5.8: clients send full local paths */
export function stripDirectories(path: string): string {
  return path.slice(Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1);
}

/** A `Content-Disposition` that offers the name for saving. @see RFC 6266 */
export function attachmentHeader(name: string): string {
  const plain = name.replaceAll(/[^\x20-\x7e]|["\\]/g, '_');
  const encoded = encodeURIComponent(name).replaceAll(
    /['()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return `attachment; filename="${plain}"; filename*=UTF-8''${encoded}`;
}
