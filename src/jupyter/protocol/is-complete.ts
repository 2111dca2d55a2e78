// is_complete: whether a console should run what was typed or go on with the next line.
import type { KernelMessage } from '@jupyterlab/services';
import type { Completeness, JsonObject } from '../interpreter.js';
import { readString } from './fields.js';

/** @throws {JupyterError} `JUPYTER_REQUEST_BAD`. */
export function readIsCompleteRequest(content: JsonObject): { readonly code: string } {
  return { code: readString(content, 'code') };
}

/** @see https://jupyter-client.readthedocs.io/en/stable/messaging.html#code-completeness */
export function isCompleteReply(
  completeness: Completeness,
): KernelMessage.IIsCompleteReplyMsg['content'] {
  return completeness.status === 'incomplete'
    ? { status: 'incomplete', indent: completeness.indent }
    : { status: completeness.status };
}
