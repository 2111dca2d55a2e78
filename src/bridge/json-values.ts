// Values of inputs, written as JSON by a person.
import { messageOf } from '../base/index.js';
import { BridgeError } from './errors.js';
import type { NamedValue } from './remote-client.js';

/** Any JSON value. @param where - Names it in the error. @throws {BridgeError} `BRIDGE_INPUT_VALUE`. */
export function readJsonValue(text: string, where: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw new BridgeError(
      'BRIDGE_INPUT_VALUE',
      `The value of ${where} is not JSON: ${messageOf(error)}`,
      { cause: error },
    );
  }
}

/** A JSON object of names and values. @param where - Names it in the error. @throws {BridgeError} `BRIDGE_INPUT_VALUE`. */
export function readJsonObject(text: string, where: string): readonly NamedValue[] {
  const value = readJsonValue(text, where);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new BridgeError(
      'BRIDGE_INPUT_VALUE',
      `${where} is not a JSON object of names and values.`,
    );
  }
  return Object.entries(value).map(([name, item]) => ({ name, value: item as unknown }));
}
