// comm_*: channels between front end and kernel objects. This kernel has no targets, and says so as the protocol wants.
import type { JsonObject } from '../interpreter.js';
import { readString } from './fields.js';

/** No comm is open. */
export function commInfoReply(): object {
  return { status: 'ok', comms: {} };
}

/**
 * The answer to a `comm_open` of a target that does not exist: the comm is closed at once.
 *
 * @throws {JupyterError} `JUPYTER_REQUEST_BAD`.
 * @see https://jupyter-client.readthedocs.io/en/stable/messaging.html#opening-a-comm
 */
export function commCloseContent(open: JsonObject): object {
  return { comm_id: readString(open, 'comm_id'), data: {} };
}
