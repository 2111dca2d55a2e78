// Reads answers: JSON, failing bodies in every shape known, and the values which servers spell in more than one way.
// @see rserver-api sections 3 and 11

/** What could be made out of a failing answer. */
export interface FailingBody {
  /** The server's own words, in one line; empty when it said none. */
  readonly message: string;
  /** `API_…` from the embedded server, `exceptionType` from a genuine one. */
  readonly code: string | undefined;
}

const MAX_MESSAGE_LENGTH = 500;

/**
 * Reads a failing body: `{message, link, exceptionType}`, `{code, message, fields}`, ASP.NET's validation errors, a
 * JSON text, plain text, HTML or nothing.
 */
export function readFailingBody(body: string): FailingBody {
  const value = tryParseJson(body);
  if (value === undefined) return { message: plainWords(body), code: undefined };
  if (typeof value === 'string') return { message: plainWords(value), code: undefined };
  if (!isRecord(value)) return { message: '', code: undefined };
  const code = firstText(value['code'], value['exceptionType']);
  const message = firstText(
    value['message'],
    value['Message'],
    value['error_description'],
    value['title'],
    value['error'],
  );
  const fields = firstText(value['fields']);
  const words = [message, fields === undefined ? undefined : `(${fields})`].filter(
    (part) => part !== undefined,
  );
  return { message: plainWords(words.length > 0 ? words.join(' ') : validationWords(value)), code };
}

/** JSON with or without a byte order mark; `undefined` when it is none. */
export function tryParseJson(body: string): unknown {
  try {
    return JSON.parse(body.startsWith('\uFEFF') ? body.slice(1) : body) as unknown;
  } catch {
    return undefined;
  }
}

/** Whether a value is a JSON object. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A text; anything else becomes the empty one. */
export function asText(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** A list of texts; `null` and absence are empty. */
export function asTexts(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
}

/** A number, also one in quotes; `undefined` otherwise. */
export function asNumber(value: unknown): number | undefined {
  if (typeof value === 'number') return value;
  if (typeof value === 'string' && /^-?\d+(\.\d+)?$/.test(value.trim())) return Number(value);
  return undefined;
}

/** A list, or the one object that stands for a list of one. */
export function asList(value: unknown): unknown[] {
  if (Array.isArray(value)) return value;
  return value === null || value === undefined || value === '' ? [] : [value];
}

/** Windows line ends to plain ones; carriage returns alone stay, as they move the cursor. */
export function normaliseLineEnds(text: string): string {
  return text.includes('\r\n') ? text.replaceAll('\r\n', '\n') : text;
}

function firstText(...values: readonly unknown[]): string | undefined {
  return values.find((value): value is string => typeof value === 'string' && value !== '');
}

/** ASP.NET answers a bad body with field name to list of complaints. */
function validationWords(value: Record<string, unknown>): string {
  return Object.entries(isRecord(value['errors']) ? value['errors'] : value)
    .filter(([, complaints]) => Array.isArray(complaints))
    .map(([field, complaints]) => `${field}: ${asTexts(complaints).join(' ')}`)
    .join('; ');
}

function plainWords(text: string): string {
  const isHtml = /<html|<!doctype|<body/i.test(text);
  const title = /<title[^>]*>([^<]*)<\/title>/i.exec(text)?.[1];
  const words = isHtml ? (title ?? '') : text;
  const line = words.replace(/\s+/g, ' ').trim();
  return line.length > MAX_MESSAGE_LENGTH ? `${line.slice(0, MAX_MESSAGE_LENGTH)}…` : line;
}
