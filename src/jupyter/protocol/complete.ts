// complete: what could stand at the cursor.
import type { KernelMessage } from '@jupyterlab/services';
import type { Completions, JsonObject } from '../interpreter.js';
import { toCodePoints, toUtf16Index } from './code-points.js';
import { readInteger, readString } from './fields.js';

/** Code and a cursor as a UTF-16 index; a request without a cursor means the end of the code. */
export interface CursorFields {
  readonly code: string;
  readonly cursor: number;
}

/**
 * Reads `code` and `cursor_pos`, which `complete_request` and `inspect_request` share.
 *
 * @throws {JupyterError} `JUPYTER_REQUEST_BAD`.
 * @see https://jupyter-client.readthedocs.io/en/stable/messaging.html#completion
 */
export function readCursorRequest(content: JsonObject): CursorFields {
  const code = readString(content, 'code');
  const cursor = readInteger(content, 'cursor_pos', code.length);
  return { code, cursor: toUtf16Index(code, cursor) };
}

/** The reply; positions and the typed completions of `metadata` are converted to code points. */
export function completeReply(
  code: string,
  completions: Completions,
): Extract<KernelMessage.ICompleteReplyMsg['content'], { status: 'ok' }> {
  return {
    status: 'ok',
    matches: [...completions.matches],
    cursor_start: toCodePoints(code, completions.start),
    cursor_end: toCodePoints(code, completions.end),
    metadata: typesInCodePoints(code, completions.metadata ?? {}) as never,
  };
}

/** `_jupyter_types_experimental` has positions of its own: `[{ start, end, text, type, signature? }]`. */
function typesInCodePoints(code: string, metadata: JsonObject): JsonObject {
  const types = metadata['_jupyter_types_experimental'];
  if (!Array.isArray(types)) return metadata;
  const convert = (position: unknown): unknown =>
    typeof position === 'number' ? toCodePoints(code, position) : position;
  return {
    ...metadata,
    _jupyter_types_experimental: types.map((entry: JsonObject) => ({
      ...entry,
      start: convert(entry['start']),
      end: convert(entry['end']),
    })),
  };
}
