// shutdown: on control; accepted on shell from clients older than protocol 5.4.
import type { JsonObject } from '../interpreter.js';

/** Whether the same kernel comes back. */
export function readShutdownRequest(content: JsonObject): { readonly restart: boolean } {
  return { restart: content['restart'] === true };
}

/** The content of `shutdown_reply`, on the request's channel and on IOPub. */
export function shutdownReply(restart: boolean): object {
  return { status: 'ok', restart };
}
