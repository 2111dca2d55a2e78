// Writes multipart/form-data: text fields and one file, from memory or from a stream.
import { randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';

/** A part that is a file. */
export interface FilePart {
  /** Name of the form field. */
  readonly field: string;
  readonly fileName: string;
  readonly content: Buffer | Readable;
}

/** A body ready to be sent, with its content type. */
export interface MultipartBody {
  readonly contentType: string;
  readonly body: Buffer | Readable;
}

/**
 * Puts a form together.
 *
 * @param fields - Text fields; absent values are left out.
 * @see https://www.rfc-editor.org/rfc/rfc7578
 */
export function writeMultipart(
  fields: Readonly<Record<string, string | undefined>>,
  file: FilePart | undefined,
): MultipartBody {
  const boundary = `rserver-${randomUUID()}`;
  const contentType = `multipart/form-data; boundary=${boundary}`;
  const head: string[] = [];
  for (const [name, value] of Object.entries(fields)) {
    if (value === undefined) continue;
    head.push(
      `--${boundary}\r\nContent-Disposition: form-data; name="${name}"\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n${value}\r\n`,
    );
  }
  if (file === undefined)
    return { contentType, body: Buffer.from(`${head.join('')}--${boundary}--\r\n`) };
  head.push(
    `--${boundary}\r\nContent-Disposition: form-data; name="${file.field}"; ${fileNameParameters(file.fileName)}\r\nContent-Type: application/octet-stream\r\n\r\n`,
  );
  const before = Buffer.from(head.join(''));
  const after = Buffer.from(`\r\n--${boundary}--\r\n`);
  const { content } = file;
  if (Buffer.isBuffer(content))
    return { contentType, body: Buffer.concat([before, content, after]) };
  return {
    contentType,
    body: Readable.from(streamParts(before, content, after), { objectMode: false }),
  };
}

async function* streamParts(
  before: Buffer,
  content: Readable,
  after: Buffer,
): AsyncGenerator<Buffer> {
  yield before;
  for await (const chunk of content) yield Buffer.from(chunk as Buffer | string);
  yield after;
}

/**
 * Names beyond plain ASCII go in two forms: raw UTF-8, which browsers send and Node servers read, and that of RFC 8187,
 * which ASP.NET prefers.
 */
function fileNameParameters(fileName: string): string {
  // eslint-disable-next-line no-control-regex -- these would end the header
  const line = fileName.replace(/[\0-\x1f\x7f]/g, '_');
  const quoted = line.replace(/["\\]/g, (character) => `\\${character}`);
  if (/^[\x20-\x7e]*$/.test(fileName) && quoted === fileName) return `filename="${fileName}"`;
  const encoded = encodeURIComponent(Buffer.from(line).toString()).replace(
    /['()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return `filename="${quoted}"; filename*=UTF-8''${encoded}`;
}
