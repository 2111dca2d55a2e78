// inspect: help on what stands at the cursor.
import type { Inspection, JsonObject } from '../interpreter.js';
import { readCursorRequest, type CursorFields } from './complete.js';
import { readInteger } from './fields.js';

/** The fields of an `inspect_request`, with the cursor as a UTF-16 index. */
export interface InspectFields extends CursorFields {
  readonly detailLevel: 0 | 1;
}

/**
 * @throws {JupyterError} `JUPYTER_REQUEST_BAD`.
 * @see https://jupyter-client.readthedocs.io/en/stable/messaging.html#introspection
 */
export function readInspectRequest(content: JsonObject): InspectFields {
  return {
    ...readCursorRequest(content),
    detailLevel: readInteger(content, 'detail_level', 0) > 0 ? 1 : 0,
  };
}

export function inspectReply(inspection: Inspection): object {
  return inspection.found
    ? { status: 'ok', found: true, data: inspection.data, metadata: inspection.metadata }
    : { status: 'ok', found: false, data: {}, metadata: {} };
}
