// Reads single fields of a request's content, with an error that names the field when it does not fit.
import { JupyterError } from '../errors.js';
import type { JsonObject } from '../interpreter.js';

/**
 * A string field.
 *
 * @param fallback - Taken when the field is absent or null; without one the field is required.
 * @throws {JupyterError} `JUPYTER_REQUEST_BAD`.
 */
export function readString(content: JsonObject, name: string, fallback?: string): string {
  const value = content[name] ?? fallback;
  if (typeof value === 'string') return value;
  throw badField(name, 'a string', value);
}

/** A boolean field. @throws {JupyterError} `JUPYTER_REQUEST_BAD`. */
export function readBoolean(content: JsonObject, name: string, fallback: boolean): boolean {
  const value = content[name] ?? fallback;
  if (typeof value === 'boolean') return value;
  throw badField(name, 'true or false', value);
}

/** A field with a whole number. @throws {JupyterError} `JUPYTER_REQUEST_BAD`. */
export function readInteger(content: JsonObject, name: string, fallback?: number): number {
  const value = content[name] ?? fallback;
  if (typeof value === 'number' && Number.isSafeInteger(value)) return value;
  throw badField(name, 'a whole number', value);
}

/** The error for a field that does not fit. */
export function badField(name: string, expected: string, value: unknown): JupyterError {
  return new JupyterError(
    'JUPYTER_REQUEST_BAD',
    `"${name}" must be ${expected}, got ${describe(value)}.`,
  );
}

const MAX_SHOWN_CHARACTERS = 80;

function describe(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'null';
  const text = JSON.stringify(value);
  const shown =
    text.length > MAX_SHOWN_CHARACTERS ? `${text.slice(0, MAX_SHOWN_CHARACTERS)}…` : text;
  return `${Array.isArray(value) ? 'array' : typeof value} ${shown}`;
}
