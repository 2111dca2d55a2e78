// create_, delete_ and list_subshell: further shells of one kernel (JEP 91), on the control channel.
import { JupyterError } from '../errors.js';
import type { JsonObject } from '../interpreter.js';
import { readString } from './fields.js';
import type { Header } from './message.js';

/** What `supported_features` of kernel_info says when a kernel has subshells. */
export const SUBSHELL_FEATURE = 'kernel subshells';

/** The subshell that a message is for; `undefined` for the main shell. Other types than a string count as absent. */
export function subshellOf(header: Header): string | undefined {
  const { subshell_id: id } = header;
  return typeof id === 'string' && id !== '' ? id : undefined;
}

/** @throws {JupyterError} `JUPYTER_REQUEST_BAD`. */
export function readDeleteSubshellRequest(content: JsonObject): string {
  return readString(content, 'subshell_id');
}

/** @see https://jupyter-client.readthedocs.io/en/latest/messaging.html#create-subshell */
export function createSubshellReply(subshellId: string): object {
  return { status: 'ok', subshell_id: subshellId };
}

export function deleteSubshellReply(): object {
  return { status: 'ok' };
}

/** @param subshellIds - Without the main shell, which has none. */
export function listSubshellReply(subshellIds: readonly string[]): object {
  return { status: 'ok', subshell_id: subshellIds };
}

/** The error for a subshell that is not there, or no longer. */
export function unknownSubshell(subshellId: string): JupyterError {
  return new JupyterError(
    'JUPYTER_SUBSHELL_UNKNOWN',
    `There is no subshell "${subshellId}" in this kernel.`,
  );
}
