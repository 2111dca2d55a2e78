// debug: envelopes of the Debug Adapter Protocol, on control, and their events on IOPub.
import type { DebugRequest, DebugResult, JsonObject } from '../interpreter.js';
import { badField, readInteger, readString } from './fields.js';

/** What `supported_features` of kernel_info says when a kernel answers `debug_request`. */
export const DEBUGGER_FEATURE = 'debugger';

/** A request, and its number for the answer. */
export interface NumberedDebugRequest extends DebugRequest {
  readonly seq: number;
}

/**
 * @throws {JupyterError} `JUPYTER_REQUEST_BAD`.
 * @see https://jupyter-client.readthedocs.io/en/stable/messaging.html#debug-request
 */
export function readDebugRequest(content: JsonObject): NumberedDebugRequest {
  const given = content['arguments'] ?? {};
  if (typeof given !== 'object' || Array.isArray(given)) {
    throw badField('arguments', 'an object', given);
  }
  return {
    seq: readInteger(content, 'seq', 0),
    command: readString(content, 'command'),
    arguments: given as JsonObject,
  };
}

/** @param seq - Number of the answer itself; answers and events of one kernel are counted together. */
export function debugReply(
  { seq: requestSeq, command }: NumberedDebugRequest,
  result: DebugResult,
  seq: number,
): object {
  const envelope = { type: 'response', seq, request_seq: requestSeq, command };
  return result.success
    ? { ...envelope, success: true, body: result.body }
    : { ...envelope, success: false, message: result.message, body: {} };
}

/** The content of `debug_event`. */
export function debugEventContent(
  { event, body }: { readonly event: string; readonly body?: JsonObject },
  seq: number,
): object {
  return { type: 'event', seq, event, body: body ?? {} };
}
