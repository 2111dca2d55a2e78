// The health report of a server.
import { asText, isRecord } from './answers.js';

/** Health of a server or of a part of it: a tree. */
export interface StatusReport {
  readonly statusCode: 'pass' | 'warn' | 'fail';
  readonly details: Readonly<Record<string, unknown>>;
  /** Empty where the server says null. */
  readonly components: Readonly<Record<string, StatusReport>>;
}

/** The words of 9.0.1. */
const COLOURS: Readonly<Record<string, StatusReport['statusCode']>> = {
  green: 'pass',
  yellow: 'warn',
  red: 'fail',
};

/** Reads a status answer of any version; an unknown word counts as `warn`. */
export function toStatusReport(value: Record<string, unknown>): StatusReport {
  const word = asText(value['statusCode']).toLowerCase();
  const components = isRecord(value['components']) ? value['components'] : {};
  return {
    statusCode: word === 'pass' || word === 'fail' ? word : (COLOURS[word] ?? 'warn'),
    details: isRecord(value['details']) ? value['details'] : {},
    components: Object.fromEntries(
      Object.entries(components).flatMap(([name, part]) =>
        isRecord(part) ? [[name, toStatusReport(part)]] : [],
      ),
    ),
  };
}
