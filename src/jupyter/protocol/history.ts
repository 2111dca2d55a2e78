// history: earlier inputs of this and other sessions.
import type { HistoryEntry, HistoryRequest, JsonObject } from '../interpreter.js';
import { badField, readBoolean, readInteger, readString } from './fields.js';

/**
 * @returns With the protocol's defaults; an open end of a range is `Number.MAX_SAFE_INTEGER`.
 * @throws {JupyterError} `JUPYTER_REQUEST_BAD`.
 * @see https://jupyter-client.readthedocs.io/en/stable/messaging.html#history
 */
export function readHistoryRequest(content: JsonObject): HistoryRequest {
  const shared = {
    output: readBoolean(content, 'output', false),
    raw: readBoolean(content, 'raw', true),
  };
  const accessType = content['hist_access_type'];
  switch (accessType) {
    case 'tail':
      return { ...shared, accessType, count: readInteger(content, 'n', Number.MAX_SAFE_INTEGER) };
    case 'range':
      return {
        ...shared,
        accessType,
        session: readInteger(content, 'session', 0),
        start: readInteger(content, 'start', 0),
        stop: readInteger(content, 'stop', Number.MAX_SAFE_INTEGER),
      };
    case 'search':
      return {
        ...shared,
        accessType,
        pattern: readString(content, 'pattern', '*'),
        count: (content['n'] ?? undefined) === undefined ? undefined : readInteger(content, 'n'),
        unique: readBoolean(content, 'unique', false),
      };
    default:
      throw badField('hist_access_type', '"tail", "range" or "search"', accessType);
  }
}

export function historyReply(history: readonly HistoryEntry[]): object {
  return { status: 'ok', history };
}
