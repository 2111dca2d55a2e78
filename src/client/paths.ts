// Builds request paths. Every inserted value becomes one percent-encoded segment.
import { ClientError } from './errors.js';

/**
 * A path with its values encoded, e.g. ``pathOf`/sessions/${id}/files/${name}` ``.
 *
 * @throws {ClientError} `CLIENT_OPTION` for an empty value, which would name another resource.
 */
export function pathOf(
  parts: TemplateStringsArray,
  ...values: readonly (string | number)[]
): string {
  let path = parts[0] ?? '';
  values.forEach((value, index) => {
    path += encodeSegment(String(value), path) + (parts[index + 1] ?? '');
  });
  return path;
}

/** A query with its values encoded, beginning with `?`; empty when there is nothing to say. */
export function queryOf(
  values: Readonly<Record<string, string | number | boolean | undefined>>,
): string {
  const pairs = Object.entries(values)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(String(value))}`);
  return pairs.length === 0 ? '' : `?${pairs.join('&')}`;
}

function encodeSegment(value: string, before: string): string {
  if (value === '') {
    throw new ClientError(
      'CLIENT_OPTION',
      `A name or id is empty in the path ${before}, expected at least one character.`,
    );
  }
  // Through Buffer, because half a surrogate pair makes encodeURIComponent throw.
  // "." and ".." would be read as steps within the path, also by proxies.
  if (/^\.+$/.test(value)) return value.replaceAll('.', '%2E');
  return encodeURIComponent(Buffer.from(value).toString());
}
