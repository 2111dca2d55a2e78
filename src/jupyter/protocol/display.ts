// display_data, update_display_data and clear_output: rich output of a cell.
import type { KernelMessage } from '@jupyterlab/services';
import type { Display, JsonObject, MimeBundle } from '../interpreter.js';

/** `transient` is always there: some clients fail when it is null. */
export interface DisplayContent {
  readonly data: MimeBundle;
  readonly metadata: JsonObject;
  readonly transient: { readonly display_id?: string };
}

/** @see https://jupyter-client.readthedocs.io/en/stable/messaging.html#display-data */
export function displayContent(display: Display): DisplayContent {
  return {
    data: display.data,
    metadata: display.metadata,
    transient: display.displayId === undefined ? {} : { display_id: display.displayId },
  };
}

/** @see https://jupyter-client.readthedocs.io/en/stable/messaging.html#clear-output */
export function clearOutputContent(wait: boolean): KernelMessage.IClearOutputMsg['content'] {
  return { wait };
}
