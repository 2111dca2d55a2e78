// stream: text that code writes to its standard output or standard error.
import type { KernelMessage } from '@jupyterlab/services';

/** @see https://jupyter-client.readthedocs.io/en/stable/messaging.html#streams-stdout-stderr-etc */
export function streamContent(
  name: 'stdout' | 'stderr',
  text: string,
): KernelMessage.IStreamMsg['content'] {
  return { name, text };
}
